"""The commands for records that were given up."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.table import Column

from chalicelib.clock import iso, now_ms
from chalicelib.queues import MAXIMUM_ENTRIES, client
from ops.console import WRONG, console, new_table
from ops.failures.message import FailureMessage, queues_of_failures, read_message
from ops.failures.stream import NotReplayed, queue_urls, replay

HIDDEN_SECONDS = 15 * 60
"""How long a message is hidden from others if the command is killed; longer than any function runs."""
SHOWN_SECONDS = 30

WIDE: Final = 300
"""Characters of a line where nobody looks at a terminal: nothing is cut off for a pipe."""

out = console(None if sys.stdout.isatty() else WIDE)


@click.group()
def failures() -> None:
    """Show records of streams that functions gave up, and have them handled again."""


@failures.command("show")
@click.option("--limit", default=100, show_default=True, help="At most so many messages.")
def show_failures(limit: int) -> None:
    """Show what was given up, by whom and why, and until when its records can be read from the stream."""
    table = new_table(
        "queue", Column("function", no_wrap=True), "records", "since", "readable until", "reason", "message"
    )
    with _messages(limit, SHOWN_SECONDS) as found:
        for message in found:
            row = (message.queue, message.function or "?", str(message.records), iso(message.since_ms))
            table.add_row(*row, _readable_until(message), message.reason, message.message_id)
    out.print(table)


def _readable_until(message: FailureMessage) -> str:
    if message.until_ms is None:
        return "for good"
    return "gone" if message.until_ms < now_ms() else iso(message.until_ms)


@failures.command("replay")
@click.option("--id", "ids", multiple=True, help="Only messages with these ids.")
@click.option("--limit", default=100, show_default=True, help="At most so many messages.")
def replay_failures(ids: tuple[str, ...], limit: int) -> None:
    """Call each message's function with its records again, and delete the message. Nothing is done twice.

    A message whose records fail again, or are gone from the stream, stays: exits with 1 if there is one. A record that
    still cannot be read is put aside anew by its function.
    """
    table = new_table(Column("message", no_wrap=True), "function", "now")
    wrong = 0
    with _messages(limit, HIDDEN_SECONDS) as found:
        for message in found:
            if ids and message.message_id not in ids:
                continue
            result, is_done = _replayed(message)
            wrong += not is_done
            table.add_row(message.message_id, message.function or "?", result)
    out.print(table)
    sys.exit(WRONG if wrong else 0)


def _replayed(message: FailureMessage) -> tuple[str, bool]:
    try:
        records = replay(message)
        url = queue_urls([message.queue])[message.queue]
        client().delete_message(QueueUrl=url, ReceiptHandle=message.receipt)
    except (NotReplayed, BotoCoreError, ClientError) as error:
        return str(error), False
    return f"{records} handled", True


@contextmanager
def _messages(limit: int, hidden_seconds: int) -> Iterator[list[FailureMessage]]:
    """Receive the messages that are there, at most `limit`; show those again that are not deleted in the block."""
    urls = queue_urls(list(queues_of_failures()))
    found: dict[str, FailureMessage] = {}
    for queue, url in urls.items():
        while len(found) < limit and (received := _receive(queue, url, hidden_seconds)):
            found |= {message.message_id: message for message in received}
    try:
        yield sorted(found.values(), key=lambda message: message.since_ms)[:limit]
    finally:
        for message in found.values():
            _release(urls[message.queue], message)


def _receive(queue: str, url: str, hidden_seconds: int) -> list[FailureMessage]:
    answer = client().receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=MAXIMUM_ENTRIES,
        VisibilityTimeout=hidden_seconds,
        WaitTimeSeconds=1,
        MessageSystemAttributeNames=["SentTimestamp"],
    )
    return [read_message(queue, each) for each in answer.get("Messages", [])]


def _release(url: str, message: FailureMessage) -> None:
    """Show a message again; one that was deleted stays deleted."""
    with suppress(ClientError):
        client().change_message_visibility(QueueUrl=url, ReceiptHandle=message.receipt, VisibilityTimeout=0)
