"""The rule of recurring charges: what follows for each state, what it comes to in a month, and whose it is."""

from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.auto_pay.auto_pay import AutoPay
from chalicelib.catalog.catalog import Catalog, catalog
from chalicelib.catalog.tax import Tax
from chalicelib.clients.recurring import (
    RecurringCharges,
    RecurringSubscription,
    month_share_micros,
    recurring_charges,
    sum_months,
)
from chalicelib.payments.payment import Failure
from chalicelib.subscriptions.dunning import CARD_MISSING
from chalicelib.subscriptions.subscription import Contents, Hold, Pause, Subscription
from tests.subscriptions.build import DAY_MS, END_MS, START_MS, account, pending, subscription


def charges(
    of: Subscription | None, auto_pay: AutoPay | None = None, sold: Catalog | None = None, tax: Tax | None = None
) -> RecurringCharges:
    return recurring_charges(account(), of, auto_pay, sold or catalog(), tax)


def plan(of: Subscription, sold: Catalog | None = None, tax: Tax | None = None) -> RecurringSubscription:
    found = charges(of, sold=sold, tax=tax).subscription
    assert found is not None
    return found


def test_a_running_subscription_is_charged_at_its_periods_end() -> None:
    found = plan(subscription("agency", {"phone_number": 2}))
    assert [(line.description, line.quantity, line.amount_micros) for line in found.lines] == [
        ("Agency", 1, 97_000_000),
        ("Phone number", 2, 2_300_000),
    ]
    assert (found.state, found.price_micros, found.month_micros) == ("renews", 99_300_000, 99_300_000)
    assert (found.next_charge_at_ms, found.next_charge_micros, found.ends_at_ms) == (END_MS, 99_300_000, None)


def test_a_pause_moves_the_next_charge_to_its_end() -> None:
    coming = replace(subscription(), pause=Pause(END_MS + 10 * DAY_MS, None, "tester", START_MS))
    for state, found in (("renews", plan(coming)), ("paused", plan(replace(coming, status="paused")))):
        assert (found.state, found.month_micros) == (state, 97_000_000)
        assert (found.next_charge_at_ms, found.next_charge_micros) == (END_MS + 10 * DAY_MS, 97_000_000)


def test_a_yearly_plan_counts_with_a_twelfth_beside_its_real_charge() -> None:
    found = plan(subscription("agency_yearly", {"phone_number": 1}))
    assert (found.months, found.price_micros, found.month_micros) == (12, 983_800_000, 81_980_000)
    assert found.next_charge_micros == 983_800_000


@pytest.mark.parametrize(
    ("price", "months", "currency", "share"),
    [
        (1, 1, "usd", 1),
        (100_000_000, 12, "usd", 8_330_000),
        (5_000_000, 12, "jpy", 0),
        (7_000_000, 12, "jpy", 1_000_000),
    ],
)
def test_the_share_of_a_month_is_rounded_to_the_smallest_coin(
    price: int, months: int, currency: str, share: int
) -> None:
    assert month_share_micros(price, months, currency) == share


def test_a_scheduled_change_shows_what_is_charged_then() -> None:
    found = plan(subscription("agency", {"phone_number": 1}, scheduled=Contents("starter")))
    assert (found.contents, found.scheduled) == (Contents("agency", {"phone_number": 1}), Contents("starter"))
    assert [line.description for line in found.lines] == ["Starter"]
    assert found.next_charge_micros == found.month_micros == 49_000_000


def test_what_is_carried_is_in_the_next_charge_and_not_in_the_month() -> None:
    found = plan(subscription("starter", carried_micros=300_000))
    assert (found.next_charge_micros, found.price_micros, found.month_micros) == (49_300_000, 49_000_000, 49_000_000)


def test_a_canceled_one_ends_with_its_period_and_costs_nothing_more() -> None:
    found = plan(subscription(cancel_at_period_end=True, scheduled=Contents("starter")))
    assert (found.state, found.ends_at_ms, found.month_micros, found.next_charge_micros) == ("ends", END_MS, 0, None)
    assert [line.description for line in found.lines] == ["Agency"]


@pytest.mark.parametrize("canceled", [True, False])
def test_what_has_ended_or_never_began_is_not_listed(canceled: bool) -> None:
    ended = subscription(status="canceled" if canceled else "incomplete")
    assert not charges(ended).exist
    assert not charges(None).exist


def test_an_owed_period_is_charged_again_when_it_is_tried() -> None:
    retried = plan(subscription(status="past_due", due_at_ms=END_MS + DAY_MS))
    assert (retried.state, retried.next_charge_at_ms, retried.next_charge_micros) == (
        "owed",
        END_MS + DAY_MS,
        97_000_000,
    )
    confirmed = plan(subscription(status="past_due", due_at_ms=END_MS, failure=Failure("authentication_required")))
    assert (confirmed.next_charge_at_ms, confirmed.is_being_paid) == (None, False)
    missing = plan(subscription(status="past_due", due_at_ms=END_MS, failure=CARD_MISSING))
    assert missing.next_charge_at_ms is None
    paying = plan(subscription(status="past_due", due_at_ms=END_MS, pending=pending(subscription())))
    assert (paying.next_charge_at_ms, paying.is_being_paid) == (None, True)
    given_up = plan(subscription(status="unpaid", due_at_ms=None))
    assert (given_up.state, given_up.next_charge_at_ms, given_up.next_charge_micros) == ("owed", None, 97_000_000)
    assert given_up.month_micros == 97_000_000


def test_a_held_renewal_is_not_charged() -> None:
    held = plan(subscription(held=Hold("not-chargeable", "x", START_MS)))
    assert (held.state, held.next_charge_at_ms, held.next_charge_micros, held.month_micros) == (
        "held",
        None,
        None,
        97_000_000,
    )


def test_one_whose_plan_is_not_in_the_catalog_is_listed_without_prices() -> None:
    sold = catalog()
    without = replace(sold, plans={name: each for name, each in sold.plans.items() if name != "agency"})
    for status in ("active", "past_due"):
        found = plan(subscription(status=status), without)
        assert (found.lines, found.month_micros, found.next_charge_micros) == ((), 0, None)
    assert plan(subscription(), without).state == "held"


def test_the_first_payment_is_awaited() -> None:
    begun = subscription("starter", status="incomplete")
    found = plan(replace(begun, pending=pending(begun, purpose="start")))
    assert (found.state, found.month_micros, found.next_charge_micros) == ("first_payment", 49_000_000, None)


def test_a_trial_costs_from_its_end_on() -> None:
    found = plan(subscription("starter", status="trialing", trial_end_ms=END_MS))
    assert (found.state, found.next_charge_at_ms, found.next_charge_micros) == ("renews", END_MS, 49_000_000)


def test_a_tax_that_is_added_is_a_part_of_what_it_costs() -> None:
    found = plan(subscription("starter"), tax=Tax("VAT", 200_000, inclusive=False))
    assert (found.price_micros, found.month_micros, found.next_charge_micros) == (58_800_000,) * 3


def auto_pay(**changes: Any) -> AutoPay:
    fields: dict[str, Any] = {"enabled": True, "monthly_limit_micros": 100_000_000, **changes}
    return AutoPay(
        account_id="acme", threshold_micros=10_000_000, amount_micros=25_000_000, actor="kim", updated_at_ms=0, **fields
    )


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, "on"),
        ({"suspended_reason": "declines"}, "suspended"),
        ({"held_by": ("dp_1",)}, "suspended"),
        ({"enabled": False, "in_flight_payment_id": "pay_1"}, "off"),
        ({"enabled": False}, None),
    ],
)
def test_auto_pay_is_listed_until_its_last_refill_has_ended(changes: dict[str, Any], status: str | None) -> None:
    found = charges(None, auto_pay(**changes))
    assert (found.refills.status if found.refills else None) == status
    assert found.exist == (status is not None)
    assert found.month_micros == 0


def test_the_total_is_the_sum_of_the_shares() -> None:
    listed = [charges(subscription("starter"), auto_pay()), charges(subscription("agency_yearly")), charges(None)]
    assert sum_months(listed) == 49_000_000 + 80_830_000
