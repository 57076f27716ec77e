"""Starting and renewing, with everything around: streams, queues, the schedule and Stripe."""

import copy
from datetime import timedelta

import pytest

from chalicelib import clock
from chalicelib.payments.table import PaymentRow
from tests.subscriptions.conftest import NewSubscriber
from tests.subscriptions.world import RenewalWorld, Subscriber, moment


def test_a_first_period_is_charged_at_once_and_each_next_one_when_it_begins(
    subscriber: Subscriber, world: RenewalWorld
) -> None:
    with world.at(moment("2027-01-31")):
        started = subscriber.put("agency", phone_number=2)
        assert started.subscription.status == "active"
        world.settle()
    assert subscriber.amounts == [99.30]
    world.run_on("2027-02-27")
    assert subscriber.amounts == [99.30]
    world.run_on("2027-02-28")
    assert subscriber.amounts == [99.30, 99.30]
    world.run_on("2027-03-31")
    world.run_on("2027-03-31")
    assert subscriber.amounts == [99.30] * 3
    assert clock.iso(subscriber.subscription.terms.period_end_ms)[:10] == "2027-04-30"
    subscriber.assert_sound()


def test_what_is_paid_is_invoiced_by_the_write_that_records_it(subscriber: Subscriber, world: RenewalWorld) -> None:
    with world.at(moment("2027-01-31")):
        subscriber.put("agency")
    assert subscriber.invoiced == [subscriber.subscription.paid_payment_id]
    world.run_on("2027-02-28")
    assert subscriber.invoiced == [each.payment_id for each in subscriber.paid]
    assert subscriber.invoiced[-1] == subscriber.subscription.paid_payment_id


def test_nobody_waits_for_what_they_paid_because_of_its_paper(
    subscriber: Subscriber, world: RenewalWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    with world.at(moment("2027-01-31")):
        subscriber.put("agency")
        world.settle()
    with world.at(moment("2027-02-28") + timedelta(minutes=5)):
        world.fire("find_renewals")
        world.deliver_renewals()
        (waiting,) = [each for each in subscriber.payments if not each.ended]
        lines = [{"description": "Agency", "quantity": 1, "unit_amount_micros": 1, "amount_micros": 1}]
        PaymentRow(subscriber.account_id, waiting.payment_id).update([PaymentRow.lines.set(lines)])
        world.settle()
    assert subscriber.subscription.paid_payment_id == waiting.payment_id
    assert len(subscriber.invoiced) == 1
    assert "an invoice was not drawn up" in capsys.readouterr().out


def test_a_record_that_cannot_be_followed_stops_no_other_and_comes_back_alone(
    new_subscriber: NewSubscriber, world: RenewalWorld
) -> None:
    first, second = new_subscriber(), new_subscriber()
    with world.at(moment("2027-01-31")):
        for each in (first, second):
            each.put("agency")
        world.settle()
    with world.at(moment("2027-02-28") + timedelta(minutes=5)):
        world.fire("find_renewals")
        world.deliver_renewals()
        world.take("follow_payments")
        world.deliver_charges()
        records = world.take("follow_payments")
        poisoned = copy.deepcopy(records[0])
        poisoned["dynamodb"]["NewImage"].pop("payment_id")
        poisoned["dynamodb"]["OldImage"]["state"] = {"S": "created"}
        poisoned["dynamodb"]["NewImage"]["state"] = {"S": "succeeded"}
        poisoned["dynamodb"]["SequenceNumber"] = "0"
        assert world.call("follow_payments", [poisoned, *records]) == ["0"]
        for each in (first, second):
            assert each.subscription.pending is None
            assert len(each.paid) == 2
