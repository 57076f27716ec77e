"""Webhooks about a refund or a dispute, in every order."""

from collections.abc import Callable
from itertools import permutations

import pytest

from tests.depth import examples
from tests.payments.payer import NewPayer, Payer
from tests.reversals.refunder import (
    UNIT,
    assert_refunded_once,
    assert_sound,
    dispute,
    events,
    kinds,
    only_refund,
    tell_one,
)


def in_every_order(
    new_payer: NewPayer, happen: Callable[[Payer], object], check: Callable[[Payer], object], most: int = 24
) -> None:
    """Let something happen to a payer each time, and tell of it in another order, with the first event told again."""
    first = new_payer()
    first.top_up()
    happen(first)
    orders = list(permutations(range(len(events(first)))))
    step = max(1, len(orders) // examples(most))
    for order in orders[::step]:
        payer = new_payer()
        payer.top_up()
        happen(payer)
        told = events(payer)
        for number in (*order, order[0]):
            tell_one(told[number])
        check(payer)
        assert_sound(payer)
        payer.emulator.reset()


def test_a_refund_at_the_dashboard_is_debited_once_in_every_order(new_payer: NewPayer) -> None:
    def happen(payer: Payer) -> None:
        payer.emulator.refund_in_dashboard(payer.charges[0]["id"], 1000)

    def check(payer: Payer) -> None:
        assert_refunded_once(payer, 10)
        assert only_refund(payer).actor == "stripe"

    in_every_order(new_payer, happen, check)


def test_a_refund_at_the_dashboard_that_fails_is_debited_and_credited_once_in_every_order(new_payer: NewPayer) -> None:
    def happen(payer: Payer) -> None:
        made = payer.emulator.refund_in_dashboard(payer.charges[0]["id"], 1000)
        payer.emulator.fail_refund(made["id"])

    def check(payer: Payer) -> None:
        assert kinds(payer) == [("refund", -10), ("refund_failed", 10)]
        assert only_refund(payer).state == "failed"
        assert (payer.balance_micros, payer.payment().refunded_micros) == (25 * UNIT, 0)

    in_every_order(new_payer, happen, check)


def test_a_lost_dispute_is_debited_once_in_every_order(new_payer: NewPayer) -> None:
    def check(payer: Payer) -> None:
        assert kinds(payer) == [("dispute", -25)]
        assert (payer.balance_micros, payer.payment().dispute_status) == (0, "lost")

    in_every_order(new_payer, lambda payer: dispute(payer, "lose"), check)


def test_a_won_dispute_is_given_back_once_in_every_order(new_payer: NewPayer) -> None:
    def check(payer: Payer) -> None:
        assert kinds(payer) in ([], [("dispute", -25), ("dispute_reversal", 25)])
        assert (payer.balance_micros, payer.payment().dispute_status) == (25 * UNIT, "won")
        assert payer.payment().state == "succeeded"

    in_every_order(new_payer, lambda payer: dispute(payer, "win"), check)


@pytest.mark.parametrize(("outcome", "left"), [("lose", 0), ("win", 15)])
def test_a_refund_and_a_dispute_take_what_went_back_and_never_more_than_was_paid(
    new_payer: NewPayer, outcome: str, left: int
) -> None:
    def happen(payer: Payer) -> None:
        payer.emulator.refund_in_dashboard(payer.charges[0]["id"], 1000)
        # The bank takes back the whole payment, as if nothing of it had been refunded.
        dispute(payer, outcome, amount=2500)

    def check(payer: Payer) -> None:
        assert payer.balance_micros == left * UNIT
        assert payer.payment().refunded_micros == 10 * UNIT

    in_every_order(new_payer, happen, check, most=12)
