"""Renew: find the subscriptions that are due, by index, and look at each, one message of the queue at a time.

So are payments whose money moved late: each is decided on by a message of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from chalicelib import clock
from chalicelib.batches import each_message
from chalicelib.catalog.catalog import Catalog
from chalicelib.log import log
from chalicelib.payments import table as payments
from chalicelib.payments import unresolved_index as unresolved_table
from chalicelib.subscriptions import queue, table
from chalicelib.subscriptions.advance import follow
from chalicelib.subscriptions.decide_late_payment import decide_late
from chalicelib.subscriptions.queue import RenewalMessage
from chalicelib.subscriptions.subscription import OWING
from chalicelib.typed import json_decoder

LATE_AT_ONCE: Final = 100
"""Late payments put on the queue by one run; the next one, minutes later, goes on."""


def find_due(now_ms: int) -> int:
    """Put all that is due on the renewals queue, and return how many. Raises NotQueued.

    Cut off, it leaves the rest due; run twice, it puts some on the queue twice, which is harmless.
    """
    sent = queue.send_all(_due(now_ms))
    if sent:
        log().info("subscriptions are due", count=sent)
    return sent


def _due(now_ms: int) -> Iterator[RenewalMessage]:
    yield from map(RenewalMessage, table.due(now_ms))
    for account_id, payment_id in unresolved_table.late(now_ms, LATE_AT_ONCE):
        yield RenewalMessage(account_id, payment_id)


def renew_all(records: Sequence[Mapping[str, Any]], catalog: Catalog) -> list[str]:
    """Look at the subscriptions of SQS records; return the ids of the messages that must be delivered again."""

    def handle(record: Mapping[str, Any]) -> None:
        message = json_decoder(RenewalMessage).decode(record["body"])
        followed = follow(message.account_id, catalog, payment_id=message.payment_id)
        if message.payment_id and payments.find(message.account_id, message.payment_id):
            decide_late(message.account_id, message.payment_id, catalog)
        if followed and followed.status in OWING:
            table.put_off(followed, clock.now_ms())

    return each_message(records, handle, message="a subscription was not renewed")
