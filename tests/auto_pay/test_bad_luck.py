"""Cards that decline, banks that want to see the customer, a Stripe that is down, and what clears each of them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from msgspec.structs import replace

from chalicelib import clock
from local.stripe_emulator.client import Emulator
from tests.auto_pay.world import BAD_CARD, HOUR, Saver, World

THREE_D_SECURE = "pm_card_authenticationRequired"
CREATE = "/v1/payment_intents"


@pytest.fixture
def declining(saver: Saver, world: World) -> Saver:
    """Return an account whose refill has just been declined for the first time."""
    saver.save_card(BAD_CARD)
    world.settle()
    saver.spend_down_to(1)
    world.settle()
    assert (saver.auto_pay.failures, len(saver.attempts)) == (1, 2)
    return saver


@pytest.fixture
def suspended(declining: Saver, world: World) -> Iterator[Saver]:
    """Return an account that was suspended after three declines; it is half an hour later in the test."""
    start = clock.now()
    with world.at(start + 1.1 * HOUR):
        world.minute()
    with world.at(start + 7.2 * HOUR):
        world.minute()
    assert declining.auto_pay.suspended_reason == "declines"
    with world.at(start + 7.7 * HOUR):
        yield declining


def test_a_card_that_declines_for_a_week_is_tried_three_times(saver: Saver, world: World) -> None:
    saver.save_card(BAD_CARD)
    world.settle()
    start = datetime.now(UTC)
    tried_at: list[float] = []
    looks = [*range(12), *range(12, 7 * 24, 6)]
    for look in looks:
        with world.at(start + look * 1.08 * HOUR):  # a little more, so that none falls on the moment of an attempt
            # Usage goes on all week, and the schedule fires: neither makes another attempt before its time.
            saver.use(40)
            world.settle()
            world.minute()
            if len(saver.attempts) - 1 > len(tried_at):
                tried_at.append(look)
    assert [second - first for first, second in pairwise(tried_at)] == [1, 6]
    assert len(saver.attempts) == 1 + 3
    assert saver.view.reason == "suspended_declines"
    assert (saver.view.status, saver.view.failures) == ("suspended", 3)
    assert saver.balance == 50 - 40 * len(looks)


def test_the_next_attempt_is_made_by_itself_when_no_usage_arrives(declining: Saver, world: World) -> None:
    due_ms = declining.auto_pay.next_attempt_at_ms
    assert due_ms is not None
    assert declining.auto_pay.due_at_ms == due_ms
    with world.at(clock.from_ms(due_ms - 1000)):
        world.minute()
        assert len(declining.attempts) == 2
    with world.at(clock.from_ms(due_ms)):
        world.minute()
        assert len(declining.attempts) == 3
        assert declining.auto_pay.failures == 2


def test_a_suspension_is_written_once_with_its_reason(suspended: Saver, world: World) -> None:
    version = suspended.auto_pay.version
    for _ in range(3):
        suspended.use(1)
        world.settle()
        world.minute()
    world.again()
    assert suspended.auto_pay.version == version
    assert suspended.auto_pay.due_at_ms is None
    assert len(suspended.attempts) == 4


def test_another_card_clears_a_suspension_and_refills_by_itself(suspended: Saver, world: World) -> None:
    suspended.save_card("pm_card_mastercard")
    world.settle()
    assert suspended.balance == 51
    assert (suspended.auto_pay.suspended_reason, suspended.auto_pay.failures) == (None, 0)
    assert suspended.auto_pay.last_refusal is None


def test_the_same_card_saved_again_clears_nothing(suspended: Saver, world: World) -> None:
    suspended.save_card(BAD_CARD)
    world.settle()
    assert suspended.auto_pay.suspended_reason == "declines"
    assert len(suspended.attempts) == 4


def test_a_payment_by_hand_that_succeeds_clears_a_suspension(suspended: Saver, world: World) -> None:
    # The card on file declines by hand, too: the bank has to think better of it.
    card = suspended.card()
    suspended.put_test_card("pm_card_visa")
    assert suspended.put_card(replace(suspended.card(), fingerprint=card.fingerprint))
    world.settle()
    assert suspended.auto_pay.suspended_reason == "declines"
    suspended.top_up("25")
    world.settle()
    assert (suspended.view.status, suspended.balance) == ("on", 26)


def test_switching_it_on_again_clears_a_suspension_and_tries_at_once(suspended: Saver, world: World) -> None:
    suspended.switch_on()
    world.settle()
    assert len(suspended.attempts) == 5
    assert (suspended.auto_pay.failures, suspended.view.reason) == (1, "backing_off")


def test_repeating_the_settings_does_not_try_a_declined_card_again(declining: Saver, world: World) -> None:
    for _ in range(3):
        declining.switch_on()
        world.settle()
    assert len(declining.attempts) == 2
    assert declining.view.reason == "backing_off"
    declining.switch_off()
    declining.switch_on()
    world.settle()
    assert len(declining.attempts) == 3


def test_a_bank_that_wants_to_see_the_customer_suspends_at_once(saver: Saver, world: World) -> None:
    saver.save_card(THREE_D_SECURE)
    world.settle()
    saver.spend_down_to(1)
    world.settle()
    assert saver.refills[-1].state == "failed"
    assert saver.view.reason == "suspended_authentication"
    assert saver.view.last_refusal
    assert saver.view.last_refusal.code == "authentication_required"
    with world.at(clock.now() + 48 * HOUR):
        world.five_minutes()
    assert len(saver.attempts) == 2
    # The customer verifies: Add Balance once, with the bank's challenge.
    resolved = saver.top_up("25")
    saver.emulator.authenticate(str(resolved.payment.payment_intent_id))
    saver.deliver()
    world.settle()
    assert (saver.auto_pay.suspended_reason, saver.balance) == (None, 26)


def test_stripe_may_be_down_for_an_hour(saver: Saver, world: World, emulator: Emulator) -> None:
    saver.spend_down_to(1)
    start = datetime.now(UTC)
    emulator.fault("status", status=503, times=0)
    for minute in range(0, 60, 5):
        with world.at(start + timedelta(minutes=minute)):
            saver.use(0.01)
            world.settle()
            world.five_minutes()
            assert saver.view.reason == "in_flight"
    emulator.clear_faults()
    for minute in range(60, 180, 5):
        with world.at(start + timedelta(minutes=minute)):
            world.five_minutes()
    assert [each.state for each in saver.refills] == ["succeeded", "succeeded"]
    assert len(saver.attempts) == 2
    assert saver.auto_pay.failures == 0
    assert world.charges() == []


def test_stripe_may_answer_nothing_although_it_has_charged(saver: Saver, world: World, emulator: Emulator) -> None:
    saver.spend_down_to(1)
    emulator.fault("500_after_effect", method="POST", path=CREATE)
    world.settle()
    assert not saver.refills[-1].ended
    with world.at(clock.now() + HOUR / 6):
        world.five_minutes()
    assert (len(saver.attempts), saver.balance) == (2, 51)


def test_a_refill_that_stripe_cannot_make_for_a_day_is_given_up_and_another_is_made(
    saver: Saver, world: World, emulator: Emulator
) -> None:
    saver.spend_down_to(1)
    emulator.fault("500_saved", method="POST", path=CREATE, times=0)
    for hours in (0, 0.1, 0.5, 1, 2, 23.5):
        with world.at(clock.now() + hours * HOUR):
            world.settle()
            world.five_minutes()
    emulator.clear_faults()
    assert [each.state for each in saver.refills] == ["succeeded", "canceled", "created"]
    assert saver.auto_pay.failures == 0  # nobody's card was tried
    for hours in (25, 26):  # the first look finds that the key only repeats the failure, the second takes another one
        with world.at(clock.now() + hours * HOUR):
            world.five_minutes()
    assert (len(saver.charges), saver.balance) == (2, 51)


def test_without_a_card_it_waits_for_one(saver: Saver, world: World) -> None:
    saver.emulator.control("POST", f"payment_methods/{saver.card().payment_method_id}/detach")
    saver.deliver("payment_method.detached")
    world.settle()
    saver.spend_down_to(1)
    world.settle()
    assert saver.view.reason == "card_missing"
    assert saver.view.last_refusal
    assert saver.view.last_refusal.reason == "card_missing"
    assert len(saver.attempts) == 1
    saver.save_card("pm_card_visa")
    world.settle()
    assert saver.balance == 51
    assert saver.view.last_refusal is None


def test_an_expired_card_is_not_charged_and_its_renewal_goes_on(saver: Saver, world: World) -> None:
    card = saver.card()
    with world.at(datetime(card.expiry_year, card.expiry_month, 28, tzinfo=UTC) + timedelta(days=4)):
        saver.spend_down_to(1)
        world.settle()
        assert saver.view.reason == "card_expired"
        assert len(saver.attempts) == 1
        saver.emulator.control("POST", f"payment_methods/{card.payment_method_id}/renew", {"exp_year": 2060})
        saver.deliver("payment_method")
        world.settle()
        assert saver.balance == 51


def test_a_card_that_stripe_no_longer_has_suspends_at_once_and_may_be_saved_again(saver: Saver, world: World) -> None:
    saver.emulator.control("POST", f"payment_methods/{saver.card().payment_method_id}/detach")
    saver.spend_down_to(1)
    world.settle()
    assert saver.view.reason == "suspended_card_unusable"
    world.again()
    saver.save_card("pm_card_visa")
    world.settle()
    assert (saver.balance, saver.auto_pay.suspended_reason) == (51, None)


def test_a_customer_that_stripe_no_longer_has_suspends_at_once_and_is_made_anew(saver: Saver, world: World) -> None:
    saver.emulator.control("POST", f"customers/{saver.customer_id}/delete")
    saver.spend_down_to(1)
    world.settle()
    assert saver.view.reason == "suspended_card_unusable"
    saver.save_card("pm_card_visa")
    world.settle()
    assert (saver.balance, saver.auto_pay.suspended_reason) == (51, None)
