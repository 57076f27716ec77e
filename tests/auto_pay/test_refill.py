"""A refill from the trigger to the credit, and everything that may be delivered twice, late, or at the same time."""

from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.auto_pay import table
from chalicelib.auto_pay.decision import Charge, Wait
from chalicelib.auto_pay.evaluate_changed import evaluate_changed_cards
from chalicelib.auto_pay.send_refill import send_refill
from chalicelib.cards.card import is_card_changed
from chalicelib.cards.table import CardRow, read_card_image, remove_card
from chalicelib.catalog.catalog import catalog
from chalicelib.clock import now_ms
from chalicelib.ledger.verify import verify
from chalicelib.payments import charge_queued as charge
from chalicelib.payments import table as payments
from chalicelib.streams import Change
from chalicelib.stripe_api.stripe_account import PLATFORM
from local.stripe_emulator.client import Emulator
from tests.auto_pay.conftest import NewSaver
from tests.auto_pay.world import STREAMS, Saver, World
from tests.payments.wire import before_writing

THREADS = 8


def on(new_saver: NewSaver, world: World, **settings: Any) -> Saver:
    """Return an account with auto-pay and an empty wallet, whose refill is on the charges queue."""
    made = new_saver()
    made.switch_on(**settings)
    assert made.auto_pay.in_flight_payment_id
    return made


def test_a_wallet_that_falls_below_the_threshold_is_refilled_once(saver: Saver, world: World) -> None:
    saver.spend_down_to(20)
    world.settle()
    assert len(saver.refills) == 1
    saver.use(0.01)
    world.settle()
    assert [each.state for each in saver.refills] == ["succeeded", "succeeded"]
    assert saver.balance == 69.99
    assert saver.view.reason == "above_threshold"
    world.again()
    assert len(saver.attempts) == 2
    assert verify(saver.account_id).difference is None


def test_a_refill_is_sent_off_session(saver: Saver, emulator: Emulator) -> None:
    (call,) = emulator.calls("POST", "/v1/payment_intents")
    assert call["params"]["off_session"] in {True, "true"}
    assert call["params"]["confirm"] in {True, "true"}
    assert "use_stripe_sdk" not in call["params"]
    assert call["idempotency_key"] == saver.refill.payment_id


def test_a_gap_of_8_6_refills_is_one_charge(saver: Saver, world: World) -> None:
    saver.spend_down_to(20 - 430)
    world.settle()
    assert saver.refills[-1].amount_micros == 450_000_000
    assert saver.balance == 40
    assert len(saver.attempts) == 2


def test_a_gap_beyond_the_maximum_of_one_charge_is_closed_one_charge_after_the_other(
    new_saver: NewSaver, world: World
) -> None:
    saver = new_saver()
    saver.use(9000)
    saver.switch_on(amount="70")
    world.settle()
    amounts = [each.amount_micros // 1_000_000 for each in saver.refills]
    assert amounts == [4970, 4060]
    assert saver.balance == 30


def test_two_functions_at_once_place_one_charge(new_saver: NewSaver, world: World) -> None:
    saver = new_saver()
    saver.switch_on()
    world.settle()
    saver.spend_down_to(1)
    with ThreadPoolExecutor(THREADS) as pool:
        decisions = list(pool.map(lambda _: saver.evaluate(), range(THREADS)))
    # Two that decide in the same millisecond make the same payment, and both say so.
    assert set(decisions) <= {Charge(50_000_000), Wait("in_flight")}
    assert [each.state for each in saver.refills] == ["succeeded", "created"]
    world.settle()
    assert len(saver.attempts) == 2
    assert saver.balance == 51


def test_a_batch_of_a_thousand_records_of_one_wallet_is_looked_at_once(saver: Saver, world: World) -> None:
    saver.spend_down_to(1)
    (record,) = world.take("refill_wallets")
    version = saver.auto_pay.version
    assert world.call("refill_wallets", [record] * 1000) == []
    assert saver.auto_pay.version == version + 1
    world.settle()
    assert len(saver.attempts) == 2


def test_many_records_of_a_burst_are_one_refill(saver: Saver, world: World) -> None:
    saver.spend_down_to(25)
    for _ in range(40):
        saver.use(1)
    records = world.take("refill_wallets")
    assert len(records) == 41
    for record in records:
        world.call("refill_wallets", [record])
    world.settle()
    assert [each.amount_micros for each in saver.refills][1:] == [50_000_000]
    assert saver.balance == 35


@pytest.mark.parametrize("order", list(permutations(STREAMS)), ids="-".join)
def test_the_streams_may_be_late_repeated_and_in_any_order(saver: Saver, world: World, order: tuple[str, ...]) -> None:
    saver.spend_down_to(5)
    while world.deliver_charges() + sum(world.deliver_stream(name) for name in order):
        for name in order:
            for record in reversed(world.delivered[name]):
                world.call(name, [record])
    world.again()
    assert len(saver.attempts) == 2
    assert saver.balance == 55
    assert saver.auto_pay.failures == 0


def test_a_record_from_before_the_refill_places_no_other(saver: Saver, world: World) -> None:
    saver.spend_down_to(5)
    (low,) = world.take("refill_wallets")
    world.call("refill_wallets", [low])
    world.settle()
    assert saver.balance == 55
    world.call("refill_wallets", [low])
    assert saver.auto_pay.in_flight_payment_id is None
    assert len(saver.refills) == 2


def test_a_message_that_comes_twice_or_at_once_charges_once(new_saver: NewSaver, world: World) -> None:
    saver = on(new_saver, world)
    (message,) = world.charges()
    record = {"messageId": "1", "body": message["Body"]}
    with ThreadPoolExecutor(THREADS) as pool:
        assert [
            failed
            for failed in pool.map(lambda _: charge.charge_all([record], send_refill=send_refill), range(THREADS))
            if failed
        ] == []
    world.settle()
    charge.charge_all([record], send_refill=send_refill)
    world.five_minutes()
    world.settle()
    if not saver.refill.ended:
        saver.refresh()
    world.settle()
    saver.assert_refilled_once(50)


def test_a_payment_that_has_ended_is_not_sent_to_stripe(saver: Saver, world: World, emulator: Emulator) -> None:
    calls = len(emulator.calls())
    (record,) = world.delivered["charge_payments"]
    assert charge.charge_all([record], send_refill=send_refill) == []
    assert len(emulator.calls()) == calls


def test_a_bad_message_fails_alone(new_saver: NewSaver, world: World) -> None:
    saver = on(new_saver, world)
    (message,) = world.charges()
    bodies = ["no json", '{"account_id": "nobody", "payment_id": "pay_1"}', message["Body"]]
    records = [{"messageId": str(number), "body": body} for number, body in enumerate(bodies)]
    assert charge.charge_all(records, send_refill=send_refill) == ["0", "1"]
    world.settle()
    saver.assert_refilled_once(50)


def test_an_account_without_auto_pay_is_left_alone(new_saver: NewSaver, world: World) -> None:
    saver = new_saver()
    saver.use(100)
    assert saver.evaluate() == Wait("disabled")
    world.settle()
    assert saver.payments == []


def test_a_top_up_that_is_pending_counts_in_the_decision(new_saver: NewSaver, world: World, emulator: Emulator) -> None:
    saver = new_saver()
    emulator.fault("cut_before_effect", method="POST", path="/v1/payment_intents", times=2)
    saver.top_up("25")
    saver.switch_on()
    assert saver.view.reason == "pending_payment_covers"
    world.settle()
    assert saver.refills == []
    saver.refresh()
    world.settle()
    assert (saver.balance, saver.refills) == (25, [])


def test_a_top_up_that_comes_to_nothing_is_followed_by_the_refill(
    new_saver: NewSaver, world: World, emulator: Emulator
) -> None:
    saver = new_saver()
    saver.save_card("pm_card_authenticationRequiredSetupForOffSession")
    resolved = saver.top_up("25")
    assert resolved.payment.state == "requires_action"
    saver.switch_on()
    world.settle()
    assert saver.view.reason == "pending_payment_covers"
    assert saver.view.next_attempt_at
    emulator.authenticate(str(resolved.payment.payment_intent_id), "fail")
    saver.deliver()
    world.settle()
    assert (saver.balance, saver.refill.state) == (50, "succeeded")


def test_an_account_that_cannot_be_looked_at_holds_up_no_other(new_saver: NewSaver, world: World) -> None:
    good, bad = new_saver(), new_saver()
    for saver in (good, bad):
        saver.switch_on()
    world.settle()
    for saver in (good, bad):
        saver.spend_down_to(1)
    broken = bad.auto_pay
    # A payment that nobody can read: what is wrong with it does not matter.
    payments.PaymentRow(bad.account_id, "pay_ffff").update([payments.PaymentRow.state.set("unheard of")])
    records = world.take("refill_wallets")
    assert world.call("refill_wallets", records) == []
    assert good.auto_pay.in_flight_payment_id
    assert bad.auto_pay.in_flight_payment_id is None
    assert bad.auto_pay.due_at_ms
    assert bad.auto_pay.version == broken.version + 1
    with pytest.raises(Exception, match="auto-pay evaluated what was due, but 1 failed"):
        world.fire("retry_refills")
    assert world.fire("retry_refills")["evaluated"] == 0
    payments.PaymentRow(bad.account_id, "pay_ffff").delete()
    table.mark_due(bad.account_id, 0)
    world.minute()
    world.settle()
    assert (good.balance, bad.balance) == (51, 51)


def test_marking_where_there_is_no_auto_pay_makes_none(world: World) -> None:
    table.mark_due("nobody", 0)
    assert table.find("nobody") is None


def test_records_of_changes_that_are_nothing_to_auto_pay_are_not_looked_at(saver: Saver, world: World) -> None:
    world.settle()
    CardRow(saver.account_id, PLATFORM.key).update([CardRow.card_changed_at_ms.set(now_ms())])
    (record,) = world.take("follow_cards")
    assert evaluate_changed_cards([record], catalog()) == []
    change = Change(record, read_card_image)
    assert change.keys == {"account_id": saver.account_id, "stripe_account": PLATFORM.key}
    assert not is_card_changed(change.before, change.after)


@pytest.mark.parametrize("dies", [False, True])
def test_a_slow_look_does_not_take_away_what_another_one_found_scheduled(
    saver: Saver, world: World, dies: bool
) -> None:
    """It saw no card, and writes when the card is back and another look has found that nothing needs to be changed."""
    saver.switch_on(monthly_limit="50")
    saver.use(60)
    limited = saver.evaluate()
    assert limited == Wait("monthly_limit_reached", saver.auto_pay.due_at_ms)
    card = saver.card()
    assert remove_card(saver.account_id, PLATFORM, card.payment_method_id)
    again = replace(card, payment_method_id=f"{card.payment_method_id}_again", set_up_at_ms=now_ms())
    with before_writing(lambda: saver.put_card(again), saver.evaluate, dies=dies):
        assert saver.evaluate() == limited
    if dies:
        world.fire("retry_refills")
    assert saver.auto_pay.due_at_ms == limited.until_ms
