"""Batches: each item is handled by itself. An error in one item, even an unexpected one, does not affect the others.

An item's exception is logged with its stack and ids. The caller decides what happens to the items that failed: a
message returns to its queue, a record to its stream, a scheduled run raises at its end.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import takewhile
from typing import Any, Final, Generic, TypeVar

import msgspec

from chalicelib.json_input import NotJson, read_json
from chalicelib.log import log
from chalicelib.streams import Record, sequence_number
from chalicelib.threads import in_threads

ItemT = TypeVar("ItemT")

Message = Mapping[str, Any]
"""A message as Lambda delivers it from SQS."""

IDS: Final = ("account_id", "payment_id")
"""What of a message's body is logged. The rest may name people: it stays on the queue, under the message's id."""

LONGEST_ID: Final = 200
"""Characters of an id that are logged: longer than any that was not made up."""


class Failure(msgspec.Struct, Generic[ItemT], frozen=True):
    """An item that failed, and why."""

    item: ItemT
    error: Exception


def each(
    items: Iterable[ItemT],
    handle: Callable[[ItemT], object],
    *,
    message: str,
    about: Callable[[ItemT], Mapping[str, object]],
    at_once: int = 1,
) -> list[Failure[ItemT]]:
    """Handle each item, and return those that failed, in their order.

    For an item that fails, `message` and what it is `about` (its ids, by name) are logged. Up to `at_once` items are
    handled concurrently, in threads. An exception from the iterable itself is raised.
    """

    def attempt(item: ItemT) -> Failure[ItemT] | None:
        try:
            handle(item)
        except Exception as error:  # noqa: BLE001 - the outermost frame of one item: logged here, handled by the caller
            log().exception(message, **about(item))
            return Failure(item, error)
        return None

    if at_once == 1:
        return [failure for failure in map(attempt, items) if failure]
    return [failure for failure in in_threads(attempt, items, at_once) if failure]


def each_message(records: Iterable[Message], handle: Callable[[Message], object], *, message: str) -> list[str]:
    """Handle each SQS record, and return the ids of the messages that must be delivered again."""
    failures = each(records, handle, message=message, about=_about_message)
    return [str(failure.item["messageId"]) for failure in failures]


def each_record(
    records: Iterable[Record],
    handle: Callable[[Record], object],
    *,
    message: str,
    otherwise: Callable[[Record], object] | None = None,
) -> list[str]:
    """Handle each record of a stream, and return the sequence numbers of those that must be delivered again.

    Lambda delivers the lowest of them and all later records again: `handle` must be safe to repeat. A record that fails
    is passed to `otherwise`, which has its account retried elsewhere, so that it does not block the records behind it.
    It is delivered again only if `otherwise` fails as well.
    """

    def attempt(record: Record) -> None:
        try:
            handle(record)
        except Exception:
            if otherwise is None:
                raise
            log().exception(message, **_about_record(record))
            otherwise(record)

    failures = each(records, attempt, message=message, about=_about_record)
    return [sequence_number(failure.item) for failure in failures]


def within(seconds: float, items: Iterable[ItemT]) -> Iterator[ItemT]:
    """Yield items until the time is up. What is left is for the next run."""
    end = time.monotonic() + seconds
    return takewhile(lambda _: time.monotonic() < end, items)


def _about_message(record: Message) -> dict[str, object]:
    """Return a message's id, and the ids in its body: at its top, or in the detail of an event."""
    body = record.get("body")
    about: dict[str, object] = {"message_id": record["messageId"], "characters": len(str(body))}
    try:
        found = read_json(str(body))
    except NotJson:
        return about
    for part in (found, found.get("detail") if isinstance(found, dict) else None):
        if isinstance(part, dict):
            about.update({name: part[name][:LONGEST_ID] for name in IDS if isinstance(part.get(name), str)})
    return about


def _about_record(record: Record) -> dict[str, object]:
    return {"sequence_number": sequence_number(record), "keys": record["dynamodb"].get("Keys")}
