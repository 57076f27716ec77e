"""The backup: tried once when the default is declined, in a payment of its own; both together are one attempt."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.auto_pay.decision import Charge, card_to_charge, decide
from chalicelib.auto_pay.payment_outcomes import apply_payments, count_declined_default
from chalicelib.cards.card import Card
from chalicelib.cards.choose_card import choose_card
from chalicelib.cards.remove_card import remove_card
from chalicelib.catalog.catalog import catalog
from tests.auto_pay.build import CARD, HOUR_MS, auto_pay, declined, payment, situation, waiting_for
from tests.auto_pay.conftest import NewSaver
from tests.auto_pay.world import BAD_CARD, HOUR, Saver, World
from tests.wire import cuts

BACKUP = Card("pm_2", "mastercard", "4444", 12, 2030, "print-2", CARD.set_up_at_ms)
RETRIES = catalog().auto_pay
ASKS = "pm_card_authenticationRequired"


def test_a_declined_default_is_no_failure_yet_and_the_backup_is_charged_next() -> None:
    after = apply_payments(waiting_for(1), [declined(1)], CARD, RETRIES, backup=BACKUP)
    assert (after.failures, after.in_flight_payment_id, after.next_attempt_at_ms) == (0, None, None)
    now = situation(backup=BACKUP)
    assert isinstance(decide(after, now), Charge)
    assert card_to_charge(after, now) == BACKUP
    assert card_to_charge(auto_pay(), now) == CARD


def test_both_declined_is_one_failure_for_the_reason_of_the_default() -> None:
    first = apply_payments(waiting_for(1), [declined(1)], CARD, RETRIES, backup=BACKUP)
    trying = replace(first, in_flight_payment_id="pay_2")
    asks = declined(2, "authentication_required", payment_method_id="pm_2")
    after = apply_payments(trying, [declined(1), asks], CARD, RETRIES, backup=BACKUP)
    assert (after.failures, after.declined_default, after.suspended_reason) == (1, None, None)
    assert after.last_refusal
    assert (after.last_refusal.code, after.failed_at_ms) == ("card_declined", asks.state_at_ms)
    assert after.next_attempt_at_ms == asks.state_at_ms + HOUR_MS


def test_a_backup_that_pays_makes_the_attempt_a_success() -> None:
    trying = replace(
        apply_payments(waiting_for(1, failures=2), [declined(1)], CARD, RETRIES, backup=BACKUP),
        in_flight_payment_id="pay_2",
    )
    after = apply_payments(trying, [declined(1), payment(2)], CARD, RETRIES, backup=BACKUP)
    assert (after.failures, after.declined_default, after.last_refusal) == (0, None, None)


def test_an_expired_default_is_passed_over() -> None:
    now = situation(card=replace(CARD, expiry_year=2020), backup=BACKUP)
    assert card_to_charge(auto_pay(), now) == BACKUP
    assert isinstance(decide(auto_pay(), now), Charge)


@given(st.lists(st.sampled_from(["paid", "backup paid", "both declined", "backup gone"]), max_size=12))
def test_each_attempt_counts_once_whatever_the_two_cards_do(attempts: list[str]) -> None:
    state, number, in_a_row = auto_pay(), 0, 0
    for outcome in attempts:
        if state.suspended_reason:
            break
        number += 1
        state = replace(state, in_flight_payment_id=f"pay_{number}")
        made = payment(number) if outcome == "paid" else declined(number)
        state = apply_payments(state, [made], CARD, RETRIES, backup=BACKUP)
        if outcome == "backup gone":
            state = count_declined_default(state, RETRIES)
        elif outcome != "paid":
            number += 1
            state = replace(state, in_flight_payment_id=f"pay_{number}")
            tried = payment(number) if outcome == "backup paid" else declined(number, payment_method_id="pm_2")
            state = apply_payments(state, [tried], CARD, RETRIES, backup=BACKUP)
        in_a_row = 0 if outcome in {"paid", "backup paid"} else in_a_row + 1
        assert (state.failures, state.declined_default, state.in_flight_payment_id) == (in_a_row, None, None)
        assert (state.suspended_reason == "declines") is (in_a_row == len(RETRIES.after_ms) + 1)


def with_backup(new_saver: NewSaver, default: str = BAD_CARD, backup: str = "pm_card_mastercard") -> Saver:
    saver = new_saver(default)
    saver.add_card(backup, "backup")
    return saver


def outcome_of(saver: Saver) -> list[tuple[str, str]]:
    return [(each.card_last_four, each.state) for each in saver.refills]


def test_the_backup_pays_once_in_a_payment_of_its_own(new_saver: NewSaver, world: World) -> None:
    saver = with_backup(new_saver)
    saver.switch_on()
    world.settle()
    assert outcome_of(saver) == [("0341", "failed"), ("4444", "succeeded")]
    assert (saver.balance, saver.auto_pay.failures, saver.auto_pay.declined_default) == (50, 0, None)
    assert len({each.payment_id for each in saver.refills}) == 2
    world.again()
    saver.deliver()  # all of Stripe's events, late
    with world.at(clock.now() + timedelta(minutes=15)):
        world.five_minutes()
    assert len(saver.attempts) == 2
    assert saver.balance == 50


@pytest.mark.parametrize(
    ("default", "tried"),
    [
        ("pm_card_visa_chargeDeclinedInsufficientFunds", True),
        ("pm_card_visa_chargeDeclinedLostCard", True),
        ("pm_card_chargeDeclinedExpiredCard", True),
        ("pm_card_visa_chargeDeclinedStolenCard", False),
        ("pm_card_chargeDeclinedFraudulent", False),
        (ASKS, False),
    ],
)
def test_stripes_declines_decide_whether_another_card_is_charged(
    new_saver: NewSaver, world: World, default: str, tried: bool
) -> None:
    saver = with_backup(new_saver, "pm_card_visa")
    saver.put_test_card(default)
    saver.switch_on()
    world.settle()
    assert [each.state for each in saver.refills][1:] == (["succeeded"] if tried else [])
    assert saver.balance == (50 if tried else 0)


def test_two_declined_cards_back_off_and_suspend_as_one(new_saver: NewSaver, world: World) -> None:
    saver = with_backup(new_saver, backup=ASKS)
    saver.switch_on()
    world.settle()
    moment = clock.now()
    for number, wait in enumerate((2, 9, 40), start=1):
        assert (saver.auto_pay.failures, len(saver.attempts)) == (number, number + 1)  # the backup's bank asks once
        with world.at(moment + wait * HOUR + timedelta(minutes=1)):
            world.minute()
    assert saver.auto_pay.suspended_reason == "declines"
    assert saver.balance == 0


def test_an_evaluation_between_the_decline_and_the_try_may_be_cut_off_anywhere(
    new_saver: NewSaver, world: World
) -> None:
    def declined_by_default() -> Saver:
        saver = with_backup(new_saver)
        saver.switch_on()
        world.deliver_charges()
        assert outcome_of(saver) == [("0341", "failed")]
        return saver

    made = 0
    for cut_off in cuts(declined_by_default().evaluate, world.emulator):
        saver = declined_by_default()
        cut_off(saver.evaluate)
        world.settle()
        with world.at(clock.now() + timedelta(minutes=15)):
            world.five_minutes()
        assert outcome_of(saver) == [("0341", "failed"), ("4444", "succeeded")]
        assert [charge["amount"] for charge in saver.charges] == [5000]
        made += 1
    assert made >= 4


def test_a_try_whose_answer_is_lost_is_one_charge(new_saver: NewSaver, world: World) -> None:
    saver = with_backup(new_saver)
    saver.switch_on()
    world.deliver_charges()
    saver.evaluate()
    world.emulator.fault("cut_after_effect", method="POST", path="/v1/payment_intents", times=3)
    world.settle()
    with world.at(clock.now() + timedelta(minutes=15)):
        world.five_minutes()
    assert outcome_of(saver) == [("0341", "failed"), ("4444", "succeeded")]
    assert [charge["amount"] for charge in saver.charges] == [5000]


def test_a_backup_that_is_removed_before_its_turn_is_not_charged(new_saver: NewSaver, world: World) -> None:
    saver = with_backup(new_saver)
    saver.switch_on()
    world.deliver_charges()
    remove_card(saver.load(), saver.load().others[0].payment_method_id)
    world.settle()
    assert outcome_of(saver) == [("0341", "failed")]
    assert (saver.auto_pay.failures, saver.auto_pay.declined_default) == (1, None)


def test_a_backup_that_is_removed_on_its_way_to_stripe_is_not_charged(new_saver: NewSaver, world: World) -> None:
    saver = with_backup(new_saver)
    saver.switch_on()
    world.deliver_charges()
    saver.evaluate()
    remove_card(saver.load(), saver.load().others[0].payment_method_id)
    world.settle()
    assert [each.state for each in saver.refills] == ["failed", "canceled"]
    assert (saver.auto_pay.failures, len(saver.attempts)) == (1, 1)


def test_a_card_without_a_role_is_never_charged(new_saver: NewSaver, world: World) -> None:
    saver = new_saver(BAD_CARD)
    saver.add_card("pm_card_mastercard")
    saver.switch_on()
    world.settle()
    assert outcome_of(saver) == [("0341", "failed")]


def test_the_monthly_limit_holds_over_both_cards(new_saver: NewSaver, world: World) -> None:
    saver = with_backup(new_saver)
    saver.switch_on(monthly_limit="50")
    world.settle()
    saver.spend_down_to(1)
    world.settle()
    assert outcome_of(saver) == [("0341", "failed"), ("4444", "succeeded")]
    assert saver.view.reason == "monthly_limit_reached"


def test_a_backup_made_the_default_goes_on_where_both_had_failed(new_saver: NewSaver, world: World) -> None:
    saver = new_saver(BAD_CARD)
    other = saver.add_card("pm_card_mastercard")
    saver.switch_on()
    world.settle()
    assert saver.auto_pay.failures == 1
    choose_card(saver.load(), other.payment_method_id, "default")
    world.settle()
    assert (saver.balance, saver.auto_pay.failures) == (50, 0)
