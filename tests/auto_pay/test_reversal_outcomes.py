"""What auto-pay makes of disputes, warnings of fraud and refunds: the rule, and the whole way from Stripe."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.auto_pay.auto_pay import AutoPay
from chalicelib.auto_pay.change_settings import Amounts, AutoPayRequest, apply_settings
from chalicelib.auto_pay.reversal_outcomes import apply_reversals
from chalicelib.cards.card import Card
from chalicelib.catalog.policies import Disputes
from local.stripe_emulator.client import Emulator
from tests.auto_pay.build import CARD, HOUR_MS, NOW_MS, UNIT, auto_pay, payment
from tests.auto_pay.world import Saver, World
from tests.reversals.refunder import events, refund_payment, tell

KNOWING: dict[str, Any] = {"objections": (), "refunds_known_micros": 0}


def after(before: AutoPay, *reversed_: Any, recent: tuple[Any, ...] = (), card: Card | None = CARD) -> AutoPay:
    return apply_reversals(before, reversed_, recent, NOW_MS, card=card, policy=Disputes())


def held(**changes: Any) -> AutoPay:
    return after(auto_pay(**KNOWING), payment(1, **{"dispute_status": "needs_response", **changes}))


@pytest.mark.parametrize(
    "status",
    ["warning_needs_response", "warning_under_review", "needs_response", "under_review", "lost", "prevented", "new"],
)
def test_a_dispute_that_is_open_or_lost_holds(status: str) -> None:
    assert held(dispute_status=status).held_by == ("pay_1/dispute",)


@pytest.mark.parametrize("status", ["won", "warning_closed"])
def test_a_dispute_that_is_won_holds_no_longer(status: str) -> None:
    assert held(dispute_status=status).held_by == ()
    assert after(held(), payment(1, dispute_status=status, fraud_warning="stolen")).held_by == ()


def test_a_warning_of_fraud_holds_and_its_dispute_is_another_objection() -> None:
    warned = held(dispute_status=None, fraud_warning="stolen")
    assert warned.held_by == ("pay_1/fraud_warning",)
    answered = replace(warned, held_by=())
    assert after(answered, payment(1, fraud_warning="stolen")).held_by == ()
    assert after(answered, payment(1, fraud_warning="stolen", dispute_status="lost")).held_by == ("pay_1/dispute",)


def test_another_card_is_not_held_and_the_disputed_one_is_again_if_it_comes_back() -> None:
    disputed = payment(1, dispute_status="lost")
    other = replace(CARD, payment_method_id="pm_2", fingerprint="print-2")
    assert after(held(), disputed, card=other).held_by == ()
    assert after(after(held(), disputed, card=other), disputed).held_by == ("pay_1/dispute",)
    # Without any card, nothing is known to be otherwise.
    assert after(held(), disputed, card=None).held_by == ("pay_1/dispute",)


def test_a_payment_by_hand_with_the_card_answers_and_stays_the_answer() -> None:
    disputed = payment(1, dispute_status="lost", objected_at_ms=NOW_MS + 2 * HOUR_MS)
    by_hand = payment(3, kind="top_up", off_session=False)
    answered = after(held(), disputed, recent=(by_hand,))
    assert answered.held_by == ()
    # Months later it is no longer among the recent ones.
    assert after(answered, disputed).held_by == ()


def test_a_payment_too_old_to_be_read_is_held_against_as_before() -> None:
    assert after(held()).held_by == ("pay_1/dispute",)


def test_who_switches_on_again_knows_of_the_disputes_so_far_and_of_no_later_one() -> None:
    request, amounts = AutoPayRequest(enabled=True), Amounts(20 * UNIT, 50 * UNIT, None)
    again = apply_settings("acme", held(), request, amounts, actor="owner:acme", now_ms=NOW_MS)
    first, second = (payment(number, dispute_status="lost") for number in (1, 2))
    looked = after(again, first)
    assert looked.held_by == ()
    assert after(looked, first, second).held_by == ("pay_2/dispute",)


def test_a_refund_counts_until_a_payment_begun_after_it_succeeds() -> None:
    back = payment(-2, refunded_micros=30 * UNIT)
    found = after(auto_pay(**KNOWING), back, recent=(back,))
    assert (found.refunded_micros, found.refunded_at_ms) == (30 * UNIT, NOW_MS)
    assert after(found, back, recent=(back, payment(1, state="failed"))).refunded_micros == 30 * UNIT
    assert after(found, back, recent=(back, payment(1))).refunded_micros == 0
    assert payment(1).created_at_ms == NOW_MS + HOUR_MS


def test_what_was_refunded_before_auto_pay_looked_for_the_first_time_is_no_matter() -> None:
    assert after(auto_pay(), payment(1, refunded_micros=UNIT, dispute_status="lost")).is_suspended is False


def test_a_refund_is_not_charged_back_and_auto_pay_goes_on_with_more_usage(saver: Saver, world: World) -> None:
    refund_payment(saver, "40")
    world.settle()
    assert (saver.balance, saver.view.reason, len(saver.refills)) == (10, "refunded", 1)
    saver.use(5)
    world.settle()
    assert len(saver.refills) == 1
    saver.switch_on()
    world.settle()
    assert (saver.balance, len(saver.refills)) == (55, 2)


def test_a_card_whose_dispute_was_lost_is_not_charged_again_until_auto_pay_is_switched_on_again(
    saver: Saver, world: World, emulator: Emulator
) -> None:
    disputed = emulator.open_dispute(str(saver.refill.payment_intent_id))
    tell(saver)
    world.settle()
    assert (saver.balance, saver.view.reason, saver.view.status) == (0, "suspended_dispute", "suspended")
    emulator.close_dispute(disputed["id"], "lose")
    tell(saver)
    saver.save_card()  # the same card, saved anew
    world.five_minutes()
    assert (saver.view.reason, len(saver.attempts)) == ("suspended_dispute", 1)
    assert events(saver, "charge.dispute.closed")
    saver.switch_on()
    world.settle()
    assert (saver.balance, saver.view.status, len(saver.refills)) == (50, "on", 2)
    tell(saver)
    world.again()
    assert (saver.balance, saver.view.status) == (50, "on")


@pytest.mark.parametrize("answer", ["another card", "by hand"])
def test_a_lost_dispute_is_answered_by_another_card_or_by_a_payment_by_hand(
    saver: Saver, world: World, emulator: Emulator, answer: str
) -> None:
    disputed = emulator.open_dispute(str(saver.refill.payment_intent_id))
    emulator.close_dispute(disputed["id"], "lose")
    tell(saver)
    world.settle()
    assert saver.view.reason == "suspended_dispute"
    if answer == "another card":
        saver.save_card("pm_card_mastercard")
    else:
        with clock.moved_to(clock.now() + timedelta(seconds=2)):
            saver.top_up("10")
    world.settle()
    assert (saver.view.status, saver.view.reason, len(saver.refills)) == ("on", "above_threshold", 2)
