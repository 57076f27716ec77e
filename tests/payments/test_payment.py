from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.ledger.posting import one_leg
from chalicelib.payments.lifecycle import (
    RANKS,
    Outcome,
    PaymentMismatch,
    advance,
    check_matches,
    outcome_of,
    with_intents_closed,
    with_next_key,
)
from chalicelib.payments.payment import ENDED, Failure, Payment, State
from chalicelib.stripe_api.attempt import (
    KEY_LIFE_MS,
    LATE_EFFECT_MS,
    can_no_longer_arrive,
    is_key_expired,
    may_take_next_key,
)
from tests.payments.build import intent, payment

STATES: list[State] = list(RANKS)


AFTER: dict[tuple[str, str], str] = {
    ("created", "created"): "created",
    ("created", "requires_action"): "requires_action",
    ("created", "processing"): "processing",
    ("created", "canceled"): "canceled",
    ("created", "failed"): "failed",
    ("created", "succeeded"): "succeeded",
    ("requires_action", "created"): "requires_action",
    ("requires_action", "requires_action"): "requires_action",
    ("requires_action", "processing"): "processing",
    ("requires_action", "canceled"): "canceled",
    ("requires_action", "failed"): "failed",
    ("requires_action", "succeeded"): "succeeded",
    ("processing", "created"): "processing",
    ("processing", "requires_action"): "processing",
    ("processing", "processing"): "processing",
    ("processing", "canceled"): "canceled",
    ("processing", "failed"): "failed",
    ("processing", "succeeded"): "succeeded",
    ("canceled", "created"): "canceled",
    ("canceled", "requires_action"): "canceled",
    ("canceled", "processing"): "canceled",
    ("canceled", "canceled"): "canceled",
    ("canceled", "failed"): "failed",
    ("canceled", "succeeded"): "succeeded",
    ("failed", "created"): "failed",
    ("failed", "requires_action"): "failed",
    ("failed", "processing"): "failed",
    ("failed", "canceled"): "failed",
    ("failed", "failed"): "failed",
    ("failed", "succeeded"): "succeeded",
    ("succeeded", "created"): "succeeded",
    ("succeeded", "requires_action"): "succeeded",
    ("succeeded", "processing"): "succeeded",
    ("succeeded", "canceled"): "succeeded",
    ("succeeded", "failed"): "succeeded",
    ("succeeded", "succeeded"): "succeeded",
}
"""What a payment in one state becomes by news of another."""


@pytest.mark.parametrize(("before", "news"), list(product(STATES, STATES)))
def test_every_state_meets_every_news(before: State, news: State) -> None:
    assert advance(payment(state=before), Outcome(news, "pi_1")).state == AFTER[before, news]


@given(news=st.lists(st.sampled_from(STATES), min_size=1, max_size=8), data=st.data())
def test_news_in_any_order_and_any_number_of_times_ends_the_same(news: list[State], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(news + data.draw(st.lists(st.sampled_from(news), max_size=5))))

    def after(states: list[State]) -> Payment:
        told = payment()
        for state in states:
            failure = Failure(state) if state in {"failed", "canceled"} else None
            told = advance(told, Outcome(state, "pi_1", "ch_1", failure))
        return told

    assert after(shuffled) == after(news)


@given(states=st.lists(st.sampled_from(STATES), max_size=8))
def test_a_payment_that_succeeded_never_changes_again(states: list[State]) -> None:
    done = advance(payment(), Outcome("succeeded", "pi_1", "ch_1"))
    for state in states:
        assert advance(done, Outcome(state, "pi_1", "ch_1", Failure("late"))) == done


def test_the_first_definite_answer_stays_the_answer() -> None:
    failed = advance(payment(), Outcome("failed", failure=Failure("card_declined", "generic_decline", "No.")))
    assert advance(failed, Outcome("failed", failure=Failure("expired_card"))).failure == failed.failure


@pytest.mark.parametrize(
    ("ended", "final"),
    [
        (payment(state="succeeded"), True),
        (payment(state="failed", intent_open=True, payment_intent_id="pi_1"), False),
        (payment(state="failed", intent_open=False, payment_intent_id="pi_1"), True),
        (payment(state="canceled", intent_open=True), False),
        (payment(state="canceled", intent_open=False), True),
        # Rows that are older than what they know of their intent.
        (payment(state="failed", payment_intent_id="pi_1"), False),
        (payment(state="failed"), True),
        (payment(state="canceled"), False),
        (payment(state="created"), False),
        (payment(state="requires_action"), False),
        (payment(state="processing"), False),
    ],
)
def test_a_payment_is_final_when_nobody_can_pay_it_any_more(ended: Payment, final: bool) -> None:
    assert ended.is_final is final
    assert advance(ended, Outcome("succeeded", "pi_1")).is_final


@pytest.mark.parametrize(
    ("attempt", "outcome", "final"),
    [
        (1, Outcome("failed", "pi_1", failure=Failure("card_declined")), False),
        (1, Outcome("failed", failure=Failure("resource_missing")), True),
        (1, Outcome("canceled", "pi_1"), True),
        (1, Outcome("canceled"), True),
        (2, Outcome("canceled", "pi_1"), False),
        (2, Outcome("failed", failure=Failure("resource_missing")), False),
        (2, Outcome("succeeded", "pi_1"), True),
    ],
)
def test_an_end_is_final_where_it_left_nothing_to_be_paid(attempt: int, outcome: Outcome, final: bool) -> None:
    ended = advance(payment(attempt=attempt), outcome)
    assert ended.is_final is final
    assert with_intents_closed(ended).is_final


def test_success_wipes_out_an_earlier_failure() -> None:
    failed = advance(payment(), Outcome("failed", "pi_1", failure=Failure("card_declined")))
    assert advance(failed, Outcome("succeeded", "pi_1", "ch_2")).failure is None


def test_a_second_intent_that_took_money_for_the_same_payment_is_a_mismatch() -> None:
    done = payment(state="succeeded", payment_intent_id="pi_1")
    check_matches(done, intent(id="pi_1"))
    check_matches(done, intent(id="pi_2", status="canceled", amount_received_minor=0))
    with pytest.raises(PaymentMismatch, match="id is 'pi_2', not 'pi_1'"):
        check_matches(done, intent(id="pi_2"))


def test_money_of_an_earlier_attempt_counts_when_the_later_one_failed() -> None:
    failed = payment(state="failed", payment_intent_id="pi_2")
    check_matches(failed, intent(id="pi_1"))
    assert advance(failed, outcome_of(intent(id="pi_1"))).payment_intent_id == "pi_1"


def test_the_credit_is_the_same_whatever_has_become_of_the_payment() -> None:
    postings = {
        payment(state=state, charge_id=charge, attempt=attempt, version=9, updated_at_ms=1).posting()
        for state in STATES
        for charge in (None, "ch_1")
        for attempt in (1, 2)
    }
    assert postings == {
        one_leg(
            payment().account_id,
            occurred_at_ms=1_790_000_000_000,
            source="/payments",
            event_id="pay_1",
            type="credit",
            kind="top_up",
            amount_micros=25_000_000,
            description="Balance added by card",
            payment_id="pay_1",
            actor="tester",
        )
    }


def test_each_attempt_has_a_key_of_its_own_and_the_first_is_the_payments_id() -> None:
    assert [payment(attempt=attempt).stripe_key for attempt in (1, 2, 3)] == ["pay_1", "pay_1-2", "pay_1-3"]


def test_another_key_is_taken_only_after_a_quiet_time_and_not_for_ever() -> None:
    spent = payment(key_exhausted_at_ms=1000)
    assert not may_take_next_key(payment(), 10**13)
    assert not may_take_next_key(spent, 1000 + LATE_EFFECT_MS - 1)
    assert may_take_next_key(spent, 1000 + LATE_EFFECT_MS)
    assert not may_take_next_key(replace(spent, attempt=3), 1000 + LATE_EFFECT_MS)


def test_two_who_begin_again_at_once_take_the_same_key() -> None:
    spent = payment(key_exhausted_at_ms=1000)
    begun = with_next_key(spent, 1)
    assert (begun.attempt, begun.key_exhausted_at_ms) == (2, None)
    assert with_next_key(begun, 1) == begun
    assert with_next_key(replace(spent, state="succeeded"), 1).attempt == 1


def test_a_key_dies_before_stripe_forgets_it() -> None:
    assert not is_key_expired(payment(), payment().created_at_ms + KEY_LIFE_MS - 1)
    assert is_key_expired(payment(), payment().created_at_ms + KEY_LIFE_MS)
    assert not can_no_longer_arrive(payment(), payment().created_at_ms + KEY_LIFE_MS + LATE_EFFECT_MS - 1)
    assert can_no_longer_arrive(payment(), payment().created_at_ms + KEY_LIFE_MS + LATE_EFFECT_MS)


def test_ended_states_are_the_last_ones() -> None:
    assert {state for state in STATES if RANKS[state] >= RANKS["canceled"]} == ENDED
