"""What a customer reads while the operator's own Stripe account is in trouble: that it is not the card."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from tests.portal.adding import add
from tests.portal.people import People
from tests.portal.site import Site

pytestmark = pytest.mark.browser
SAID = "Payments aren't available right now. Your card is fine."


@contextmanager
def blocking_reason(site: Site, begins: str, ends: str) -> Iterator[None]:
    site.control(begins)
    try:
        yield
    finally:
        site.control(ends)


def test_adding_balance_says_that_it_is_not_the_card_and_goes_on_afterwards(people: People, site: Site) -> None:
    account = site.account()
    page = people.open(account, "/add-balance", script=False)
    with blocking_reason(site, "accounts/platform/restrict", "accounts/platform/unrestrict"):
        add(page)
        expect(page.get_by_text(SAID)).to_be_visible()
        page.get_by_role("button", name="Check again").click()
        expect(page.get_by_text(SAID)).to_be_visible()
        assert [payment.state for payment in site.payments(account)] == ["created"]
    page.get_by_role("button", name="Check again").click()
    expect(page.get_by_role("heading", name="$25.00 added")).to_be_visible()
    assert len(site.charges(account)) == 1


def test_saving_a_card_says_the_same_in_every_language(people: People, site: Site) -> None:
    key = site.system.keys.stripe_secret_key
    german = "Zahlungen sind im Moment nicht möglich; mit Ihrer Karte ist alles in Ordnung."
    with blocking_reason(site, f"keys/{key}/expire", f"keys/{key}/restore"):
        for locale, said in (("en", SAID), ("de", german)):
            account = site.account(method="")
            page = people.open(account, "/card", locale=locale)
            expect(page.get_by_text(said)).to_be_visible()
