"""A message of a queue of failures: which records it is about, whose function gave them up, and why."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec.structs import fields

from chalicelib import clock
from chalicelib.json_input import read_json
from chalicelib.settings import Settings, settings
from chalicelib.streams import Record
from infrastructure.generator.specification import SPECIFICATION, Function, read

KEPT_MS: Final = 24 * 3600 * 1000
"""How long a stream keeps a record (DynamoDB Developer Guide, DynamoDB Streams)."""


class Position(msgspec.Struct, frozen=True, rename="camel"):
    """Where records are on their stream. https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html."""

    stream_arn: str
    shard_id: str
    start_sequence_number: str
    end_sequence_number: str
    approximate_arrival_of_first_record: str
    batch_size: int


class FailureMessage(msgspec.Struct, frozen=True):
    """A message. It has either the record or a position; with neither, it is not one of these, and `reason` says so."""

    message_id: str
    receipt: str
    queue: str
    reason: str
    sent_at_ms: int
    record: Record | None = None
    position: Position | None = None

    @property
    def records(self) -> int:
        """Return how many records it is about."""
        return self.position.batch_size if self.position else int(self.record is not None)

    @property
    def since_ms(self) -> int:
        """Return when the first of its records was written; if that is not known, when it was put aside."""
        if self.position is None:
            return self.sent_at_ms
        try:
            return clock.to_ms(datetime.fromisoformat(self.position.approximate_arrival_of_first_record))
        except (ValueError, TypeError):  # no time, or one without a zone
            return self.sent_at_ms

    @property
    def until_ms(self) -> int | None:
        """Return until when its records can be read; None if it has them."""
        return self.since_ms + KEPT_MS if self.position else None

    @property
    def function(self) -> str | None:
        """Return the function that gives up records of this table to this queue; None if there is none any more."""
        arn = self.position.stream_arn if self.position else str((self.record or {}).get("eventSourceARN"))
        return _functions().get((self.queue, table_of(arn)))


def table_of(stream_arn: str) -> str:
    """Return the name that settings give the table of a stream; empty if it is not one of theirs."""
    name = stream_arn.partition(":table/")[2].partition("/")[0]
    tables = {getattr(settings(), each.name): each.name.removesuffix("_table") for each in fields(Settings)}
    return tables.get(name, "")


def _functions() -> dict[tuple[str, str], str]:
    """Return the functions by the queue to which they give up, and the table."""
    return {
        (function.stream.on_failure, table): name
        for name, function in specified().items()
        if function.stream
        for table in function.stream.tables
    }


def specified() -> Mapping[str, Function]:
    """Return the functions of `functions.toml`."""
    return read(SPECIFICATION.read_text()).functions


def queues_of_failures() -> Iterator[str]:
    """Yield the queues to which functions give up records."""
    yield from sorted({queue for queue, _ in _functions()})


def read_message(queue: str, message: Mapping[str, Any]) -> FailureMessage:
    """Read a message as SQS returns it."""
    known = {
        "message_id": message["MessageId"],
        "receipt": message["ReceiptHandle"],
        "queue": queue,
        "sent_at_ms": int(message["Attributes"]["SentTimestamp"]),
    }
    try:
        body = read_json(message["Body"])
        if "record" in body:
            record = msgspec.convert(body["record"], dict[str, Any])
            return FailureMessage(**known, reason=str(body.get("reason", "")), record=record)
        reason = str(body.get("requestContext", {}).get("condition", ""))
        position = msgspec.convert(body["DDBStreamBatchInfo"], Position)
        return FailureMessage(**known, reason=reason, position=position)
    except (ValueError, KeyError, AttributeError, TypeError, msgspec.ValidationError) as error:
        return FailureMessage(**known, reason=f"not a record that was given up: {error!r}")
