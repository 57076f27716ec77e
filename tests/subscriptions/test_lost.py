"""Nothing waits for ever: each test loses what tells of a change, and lets the schedules alone find it."""

import json
from datetime import timedelta

import pytest
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.clock import now_ms
from chalicelib.idempotency import Key
from chalicelib.invoices import table as invoices
from chalicelib.payments import table as payments
from chalicelib.payments.follow_up_index import due as payments_to_follow
from chalicelib.payments.payment import Payment
from chalicelib.payments.table import FOLLOW_UP_MS
from chalicelib.reversals import issue_refund
from chalicelib.reversals.issue_refund import RefundRequest
from chalicelib.stripe_api.event import StripeEvent
from chalicelib.text import Line
from chalicelib.webhooks import table as webhooks
from local.stripe_emulator.client import Emulator
from tests.auto_pay.world import Saver
from tests.payments.payer import Payer
from tests.subscriptions.conftest import NewSubscriber
from tests.subscriptions.losses import DECLINES, lose
from tests.subscriptions.world import RenewalWorld, Subscriber


def after_a_while(world: RenewalWorld) -> None:
    """Lose all, and let the schedule come that follows payments up."""
    lose(world)
    with world.at(clock.now() + timedelta(milliseconds=FOLLOW_UP_MS + 1000)):
        world.fire("follow_up_payments")
        assert list(payments_to_follow(now_ms(), 100)) == []


def documents(payer: Payer) -> list[str]:
    return [each.kind for each in invoices.newest(payer.account_id, limit=10).invoices[::-1]]


def test_a_payment_whose_event_was_lost_gets_its_invoice(subscriber: Subscriber, world: RenewalWorld) -> None:
    subscriber.top_up("25")
    assert documents(subscriber) == []
    after_a_while(world)
    assert documents(subscriber) == ["invoice"]


def test_a_refund_whose_record_was_lost_gets_its_credit_note(subscriber: Subscriber, world: RenewalWorld) -> None:
    payment = subscriber.top_up("25").payment
    after_a_while(world)
    refund = RefundRequest(Line("a test"), "10")
    issue_refund.refund(subscriber.account(), payment.payment_id, refund, key=Key("refund", "operator"), actor="tester")
    after_a_while(world)
    assert documents(subscriber) == ["invoice", "credit_note"]


def test_auto_pay_hears_of_a_payment_whose_record_was_lost(saver: Saver, world: RenewalWorld) -> None:
    saver.save_card(DECLINES)
    world.settle()
    saver.spend_down_to(1)
    world.settle()
    assert saver.auto_pay.failures == 1
    saver.save_card("pm_card_visa")
    saver.top_up("25")
    after_a_while(world)
    assert saver.auto_pay.failures == 0


def test_a_subscription_hears_of_a_payment_that_succeeded_after_it_was_given_up(
    new_subscriber: NewSubscriber, world: RenewalWorld
) -> None:
    subscriber = new_subscriber("pm_card_authenticationRequired")
    changed = subscriber.put("agency")
    world.settle()
    assert changed.resolved
    payment = changed.resolved.payment
    payments.change(payment, given_up)
    world.settle()
    subscriber.emulator.authenticate(str(payment.payment_intent_id))
    subscriber.deliver()
    after_a_while(world)
    assert (subscriber.status(), subscriber.amounts) == ("active", [97])
    subscriber.assert_sound()


def given_up(payment: Payment) -> Payment:
    return replace(payment, state="failed")


def test_a_webhook_whose_function_died_is_finished_by_the_sweeper(
    subscriber: Subscriber, world: RenewalWorld, emulator: Emulator
) -> None:
    emulator.fault("cut_after_effect", method="POST", path="/v1/payment_intents", times=2)
    subscriber.top_up("25")
    (event,) = [each for each in subscriber.events if each["type"] == "payment_intent.succeeded"]
    received = StripeEvent(event["id"], event["type"], event["created"], event["data"])
    assert webhooks.store(received, json.dumps(event).encode())
    payments.PaymentRow(subscriber.account_id, subscriber.payment().payment_id).update(
        [payments.PaymentRow.unresolved_shard.remove(), payments.PaymentRow.check_at.remove()]
    )
    world.fire("sweep_payments")
    assert subscriber.payment().state == "created"
    with world.at(clock.now() + timedelta(minutes=11)):
        world.fire("sweep_payments")
        assert list(webhooks.unfinished(now_ms(), 10)) == []
    subscriber.assert_paid_once()


def test_a_payment_that_cannot_be_followed_holds_up_no_other(
    new_subscriber: NewSubscriber, world: RenewalWorld
) -> None:
    bad, good = new_subscriber(), new_subscriber()
    bad.top_up("25")
    good.top_up("25")
    row = payments.PaymentRow(bad.account_id, bad.payment().payment_id)
    row.update([payments.PaymentRow.lines.set("no lines")])
    lose(world)
    with world.at(clock.now() + timedelta(milliseconds=FOLLOW_UP_MS + 1000)):
        with pytest.raises(Exception, match="payments followed up, but 1 failed"):
            world.fire("follow_up_payments")
        assert documents(good) == ["invoice"]
        assert world.fire("follow_up_payments") == {"followed": 0, "failed": 0}
    row.update([payments.PaymentRow.lines.remove()])
    with world.at(clock.now() + timedelta(hours=2)):
        world.fire("follow_up_payments")
    assert documents(bad) == ["invoice"]
