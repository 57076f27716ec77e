"""What a bank holds against a card, by the catalog's policy: for auto-pay and renewals alike."""

from itertools import product
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.catalog.catalog import catalog
from chalicelib.catalog.policies import Disputes
from chalicelib.payments.payment import Payment
from chalicelib.reversals.objection import answered_objections, objection, objections
from tests.auto_pay.build import CARD, HOUR_MS, payment

GOES_ON: Any = "go_on"
OTHER = replace(CARD, payment_method_id="pm_2", fingerprint="print-2")
OPEN = ("warning_needs_response", "warning_under_review", "needs_response", "under_review", "a_new_status")


@pytest.mark.parametrize(
    ("status", "policy"),
    [
        *product(OPEN, [Disputes(on_open=GOES_ON)]),
        *product(("lost", "prevented"), [Disputes(on_lost=GOES_ON)]),
    ],
)
def test_a_dispute_is_held_against_its_card_unless_the_catalog_goes_on(status: str, policy: Disputes) -> None:
    disputed = payment(1, dispute_status=status)
    assert objection(disputed, Disputes()) == "pay_1/dispute"
    assert objection(disputed, policy) is None


@pytest.mark.parametrize("status", ["won", "warning_closed"])
def test_a_dispute_that_is_won_is_held_against_nobody_and_settles_its_warning(status: str) -> None:
    assert objection(payment(1, dispute_status=status, fraud_warning="stolen"), Disputes()) is None


def test_a_warning_of_fraud_is_held_against_its_card_unless_the_catalog_goes_on() -> None:
    warned = payment(1, fraud_warning="stolen")
    assert objection(warned, Disputes()) == "pay_1/fraud_warning"
    assert objection(warned, Disputes(on_fraud_warning=GOES_ON)) is None
    assert objection(payment(1), Disputes()) is None


@pytest.mark.parametrize(
    ("made", "is_its"),
    [
        (payment(1), True),  # a row of old knows the payment method alone
        (payment(1, payment_method_id="pm_2"), False),
        (payment(1, payment_method_id="pm_2", card_fingerprint="print-1"), True),
        (payment(1, card_fingerprint="print-2"), False),
    ],
)
def test_a_card_is_known_by_its_fingerprint(made: Payment, is_its: bool) -> None:
    assert made.is_made_with(CARD) is is_its


def test_what_is_held_against_one_card_is_not_held_against_another() -> None:
    made = [payment(1, dispute_status="lost"), payment(2, fraud_warning="stolen"), payment(3)]
    assert objections(made, CARD, Disputes()) == {"pay_1/dispute", "pay_2/fraud_warning"}
    assert objections(made, OTHER, Disputes()) == set()


@pytest.mark.parametrize(
    ("later", "is_answer"),
    [
        (payment(5, kind="top_up"), True),
        (payment(5, kind="subscription"), True),
        (payment(5, off_session=True), False),
        (payment(5, state="failed"), False),
        (payment(5, payment_method_id="pm_2"), False),
        (payment(2), False),
    ],
)
def test_only_a_later_payment_by_hand_with_the_same_card_is_an_answer(later: Payment, is_answer: bool) -> None:
    first = payment(1)
    disputed = replace(first, dispute_status="lost", objected_at_ms=first.created_at_ms + 2 * HOUR_MS)
    assert bool(answered_objections([disputed, later], CARD, Disputes())) is is_answer
    # Of a row that does not know when the bank objected, its last change counts.
    of_old = replace(disputed, objected_at_ms=None, updated_at_ms=first.created_at_ms + 2 * HOUR_MS)
    assert bool(answered_objections([of_old, later], CARD, Disputes())) is is_answer


def test_a_payment_is_no_answer_to_the_objection_against_itself() -> None:
    disputed = payment(1, kind="top_up", dispute_status="lost")
    # Stripe counts whole seconds, by its own clock.
    disputed = replace(disputed, objected_at_ms=disputed.created_at_ms - 900)
    assert answered_objections([disputed, disputed], CARD, Disputes()) == set()


def test_the_catalog_stops_charging_where_it_says_nothing_else() -> None:
    assert catalog().disputes == Disputes()
