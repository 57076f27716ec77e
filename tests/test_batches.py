"""One bad record among good ones: the good ones are done, and it alone comes back, whatever is wrong with it."""

import json
import sys
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from chalicelib import queues
from chalicelib.accounts import table as accounts
from chalicelib.auto_pay import table as auto_pay
from chalicelib.auto_pay.auto_pay import AutoPay
from chalicelib.batches import each, each_message, each_record, within
from chalicelib.clock import now_ms
from chalicelib.invoices import table as invoices
from chalicelib.money import MICROS
from chalicelib.notices.publish import publish_payments
from chalicelib.notices.table import NoticeRow
from chalicelib.payments import table as payments
from chalicelib.payments.payment import Payment
from chalicelib.reversals import table as reversal_table
from chalicelib.subscriptions import table as subscriptions
from chalicelib.subscriptions.queue import NotQueued, RenewalMessage, send_all
from local.resources import Deployment
from tests.build import sqs_record
from tests.functions import call
from tests.invoices import documents
from tests.invoices.test_credit_notes import record as refund_record
from tests.invoices.test_credit_notes import written
from tests.notices.records import payment_record, record, wallet_record

Record = dict[str, Any]
Done = Callable[[], bool]
Good = tuple[Record, Done]

_numbers = count(1)


def deliver(function: str, *records: Record) -> list[str]:
    answer = call(function, {"Records": list(records)})
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


# The helper itself


def test_each_is_done_and_those_that_failed_are_returned_in_their_order(capsys: pytest.CaptureFixture[str]) -> None:
    done = []

    def handle(number: int) -> None:
        done.append(12 // number)

    failures = each([1, 0, 3, 0, 4], handle, message="not divided", about=lambda number: {"number": number})
    assert done == [12, 4, 3]
    assert [(failure.item, type(failure.error)) for failure in failures] == [(0, ZeroDivisionError)] * 2
    lines = logged(capsys)
    assert [(line["event"], line["number"], line["level"]) for line in lines] == [("not divided", 0, "error")] * 2
    assert all("12 // number" in line["exception"] for line in lines)


def test_side_by_side_is_the_same() -> None:
    done = set()
    items = range(50)

    def handle(number: int) -> None:
        if number % 7 == 0:
            raise RecursionError
        done.add(number)

    failures = each(items, handle, message="sevens", about=lambda _: {}, at_once=8)
    assert [failure.item for failure in failures] == [number for number in items if number % 7 == 0]
    assert done == {number for number in items if number % 7}


def test_what_ends_the_process_is_nobodys_failure() -> None:
    with pytest.raises(SystemExit):
        each([1], lambda _: sys.exit(1), message="ended", about=lambda _: {})


def test_a_body_is_logged_only_as_far_as_is_needed_to_know_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert each_message([sqs_record("x" * 200_000)], lambda _: 1 / 0, message="no") == ["message-1"]
    assert [line["body"] for line in logged(capsys)] == ["x" * 1000]


def test_a_streams_record_is_named_by_its_place_and_logged_with_its_keys(capsys: pytest.CaptureFixture[str]) -> None:
    bad = wallet_record(2, 1)
    assert each_record([bad], lambda _: 1 / 0, message="no") == [bad["dynamodb"]["SequenceNumber"]]
    assert [line["keys"] for line in logged(capsys)] == [{"account_id": {"S": "acme"}}]


def test_a_record_whose_account_is_tried_again_elsewhere_does_not_come_back(capsys: pytest.CaptureFixture[str]) -> None:
    records, handed = [wallet_record(2, 1, account_id=each) for each in ("acme", "bakery", "florist")], []

    def handle(record: Mapping[str, Any]) -> None:
        if account_of(record) != "bakery":
            raise RuntimeError(account_of(record))

    def otherwise(record: Mapping[str, Any]) -> None:
        if account_of(record) == "florist":
            raise OSError("the queue is not there either")
        handed.append(account_of(record))

    back = each_record(records, handle, message="no", otherwise=otherwise)
    assert (handed, back) == (["acme"], [records[2]["dynamodb"]["SequenceNumber"]])
    assert [line["keys"]["account_id"]["S"] for line in logged(capsys)] == ["acme", "florist", "florist"]


def account_of(record: Mapping[str, Any]) -> str:
    account_id: str = record["dynamodb"]["Keys"]["account_id"]["S"]
    return account_id


def test_when_the_time_is_up_nothing_more_is_begun() -> None:
    assert list(within(60, [1, 2])) == [1, 2]
    assert list(within(-1, [1, 2])) == []


# What is good, for each function: a record, and whether it had its effect


def new_account(**changes: Any) -> str:
    account = documents.account(**changes)
    assert accounts.create(account)
    return account.account_id


def new_payment(**changes: Any) -> Payment:
    account_id = new_account()
    payment = documents.payment(account_id, **changes)
    payments.put_new(payment)
    return payment


def payment_to_invoice() -> Good:
    payment = new_payment()
    body = {"detail": {"account_id": payment.account_id, "payment_id": payment.payment_id}}
    return sqs_record(body), lambda: len(invoices.newest(payment.account_id, limit=9).invoices) == 1


def payment_to_credit() -> Good:
    payment = new_payment()
    refund = written(documents.refund(payment, 10 * MICROS), payment)
    return refund_record(None, refund), lambda: len(invoices.newest(payment.account_id, limit=9).invoices) == 2


def payment_to_make() -> Good:
    """Return the message of one that was made before: nothing is left to do."""
    payment = new_payment()
    return sqs_record({"account_id": payment.account_id, "payment_id": payment.payment_id}), lambda: True


def subscription_to_renew() -> Good:
    """Return the message of an account without a subscription: nothing is to be done."""
    return sqs_record({"account_id": new_account()}), lambda: True


def mail_to_send() -> Good:
    account_id = new_account()
    levels = {"level": "exhausted", "previous_level": "normal", "sequence": 1, "currency": "usd"}
    balances = {"balance": "0.00", "threshold": "10.00", "floor": "0.00"}
    about = {"id": account_id, "version": 1, "account_id": account_id, "occurred_at": "2026-11-01T00:00:00.000Z"}
    body = {"detail-type": "wallet.exhausted", "detail": {**about, **levels, **balances}}
    return sqs_record(body), lambda: [row.message_id for row in NoticeRow.query(account_id)] != []


QUEUES = {
    "charge_payments": payment_to_make,
    "renew_subscriptions": subscription_to_renew,
    "issue_invoices": payment_to_invoice,
    "send_mails": mail_to_send,
}

BODIES = {
    "too deep": "[" * 1500,
    "too deep in a field": '{"detail": ' + "[" * 5000,
    "too deep beside what is read": '{"x": ' + "[" * 5000 + "]" * 5000 + ', "account_id": "", "detail": {}}',
    "not JSON": "hello",
    "empty": "",
    "half": '{"account_id": "ac',
    "base64 of nothing": "/////w==",
    "nothing": "null",
    "another type": "[1, 2]",
    "without its fields": "{}",
    "fields of other types": '{"account_id": 5, "payment_id": [], "detail": "x", "detail-type": 7}',
    "half a character": '{"account_id": "\\ud800", "payment_id": "\\udfff", "detail-type": "\\ud800"}',
    "an account without a name": '{"account_id": "", "payment_id": "", "detail": {"account_id": "", "payment_id": ""}}',
    "no text at all": None,
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("function", QUEUES)
def test_of_a_queues_batch_only_the_poisoned_message_comes_back(
    stack: Deployment, capsys: pytest.CaptureFixture[str], function: str, body: str | None
) -> None:
    (first, first_done), (second, second_done) = QUEUES[function](), QUEUES[function]()
    poisoned = {"messageId": "poisoned", "body": body}
    records = [{**first, "messageId": "first"}, poisoned, {**second, "messageId": "second"}]
    assert deliver(function, *records) == ["poisoned"]
    assert first_done()
    assert second_done()
    (line,) = [line for line in logged(capsys) if line.get("message_id") == "poisoned"]
    assert "Traceback" in line["exception"]


@pytest.mark.parametrize("function", QUEUES)
def test_a_message_without_a_body_comes_back_alone(stack: Deployment, function: str) -> None:
    good, done = QUEUES[function]()
    assert deliver(function, {"messageId": "poisoned"}, good) == ["poisoned"]
    assert done()


# Streams


def refillable(moved: Callable[[str], Record]) -> Good:
    """Return a record of an account with auto-pay and without a card: to look at it is to refuse, and to say so."""
    account_id = new_account(card=None, stripe_customer_id=None)
    row = AutoPay(
        account_id=account_id,
        enabled=True,
        threshold_micros=20 * MICROS,
        amount_micros=50 * MICROS,
        monthly_limit_micros=None,
        actor="tester",
        updated_at_ms=now_ms(),
        version=1,
    )
    assert auto_pay.write(row, over=0)

    def was_looked_at() -> bool:
        found = auto_pay.find(account_id)
        return found is not None and found.last_refusal is not None

    return moved(account_id), was_looked_at


def of_wallet() -> Good:
    return refillable(lambda account_id: wallet_record(21, 1, account_id=account_id))


def of_payment() -> Good:
    return refillable(lambda account_id: payment_record("created", "succeeded", account_id=account_id))


def of_card() -> Good:
    def changed(account_id: str) -> Record:
        return record({"account_id": account_id, "card": "one"}, {"account_id": account_id, "card": None})

    return refillable(changed)


STREAMS = {
    "refill_wallets": of_wallet,
    "follow_payments": of_payment,
    "follow_cards": of_card,
    "issue_credit_notes": payment_to_credit,
}

DAMAGE: dict[str, dict[str, Any]] = {
    "no key": {"Keys": {}},
    "no keys": {"Keys": None},
    "keys that are text": {"Keys": "acme"},
    "a key of another type": {"Keys": {"account_id": {"N": "5"}}},
    "an image that is text": {"NewImage": "acme"},
    "an image that is a list": {"NewImage": [{"S": "acme"}]},
    "images that are too much": {"NewImage": {"balance_micros": "much", "refund_id": {}, "state": {}}, "Keys": {}},
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
@pytest.mark.parametrize("function", STREAMS)
def test_of_a_streams_batch_only_the_poisoned_record_comes_back(
    stack: Deployment, function: str, damage: dict[str, Any]
) -> None:
    (first, first_done), (second, second_done) = STREAMS[function](), STREAMS[function]()
    poisoned, _ = STREAMS[function]()
    poisoned = {**poisoned, "dynamodb": {**poisoned["dynamodb"], **damage}}
    assert deliver(function, first, poisoned, second) == [poisoned["dynamodb"]["SequenceNumber"]]
    assert first_done()
    assert second_done()
    # Lambda delivers again from there, and what was done is not done again.
    assert deliver(function, poisoned, second) == [poisoned["dynamodb"]["SequenceNumber"]]


SUBSCRIPTION_RECORDS: dict[str, Callable[[str], Record]] = {
    "follow_payments": lambda account_id: payment_record(
        "processing", "succeeded", account_id=account_id, kind="subscription", payment_id="pay_1"
    ),
    "follow_cards": lambda account_id: record(
        {"account_id": account_id, "card": "one"}, {"account_id": account_id, "card": None}
    ),
}


@pytest.mark.parametrize("function", SUBSCRIPTION_RECORDS)
def test_a_subscription_that_cannot_be_read_holds_up_nothing_and_is_tried_again_by_its_queue(
    stack: Deployment, function: str
) -> None:
    """Nothing comes back, so nothing waits behind it on its shard; a message of its own does."""
    sqs, url = boto3.client("sqs"), stack.environment["RENEWALS_QUEUE_URL"]
    sqs.purge_queue(QueueUrl=url)
    bad = new_account()
    subscriptions.SubscriptionRow(bad).update([subscriptions.SubscriptionRow.status.set("unheard of")])
    (good, good_done) = of_payment() if function == "follow_payments" else of_card()
    assert deliver(function, SUBSCRIPTION_RECORDS[function](bad), good) == []
    assert good_done()
    (message,) = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert json.loads(message["Body"])["account_id"] == bad
    again = {"messageId": "1", "body": message["Body"]}
    assert deliver("renew_subscriptions", again) == ["1"]
    subscriptions.SubscriptionRow(bad).delete()
    assert deliver("renew_subscriptions", again) == []


def test_a_row_of_auto_pay_that_cannot_be_read_is_its_accounts_alone(stack: Deployment) -> None:
    (first, first_done), (bad, _), (second, second_done) = of_wallet(), of_wallet(), of_wallet()
    account_id = bad["dynamodb"]["Keys"]["account_id"]["S"]
    damage(stack, "AUTO_PAY_TABLE", {"account_id": {"S": account_id}}, "threshold_micros", {"S": "much"})
    assert deliver("refill_wallets", first, bad, second) == []
    assert first_done()
    assert second_done()
    # The schedule comes to it, and fails over it, which is what raises the alarm.
    assert account_id in [due for due, _ in auto_pay.due(now_ms(), 100)]
    with pytest.raises(Exception, match="1 accounts could not be looked at"):
        call("retry_refills", scheduled())


def damage(stack: Deployment, table: str, key: dict[str, Any], name: str, value: dict[str, str]) -> None:
    """Write an attribute that no code of ours would write."""
    boto3.client("dynamodb").update_item(
        TableName=stack.environment[table],
        Key=key,
        UpdateExpression="SET #name = :value",
        ExpressionAttributeNames={"#name": name},
        ExpressionAttributeValues={":value": value},
    )


def scheduled() -> dict[str, Any]:
    return {
        "version": "0",
        "account": "000000000000",
        "region": "us-east-1",
        "detail": {},
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "time": "2026-11-01T00:00:00Z",
        "id": "1",
        "resources": [],
    }


ANNOUNCED: dict[str, Callable[[], Record]] = {
    "announce_wallets": lambda: wallet_record(11, 9, account_id=f"wallet-{next(_numbers)}"),
    "announce_payments": lambda: payment_record("created", "succeeded", payment_id=f"pay_{next(_numbers)}"),
}

UNTELLABLE: dict[str, dict[str, Any]] = {
    "an image that is text": {"NewImage": "acme"},
    "an image that is a list": {"NewImage": [1]},
    "a number that cannot be read": {"NewImage": {"sequence": {"N": "x"}, "version": {"N": "x"}}},
    "no time": {"ApproximateCreationDateTime": None},
    "a time that is nowhere": {"ApproximateCreationDateTime": float("inf")},
}


@pytest.mark.parametrize("damage", UNTELLABLE.values(), ids=UNTELLABLE)
@pytest.mark.parametrize("function", ANNOUNCED)
def test_of_a_batch_to_tell_only_the_poisoned_record_is_parked_and_nothing_waits_behind_it(
    stack: Deployment, capsys: pytest.CaptureFixture[str], function: str, damage: dict[str, Any]
) -> None:
    first, poisoned, second = (ANNOUNCED[function]() for _ in range(3))
    poisoned = {**poisoned, "dynamodb": {**poisoned["dynamodb"], **damage}}
    assert deliver(function, first, poisoned, second) == []
    assert [line["event"] for line in logged(capsys)].count("event told") == 2
    assert parked(stack)["SequenceNumber"] == poisoned["dynamodb"]["SequenceNumber"]


def test_a_time_that_no_calendar_has_is_found_out_before_it_reaches_the_bus(stack: Deployment) -> None:
    poisoned = ANNOUNCED["announce_wallets"]()
    poisoned["dynamodb"]["ApproximateCreationDateTime"] = 1e300
    assert deliver("announce_wallets", ANNOUNCED["announce_wallets"](), poisoned) == []
    assert parked(stack)["SequenceNumber"] == poisoned["dynamodb"]["SequenceNumber"]


def parked(stack: Deployment) -> dict[str, Any]:
    """Take the only record that is parked."""
    sqs, url = boto3.client("sqs"), stack.environment["NOTICE_FAILURES_QUEUE_URL"]
    (message,) = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    found: dict[str, Any] = json.loads(message["Body"])["record"]["dynamodb"]
    return found


def test_a_record_too_large_to_be_parked_is_parked_without_its_images(stack: Deployment) -> None:
    large = payment_record("created", "succeeded", amount_micros="much", description="x" * 300_000)
    assert publish_payments([large]) == []
    found = parked(stack)
    assert (found["SequenceNumber"], found["Keys"]) == (large["dynamodb"]["SequenceNumber"], large["dynamodb"]["Keys"])
    assert "NewImage" not in found


# Schedules


def test_a_key_that_names_no_refund_stops_no_sweep(stack: Deployment) -> None:
    row = reversal_table.ReversalRow("acme", "nonsense", unsettled_shard="0", check_at="2020-01-01T00:00:00.000Z")
    row.save()
    with pytest.raises(Exception, match="1 of 1 could not be swept"):
        call("sweep_payments", scheduled())
    row.delete()
    assert call("sweep_payments", scheduled())["failed"] == 0


def test_a_call_that_sqs_refuses_keeps_no_other_renewal_from_its_queue(stack: Deployment) -> None:
    calls = count(1)

    def refuse_first(**_: Any) -> None:
        if next(calls) == 1:
            raise ClientError({"Error": {"Code": "BatchRequestTooLong", "Message": "no"}}, "SendMessageBatch")

    events = queues.client().meta.events
    events.register("before-call.sqs.SendMessageBatch", refuse_first)
    try:
        with pytest.raises(NotQueued, match="10 of 25"):
            send_all(RenewalMessage(f"account-{number}") for number in range(25))
    finally:
        events.unregister("before-call.sqs.SendMessageBatch", refuse_first)
    sqs, url = boto3.client("sqs"), stack.environment["RENEWALS_QUEUE_URL"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    assert found["Attributes"]["ApproximateNumberOfMessages"] == "15"
