"""Records that a function gave up: an operator sees them, and has the function handle them again."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from click.testing import CliRunner, Result

from chalicelib.activity.table import read_newest
from chalicelib.queues import send
from chalicelib.settings import settings
from infrastructure.aliases import ALIAS
from local.aws import Aws
from local.resources import Deployment
from ops.__main__ import ops
from tests.conftest import NewWallet
from tests.environment import use
from tests.local.fakes import counts

LAMBDA = "arn:aws:lambda:us-east-1:000000000000:function:log_changes"
NOTHING_FAILS = """
def handle(event, context):
    return {"batchItemFailures": []}
"""
EVERYTHING_FAILS = """
def handle(event, context):
    return {"batchItemFailures": [{"itemIdentifier": each["dynamodb"]["SequenceNumber"]} for each in event["Records"]]}
"""


@pytest.fixture
def run(stack: Deployment) -> Callable[..., Result]:
    return lambda *arguments: CliRunner().invoke(ops, ["failures", *arguments])


@dataclass(frozen=True)
class Failures:
    """The queue of changes that could not be logged, and the stream that they are on."""

    aws: Aws
    url: str

    def put_position(self, first: dict[str, Any], last: dict[str, Any], number: int, stream: str = "") -> None:
        arn, shard = self.shard()
        arrived: datetime = first["dynamodb"]["ApproximateCreationDateTime"]
        position = {
            "shardId": shard,
            "startSequenceNumber": first["dynamodb"]["SequenceNumber"],
            "endSequenceNumber": last["dynamodb"]["SequenceNumber"],
            "approximateArrivalOfFirstRecord": arrived.isoformat(),
            "approximateArrivalOfLastRecord": arrived.isoformat(),
            "batchSize": number,
            "streamArn": stream or arn,
        }
        about = {"requestContext": {"functionArn": LAMBDA, "condition": "RetryAttemptsExhausted"}}
        send(self.url, json.dumps({**about, "version": "1.0", "DDBStreamBatchInfo": position}))

    def shard(self) -> tuple[str, str]:
        table = self.aws.client("dynamodb").describe_table(TableName=settings().accounts_table)["Table"]
        arn = table["LatestStreamArn"]
        stream = self.aws.client("dynamodbstreams").describe_stream(StreamArn=arn)["StreamDescription"]
        return arn, stream["Shards"][0]["ShardId"]

    def records(self, *accounts: str) -> list[dict[str, Any]]:
        streams, (arn, shard) = self.aws.client("dynamodbstreams"), self.shard()
        start = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
        found = streams.get_records(ShardIterator=start["ShardIterator"])["Records"]
        return [each for each in found if each["dynamodb"]["Keys"]["account_id"]["S"] in accounts]


@pytest.fixture
def failures(aws: Aws, stack: Deployment) -> Iterator[Failures]:
    yield Failures(aws, settings().log_failures_queue_url)
    aws.client("sqs").purge_queue(QueueUrl=settings().log_failures_queue_url)


def test_records_are_read_from_their_stream_and_handled_again(
    failures: Failures, run: Callable[..., Result], new_wallet: NewWallet
) -> None:
    accounts = [new_wallet(), new_wallet()]
    first, last = failures.records(*accounts)
    failures.put_position(first, last, 2)
    shown = run("show")
    assert shown.exit_code == 0, shown.output
    for what in ("log_failures", "log_changes", "2", "RetryAttemptsExhausted"):
        assert what in shown.output
    assert all(read_newest(each, limit=1) == [] for each in accounts)
    done = run("replay")
    assert done.exit_code == 0, done.output
    assert "2 handled" in done.output
    assert all(len(read_newest(each, limit=2)) == 1 for each in accounts)
    assert counts(failures.aws, failures.url) == (0, 0)


def test_a_record_that_the_message_has_is_handled_again(
    failures: Failures, run: Callable[..., Result], new_wallet: NewWallet
) -> None:
    account_id = new_wallet()
    (found,) = failures.records(account_id)
    written: datetime = found["dynamodb"]["ApproximateCreationDateTime"]
    found["dynamodb"]["ApproximateCreationDateTime"] = written.timestamp()
    record = {**found, "eventSourceARN": failures.shard()[0]}
    send(failures.url, json.dumps({"reason": "a bug", "record": record}))
    assert "for good" in run("show").output
    assert run("replay").exit_code == 0
    assert len(read_newest(account_id, limit=2)) == 1


def test_what_cannot_be_handled_stays_and_does_not_hold_up_the_others(
    failures: Failures, run: Callable[..., Result], new_wallet: NewWallet
) -> None:
    account_id = new_wallet()
    (found,) = failures.records(account_id)
    failures.put_position(found, found, 1, stream="arn:aws:dynamodb:us-east-1:000000000000:table/gone/stream/1")
    send(failures.url, "not JSON")
    send(failures.url, "[" * 100_000)
    send(failures.url, json.dumps({"reason": "KeyError('[/x]') [red]", "record": {}}))
    assert "KeyError('[/x]') [red]" in run("show").output
    failures.put_position(found, found, 1)
    done = run("replay")
    assert done.exit_code == 1
    assert "no function gives up records of this table" in done.output
    assert "not a record that was given up" in done.output
    assert "1 handled" in done.output
    assert counts(failures.aws, failures.url) == (4, 0)
    assert len(read_newest(account_id, limit=2)) == 1


def test_only_the_named_messages_are_replayed(
    failures: Failures, run: Callable[..., Result], new_wallet: NewWallet
) -> None:
    (found,) = failures.records(new_wallet())
    failures.put_position(found, found, 1)
    assert run("replay", "--id", "another").exit_code == 0
    assert counts(failures.aws, failures.url) == (1, 0)


def test_the_version_that_is_live_is_called_and_a_message_that_it_refuses_again_stays(
    failures: Failures, run: Callable[..., Result], new_wallet: NewWallet, stack: Deployment
) -> None:
    deployed = deploy_function(failures.aws, stack)
    (found,) = failures.records(new_wallet())
    failures.put_position(found, found, 1)
    # What was deployed last accepts everything, and is not what runs.
    failures.aws.client("lambda").update_function_code(FunctionName=deployed, ZipFile=zipped(NOTHING_FAILS))
    with use({**stack.environment, "METRICS_NAMESPACE": "with-function"}):
        done = run("replay")
    assert done.exit_code == 1
    assert "log_changes failed again with 1 of 1" in done.output
    assert counts(failures.aws, failures.url) == (1, 0)


def test_a_message_that_is_wrong_or_that_aws_refuses_does_not_hold_up_the_others(
    failures: Failures, run: Callable[..., Result], new_wallet: NewWallet
) -> None:
    account_id = new_wallet()
    (found,) = failures.records(account_id)
    arn, shard = failures.shard()
    position = {
        "streamArn": arn,
        "shardId": shard,
        "startSequenceNumber": found["dynamodb"]["SequenceNumber"],
        "endSequenceNumber": "none",
        "approximateArrivalOfFirstRecord": "no time",
        "batchSize": 1,
    }
    for body in (
        {"record": "text"},
        {"DDBStreamBatchInfo": position},
        {"DDBStreamBatchInfo": {**position, "shardId": "x"}},
    ):
        send(failures.url, json.dumps(body))
    failures.put_position(found, found, 1)
    assert run("show").exit_code == 0
    done = run("replay")
    assert isinstance(done.exception, SystemExit)
    assert "1 handled" in done.output
    assert "not a position on a stream" in done.output
    assert counts(failures.aws, failures.url) == (3, 0)
    assert len(read_newest(account_id, limit=2)) == 1


def zipped(source: str) -> bytes:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("index.py", source)
    return code.getvalue()


def deploy_function(aws: Aws, stack: Deployment) -> str:
    """Deploy a stack with a function that fails with every record, and with the outputs of the one under test."""
    aws.client("s3").create_bucket(Bucket="code-of-failures")
    aws.client("s3").put_object(Bucket="code-of-failures", Key="code.zip", Body=zipped(EVERYTHING_FAILS))
    function = {
        "Runtime": "python3.13",
        "Handler": "index.handle",
        "Role": "arn:aws:iam::000000000000:role/any",
        "Code": {"S3Bucket": "code-of-failures", "S3Key": "code.zip"},
    }
    outputs = {name: {"Value": url} for name, url in stack.outputs.items() if name.endswith("QueueUrl")}
    template = {
        "Resources": {"LogChanges": {"Type": "AWS::Lambda::Function", "Properties": function}},
        "Outputs": outputs,
    }
    cloudformation = aws.client("cloudformation")
    cloudformation.create_stack(StackName="with-function", TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_create_complete").wait(StackName="with-function", WaiterConfig={"Delay": 1})
    (found,) = cloudformation.list_stack_resources(StackName="with-function")["StackResourceSummaries"]
    name: str = found["PhysicalResourceId"]
    client = aws.client("lambda")
    version = client.publish_version(FunctionName=name)["Version"]
    client.create_alias(FunctionName=name, Name=ALIAS, FunctionVersion=version)
    return name
