"""Renew subscriptions: queue the ones that are due, and advance each from a message of its own.

Late payments, which succeeded after they had been given up, are queued and decided on in the same way.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any, Final

from chalicelib import clock
from chalicelib.batches import each_message
from chalicelib.catalog.catalog import Catalog
from chalicelib.clock import Deadline
from chalicelib.log import log
from chalicelib.payments import table as payments
from chalicelib.payments import unresolved_index
from chalicelib.stripe_api.errors import StripeUnavailable
from chalicelib.subscriptions import queue, table
from chalicelib.subscriptions.advance import advance_subscription
from chalicelib.subscriptions.check_closed_payment import check_closed_payment
from chalicelib.subscriptions.decide_late_payment import decide_late_payment
from chalicelib.subscriptions.queue import RenewalMessage
from chalicelib.subscriptions.reminder import is_reminder_due
from chalicelib.subscriptions.subscription import OWING, Subscription
from chalicelib.typed import json_decoder

LATE_PER_RUN: Final = 100
"""The most late payments that one run queues; the next run is minutes later."""

MOST_WAITING: Final = 20_000
"""Messages with which the queue is full enough: more than are handled until the next run."""

RUN_MS: Final = 5 * 60 * 1000
"""The time between two runs."""


def queue_due(now_ms: int, deadline: Deadline, most_waiting: int = MOST_WAITING) -> int:
    """Put what is due on the renewals queue, and return the number of messages. Raises NotQueued.

    What is due stays due until it is advanced, so a run that is cut off or out of time loses nothing, and one that runs
    twice queues messages twice, which is harmless. While more than `most_waiting` messages of earlier runs still wait,
    no subscription is queued, or those of a day with very many would be queued again by each run.
    """
    sent = queue.send_all(takewhile(lambda _: not deadline.is_over, _due_messages(now_ms, most_waiting)))
    if sent:
        log().info("subscriptions are due", count=sent)
    return sent


def _due_messages(now_ms: int, most_waiting: int) -> Iterator[RenewalMessage]:
    for account_id, payment_id in unresolved_index.late(now_ms, LATE_PER_RUN):
        yield RenewalMessage(account_id, payment_id)
    waiting = queue.count_waiting()
    if waiting > most_waiting:
        log().info("renewals of earlier runs still wait", count=waiting)
        return
    # Each run begins with another shard: where the time is too short for all, none is always the last.
    yield from map(RenewalMessage, table.due(now_ms, first_shard=now_ms // RUN_MS))


def renew_queued(records: Sequence[Mapping[str, Any]], catalog: Catalog) -> list[str]:
    """Advance the subscriptions of SQS records; return the ids of the messages that must be delivered again."""

    def handle(record: Mapping[str, Any]) -> None:
        message = json_decoder(RenewalMessage).decode(record["body"])
        advanced = advance_subscription(message.account_id, catalog, payment_id=message.payment_id)
        if advanced and _is_known_now(advanced):
            advanced = advance_subscription(message.account_id, catalog)
        if message.payment_id and payments.find(message.account_id, message.payment_id):
            decide_late_payment(message.account_id, message.payment_id, catalog)
        now_ms = clock.now_ms()
        # A reminder that is due and was not made is one of a charge that will not be made; that may change until then.
        if advanced and (advanced.status in OWING or is_reminder_due(advanced, now_ms)):
            table.put_off(advanced, now_ms)

    return each_message(records, handle, message="a subscription was not renewed")


def _is_known_now(advanced: Subscription) -> bool:
    """Tell whether Stripe said now how the last payment ended, which a break had left open."""
    try:
        return check_closed_payment(advanced)
    except StripeUnavailable:
        return False  # it stays held, and is asked about with the next attempt
