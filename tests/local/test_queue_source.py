import hashlib
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.aws import Aws
from local.queue_source import failures
from local.resources import Deployment
from tests.local.fakes import QUICK, Records, counts, from_queue, send, usage_source
from tests.running import running
from tests.wait import wait_for


@pytest.fixture
def deployed(aws: Aws, request: pytest.FixtureRequest) -> Deployment:
    name = "queue-" + hashlib.sha256(request.node.name.encode()).hexdigest()[:12]
    return aws.deploy(name, QUICK)


def is_empty(aws: Aws, deployed: Deployment) -> Callable[[], bool]:
    return lambda: counts(aws, deployed.usage_queue_url) == (0, 0)


def fail(*bodies: str) -> Callable[[Records], Any]:
    def handle(records: Records) -> Any:
        failed = [{"itemIdentifier": record["messageId"]} for record in records if record["body"] in bodies]
        return {"batchItemFailures": failed}

    return handle


def test_messages_that_were_handled_are_deleted(aws: Aws, deployed: Deployment, tmp_path: Path) -> None:
    seen: Counter[str] = Counter()

    def handle(records: Records) -> None:
        seen.update(record["body"] for record in records)

    send(aws, deployed, *(f"message {number}" for number in range(200)))
    with running(from_queue(handle, usage_source(deployed)), aws, tmp_path):
        wait_for(is_empty(aws, deployed))
    assert seen == Counter({f"message {number}": 1 for number in range(200)})
    assert counts(aws, deployed.dead_letter_queue_url) == (0, 0)


def test_a_handler_gets_what_lambda_sends(aws: Aws, deployed: Deployment, tmp_path: Path) -> None:
    seen: Records = []
    aws.client("sqs").send_message(
        QueueUrl=deployed.usage_queue_url,
        MessageBody="body",
        MessageAttributes={"trace": {"DataType": "String", "StringValue": "1-2-3"}},
    )
    with running(from_queue(seen.extend, usage_source(deployed)), aws, tmp_path):
        wait_for(lambda: bool(seen))
    record = seen[0]
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"] == usage_source(deployed)["Queue"]
    assert record["awsRegion"] == "us-east-1"
    assert record["body"] == "body"
    assert record["md5OfBody"] == hashlib.md5(b"body", usedforsecurity=False).hexdigest()
    assert record["messageAttributes"] == {
        "trace": {"stringValue": "1-2-3", "stringListValues": [], "binaryListValues": [], "dataType": "String"}
    }
    assert {"ApproximateReceiveCount", "SentTimestamp", "SenderId"} <= set(record["attributes"])
    assert set(record) == {
        *("messageId", "receiptHandle", "body", "attributes", "messageAttributes", "md5OfBody"),
        *("md5OfMessageAttributes", "eventSource", "eventSourceARN", "awsRegion"),
    }


def test_messages_are_gathered_into_one_batch(aws: Aws, deployed: Deployment, tmp_path: Path) -> None:
    sizes: list[int] = []
    send(aws, deployed, *map(str, range(40)))
    with running(from_queue(lambda records: sizes.append(len(records)), usage_source(deployed)), aws, tmp_path):
        wait_for(is_empty(aws, deployed))
    assert sum(sizes) == 40
    assert max(sizes) >= 10


def test_a_poisonous_message_alone_goes_to_the_dead_letter_queue(
    aws: Aws, deployed: Deployment, tmp_path: Path
) -> None:
    seen: Counter[str] = Counter()

    def handle(records: Records) -> Any:
        seen.update(record["body"] for record in records)
        return fail("poison")(records)

    send(aws, deployed, "good", "poison", "fine")
    with running(from_queue(handle, usage_source(deployed)), aws, tmp_path):
        wait_for(lambda: counts(aws, deployed.dead_letter_queue_url) == (1, 0))
    assert seen == {"good": 1, "fine": 1, "poison": int(QUICK["UsageMaxReceiveCount"])}
    assert counts(aws, deployed.usage_queue_url) == (0, 0)


def test_a_message_that_failed_once_is_delivered_again(aws: Aws, deployed: Deployment, tmp_path: Path) -> None:
    deliveries: list[str] = []

    def handle(records: Records) -> Any:
        deliveries.extend(record["attributes"]["ApproximateReceiveCount"] for record in records)
        return fail("later")(records) if deliveries == ["1"] else None

    send(aws, deployed, "later")
    with running(from_queue(handle, usage_source(deployed)), aws, tmp_path):
        wait_for(lambda: len(deliveries) == 2)
        wait_for(is_empty(aws, deployed))
    assert deliveries == ["1", "2"]
    assert counts(aws, deployed.dead_letter_queue_url) == (0, 0)


def test_a_message_does_not_come_again_while_its_handler_runs(aws: Aws, deployed: Deployment, tmp_path: Path) -> None:
    deliveries: list[int] = []

    def handle(records: Records) -> None:
        deliveries.append(len(records))
        time.sleep(2 * int(QUICK["UsageVisibilityTimeout"]) + 0.5)

    send(aws, deployed, "slow")
    with running(from_queue(handle, usage_source(deployed)), aws, tmp_path):
        wait_for(is_empty(aws, deployed))
    assert deliveries == [1]


def test_a_handler_that_raises_gets_its_whole_batch_again(aws: Aws, deployed: Deployment, tmp_path: Path) -> None:
    batches: list[list[str]] = []

    def handle(records: Records) -> None:
        batches.append(sorted(record["body"] for record in records))
        if len(batches) == 1:
            raise RuntimeError("the table cannot be reached")

    send(aws, deployed, "a", "b", "c")
    with running(from_queue(handle, usage_source(deployed)), aws, tmp_path):
        wait_for(lambda: len(batches) > 1)
        wait_for(is_empty(aws, deployed))
    assert batches[0] == ["a", "b", "c"]
    assert sorted(body for batch in batches[1:] for body in batch) == ["a", "b", "c"]


def test_failures_count_only_if_the_template_says_that_they_are_reported(
    aws: Aws, deployed: Deployment, tmp_path: Path
) -> None:
    source = {name: value for name, value in usage_source(deployed).items() if name != "FunctionResponseTypes"}
    send(aws, deployed, "bad")
    with running(from_queue(fail("bad"), source), aws, tmp_path):
        wait_for(is_empty(aws, deployed))
    assert counts(aws, deployed.dead_letter_queue_url) == (0, 0)


@pytest.mark.parametrize("answer", [None, {}, "", {"batchItemFailures": []}, {"batchItemFailures": None}])
def test_an_answer_without_failures_is_success(answer: Any) -> None:
    assert failures(answer, {"1", "2"}) == set()


def test_an_answer_names_what_failed() -> None:
    assert failures({"batchItemFailures": [{"itemIdentifier": "2"}]}, {"1", "2"}) == {"2"}


@pytest.mark.parametrize(
    "items", [[{"itemIdentifier": "3"}], [{"itemIdentifier": ""}], [{"id": "1"}], ["1"], [{"itemIdentifier": None}], 5]
)
def test_an_answer_that_makes_no_sense_fails_the_batch(items: Any) -> None:
    assert failures({"batchItemFailures": items}, {"1", "2"}) == {"1", "2"}
