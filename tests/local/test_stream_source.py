import base64
import json
from pathlib import Path
from typing import Any

import pytest

from local.aws import Aws
from tests.local.fakes import Records, counts, from_stream
from tests.running import running
from tests.wait import wait_for


class Wallets:
    """A table with a stream, empty, and the function bound to the stream."""

    def __init__(self, aws: Aws, stack: str) -> None:
        self.table = aws.deploy(stack).environment["WALLETS_TABLE"]
        self.dynamodb = aws.client("dynamodb")
        self.stream = self.dynamodb.describe_table(TableName=self.table)["Table"]["LatestStreamArn"]

    def put(self, *names: str) -> None:
        for name in names:
            self.dynamodb.put_item(TableName=self.table, Item={"account_id": {"S": name}, "hash": {"B": b"\x00\xff"}})

    def source(self, **properties: Any) -> dict[str, Any]:
        return {"Stream": self.stream, **properties}


@pytest.fixture
def wallets(aws: Aws, request: pytest.FixtureRequest) -> Wallets:
    return Wallets(aws, f"stream-{abs(hash(request.node.name))}")


def names(records: Records) -> list[str]:
    return [record["dynamodb"]["Keys"]["account_id"]["S"] for record in records]


def test_records_come_in_order_and_in_batches(aws: Aws, wallets: Wallets, tmp_path: Path) -> None:
    batches: list[list[str]] = []
    wallets.put("a", "b", "c", "d", "e")
    bound = from_stream(lambda records: batches.append(names(records)), wallets.source(BatchSize=2))
    with running(bound, aws, tmp_path):
        wait_for(lambda: sum(map(len, batches)) == 5)
    assert batches == [["a", "b"], ["c", "d"], ["e"]]


def test_a_handler_gets_what_lambda_sends(aws: Aws, wallets: Wallets, tmp_path: Path) -> None:
    seen: Records = []
    wallets.put("a")
    with running(from_stream(seen.extend, wallets.source()), aws, tmp_path):
        wait_for(lambda: bool(seen))
    record = json.loads(json.dumps(seen[0]))
    assert record["eventName"] == "INSERT"
    assert record["eventSource"] == "aws:dynamodb"
    assert record["eventSourceARN"] == wallets.stream
    assert record["awsRegion"] == "us-east-1"
    image = {"account_id": {"S": "a"}, "hash": {"B": base64.b64encode(b"\x00\xff").decode()}}
    assert record["dynamodb"]["NewImage"] == image
    assert isinstance(record["dynamodb"]["ApproximateCreationDateTime"], int | float)


def test_a_batch_that_fails_comes_again_before_anything_later(aws: Aws, wallets: Wallets, tmp_path: Path) -> None:
    batches: list[list[str]] = []

    def handle(records: Records) -> None:
        batches.append(names(records))
        if len(batches) < 3:
            raise RuntimeError("not yet")

    wallets.put("a", "b", "c")
    with running(from_stream(handle, wallets.source(BatchSize=2)), aws, tmp_path):
        wait_for(lambda: len(batches) == 4)
    assert batches == [["a", "b"], ["a", "b"], ["a", "b"], ["c"]]


def test_a_failing_batch_is_halved_and_given_up_where_the_template_says_so(
    aws: Aws, wallets: Wallets, tmp_path: Path
) -> None:
    handled: list[str] = []

    def handle(records: Records) -> None:
        if "bad" in names(records):
            raise RuntimeError("never")
        handled.extend(names(records))

    wallets.put("a", "b", "bad", "c", "d")
    source = wallets.source(BisectBatchOnFunctionError=True, MaximumRetryAttempts=2)
    with running(from_stream(handle, source), aws, tmp_path):
        wait_for(lambda: len(handled) == 4)
    assert handled == ["a", "b", "c", "d"]


def test_what_is_given_up_is_named_on_the_queue_for_it(aws: Aws, wallets: Wallets, tmp_path: Path) -> None:
    def handle(records: Records) -> None:
        raise RuntimeError("never")

    wallets.put("a", "b")
    queue = aws.client("sqs").create_queue(QueueName=wallets.table[-20:])["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:000000000000:{wallets.table[-20:]}"
    destination = {"OnFailure": {"Type": "SQS", "Destination": arn}}
    source = wallets.source(MaximumRetryAttempts=1, DestinationConfig=destination)
    with running(from_stream(handle, source), aws, tmp_path):
        wait_for(lambda: counts(aws, queue) == (1, 0))
    failure = json.loads(aws.client("sqs").receive_message(QueueUrl=queue)["Messages"][0]["Body"])
    assert failure["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert failure["DDBStreamBatchInfo"]["streamArn"] == wallets.stream
    assert failure["DDBStreamBatchInfo"]["batchSize"] == 2
    assert "NewImage" not in json.dumps(failure)


def test_a_record_that_is_too_old_is_given_up_however_often_it_may_be_tried(
    aws: Aws, wallets: Wallets, tmp_path: Path
) -> None:
    handled: list[str] = []

    def handle(records: Records) -> None:
        if "bad" in names(records):
            raise RuntimeError("never")
        handled.extend(names(records))

    wallets.put("bad", "a")
    source = wallets.source(BisectBatchOnFunctionError=True, MaximumRetryAttempts=10_000, MaximumRecordAgeInSeconds=1)
    with running(from_stream(handle, source), aws, tmp_path):
        wait_for(lambda: handled == ["a"])


def test_records_before_the_first_failure_do_not_come_again(aws: Aws, wallets: Wallets, tmp_path: Path) -> None:
    batches: list[list[str]] = []

    def handle(records: Records) -> Any:
        batches.append(names(records))
        failed = [record for record in records if len(batches) == 1 and names([record]) == ["b"]]
        return {"batchItemFailures": [{"itemIdentifier": item["dynamodb"]["SequenceNumber"]} for item in failed]}

    wallets.put("a", "b", "c")
    source = wallets.source(FunctionResponseTypes=["ReportBatchItemFailures"])
    with running(from_stream(handle, source), aws, tmp_path):
        wait_for(lambda: len(batches) == 2)
    assert batches == [["a", "b", "c"], ["b", "c"]]


def test_the_next_run_goes_on_where_the_last_one_stopped(aws: Aws, wallets: Wallets, tmp_path: Path) -> None:
    seen: list[str] = []
    bound = from_stream(lambda records: seen.extend(names(records)), wallets.source())
    wallets.put("a")
    with running(bound, aws, tmp_path):
        wait_for(lambda: seen == ["a"])
    wallets.put("b")
    with running(bound, aws, tmp_path):
        wait_for(lambda: len(seen) > 1)
    assert seen == ["a", "b"]


def test_stopping_first_takes_what_is_on_the_stream(aws: Aws, wallets: Wallets, tmp_path: Path) -> None:
    seen: list[str] = []
    bound = from_stream(lambda records: seen.extend(names(records)), wallets.source(BatchSize=1))
    with running(bound, aws, tmp_path):
        wallets.put("a", "b", "c")
    assert seen == ["a", "b", "c"]


def test_stopping_does_not_wait_for_a_batch_that_goes_on_failing(aws: Aws, wallets: Wallets, tmp_path: Path) -> None:
    calls: list[list[str]] = []

    def handle(records: Records) -> None:
        calls.append(names(records))
        raise RuntimeError("never")

    wallets.put("a")
    with running(from_stream(handle, wallets.source()), aws, tmp_path):
        wait_for(lambda: bool(calls))
    seen: list[str] = []
    with running(from_stream(lambda records: seen.extend(names(records)), wallets.source()), aws, tmp_path):
        wait_for(lambda: bool(seen))
    assert seen == ["a"]
