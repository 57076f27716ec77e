from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.auto_pay import payment_outcomes
from chalicelib.auto_pay.auto_pay import NOT_SENT_CODES, AutoPay, ChargedCard, LastRefusal
from chalicelib.cards.card import Card
from chalicelib.catalog.catalog import catalog
from chalicelib.catalog.policies import Retries
from chalicelib.payments.payment import Failure, Payment
from tests.auto_pay.build import CARD, HOUR_MS, auto_pay, declined, payment, waiting_for

OTHER_CARD = replace(CARD, payment_method_id="pm_2", fingerprint="print-2")
SAVED_AGAIN = replace(CARD, payment_method_id="pm_2")
SUSPENDED: dict[str, Any] = {
    "failures": 3,
    "failed_at_ms": declined(3).state_at_ms,
    "suspended_reason": "declines",
    "charged_card": ChargedCard("pm_1", "print-1"),
    "last_refusal": LastRefusal("card_declined", declined(3).state_at_ms, "card_declined", "generic_decline"),
}


def apply_payments(before: AutoPay, payments: list[Payment], card: Card | None) -> AutoPay:
    return payment_outcomes.apply_payments(before, payments, card, catalog().auto_pay)


@pytest.mark.parametrize("state", ["created", "requires_action", "processing"])
def test_a_refill_that_has_not_ended_is_waited_for(state: str) -> None:
    waiting = waiting_for(1)
    assert apply_payments(waiting, [payment(1, state=state)], CARD) == waiting


def test_a_refill_that_succeeded_clears_what_failed_before() -> None:
    waiting = waiting_for(1, failures=2, failed_at_ms=1, last_refusal=LastRefusal("card_declined", 1))
    found = apply_payments(waiting, [payment(1)], CARD)
    assert (found.in_flight_payment_id, found.failures, found.failed_at_ms, found.last_refusal) == (None, 0, None, None)


@pytest.mark.parametrize(("before", "hours"), [(0, 1), (1, 6)])
def test_the_wait_grows_with_the_declines(before: int, hours: int) -> None:
    found = apply_payments(waiting_for(1, failures=before), [declined(1)], CARD)
    assert found.failures == before + 1
    assert found.next_attempt_at_ms == declined(1).state_at_ms + hours * HOUR_MS
    assert found.suspended_reason is None
    assert found.last_refusal == LastRefusal(
        "card_declined", declined(1).state_at_ms, "card_declined", "generic_decline"
    )


def test_the_third_decline_in_a_row_suspends() -> None:
    found = apply_payments(waiting_for(1, failures=2), [declined(1)], CARD)
    assert (found.failures, found.suspended_reason, found.next_attempt_at_ms) == (3, "declines", None)


@pytest.mark.parametrize(("hours", "waits"), [((), [None]), ((2,), [2, None]), ((1, 5, 24), [1, 5, 24, None])])
def test_the_catalog_says_when_a_card_is_tried_again_and_how_often(
    hours: tuple[int, ...], waits: list[int | None]
) -> None:
    retries = Retries(tuple(hour * HOUR_MS for hour in hours))
    for before, wait in enumerate(waits):
        found = payment_outcomes.apply_payments(waiting_for(1, failures=before), [declined(1)], CARD, retries)
        assert found.suspended_reason == (None if wait else "declines")
        assert found.next_attempt_at_ms == (declined(1).state_at_ms + wait * HOUR_MS if wait else None)


@pytest.mark.parametrize("code", sorted(NOT_SENT_CODES))
def test_a_refill_that_was_out_of_date_before_it_was_sent_is_no_failure(code: str) -> None:
    waiting = waiting_for(1, failures=1, failed_at_ms=1, next_attempt_at_ms=2)
    never_sent = payment(1, state="canceled", payment_intent_id=None, failure=Failure(code))
    assert apply_payments(waiting, [never_sent], CARD) == replace(waiting, in_flight_payment_id=None)


@pytest.mark.parametrize("code", ["code", "decline_code"])
def test_a_bank_that_wants_to_see_the_customer_suspends_at_once(code: str) -> None:
    failure = Failure(**{"code": "card_declined", code: "authentication_required"})
    found = apply_payments(waiting_for(1), [declined(1, failure=failure)], CARD)
    assert (found.failures, found.suspended_reason) == (1, "authentication")
    assert found.last_refusal
    assert found.last_refusal.reason == "authentication_required"


def test_a_card_that_stripe_does_not_have_suspends_at_once() -> None:
    found = apply_payments(waiting_for(1), [declined(1, code="resource_missing", payment_intent_id=None)], CARD)
    assert (found.failures, found.suspended_reason) == (1, "card_unusable")


def test_a_refill_that_was_given_up_is_tried_again_later() -> None:
    found = apply_payments(waiting_for(1), [payment(1, state="canceled", payment_intent_id=None)], CARD)
    assert (found.failures, found.suspended_reason) == (1, None)
    assert found.next_attempt_at_ms == payment(1).state_at_ms + HOUR_MS
    assert found.last_refusal
    assert found.last_refusal.reason == "payment_canceled"


def test_a_refill_that_never_came_to_be_is_forgotten() -> None:
    assert apply_payments(waiting_for(1), [], CARD).in_flight_payment_id is None
    assert apply_payments(waiting_for(1), [], CARD).failures == 0


def test_the_same_end_counts_once_however_often_it_is_looked_at() -> None:
    once = apply_payments(waiting_for(1), [declined(1)], CARD)
    assert apply_payments(once, [declined(1)], CARD) == once
    assert apply_payments(once, [declined(1), declined(1)], CARD) == once


def test_a_payment_by_hand_that_fails_is_nothing_to_auto_pay() -> None:
    assert apply_payments(auto_pay(), [declined(1, kind="top_up")], CARD) == auto_pay()


@pytest.mark.parametrize("kind", ["top_up", "auto_pay", "subscription"])
def test_a_payment_of_any_kind_that_succeeds_after_the_failures_clears_them(kind: str) -> None:
    assert apply_payments(auto_pay(**SUSPENDED), [declined(3), payment(4, kind=kind)], CARD).suspended_reason is None


def test_a_payment_by_a_card_that_auto_pay_does_not_charge_says_nothing_of_the_one_that_was_declined() -> None:
    paid = payment(4, kind="top_up", payment_method_id="pm_2", card_fingerprint="print-2")
    suspended, policy = auto_pay(**SUSPENDED), catalog().auto_pay
    assert payment_outcomes.apply_payments(suspended, [paid], CARD, policy) == suspended
    assert cleared(payment_outcomes.apply_payments(suspended, [paid], CARD, policy, backup=OTHER_CARD))


@pytest.mark.parametrize("reason", ["authentication", "card_unusable"])
def test_a_payment_by_the_backup_says_nothing_of_a_default_that_it_does_not_stand_in_for(reason: str) -> None:
    paid = payment(4, kind="top_up", payment_method_id="pm_2", card_fingerprint="print-2")
    suspended, policy = auto_pay(**SUSPENDED | {"suspended_reason": reason, "failures": 1}), catalog().auto_pay
    assert payment_outcomes.apply_payments(suspended, [paid], CARD, policy, backup=OTHER_CARD) == suspended


@pytest.mark.parametrize(("succeeded_ms", "clears"), [(-1, False), (1, True)])
def test_a_payment_that_was_begun_during_a_refill_clears_its_decline_only_if_it_succeeds_later(
    succeeded_ms: int, clears: bool
) -> None:
    overlapping = payment(1, payment_id="pay_by_hand", state_at_ms=declined(1).state_at_ms + succeeded_ms)
    assert cleared(apply_payments(waiting_for(1), [declined(1), overlapping], CARD)) is clears


@pytest.mark.parametrize(
    "before_or_in_vain",
    [payment(2, kind="top_up"), payment(4, state="processing"), declined(4), payment(4, state="canceled")],
)
def test_a_payment_from_before_the_failures_does_not_clear_them(before_or_in_vain: Payment) -> None:
    suspended = auto_pay(**SUSPENDED)
    assert apply_payments(suspended, [before_or_in_vain], CARD) == suspended


def test_another_card_clears_the_failures() -> None:
    assert cleared(apply_payments(auto_pay(**SUSPENDED), [], OTHER_CARD))


@pytest.mark.parametrize("card", [CARD, SAVED_AGAIN, None])
def test_the_same_card_saved_again_does_not_clear_its_declines(card: Any) -> None:
    suspended = auto_pay(**SUSPENDED)
    assert apply_payments(suspended, [], card) == suspended


def test_a_card_that_stripe_had_lost_may_be_saved_again() -> None:
    unusable = auto_pay(**{**SUSPENDED, "suspended_reason": "card_unusable"})
    assert apply_payments(unusable, [], CARD) == unusable
    assert cleared(apply_payments(unusable, [], SAVED_AGAIN))


def test_a_card_that_was_replaced_while_it_was_being_declined_is_not_held_against_the_new_one() -> None:
    assert cleared(apply_payments(waiting_for(1, failures=2, failed_at_ms=1), [declined(1)], OTHER_CARD))


def cleared(found: AutoPay) -> bool:
    return (
        found == replace(found.clear_failures(), charged_card=found.charged_card) and found.in_flight_payment_id is None
    )


def test_a_refill_that_stripe_never_took_is_no_attempt() -> None:
    waiting = waiting_for(1, failures=2, failed_at_ms=1, last_refusal=LastRefusal("card_declined", 1))
    never_made = payment(1, state="canceled", failure=Failure("not_found"))
    assert apply_payments(waiting, [never_made], CARD) == replace(waiting, in_flight_payment_id=None)
    given_up = payment(1, state="canceled", failure=Failure("abandoned"))
    assert apply_payments(waiting, [given_up], CARD).failures == 3


@pytest.mark.parametrize(
    ("code", "reason", "suspended"),
    [
        ("amount_too_small", "amount_refused", None),
        ("resource_missing", "card_unusable", "card_unusable"),
        ("payment_method_unexpected_state", "card_unusable", "card_unusable"),
    ],
)
def test_a_refusal_without_an_intent_is_of_the_amount_or_of_the_card(
    code: str, reason: str, suspended: str | None
) -> None:
    refused = payment(1, state="failed", failure=Failure(code), payment_intent_id=None)
    found = apply_payments(waiting_for(1), [refused], CARD)
    assert found.last_refusal
    assert (found.last_refusal.reason, found.suspended_reason) == (reason, suspended)
