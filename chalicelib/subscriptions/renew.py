"""Renew: find the subscriptions that are due, by index, and look at each, one message of the queue at a time."""

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib import clock
from chalicelib.batches import each_message
from chalicelib.catalog.catalog import Catalog
from chalicelib.log import log
from chalicelib.subscriptions import queue, table
from chalicelib.subscriptions.follow import follow
from chalicelib.subscriptions.queue import RenewalMessage
from chalicelib.subscriptions.subscription import OWING
from chalicelib.typed import json_decoder


def find_due(now_ms: int) -> int:
    """Put all that is due on the renewals queue, and return how many. Raises NotQueued.

    Cut off, it leaves the rest due; run twice, it puts some on the queue twice, which is harmless.
    """
    sent = queue.send_all(table.due(now_ms))
    if sent:
        log().info("subscriptions are due", count=sent)
    return sent


def renew_all(records: Sequence[Mapping[str, Any]], catalog: Catalog) -> list[str]:
    """Look at the subscriptions of SQS records; return the ids of the messages that must be delivered again."""

    def handle(record: Mapping[str, Any]) -> None:
        message = json_decoder(RenewalMessage).decode(record["body"])
        followed = follow(message.account_id, catalog, payment_id=message.payment_id)
        if followed and followed.status in OWING:
            table.put_off(followed, clock.now_ms())

    return each_message(records, handle, message="a subscription was not renewed")
