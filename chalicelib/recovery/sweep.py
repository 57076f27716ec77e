"""Sweep: resolve the payments, refunds and disputes that are due for a check, and finish webhooks whose function died.

So nothing is lost if a webhook is never sent.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import takewhile
from typing import Final

import msgspec

from chalicelib import metrics
from chalicelib.batches import each, within
from chalicelib.connection.table import is_disconnected
from chalicelib.log import log
from chalicelib.payments import table as payments
from chalicelib.payments import unresolved_index
from chalicelib.payments.lifecycle import with_check_counted
from chalicelib.payments.resolve import SendRefill, leave_unsent, resolve
from chalicelib.reversals import table as reversals
from chalicelib.reversals.resolve import check_again
from chalicelib.runs import Run, end_run
from chalicelib.webhooks import table as webhooks
from chalicelib.webhooks.receive import replay

PER_SHARD: Final = 25
"""How many items of one shard a run gets through: 200 payments and 200 refunds and disputes in the 8 shards of each,
well under a minute at Stripe's 25 calls per second; and how many webhooks. Those that fail do not count: rows that
cannot be read are the first of every run, and would keep all others of their shard from their turn."""

BUDGET_SECONDS: Final = 75
"""After this time a run starts no further check: a check that asks Stripe and charges, with a timeout at both, still
ends within the function's 120 seconds. The rest is due in the next run, five minutes later."""

MOST_COUNTED: Final = 100
"""The most parked webhooks and payments that are counted: a higher count is not more urgent."""

WEBHOOKS_PARKED: Final = "webhooks are parked and wait for the operator"
PAYMENTS_PARKED: Final = "payments that bought nothing are parked; refund or keep them"
"""Log lines that an alarm listens for, written by every run while any webhook or payment is parked."""


class SweepRun(Run):
    """How many items a run checked, and how many of them have ended or are unresolved.

    `webhooks_parked` and `payments_parked` count what waits for a person.
    """

    checked: int = 0
    ended: int = 0
    unresolved: int = 0
    webhooks_parked: int = 0
    payments_parked: int = 0


class DueItem(msgspec.Struct, frozen=True):
    """An item that is due: its ids for the log, and a function that checks it and returns whether it has ended."""

    about: dict[str, str]
    check: Callable[[], bool]


def sweep(now_ms: int, *, send_refill: SendRefill = leave_unsent) -> SweepRun:
    """Check the items that are due. Those that stay unresolved are checked again later, at growing intervals.

    `send_refill` sends the refills of auto-pay that Stripe does not have. If one check fails with an exception, the
    others still run. Raises RunIncomplete at the end if any check failed.
    """
    run = SweepRun()
    failures = each(
        within(BUDGET_SECONDS, _list_due(now_ms, send_refill, run)),
        lambda item: _check(item, run),
        message="an item could not be swept",
        about=lambda item: item.about,
    )
    run.webhooks_parked = webhooks.count_parked(MOST_COUNTED)
    run.payments_parked = unresolved_index.count_parked(MOST_COUNTED)
    if run.webhooks_parked:
        log().error(WEBHOOKS_PARKED, count=run.webhooks_parked)
    if run.payments_parked:
        log().error(PAYMENTS_PARKED, count=run.payments_parked)
    return end_run(run, failures, summary="payments swept")


def _list_due(now_ms: int, send_refill: SendRefill, run: SweepRun) -> Iterator[DueItem]:
    for keys in unresolved_index.due(now_ms, PER_SHARD):
        yield from _some((_payment(*key, send_refill) for key in keys), run)
    for keys in reversals.due(now_ms, PER_SHARD):
        yield from _some((_reversal(*key) for key in keys), run)
    yield from _some(map(_webhook, webhooks.unfinished(now_ms, PER_SHARD)), run)


def _some(items: Iterator[DueItem], run: SweepRun) -> Iterator[DueItem]:
    """Yield items, each after the one before was checked, until enough of them were."""
    enough = run.ended + run.unresolved + PER_SHARD
    return takewhile(lambda _: run.ended + run.unresolved < enough, items)


def _payment(account_id: str, payment_id: str, send_refill: SendRefill) -> DueItem:
    check = partial(check_payment, account_id, payment_id, send_refill=send_refill)
    return DueItem({"account_id": account_id, "payment_id": payment_id}, check)


def _reversal(account_id: str, reversal_key: str) -> DueItem:
    about = {"account_id": account_id, "reversal_key": reversal_key}
    return DueItem(about, lambda: check_again(reversals.parse_key(account_id, reversal_key)))


def _webhook(event_id: str) -> DueItem:
    return DueItem({"event_id": event_id}, partial(_finish_webhook, event_id))


def _check(item: DueItem, run: SweepRun) -> None:
    run.checked += 1
    ended = item.check()
    run.ended += ended
    run.unresolved += not ended


def check_payment(account_id: str, payment_id: str, *, send_refill: SendRefill = leave_unsent) -> bool:
    """Resolve one payment; tell whether nothing more can happen to it. Raises PaymentMismatch, PaymentBusy."""
    payment = payments.get(account_id, payment_id)
    is_closed = payment.closed_at_break_ms is not None
    if payment.is_final and not is_closed:
        return True  # the index was a moment behind
    # Count the check first: a payment that crashes the function must not be the first of every run.
    counted = payments.change(payment, with_check_counted)
    if is_closed and is_disconnected(payment.stripe_account):
        return False  # it goes on when the account is connected again
    resolution = resolve(counted, send_refill=send_refill)
    if resolution.was_found and resolution.payment.state == "succeeded" != counted.state:
        metrics.count("sweeper_resolved", account_id=account_id, payment_id=payment_id)
    return resolution.payment.is_final


def _finish_webhook(event_id: str) -> bool:
    replay(event_id)
    return True
