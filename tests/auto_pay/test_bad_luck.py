"""Cards that decline, banks that want to see the customer, a Stripe that is down, and what clears each of them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.auto_pay import evaluate, table
from chalicelib.auto_pay.change_settings import AutoPayRequest
from chalicelib.auto_pay.decision import Wait
from chalicelib.clock import now_ms
from local.stripe_emulator.client import Emulator
from tests.auto_pay.conftest import NewSaver
from tests.auto_pay.world import Saver, World

HOUR = timedelta(hours=1)
BAD_CARD = "pm_card_chargeCustomerFail"
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
    assert accounts.put_card(suspended.account_id, replace(suspended.card(), fingerprint=card.fingerprint))
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
    from_payments = saver.account()
    assert from_payments.card
    saver.emulator.control("POST", f"payment_methods/{from_payments.card.payment_method_id}/detach")
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


def test_the_monthly_limit_is_kept_and_the_next_month_goes_on_by_itself(new_saver: NewSaver, world: World) -> None:
    saver = new_saver()
    with world.at(datetime(2027, 3, 29, 12, tzinfo=UTC)):
        saver.switch_on(monthly_limit="120")
        for _ in range(4):
            world.settle()
            saver.spend_down_to(1)
        world.settle()
        assert len(saver.charges) == 2
        found = saver.view
        assert (found.reason, found.charged_this_month) == ("monthly_limit_reached", "100.00")
        assert found.next_attempt_at == "2027-04-01T00:00:00.000Z"
        assert found.last_refusal
        assert found.last_refusal.reason == "monthly_limit_reached"
    with world.at(datetime(2027, 3, 31, 23, 59, 58, tzinfo=UTC)):
        world.minute()
        assert len(saver.charges) == 2
    with world.at(datetime(2027, 4, 1, 0, 0, 1, tzinfo=UTC)):
        world.minute()
        assert len(saver.charges) == 3
        assert saver.view.charged_this_month == "50.00"
        assert saver.view.last_refusal is None


def test_a_higher_limit_goes_on_at_once(new_saver: NewSaver, world: World) -> None:
    saver = new_saver()
    saver.use(400)
    saver.switch_on(monthly_limit="120")
    world.settle()
    assert (len(saver.charges), saver.balance) == (1, -300)
    assert saver.view.reason == "monthly_limit_reached"
    saver.switch_on(monthly_limit="1000")
    world.settle()
    assert (len(saver.charges), saver.balance) == (2, 50)


def test_a_declined_attempt_does_not_use_up_the_monthly_limit(new_saver: NewSaver, world: World) -> None:
    saver = new_saver(BAD_CARD)
    saver.switch_on(monthly_limit="50")
    world.settle()
    assert saver.view.charged_this_month == "0.00"
    saver.save_card("pm_card_visa")
    world.settle()
    assert (saver.view.charged_this_month, saver.balance) == ("50.00", 50)


def test_two_functions_at_once_keep_the_monthly_limit(new_saver: NewSaver, world: World) -> None:
    saver = new_saver()
    saver.switch_on(monthly_limit="100")
    for _ in range(4):
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: saver.evaluate(), range(8)))
        world.settle()
        saver.spend_down_to(1)
    assert sum(charge["amount"] for charge in saver.charges) == 100_00
    assert saver.evaluate() == Wait("monthly_limit_reached", saver.auto_pay.due_at_ms)


def test_a_refill_whose_end_nobody_told_of_is_noticed(saver: Saver, world: World) -> None:
    saver.spend_down_to(1)
    world.deliver_stream("refill_wallets")
    world.deliver_charges()
    # The record of the payment's end is lost, and nothing is used any more.
    assert saver.auto_pay.in_flight_payment_id
    for name in world.iterators:
        world.take(name)
    with world.at(clock.now() + timedelta(milliseconds=evaluate.RECHECK_MS + 1000)):
        world.minute()
    assert (saver.view.reason, saver.balance) == ("above_threshold", 51)


def test_a_refill_whose_message_was_lost_is_made_by_the_sweeper(saver: Saver, world: World) -> None:
    saver.spend_down_to(1)
    world.deliver_stream("refill_wallets")
    (_message,) = world.charges()
    with world.at(clock.now() + HOUR / 6):
        world.fire("sweep_payments")
    assert (saver.balance, len(saver.attempts)) == (51, 2)


def test_a_waiting_refill_is_written_down_rarely(saver: Saver, world: World, emulator: Emulator) -> None:
    emulator.fault("status", status=503, times=0)
    saver.spend_down_to(1)
    world.settle()
    version = saver.auto_pay.version
    for _ in range(20):
        saver.use(0.01)
        world.settle()
    assert saver.auto_pay.version == version
    emulator.clear_faults()


def test_what_is_due_is_found_by_its_index_and_looked_at_by_one(saver: Saver, world: World) -> None:
    saver.put(AutoPayRequest(enabled=True, threshold="20", amount="50"))
    quiet = saver.auto_pay
    assert quiet.due_at_ms is None
    table.mark_due(saver.account_id, now_ms())
    found = [each for each in table.due(now_ms(), 100) if each[0] == saver.account_id]
    ((account_id, due_at_ms),) = found
    later_ms = now_ms() + 1000
    assert table.claim(account_id, due_at_ms, again_at_ms=later_ms)
    assert not table.claim(account_id, due_at_ms, again_at_ms=later_ms)
    assert saver.auto_pay.due_at_ms == later_ms
