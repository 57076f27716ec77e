"""One bad record of a stream among good ones: they are done, and nothing waits behind it."""

import json
from collections.abc import Callable
from itertools import count
from typing import Any

import boto3
import pytest

from chalicelib.auto_pay import table as auto_pay
from chalicelib.clock import now_ms
from chalicelib.notices.publish import publish_payments
from chalicelib.reversals import table as reversal_table
from chalicelib.subscriptions import table as subscriptions
from local.resources import Deployment
from tests.function_records import (
    STREAMS,
    Record,
    deliver,
    logged,
    new_account,
    of_card,
    of_payment,
    of_wallet,
    scheduled,
)
from tests.functions import call
from tests.notices.records import card_record, payment_record, wallet_record

_numbers = count(1)

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
    "follow_cards": lambda account_id: card_record("pm_1", None, account_id),
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
    with pytest.raises(Exception, match="auto-pay evaluated what was due, but 1 failed"):
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
    assert [line["event"] for line in logged(capsys)].count("event published") == 2
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


def test_a_key_that_names_no_refund_stops_no_sweep(stack: Deployment) -> None:
    row = reversal_table.ReversalRow("acme", "nonsense", unsettled_shard="0", check_at="2020-01-01T00:00:00.000Z")
    row.save()
    with pytest.raises(Exception, match="payments swept, but 1 failed"):
        call("sweep_payments", scheduled())
    row.delete()
    assert call("sweep_payments", scheduled())["failed"] == 0
