"""The auto-pay of a client waits while its workspace's connection does not work, and goes on when it does again."""

from datetime import timedelta

from chalicelib import clock
from local.stripe_emulator.client import Emulator
from tests.auto_pay.world import Saver, World
from tests.connection.owner import Owner, new_account


def connected(emulator: Emulator) -> tuple[Owner, Saver]:
    owner = Owner(new_account(), emulator)
    owner.connect()
    client = owner.new_client()
    return owner, Saver(client.account_id, emulator)


def low_while_disconnected(world: World, owner: Owner, saver: Saver) -> None:
    """Let the wallet run low after a break: nothing is charged, and the reason is said."""
    saver.switch_on()
    world.settle()
    assert saver.balance == 50
    owner.disconnect()
    world.settle()
    saver.spend_down_to(1)
    world.five_minutes()
    assert (saver.view.status, saver.view.reason) == ("on", "not_connected")
    assert (saver.balance, saver.auto_pay.failures, len(saver.refills)) == (1, 0, 1)


def test_it_goes_on_within_a_minute_on_the_same_account(world: World, emulator: Emulator) -> None:
    owner, saver = connected(emulator)
    account = owner.stripe_account_id
    low_while_disconnected(world, owner, saver)
    owner.connect(account)
    world.settle()
    world.minute()
    assert saver.balance == 51
    assert saver.view.reason == "above_threshold"


def test_on_another_account_it_asks_for_a_card_and_then_goes_on(world: World, emulator: Emulator) -> None:
    owner, saver = connected(emulator)
    low_while_disconnected(world, owner, saver)
    owner.connect()
    world.settle()
    world.minute()
    assert (saver.balance, saver.view.reason) == (1, "card_needed_again")
    saver.save_card()
    world.settle()
    assert (saver.balance, saver.refills[-1].stripe_account) == (51, owner.stripe_account_id)


def test_it_goes_on_by_the_daily_look_when_the_record_of_the_connection_is_lost(
    world: World, emulator: Emulator
) -> None:
    owner, saver = connected(emulator)
    account = owner.stripe_account_id
    low_while_disconnected(world, owner, saver)
    owner.connect(account)
    world.take("follow_connections")
    world.minute()
    assert saver.balance == 1
    with world.at(clock.now() + timedelta(days=1, minutes=1)):
        world.minute()
        assert saver.balance == 51


def test_a_refill_that_was_decided_before_the_break_is_not_sent_to_the_account_any_more(
    world: World, emulator: Emulator
) -> None:
    owner, saver = connected(emulator)
    saver.switch_on()
    owner.disconnect()
    world.settle()
    assert saver.refill.state == "canceled"
    assert saver.charges == []
    assert (saver.view.reason, saver.auto_pay.failures) == ("not_connected", 0)


def test_a_refill_that_was_closed_at_the_break_is_no_failed_attempt(world: World, emulator: Emulator) -> None:
    owner, saver = connected(emulator)
    emulator.fault("500_after_effect", method="POST", path="/v1/payment_intents", times=2)
    saver.switch_on()
    world.settle()
    emulator.clear_faults()
    assert saver.refill.state == "created"
    account = owner.stripe_account_id
    owner.disconnect()
    with world.at(clock.now() + timedelta(minutes=30)):
        world.five_minutes()
        assert (saver.refill.state, saver.refill.closed_at_break_ms is not None) == ("canceled", True)
        assert (saver.view.reason, saver.auto_pay.failures) == ("not_connected", 0)
        owner.connect(account)
        world.settle()
        world.minute()
        assert (saver.view.reason, len(saver.refills)) == ("pending_payment_covers", 1)
    with world.at(clock.now() + timedelta(hours=2)):
        world.five_minutes()
        world.settle()
        assert (saver.refill.state, saver.balance) == ("succeeded", 50)
