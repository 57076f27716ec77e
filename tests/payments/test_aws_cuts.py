"""The process ends before or after each call to AWS; then the others come, in many orders: one charge, one credit."""

from collections.abc import Callable
from itertools import permutations

import pytest

from chalicelib.accounts.account import Account
from chalicelib.idempotency import Key
from chalicelib.ledger.verify import verify
from chalicelib.payments import card
from chalicelib.payments.adjust import AdjustmentRequest, adjust
from local.stripe_emulator.client import Emulator
from tests.payments.payer import Payer
from tests.payments.wire import When, calls_of, cut_off

NewPayer = Callable[..., Payer]
ORDERS = list(permutations(["customer", "webhook", "sweeper"]))

both = pytest.mark.parametrize("when", ["before", "after"])


def learn(payer: Payer, who: str) -> None:
    """Let one of them come. The sweeper finds nothing where the payment was never written."""
    if who == "customer":
        payer.top_up()
    elif who == "webhook":
        payer.deliver()
    elif payer.payments:
        payer.be_swept()


@both
def test_a_top_up_cut_off_anywhere_ends_in_one_charge_and_one_credit(
    new_payer: NewPayer, emulator: Emulator, when: When
) -> None:
    calls = calls_of(new_payer().top_up)
    assert calls >= 7
    for at in range(1, calls + 1):
        for order in (ORDERS[at % 6], ORDERS[(at + 3) % 6]):
            emulator.reset()
            payer = new_payer()
            cut_off(payer.top_up, at, when)
            for who in order:
                learn(payer, who)
            payer.deliver()
            payer.assert_paid_once()


@both
def test_a_top_up_cut_off_anywhere_is_finished_by_the_sweeper_alone(new_payer: NewPayer, when: When) -> None:
    for at in range(1, calls_of(new_payer().top_up) + 1):
        payer = new_payer()
        cut_off(payer.top_up, at, when)
        if payer.payments:
            payer.be_swept()
            payer.assert_paid_once()
        else:
            payer.assert_not_paid()


@both
def test_a_webhook_cut_off_anywhere_is_finished_by_its_repeat(
    new_payer: NewPayer, emulator: Emulator, when: When
) -> None:
    def lost_answer() -> Payer:
        emulator.reset()
        emulator.fault("500_after_effect", method="POST", path="/v1/payment_intents")
        payer = new_payer()
        payer.top_up()
        return payer

    first = lost_answer()
    calls = calls_of(lambda: first.deliver("payment_intent.succeeded"))
    for at in range(1, calls + 1):
        payer = lost_answer()
        # The customer is read before the delivery, to know which events are the payer's.
        cut_off(lambda payer=payer: payer.deliver("payment_intent.succeeded"), at, when)  # type: ignore[misc]
        payer.delivered.clear()
        payer.deliver("payment_intent.succeeded")
        payer.assert_paid_once()


@both
def test_a_sweep_cut_off_anywhere_is_finished_by_the_next(new_payer: NewPayer, emulator: Emulator, when: When) -> None:
    def cut_payer() -> Payer:
        emulator.reset()
        emulator.fault("status", status=429, method="POST", path="/v1/payment_intents")
        payer = new_payer()
        payer.top_up()
        return payer

    calls = calls_of(cut_payer().be_swept)
    for at in range(1, calls + 1):
        payer = cut_payer()
        cut_off(payer.be_swept, at, when)
        payer.be_swept()
        payer.assert_paid_once()


@both
def test_an_adjustment_cut_off_anywhere_is_posted_once_by_its_repeat(new_payer: NewPayer, when: When) -> None:
    def adjusting(account: Account) -> Callable[[], object]:
        request = AdjustmentRequest("credit", "3.5", "goodwill")
        return lambda: adjust(account, request, key=Key("key-1", "operator"), actor="operator")

    for at in range(1, calls_of(adjusting(new_payer(card=None).account())) + 1):
        payer = new_payer(card=None)
        run = adjusting(payer.account())
        cut_off(run, at, when)
        run()
        run()
        assert payer.balance_micros == 3_500_000
        assert verify(payer.account_id).transactions == 1


@both
def test_saving_and_removing_a_card_may_be_cut_off_anywhere(
    new_payer: NewPayer, emulator: Emulator, when: When
) -> None:
    for at in range(1, calls_of(new_payer(card=None).save_card) + 1):
        payer = new_payer(card=None)
        cut_off(payer.save_card, at, when)
        kept = payer.save_card()
        assert payer.account().card == kept
        removed = payer.account()
        if at <= calls_of(lambda removed=removed: card.remove(removed)):  # type: ignore[misc]
            payer.save_card()
            cut_off(lambda payer=payer: card.remove(payer.account()), at, when)  # type: ignore[misc]
            card.remove(payer.account())
        assert payer.account().card is None
    assert len(emulator.objects("customer")) == len(
        {each["metadata"]["account_id"] for each in emulator.objects("customer")}
    )
