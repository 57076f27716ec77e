"""Nothing waits for ever: each test loses what tells of a change, and lets the schedules alone find it."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.auto_pay import table as auto_pay
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
from chalicelib.subscriptions import table as subscriptions
from chalicelib.text import Line
from chalicelib.webhooks import table as webhook_table
from local.stripe_emulator.client import Emulator
from ops.daily_looks import give_daily_looks
from tests.auto_pay.world import Saver
from tests.payments.payer import Payer
from tests.subscriptions.conftest import NewSubscriber
from tests.subscriptions.world import RenewalWorld, Subscriber, moment

DECLINES = "pm_card_chargeCustomerFail"
DAY = timedelta(days=1)


def lose(world: RenewalWorld) -> None:
    """Lose all that the streams tell."""
    for name in world.iterators:
        world.take(name)


@pytest.fixture
def saver(subscriber: Subscriber, world: RenewalWorld) -> Saver:
    """Return an account whose auto-pay has refilled the wallet: 50."""
    saver = Saver(subscriber.account_id, subscriber.emulator)
    saver.switch_on()
    world.settle()
    assert saver.balance == 50
    return saver


def test_a_wallet_whose_record_was_lost_is_refilled_within_a_day(saver: Saver, world: RenewalWorld) -> None:
    saver.spend_down_to(-10)
    lose(world)
    with world.at(clock.now() + DAY):
        world.minute()
    assert (saver.balance, len(saver.charges)) == (40, 2)


def test_an_account_is_looked_at_once_a_day_and_no_more(saver: Saver, world: RenewalWorld) -> None:
    start, looked_at = clock.now(), 0
    for hour in range(0, 24 * 7, 2):
        with world.at(start + timedelta(hours=hour)):
            looked_at += world.fire("retry_refills")["evaluated"]
    assert looked_at in {6, 7}
    assert saver.auto_pay.due_at_ms is None
    assert len(saver.charges) == 1


def test_one_that_waits_for_the_turn_of_the_month_is_looked_at_every_day(saver: Saver, world: RenewalWorld) -> None:
    with world.at(moment("2027-03-02")):
        saver.switch_on(monthly_limit="50")
        for _ in range(2):
            saver.spend_down_to(1)
            world.settle()
        assert saver.view.reason == "monthly_limit_reached"
    with world.at(moment("2027-03-03")):
        assert world.fire("retry_refills")["evaluated"] == 1
        assert saver.auto_pay.due_at_ms == clock.parse_iso("2027-04-01T00:00:00+00:00")
    with world.at(moment("2027-04-01")):
        world.minute()
    assert saver.balance == 51


def test_one_that_is_off_is_not_looked_at(saver: Saver, world: RenewalWorld) -> None:
    saver.switch_off()
    with world.at(clock.now() + DAY):
        assert world.fire("retry_refills")["evaluated"] == 0


def test_the_row_of_before_there_was_a_daily_look_gets_one_with_its_next_change(
    saver: Saver, world: RenewalWorld
) -> None:
    forget_the_daily_look(saver)
    saver.evaluate()
    with world.at(clock.now() + DAY):
        assert world.fire("retry_refills")["evaluated"] == 0
    saver.spend_down_to(1)
    world.settle()
    saver.spend_down_to(1)
    lose(world)
    with world.at(clock.now() + DAY):
        world.minute()
    assert saver.balance == 51


def test_the_operator_gives_rows_of_before_a_daily_look(saver: Saver, world: RenewalWorld) -> None:
    saver.spend_down_to(-10)
    lose(world)
    forget_the_daily_look(saver)
    assert list(auto_pay.without_due()) == [saver.account_id]
    assert CliRunner().invoke(give_daily_looks).exit_code == 0
    world.minute()
    assert (saver.balance, list(auto_pay.without_due())) == (40, [])


def test_the_operator_gives_unpaid_subscriptions_of_before_a_daily_look(
    new_subscriber: NewSubscriber, world: RenewalWorld
) -> None:
    subscriber = unpaid(new_subscriber, world)
    row, columns = subscriptions.SubscriptionRow(subscriber.account_id), subscriptions.SubscriptionRow
    row.update([columns.due_at_ms.remove(), columns.due_shard.remove(), columns.is_daily.remove()])
    with world.at(moment("2027-03-10")):
        subscriber.save_card("pm_card_visa")
        lose(world)
        for _ in range(2):
            assert CliRunner().invoke(give_daily_looks).exit_code == 0
        assert list(subscriptions.without_due()) == []
    with world.at(moment("2027-03-11")):
        world.run()
    assert (subscriber.status(), subscriber.amounts) == ("active", [97, 97])


def forget_the_daily_look(saver: Saver) -> None:
    row, columns = auto_pay.AutoPayRow(saver.account_id), auto_pay.AutoPayRow
    row.update([columns.due_at_ms.remove(), columns.due_shard.remove(), columns.is_daily.remove()])


def test_a_card_that_was_renewed_while_the_webhook_was_lost_is_charged_within_a_day(
    saver: Saver, world: RenewalWorld
) -> None:
    card = saver.card()
    with world.at(datetime(card.expiry_year, card.expiry_month, 28, tzinfo=UTC) + timedelta(days=4)):
        saver.spend_down_to(1)
        world.settle()
        saver.emulator.control("POST", f"payment_methods/{card.payment_method_id}/renew", {"exp_year": 2060})
        world.minute()
        assert saver.view.reason == "card_expired"
    with world.at(datetime(card.expiry_year, card.expiry_month, 28, tzinfo=UTC) + timedelta(days=5)):
        world.minute()
        assert saver.balance == 51


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


def unpaid(new_subscriber: NewSubscriber, world: RenewalWorld) -> Subscriber:
    """Return a subscriber whose renewal was given up on 7 March."""
    subscriber = new_subscriber()
    with world.at(moment("2027-01-31")):
        subscriber.put("agency")
    with world.at(moment("2027-02-10")):
        subscriber.save_card(DECLINES)
        world.settle()
    for minutes, day in enumerate(("2027-02-28", "2027-03-03", "2027-03-05", "2027-03-07")):
        world.run_on(day, minutes=5 + minutes)
    assert subscriber.status() == "unpaid"
    return subscriber


def test_another_card_whose_record_was_lost_is_tried_within_a_day(
    new_subscriber: NewSubscriber, world: RenewalWorld
) -> None:
    subscriber = unpaid(new_subscriber, world)
    with world.at(moment("2027-03-10")):
        before = len(subscriber.payments)
        world.run()
        world.run()
        assert len(subscriber.payments) == before
        subscriber.save_card("pm_card_visa")
        lose(world)
        assert world.fire("find_renewals") == {"found": 0}
    with world.at(moment("2027-03-11")):
        world.run()
    assert (subscriber.status(), subscriber.amounts) == ("active", [97, 97])


def test_looking_every_day_makes_no_attempt_earlier_or_later(
    new_subscriber: NewSubscriber, world: RenewalWorld
) -> None:
    subscriber = new_subscriber()
    with world.at(moment("2027-01-31")):
        subscriber.put("agency")
    with world.at(moment("2027-02-10")):
        subscriber.save_card(DECLINES)
        world.settle()
    tried: list[int] = []
    for hours in range(0, 9 * 24, 4):
        with world.at(moment("2027-02-28") + timedelta(hours=hours, minutes=5 + hours // 4)):
            before = len(subscriber.payments)
            world.run()
            tried += [hours] * (len(subscriber.payments) - before)
            assert world.fire("find_renewals") == {"found": 0}
    assert [hours // 24 for hours in tried] == [0, 3, 5, 7]
    assert all(hours % 24 <= 4 for hours in tried)
    assert subscriber.status() == "unpaid"


def test_a_webhook_whose_function_died_is_finished_by_the_sweeper(
    subscriber: Subscriber, world: RenewalWorld, emulator: Emulator
) -> None:
    emulator.fault("cut_after_effect", method="POST", path="/v1/payment_intents", times=2)
    subscriber.top_up("25")
    (event,) = [each for each in subscriber.events if each["type"] == "payment_intent.succeeded"]
    received = StripeEvent(event["id"], event["type"], event["created"], event["data"])
    assert webhook_table.store(received, json.dumps(event).encode())
    payments.PaymentRow(subscriber.account_id, subscriber.payment().payment_id).update(
        [payments.PaymentRow.unresolved_shard.remove(), payments.PaymentRow.check_at.remove()]
    )
    world.fire("sweep_payments")
    assert subscriber.payment().state == "created"
    with world.at(clock.now() + timedelta(minutes=11)):
        world.fire("sweep_payments")
        assert webhook_table.unfinished(now_ms(), 10) == []
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
        with pytest.raises(Exception, match="1 payments could not be followed"):
            world.fire("follow_up_payments")
        assert documents(good) == ["invoice"]
        assert world.fire("follow_up_payments") == {"followed": 0, "failed": 0}
    row.update([payments.PaymentRow.lines.remove()])
    with world.at(clock.now() + timedelta(hours=2)):
        world.fire("follow_up_payments")
    assert documents(bad) == ["invoice"]
