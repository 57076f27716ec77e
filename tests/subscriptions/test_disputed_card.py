"""A card that a bank objects to is not charged by itself for a period; the period is owed until that is answered."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.auto_pay.change_settings import AutoPayRequest, change_settings
from chalicelib.subscriptions.view import load_subscription_view
from local.stripe_emulator.client import Emulator
from ops.subscriptions import outlook
from tests.payments.payer import HOUR_MS
from tests.reversals.refunder import tell
from tests.subscriptions.world import RenewalWorld, Subscriber, moment

START, FIRST, RETRY = "2027-01-10", "2027-02-10", "2027-02-13"


@pytest.fixture
def disputed(subscriber: Subscriber, world: RenewalWorld, emulator: Emulator) -> dict[str, Any]:
    """Return the dispute of a subscription's first payment; the next period is due, and was not charged."""
    with world.at(moment(START)):
        subscriber.put("agency")
        found = emulator.open_dispute(str(subscriber.payment().payment_intent_id))
        tell(subscriber)
        world.settle()
    world.run_on(FIRST)
    return found


def test_a_disputed_card_is_not_charged_and_the_period_is_owed_for_a_reason_of_its_own(
    subscriber: Subscriber, world: RenewalWorld, disputed: dict[str, Any]
) -> None:
    assert (subscriber.status(), subscriber.amounts) == ("past_due", [97.0])
    with world.at(moment(FIRST)):
        shown = load_subscription_view(subscriber.account_id, subscriber.catalog)
    assert shown
    assert shown.owed
    assert shown.owed.failure
    assert shown.owed.failure.code == "card_disputed"
    assert str(shown.owed.next_attempt_at).startswith("2027-02-13T10:05")
    with world.at(moment(RETRY)):
        foreseen = outlook(subscriber.subscription, subscriber.catalog, clock.now_ms() + 24 * HOUR_MS)
    assert (foreseen.amount_micros, "disputed" in foreseen.does) == (0, True)
    world.run_on(RETRY, minutes=10)
    world.run_on("2027-02-15", minutes=10)
    world.run_on("2027-02-17", minutes=10)
    assert (subscriber.status(), subscriber.amounts) == ("unpaid", [97.0])
    assert len(subscriber.payments) == 1


def win(subscriber: Subscriber, dispute: dict[str, Any]) -> None:
    subscriber.emulator.close_dispute(dispute["id"], "win")
    tell(subscriber)


def save_another(subscriber: Subscriber, _: dict[str, Any]) -> None:
    subscriber.save_card("pm_card_mastercard")


def pay_by_hand(subscriber: Subscriber, _: dict[str, Any]) -> None:
    subscriber.pay()


def add_balance(subscriber: Subscriber, _: dict[str, Any]) -> None:
    subscriber.top_up("25")


Answer = Callable[[Subscriber, dict[str, Any]], None]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (win, "past_due"),
        (save_another, "past_due"),
        (pay_by_hand, "past_due"),
        (add_balance, "past_due"),
        (win, "unpaid"),
    ],
)
def test_it_goes_on_at_once_when_the_objection_is_answered(
    subscriber: Subscriber, world: RenewalWorld, disputed: dict[str, Any], answer: Answer, status: str
) -> None:
    if status == "unpaid":
        for day in (RETRY, "2027-02-15", "2027-02-17"):
            world.run_on(day, minutes=10)
    assert subscriber.status() == status
    with world.at(moment("2027-02-18")):
        answer(subscriber, disputed)
        world.settle()
        assert subscriber.status() == "active"
        assert subscriber.amounts.count(97.0) == 2
    # The next period, too: what was answered is not held against the card again.
    world.run_on("2027-03-10")
    if answer is not win:
        assert (subscriber.status(), subscriber.amounts.count(97.0)) == ("active", 3)


def test_the_same_card_saved_anew_is_the_same_card(
    subscriber: Subscriber, world: RenewalWorld, disputed: dict[str, Any]
) -> None:
    with world.at(moment("2027-02-11")):
        subscriber.save_card()
        world.settle()
    assert (subscriber.status(), subscriber.amounts) == ("past_due", [97.0])


def test_a_person_who_switches_auto_pay_on_in_spite_of_it_has_said_so_for_renewals_too(
    subscriber: Subscriber, world: RenewalWorld, disputed: dict[str, Any]
) -> None:
    with world.at(moment("2027-02-11")):
        request = AutoPayRequest(enabled=True, threshold="0", amount="50")
        change_settings(subscriber.load(), request, actor="kim", catalog=subscriber.catalog)
        world.settle()
    world.run_on(RETRY, minutes=10)
    assert (subscriber.status(), subscriber.amounts.count(97.0)) == ("active", 2)


def test_a_won_dispute_of_which_no_record_told_is_seen_on_the_day_of_the_next_attempt(
    subscriber: Subscriber, world: RenewalWorld, disputed: dict[str, Any], emulator: Emulator
) -> None:
    with world.at(moment("2027-02-11")):
        win(subscriber, disputed)
        world.take("follow_payments")  # lost
    world.run_on(RETRY, minutes=10)
    assert (subscriber.status(), subscriber.amounts) == ("active", [97.0, 97.0])
