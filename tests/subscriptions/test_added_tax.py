"""A country whose tax comes on top of the prices: what is foreseen, charged, shown and invoiced is the same."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account
from chalicelib.accounts.tax import tax_of
from chalicelib.catalog.catalog import Catalog, catalog
from chalicelib.catalog.tax import Tax
from chalicelib.idempotency import Key
from chalicelib.invoices.invoice import TaxLine
from chalicelib.invoices.issue import issue
from chalicelib.money import parse_micros
from chalicelib.payments.view import view_payment
from chalicelib.subscriptions.change import change
from chalicelib.subscriptions.check_change import QuoteChanged
from chalicelib.subscriptions.price import total_micros
from chalicelib.subscriptions.request import SubscriptionRequest
from chalicelib.subscriptions.view import ChangeView, load_subscription_view, view_change, view_subscription
from tests.accounts.viewers import viewer
from tests.subscriptions.world import RenewalWorld, Subscriber, moment

VAT = Tax("VAT", 190_000, inclusive=False)
TAXED = replace(catalog(), taxes={"DE": VAT})


class Taxed(Subscriber):
    """A subscriber where the catalog adds a tax."""

    @property
    def catalog(self) -> Catalog:
        return TAXED


@pytest.fixture
def taxed(subscriber: Subscriber) -> Taxed:
    accounts.change(replace(subscriber.account(), country="DE"))
    return Taxed(subscriber.account_id, subscriber.emulator)


@pytest.fixture(autouse=True)
def _in_february(world: RenewalWorld) -> Iterator[None]:
    with world.at(moment("2027-02-10")):
        yield


def foreseen(me: Taxed, **add_ons: int) -> ChangeView:
    """Return what the route answers to a preview."""
    return view_change(me.preview("agency", **add_ons), TAXED, viewer(me.account_id), is_preview=True)


def changed(me: Taxed, **add_ons: int) -> ChangeView:
    """Return what the route answers to a change."""
    return view_change(me.put("agency", "", **add_ons), TAXED, viewer(me.account_id), is_preview=False)


def costs(shown: ChangeView) -> tuple[str, str, str]:
    """Return what is charged, the tax in it, and what is carried."""
    assert shown.charge.tax
    return shown.charge.amount, shown.charge.tax.amount, shown.charge.carried


def assert_invoiced(me: Taxed, amount: str, tax: str) -> None:
    """Check that the last payment, its lines, its tax, its invoice and Stripe's charge all say the same."""
    payment = me.paid[-1]
    made = issue(payment, TAXED)
    assert made.tax == TaxLine("VAT", 190_000, inclusive=False, amount_micros=parse_micros(tax))
    assert made.total_micros == payment.amount_micros == parse_micros(amount)
    assert total_micros(payment.lines) + made.tax_micros == made.total_micros
    assert me.amounts[-1] == float(amount)
    shown = view_payment(payment, viewer(me.account_id))
    assert (shown.amount, shown.added_tax) == (amount, tax)


def test_preview_charge_renewal_and_invoice_are_the_same_to_the_micro(taxed: Taxed, world: RenewalWorld) -> None:
    # 97.00 + 2.30 and 19 % of it, 18.867.
    assert costs(foreseen(taxed, phone_number=2)) == ("118.17", "18.87", "0.00")
    assert costs(changed(taxed, phone_number=2)) == ("118.17", "18.87", "0.00")
    assert_invoiced(taxed, "118.17", "18.87")

    with world.at(clock.now() + timedelta(days=10)):
        more = foreseen(taxed, phone_number=2, voice_features=1)
        # 20.00 for 18 of 28 days is 12.857142..., of which a card takes 12.85; 19 % of that is 2.4415.
        assert costs(more) == ("15.29", "2.44", "0.007143")
        made = changed(taxed, phone_number=2, voice_features=1)
        assert costs(made) == costs(more)
        assert made.subscription == more.subscription
        assert_invoiced(taxed, "15.29", "2.44")

    shown = view_subscription(taxed.subscription, TAXED, tax_of(taxed.account(), TAXED))
    assert shown == load_subscription_view(taxed.account_id, TAXED)
    assert shown.next_renewal
    with world.at(moment("2027-03-10") + timedelta(minutes=5)):
        taxed.advance()
        world.settle()
    # 119.30, and 19 % of it, 22.667; the 0.007143 is carried on.
    assert shown.next_renewal.charge.amount == "141.97"
    assert_invoiced(taxed, "141.97", "22.67")
    assert taxed.subscription.carried_micros == 7_143


def test_what_a_renewal_owes_is_paid_with_its_tax(taxed: Taxed, world: RenewalWorld) -> None:
    taxed.put()
    taxed.put_test_card("pm_card_chargeCustomerFail")
    with world.at(moment("2027-03-10") + timedelta(minutes=5)):
        taxed.advance()
        world.settle()
        shown = load_subscription_view(taxed.account_id, TAXED)
        assert shown
        assert shown.owed
        assert shown.owed.charge
        assert shown.owed.charge.amount == "115.43"
        taxed.put_card(replace(taxed.card(), payment_method_id="pm_card_visa"))
        taxed.pay()
    assert_invoiced(taxed, "115.43", "18.43")


def test_who_expects_the_price_without_the_tax_is_not_charged(taxed: Taxed) -> None:
    request = SubscriptionRequest("agency", expected_amount="97.00")
    with pytest.raises(QuoteChanged, match=r"115\.43"):
        change(taxed.load(), request, key=Key("key", "customer"), actor="tester", catalog=TAXED)
    assert taxed.amounts == []


def test_a_client_and_another_country_bear_no_tax(taxed: Taxed) -> None:
    account: Account = taxed.account()
    assert tax_of(account, TAXED) == VAT
    assert tax_of(replace(account, country="FR"), TAXED) is None
    assert tax_of(replace(account, country=None), TAXED) is None
    assert tax_of(replace(account, kind="client", workspace_id="acme"), TAXED) is None
