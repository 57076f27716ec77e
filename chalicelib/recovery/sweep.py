"""Sweep: resolve the payments, refunds and disputes that are due for a check, and finish webhooks whose function died.

A webhook that is never sent loses nothing.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

import msgspec

from chalicelib.batches import each, within
from chalicelib.log import log
from chalicelib.payments import table as payments
from chalicelib.payments import unresolved_index
from chalicelib.payments.lifecycle import with_check_counted
from chalicelib.payments.resolve import Resolution, SendRefill, resolve
from chalicelib.reversals import table as reversals
from chalicelib.reversals.resolve import check_again
from chalicelib.webhooks import table as webhooks
from chalicelib.webhooks.receive import replay

PER_SHARD: Final = 25
"""Payments taken of each shard in one run: 200 in all, which Stripe's 25 calls a second take in well under a minute."""

BUDGET_SECONDS: Final = 75
"""After this time a run starts no further check: one that looks and charges, and times out at both, still ends within
the function's 120 seconds. The rest is due in the next run, five minutes later."""

MOST_COUNTED: Final = 100
"""Parked webhooks and payments counted at most: more do not make it more urgent."""

WEBHOOKS_PARKED: Final = "webhooks are parked; somebody has to look at them"
PAYMENTS_PARKED: Final = "payments that brought nothing are parked; refund or keep them"
"""Log lines that an alarm listens for, written by every run until somebody has looked."""


class SweepResult(msgspec.Struct):
    """How many were checked, and how many of them have ended, still wait, or met a bug.

    `webhooks_parked` and `payments_parked` count what waits for a person.
    """

    checked: int = 0
    ended: int = 0
    unresolved: int = 0
    failed: int = 0
    webhooks_parked: int = 0
    payments_parked: int = 0


class DueItem(msgspec.Struct, frozen=True):
    """A thing that is due: its ids for the log, and how to check it, which tells whether it has ended."""

    about: dict[str, str]
    check: Callable[[], bool]


class SweepIncomplete(Exception):
    """Some could not be checked because of a bug; all others were."""

    def __init__(self, result: SweepResult) -> None:
        super().__init__(f"{result.failed} of {result.checked} could not be swept; see the log")
        self.result = result


def sweep(now_ms: int, *, send_refill: SendRefill = Resolution) -> SweepResult:
    """Check what is due. What stays unresolved is checked again later, at growing intervals.

    `send_refill` sends the refills of auto-pay that Stripe does not have. A bug in one check stops no other. Raises
    SweepIncomplete at the end, if there was any.
    """
    result = SweepResult()
    failures = each(
        within(BUDGET_SECONDS, _list_due(now_ms, send_refill)),
        lambda item: _check(item, result),
        message="one could not be swept",
        about=lambda item: item.about,
    )
    result.failed = len(failures)
    result.webhooks_parked = webhooks.count_parked(MOST_COUNTED)
    result.payments_parked = unresolved_index.count_parked(MOST_COUNTED)
    log().info("payments swept", **msgspec.to_builtins(result))
    if result.webhooks_parked:
        log().error(WEBHOOKS_PARKED, count=result.webhooks_parked)
    if result.payments_parked:
        log().error(PAYMENTS_PARKED, count=result.payments_parked)
    if failures:
        raise SweepIncomplete(result)
    return result


def _list_due(now_ms: int, send_refill: SendRefill) -> Iterator[DueItem]:
    for account_id, payment_id in unresolved_index.due(now_ms, PER_SHARD):
        about = {"account_id": account_id, "payment_id": payment_id}
        yield DueItem(about, partial(check_payment, account_id, payment_id, send_refill=send_refill))
    for account_id, reversal_key in reversals.due(now_ms, PER_SHARD):
        about = {"account_id": account_id, "reversal_key": reversal_key}
        yield DueItem(about, partial(_check_reversal, account_id, reversal_key))
    for event_id in webhooks.unfinished(now_ms, PER_SHARD):
        yield DueItem({"event_id": event_id}, partial(_finish_webhook, event_id))


def _check(item: DueItem, result: SweepResult) -> None:
    result.checked += 1
    ended = item.check()
    result.ended += ended
    result.unresolved += not ended


def check_payment(account_id: str, payment_id: str, *, send_refill: SendRefill = Resolution) -> bool:
    """Resolve one payment; tell whether nothing more can happen to it. Raises PaymentMismatch, PaymentBusy."""
    payment = payments.get(account_id, payment_id)
    if payment.is_final:
        return True  # the index was a moment behind
    # Counted first: a payment that kills the function must not be the first one of every run.
    counted = payments.change(payment, with_check_counted)
    return resolve(counted, send_refill=send_refill).payment.is_final


def _check_reversal(account_id: str, reversal_key: str) -> bool:
    return check_again(reversals.parse_key(account_id, reversal_key))


def _finish_webhook(event_id: str) -> bool:
    replay(event_id)
    return True
