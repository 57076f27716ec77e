"""The doors to the queues of usage, charges, renewals and records that could not be told: what goes in comes out."""

import json
from collections.abc import Callable
from itertools import count
from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError

from chalicelib import queues
from chalicelib.notices import dead_letters
from chalicelib.payments import queue as charges
from chalicelib.payments.queue import ChargeMessage
from chalicelib.settings import settings
from chalicelib.subscriptions import queue as renewals
from chalicelib.subscriptions.queue import NotQueued, RenewalMessage
from chalicelib.usage import queue as usage
from tests.filled import STRANGE, filled
from tests.queued import take_bodies

pytestmark = pytest.mark.usefixtures("memory")


def test_a_usage_event_is_sent_as_it_is() -> None:
    body = json.dumps({"data": {"description": STRANGE}}, ensure_ascii=False)
    usage.send(body)
    assert take_bodies(settings().usage_queue_url) == [body]


@pytest.mark.parametrize(
    ("send", "message", "url"),
    [
        (charges.send, filled(ChargeMessage), lambda: settings().charges_queue_url),
        (renewals.send, filled(RenewalMessage), lambda: settings().renewals_queue_url),
        (renewals.send, RenewalMessage("acme"), lambda: settings().renewals_queue_url),
    ],
    ids=["charge", "renewal", "renewal without a payment"],
)
def test_a_message_comes_out_as_it_went_in(
    send: Callable[[Any], None], message: msgspec.Struct, url: Callable[[], str]
) -> None:
    send(message)
    (body,) = take_bodies(url())
    assert msgspec.json.decode(body, type=type(message)) == message


def test_any_number_of_renewals_is_queued_once_each() -> None:
    assert renewals.send_all([]) == 0
    sent = [RenewalMessage(f"account-{number}") for number in range(25)]
    assert renewals.send_all(iter(sent)) == 25
    found = [msgspec.json.decode(body, type=RenewalMessage) for body in take_bodies(settings().renewals_queue_url)]
    assert sorted(found, key=lambda each: each.account_id) == sorted(sent, key=lambda each: each.account_id)


def test_a_call_that_sqs_refuses_keeps_no_other_renewal_from_its_queue() -> None:
    calls = count(1)

    def refuse_first(**_: Any) -> None:
        if next(calls) == 1:
            raise ClientError({"Error": {"Code": "BatchRequestTooLong", "Message": "no"}}, "SendMessageBatch")

    events = queues.client().meta.events
    events.register("before-call.sqs.SendMessageBatch", refuse_first)
    try:
        with pytest.raises(NotQueued, match="10 of 25"):
            renewals.send_all(RenewalMessage(f"account-{number}") for number in range(25))
    finally:
        events.unregister("before-call.sqs.SendMessageBatch", refuse_first)
    assert len(take_bodies(settings().renewals_queue_url)) == 15


def test_a_record_that_could_not_be_told_is_parked_whole_with_the_start_of_the_reason() -> None:
    record = {"eventID": "1", "dynamodb": {"Keys": {"id": {"S": STRANGE}}, "NewImage": {"x": {"N": "1"}}}}
    dead_letters.put(record, "r" * 5_000)
    (body,) = take_bodies(settings().notice_failures_queue_url)
    assert json.loads(body) == {"reason": "r" * dead_letters.LONGEST_REASON, "record": record}


def test_a_record_that_is_too_large_for_a_message_is_parked_without_its_images() -> None:
    keys = {"Keys": {"id": {"S": "acme"}}, "SequenceNumber": "7"}
    dead_letters.put(
        {"eventID": "1", "dynamodb": {**keys, "NewImage": {"x": {"S": "x" * dead_letters.LARGEST}}}}, "large"
    )
    (body,) = take_bodies(settings().notice_failures_queue_url)
    assert json.loads(body) == {"reason": "large", "record": {"eventID": "1", "dynamodb": keys}}
