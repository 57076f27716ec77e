"""Adding balance, and that it was paid once."""

from playwright.sync_api import Page

from tests.portal.site import Site

USD = 1_000_000


def add(page: Page, amount: str = "$25.00") -> None:
    """Choose a shortcut and pay; without script, a page asks first."""
    page.get_by_label(amount, exact=True).check()
    pay(page, amount)


def pay(page: Page, amount: str) -> None:
    """Press the form's button, and the one that names the amount if a page asks first; wait for the payment."""
    page.locator("button.main").click()
    asked = page.get_by_role("heading", name=f"Add {amount} to your balance?")
    asked.or_(page.locator("#outcome")).first.wait_for()
    if asked.count():
        page.get_by_role("button", name=f"Pay {amount}").click()
        page.locator("#outcome").wait_for()


def assert_paid_once(site: Site, account: str, usd: int = 25) -> None:
    assert len(site.charges(account)) == 1
    assert [payment.state for payment in site.payments(account)] == ["succeeded"]
    assert site.balance(account) == usd * USD
