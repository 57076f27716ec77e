"""The process ends before or after each call to AWS; then the others come, in many orders: one charge, one credit."""

from collections.abc import Callable
from itertools import permutations

from chalicelib.accounts.account import Account
from chalicelib.cards.remove_card import remove_card
from chalicelib.history.adjust import AdjustmentRequest, adjust
from chalicelib.idempotency import Key
from chalicelib.ledger.verify import verify
from chalicelib.text import Line
from local.stripe_emulator.client import Emulator
from tests.depth import some
from tests.payments.payer import NewPayer, Payer
from tests.wire import cut_off, cut_points

ORDERS = list(permutations(["customer", "webhook", "sweeper"]))


def learn(payer: Payer, who: str) -> None:
    """Let one of them come. The sweeper finds nothing where the payment was never written."""
    if who == "customer":
        payer.top_up()
    elif who == "webhook":
        payer.deliver()
    elif payer.payments:
        payer.be_swept()


def test_a_top_up_cut_off_anywhere_ends_in_one_charge_and_one_credit(new_payer: NewPayer, emulator: Emulator) -> None:
    points = cut_points(new_payer().top_up, emulator)
    assert len(points) >= 8
    for place, point in enumerate(points):
        for order in some((ORDERS[place % 6], ORDERS[(place + 3) % 6])):
            emulator.reset()
            payer = new_payer()
            cut_off(payer.top_up, point)
            for who in order:
                learn(payer, who)
            payer.deliver()
            payer.assert_paid_once()


def test_a_top_up_cut_off_anywhere_is_finished_by_the_sweeper_alone(new_payer: NewPayer, emulator: Emulator) -> None:
    for point in cut_points(new_payer().top_up, emulator):
        payer = new_payer()
        cut_off(payer.top_up, point)
        if payer.payments:
            payer.be_swept()
            payer.assert_paid_once()
        else:
            payer.assert_not_paid()


def test_a_webhook_cut_off_anywhere_is_finished_by_its_repeat(new_payer: NewPayer, emulator: Emulator) -> None:
    def lost_answer() -> Payer:
        emulator.reset()
        emulator.fault("500_after_effect", method="POST", path="/v1/payment_intents")
        payer = new_payer()
        payer.top_up()
        return payer

    first = lost_answer()
    for point in cut_points(lambda: first.deliver("payment_intent.succeeded"), emulator):
        payer = lost_answer()
        # The customer is read before the delivery, to know which events are the payer's.
        cut_off(lambda payer=payer: payer.deliver("payment_intent.succeeded"), point)  # type: ignore[misc]
        payer.delivered.clear()
        payer.deliver("payment_intent.succeeded")
        payer.assert_paid_once()


def test_a_sweep_cut_off_anywhere_is_finished_by_the_next(new_payer: NewPayer, emulator: Emulator) -> None:
    def cut_payer() -> Payer:
        emulator.reset()
        emulator.fault("status", status=429, method="POST", path="/v1/payment_intents")
        payer = new_payer()
        payer.top_up()
        return payer

    for point in cut_points(cut_payer().be_swept, emulator):
        payer = cut_payer()
        cut_off(payer.be_swept, point)
        payer.be_swept()
        payer.assert_paid_once()


def test_an_adjustment_cut_off_anywhere_is_posted_once_by_its_repeat(new_payer: NewPayer) -> None:
    def adjusting(account: Account) -> Callable[[], object]:
        request = AdjustmentRequest("credit", "3.5", Line("goodwill"))
        return lambda: adjust(account, request, key=Key("key-1", "operator"), actor="operator")

    for point in cut_points(adjusting(new_payer(card=None).account())):
        payer = new_payer(card=None)
        run = adjusting(payer.account())
        cut_off(run, point)
        run()
        run()
        assert payer.balance_micros == 3_500_000
        assert verify(payer.account_id).transactions == 1


def test_saving_and_removing_a_card_may_be_cut_off_anywhere(new_payer: NewPayer, emulator: Emulator) -> None:
    def removing(payer: Payer) -> Callable[[], object]:
        return lambda: remove_card(payer.load())

    payer = new_payer()
    for point in cut_points(removing(payer), emulator):
        payer = new_payer()
        cut_off(removing(payer), point)
        remove_card(payer.load())
        assert payer.load().card is None
    for point in cut_points(new_payer(card=None).save_card, emulator):
        payer = new_payer(card=None)
        cut_off(payer.save_card, point)
        kept = payer.save_card()
        assert payer.load().card == kept
    assert len(emulator.objects("customer")) == len(
        {each["metadata"]["account_id"] for each in emulator.objects("customer")}
    )
