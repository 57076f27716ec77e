"""No change is made whose renewal no card could pay, nor is it said to be possible."""

from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.catalog.catalog import Catalog, Product, catalog
from chalicelib.catalog.tax import Tax
from chalicelib.subscriptions.check_change import check_change
from chalicelib.subscriptions.check_renewal import RenewalNotChargeable
from chalicelib.subscriptions.request import SubscriptionRequest
from chalicelib.subscriptions.subscription import Subscription
from tests.subscriptions.build import DAY_MS, START_MS, account, subscription

LATE_MS = START_MS + 27 * DAY_MS
UNIT = 1_000_000
LARGEST = 999_999_990_000
VAT = Tax("VAT", 200_000, inclusive=False)


def sold(tax: Tax | None = None, **plans: Product) -> Catalog:
    made = catalog()
    return replace(made, plans={**made.plans, **plans}, taxes={"US": tax} if tax else {})


def refused(
    wanted: SubscriptionRequest, within: Catalog, current: Subscription | None = None, currency: str = "usd"
) -> dict[str, Any]:
    with pytest.raises(RenewalNotChargeable) as refusal:
        check_change(account(currency), current, wanted, within, LATE_MS, tax=within.taxes.get("US"))
    return refusal.value.about


def accepted(wanted: SubscriptionRequest, within: Catalog, current: Subscription | None = None) -> None:
    found = check_change(account(), current, wanted, within, LATE_MS, tax=within.taxes.get("US"))
    assert (found.scheduled or found.terms.contents) == wanted.wanted_contents()


def test_what_costs_little_for_the_rest_of_a_period_may_cost_too_much_for_a_whole_one() -> None:
    # 10,000 x 120.00 for the last of 28 days is 42,857.14, and 1,200,000.00 for a whole period.
    dear = replace(catalog().add_ons["voice_features"], amounts_micros={"usd": 120 * UNIT})
    within = replace(sold(), add_ons={**catalog().add_ons, "voice_features": dear})
    about = refused(SubscriptionRequest("agency", {"voice_features": 10_000}), within, subscription())
    assert (about["field"], about["amount"]) == ("add_ons.voice_features", "1200097.00")
    accepted(SubscriptionRequest("agency", {"voice_features": 8_000}), within, subscription())


def test_a_plan_that_waits_for_the_end_is_looked_at_too() -> None:
    current = subscription("agency_yearly")
    within = sold(golden=Product("Golden", "", {"usd": LARGEST + 10_000}))
    assert refused(SubscriptionRequest("golden"), within, current)["field"] == "plan"
    accepted(SubscriptionRequest("golden"), sold(golden=Product("Golden", "", {"usd": LARGEST})), current)


def test_a_trial_is_not_begun_that_could_never_be_paid() -> None:
    for amount in (LARGEST + 10_000, 300_000, 10_005_000):
        within = sold(tried=Product("Tried", "", {"usd": amount}, trial_days=7))
        assert refused(SubscriptionRequest("tried"), within)["field"] == "plan"
    accepted(SubscriptionRequest("tried"), sold(tried=Product("Tried", "", {"usd": 0}, trial_days=7)))


def test_the_tax_on_top_counts() -> None:
    golden = Product("Golden", "", {"usd": LARGEST})
    held = subscription("agency_yearly")
    assert refused(SubscriptionRequest("golden"), sold(VAT, golden=golden), held)["field"] == "plan"


def test_what_is_carried_counts() -> None:
    golden = Product("Golden", "", {"usd": LARGEST})
    held = subscription("agency_yearly", carried_micros=490_000)
    assert refused(SubscriptionRequest("golden"), sold(golden=golden), held)["field"] == "plan"


@pytest.mark.parametrize(
    ("currency", "amount", "is_payable"),
    [
        *(("usd", 490_000, False), ("usd", 500_000, True), ("usd", 0, True), ("usd", 10_005_000, False)),
        *(("jpy", 49 * UNIT, False), ("jpy", 50 * UNIT, True), ("jpy", 100_500_000, False)),
    ],
)
def test_a_price_below_the_smallest_charge_or_in_broken_steps_is_refused(
    currency: str, amount: int, is_payable: bool
) -> None:
    within = sold(other=Product("Other", "", {currency: amount}))
    held = subscription("agency_yearly", currency=currency)
    wanted = SubscriptionRequest("other")
    if is_payable:
        assert check_change(account(currency), held, wanted, within, LATE_MS, tax=None).scheduled
    else:
        assert refused(wanted, within, held, currency)["field"] == "plan"


def test_the_field_is_that_of_the_broken_step() -> None:
    odd = Product("Odd", "piece", {"usd": 2_500})
    within = replace(sold(), add_ons={**catalog().add_ons, "odd": odd})
    assert refused(SubscriptionRequest("agency", {"odd": 3}), within, subscription())["field"] == "add_ons.odd"
    accepted(SubscriptionRequest("agency", {"odd": 4}), within, subscription())
