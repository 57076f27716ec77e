"""What is done about a payment once Stripe was asked for its PaymentIntents."""

from typing import Any

import pytest

from chalicelib.payments.intent import Intent
from chalicelib.payments.lifecycle import ABANDONED_MS, Settle, is_closed_at_stripe, next_step
from chalicelib.payments.payment import Failure, Payment
from chalicelib.stripe_api.attempt import KEY_LIFE_MS, LATE_EFFECT_MS, GiveUp, Send, Wait
from tests.payments.build import intent, payment

NOW_MS = payment().created_at_ms
WAITING = intent(id="pi_waiting", status="requires_action")
DECLINED = intent(id="pi_declined", status="requires_payment_method", failure=Failure("card_declined"))
UNDER_WAY = intent(id="pi_under_way", status="processing")
PAID = intent(id="pi_paid")
CANCELED = intent(id="pi_canceled", status="canceled")


@pytest.mark.parametrize(
    ("changes", "after_ms", "step"),
    [
        ({}, 0, Send()),
        ({"key_exhausted_at_ms": NOW_MS}, LATE_EFFECT_MS - 1, Wait()),
        ({"key_exhausted_at_ms": NOW_MS}, LATE_EFFECT_MS, Send(with_next_key=True)),
        ({"key_exhausted_at_ms": NOW_MS, "attempt": 3}, LATE_EFFECT_MS, Wait()),
        ({}, KEY_LIFE_MS, Wait()),
        ({}, KEY_LIFE_MS + LATE_EFFECT_MS, GiveUp()),
        ({"key_exhausted_at_ms": NOW_MS}, KEY_LIFE_MS + LATE_EFFECT_MS, GiveUp()),
    ],
)
def test_what_stripe_does_not_have_is_sent_while_that_is_safe(
    changes: dict[str, Any], after_ms: int, step: object
) -> None:
    assert next_step(payment(**changes), [], NOW_MS + after_ms) == step


@pytest.mark.parametrize(
    ("found", "step"),
    [
        ([WAITING], Settle((WAITING,))),
        ([WAITING, PAID, DECLINED], Settle((PAID,))),
        ([WAITING, CANCELED, UNDER_WAY], Settle((CANCELED,))),
    ],
)
def test_the_intent_that_is_furthest_counts_while_a_payment_is_open(found: list[Intent], step: Settle) -> None:
    assert next_step(payment(), found, NOW_MS) == step


@pytest.mark.parametrize(
    ("found", "canceled"),
    [(WAITING, {"pi_waiting"}), (UNDER_WAY, set()), (DECLINED, set()), (PAID, set()), (CANCELED, set())],
)
def test_only_what_waits_for_the_customer_is_canceled_after_a_day(found: Intent, canceled: set[str]) -> None:
    assert next_step(payment(), [found], NOW_MS + ABANDONED_MS) == Settle((found,), frozenset(canceled))
    assert next_step(payment(), [found], NOW_MS + ABANDONED_MS - 1) == Settle((found,))


@pytest.mark.parametrize("ended", [payment(state="failed"), payment(state="canceled")])
def test_all_that_could_still_be_paid_of_an_ended_payment_is_canceled(ended: Payment) -> None:
    found = (WAITING, DECLINED, UNDER_WAY, PAID, CANCELED)
    assert next_step(ended, found, NOW_MS) == Settle(found, frozenset({"pi_waiting", "pi_declined"}))
    assert next_step(ended, [], NOW_MS) == Settle(())


@pytest.mark.parametrize(
    ("changes", "intents", "after_ms", "closed"),
    [
        ({}, [], 0, True),
        ({}, [CANCELED], 0, True),
        ({}, [CANCELED, UNDER_WAY], 0, False),
        ({"state": "succeeded"}, [CANCELED], 0, False),
        ({"attempt": 2}, [CANCELED, CANCELED], LATE_EFFECT_MS - 1, False),
        ({"attempt": 2}, [CANCELED, CANCELED], LATE_EFFECT_MS, True),
    ],
)
def test_nobody_can_pay_a_payment_whose_intents_are_all_canceled_and_all_known(
    changes: dict[str, Any], intents: list[Intent], after_ms: int, closed: bool
) -> None:
    failed = payment(**{"state": "failed", **changes})
    assert is_closed_at_stripe(failed, intents, NOW_MS + after_ms) is closed
