"""What the end of a payment means, and what is done next: the pure rules."""

from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.catalog.catalog import catalog
from chalicelib.payments.payment import Failure, Payment
from chalicelib.subscriptions.dunning import end_subscription
from chalicelib.subscriptions.make_payment import renewal_claim
from chalicelib.subscriptions.payment_outcomes import apply_payment_result
from chalicelib.subscriptions.renewal import RECHECK_MS, Means, Renewal, next_renewal, next_step
from chalicelib.subscriptions.subscription import Contents, Subscription
from tests.subscriptions.build import DAY_MS, END_MS, START_MS, pending, subscription

MORE = Contents("agency", {"voice_features": 1})
DECLINED = Failure("card_declined", "generic_decline", "no")


def payment(state: Any = "succeeded", payment_id: str = "pay_1", **changes: Any) -> Payment:
    fields: dict[str, Any] = {
        "account_id": "acme",
        "payment_id": payment_id,
        "kind": "subscription",
        "amount_micros": 20_000_000,
        "currency": "usd",
        "created_at_ms": START_MS,
        "updated_at_ms": START_MS,
        "state_at_ms": START_MS,
        "customer_id": "cus_1",
        "payment_method_id": "pm_1",
        "card_brand": "visa",
        "card_last_four": "4242",
        "actor": "tester",
        "description": "Agency",
        "state": state,
        "failure": None if state == "succeeded" else DECLINED,
    }
    return Payment(**{**fields, **changes})


def changing(**changes: Any) -> Subscription:
    """Return a subscription that waits for the payment of more."""
    held = subscription()
    more = pending(held, terms=replace(held.terms, contents=MORE), carried_micros=123)
    return replace(held, pending=more, due_at_ms=START_MS + RECHECK_MS, **changes)


def renewing(**changes: Any) -> Subscription:
    """Return a subscription that waits for the payment of its next period."""
    held = subscription(**changes)
    return replace(
        held, pending=pending(held, purpose="renewal", terms=next_renewal(held, catalog()).terms, automatic=True)
    )


def apply_result(held: Subscription, paid: Payment, now_ms: int = END_MS) -> Subscription:
    return apply_payment_result(held, paid, catalog(), now_ms)


def test_a_success_brings_what_was_waited_for_once() -> None:
    after = apply_result(changing(), payment())
    assert (after.terms.contents, after.carried_micros, after.pending) == (MORE, 123, None)
    assert (after.due_at_ms, after.paid_payment_id) == (END_MS, "pay_1")
    assert apply_result(after, payment()) == after
    assert apply_result(after, payment("failed")) == after


@pytest.mark.parametrize("state", ["created", "requires_action", "processing"])
def test_what_has_not_ended_changes_nothing(state: str) -> None:
    assert apply_result(changing(), payment(state)) == changing()


def test_another_payment_changes_nothing() -> None:
    assert apply_result(changing(), payment(payment_id="pay_2")) == changing()


@pytest.mark.parametrize("state", ["failed", "canceled"])
def test_a_change_that_came_to_nothing_leaves_what_was(state: str) -> None:
    after = apply_result(changing(), payment(state))
    assert (after.terms, after.carried_micros, after.pending) == (subscription().terms, 0, None)
    assert (after.status, after.due_at_ms, after.failure) == ("active", END_MS, None)


def test_money_that_moved_after_all_brings_what_it_was_for() -> None:
    given_up = apply_result(changing(), payment("canceled"))
    assert apply_result(given_up, payment()).terms.contents == MORE
    owing = apply_result(renewing(), payment("failed"))
    assert owing.status == "past_due"
    healed = apply_result(owing, payment())
    assert (healed.status, healed.terms.period_start_ms, healed.attempt) == ("active", END_MS, 0)


def test_money_that_moved_too_late_brings_nothing() -> None:
    given_up = apply_result(changing(), payment("canceled"))
    over = end_subscription(given_up, END_MS)
    assert apply_result(over, payment()) == over
    waits_for_another = replace(given_up, pending=pending(given_up, payment_id="pay_2"))
    assert apply_result(waits_for_another, payment()) == waits_for_another
    changed_since = apply_result(waits_for_another, payment(payment_id="pay_2"))
    assert apply_result(changed_since, payment()) == changed_since


def test_a_declined_renewal_counts_one_attempt_and_one_by_hand_none() -> None:
    after = apply_result(renewing(), payment("failed"))
    assert (after.status, after.attempt, after.failure, after.past_due_since_ms) == ("past_due", 1, DECLINED, END_MS)
    assert after.due_at_ms == END_MS + 3 * DAY_MS
    assert after.terms == subscription().terms
    by_hand = replace(after, pending=pending(after, purpose="renewal", payment_id="pay_2"))
    again = apply_result(by_hand, payment("failed", "pay_2"), END_MS + DAY_MS)
    assert (again.attempt, again.due_at_ms) == (1, END_MS + 3 * DAY_MS)


def test_a_cancellation_during_a_renewal_ends_it_if_it_fails_and_after_the_period_if_it_succeeds() -> None:
    leaving = renewing()
    assert leaving.pending
    leaving = replace(leaving, cancel_at_period_end=True, pending=replace(leaving.pending, cancel_at_period_end=True))
    assert apply_result(leaving, payment("failed")).status == "canceled"
    paid = apply_result(leaving, payment())
    assert (paid.status, paid.cancel_at_period_end) == ("active", True)
    after = next_step(paid, Means("pm_1"), catalog(), paid.terms.period_end_ms)
    assert isinstance(after, Subscription)
    assert (after.status, after.ended_at_ms) == ("canceled", paid.terms.period_end_ms)


def test_nothing_is_done_before_the_period_ends_and_the_next_one_is_charged_then() -> None:
    held = subscription()
    assert next_step(held, Means("pm_1"), catalog(), END_MS - 1) == held
    due = next_step(held, Means("pm_1"), catalog(), END_MS)
    assert isinstance(due, Renewal)
    assert (due.terms.period_start_ms, due.quote.charge_micros) == (END_MS, 97_000_000)


def test_a_renewal_is_for_what_was_scheduled() -> None:
    due = next_step(subscription(scheduled=Contents("starter")), Means("pm_1"), catalog(), END_MS)
    assert isinstance(due, Renewal)
    assert (due.terms.contents, due.quote.charge_micros) == (Contents("starter"), 49_000_000)


def test_what_waits_for_a_payment_is_looked_at_again_in_a_while_and_not_charged() -> None:
    waits = renewing(due_at_ms=END_MS)
    later = next_step(waits, Means("pm_1"), catalog(), END_MS)
    assert later == replace(waits, due_at_ms=END_MS + RECHECK_MS)
    assert next_step(later, Means("pm_1"), catalog(), END_MS + 1) == later


def test_a_period_that_costs_nothing_needs_no_card() -> None:
    free = replace(catalog(), plans={"free": replace(catalog().plans["starter"], amounts_micros={"usd": 0})})
    after = next_step(subscription(scheduled=Contents("free")), Means(None), free, END_MS)
    assert isinstance(after, Subscription)
    assert (after.status, after.terms.period_start_ms, after.failure) == ("active", END_MS, None)


@pytest.mark.parametrize("status", ["active", "past_due"])
def test_a_renewal_that_stripe_never_took_is_due_again_and_owes_nothing_more(status: Any) -> None:
    waits = renewing(status=status, attempt=1, past_due_since_ms=END_MS if status == "past_due" else None)
    after = apply_result(waits, payment("canceled", failure=Failure("not_found")), END_MS + 7)
    assert (after.status, after.attempt, after.never_made_attempts, after.pending) == (status, 1, 1, None)
    assert (after.due_at_ms, after.past_due_since_ms) == (END_MS + 7, waits.past_due_since_ms)
    # Should its money move after all, it still brings the period.
    assert apply_result(after, payment()).status == "active"
    assert apply_result(after, payment()).never_made_attempts == 0


def test_each_payment_in_the_place_of_one_that_stripe_never_took_has_its_own_id() -> None:
    terms = renewing().terms
    claims = [renewal_claim("acme", terms, attempt=1, now_ms=1, never_made_attempts=number) for number in (0, 1, 2)]
    assert len({claim.resource_id for claim in claims}) == 3
    assert claims[0] == renewal_claim("acme", terms, attempt=1, now_ms=1)
