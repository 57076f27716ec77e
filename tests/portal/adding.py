"""Adding balance, and that it was paid once."""

from playwright.sync_api import Page

from tests.portal.site import Site

USD = 1_000_000


def add(page: Page, amount: str = "$25.00") -> None:
    page.get_by_label(amount, exact=True).check()
    page.get_by_role("button", name="Add balance now").click()


def assert_paid_once(site: Site, account: str, usd: int = 25) -> None:
    assert len(site.charges(account)) == 1
    assert [payment.state for payment in site.payments(account)] == ["succeeded"]
    assert site.balance(account) == usd * USD
