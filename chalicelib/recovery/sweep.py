"""Sweep up what is not final: ask Stripe about each payment, refund and dispute that is due, and finish webhooks.

A webhook that never came loses nothing, and neither does one whose function has died.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

import msgspec
from msgspec.structs import replace

from chalicelib.batches import each, within
from chalicelib.log import log
from chalicelib.payments import table
from chalicelib.payments import unresolved_index as unresolved_table
from chalicelib.payments.payment import Payment
from chalicelib.payments.resolve import Resolution, SendRefill, resolve
from chalicelib.reversals import table as reversal_table
from chalicelib.reversals.resolve import look_again
from chalicelib.webhooks import receive as webhook
from chalicelib.webhooks import table as webhook_table

A_SHARD: Final = 25
"""Payments taken of each shard in one run: 200 in all, which Stripe's 25 calls a second take in well under a minute."""

BUDGET_SECONDS: Final = 75
"""When a run begins no further payment: a look and a charge that both time out end within its 120 seconds. The rest is
still due in five minutes."""


MOST_COUNTED: Final = 100
"""Parked webhooks and payments counted at most: more do not make it more urgent."""

WEBHOOKS_PARKED: Final = "webhooks are parked; somebody has to look at them"
PAYMENTS_PARKED: Final = "payments that brought nothing are parked; refund or keep them"
"""What the log says, and an alarm listens for, until somebody has looked."""


class Swept(msgspec.Struct):
    """What one run came to: what was looked at, and how much of it ended, still waits, or met a bug.

    `webhooks_parked` and `payments_parked` count what waits for somebody to look at it.
    """

    looked_at: int = 0
    ended: int = 0
    unresolved: int = 0
    failed: int = 0
    webhooks_parked: int = 0
    payments_parked: int = 0


class Due(msgspec.Struct, frozen=True):
    """What is due, by its names, and how to look at it: that returns whether it has ended."""

    about: dict[str, str]
    look: Callable[[], bool]


class SweepIncomplete(Exception):
    """Some could not be looked at for a reason that is a bug; all others were."""

    def __init__(self, swept: Swept) -> None:
        super().__init__(f"{swept.failed} of {swept.looked_at} could not be swept; see the log")
        self.swept = swept


def sweep(now_ms: int, *, send_refill: SendRefill = Resolution) -> Swept:
    """Resolve what is due. Each that stays unresolved is looked at later, and ever later.

    `send_refill` sends the refills of auto-pay that Stripe does not have. One's bug holds up no other. Raises
    SweepIncomplete at the end, if there was any.
    """
    swept = Swept()
    failures = each(
        within(BUDGET_SECONDS, _due(now_ms, send_refill)),
        lambda due: _sweep(due, swept),
        message="one could not be swept",
        about=lambda due: due.about,
    )
    swept.failed = len(failures)
    swept.webhooks_parked = webhook_table.count_parked(MOST_COUNTED)
    swept.payments_parked = unresolved_table.count_parked(MOST_COUNTED)
    log().info("payments swept", **msgspec.to_builtins(swept))
    if swept.webhooks_parked:
        log().error(WEBHOOKS_PARKED, count=swept.webhooks_parked)
    if swept.payments_parked:
        log().error(PAYMENTS_PARKED, count=swept.payments_parked)
    if failures:
        raise SweepIncomplete(swept)
    return swept


def _due(now_ms: int, send_refill: SendRefill) -> Iterator[Due]:
    for account_id, payment_id in unresolved_table.due(now_ms, A_SHARD):
        about = {"account_id": account_id, "payment_id": payment_id}
        yield Due(about, partial(sweep_one, account_id, payment_id, send_refill=send_refill))
    for account_id, reversal_key in reversal_table.due(now_ms, A_SHARD):
        about = {"account_id": account_id, "reversal_key": reversal_key}
        yield Due(about, partial(_sweep_reversal, account_id, reversal_key))
    for event_id in webhook_table.unfinished(now_ms, A_SHARD):
        yield Due({"event_id": event_id}, partial(_finish_webhook, event_id))


def _sweep(due: Due, swept: Swept) -> None:
    swept.looked_at += 1
    ended = due.look()
    swept.ended += ended
    swept.unresolved += not ended


def _sweep_reversal(account_id: str, reversal_key: str) -> bool:
    return look_again(reversal_table.due_of(account_id, reversal_key))


def _finish_webhook(event_id: str) -> bool:
    webhook.replay(event_id)
    return True


def sweep_one(account_id: str, payment_id: str, *, send_refill: SendRefill = Resolution) -> bool:
    """Resolve one payment, and tell whether nothing more can come of it. Raises PaymentMismatch, PaymentBusy."""
    payment = table.get(account_id, payment_id)
    if payment.is_final:
        return True  # the index was a moment behind
    # Noted first: a payment that kills the function must not be the first one of every run.
    return resolve(table.change(payment, _looked_at), send_refill=send_refill).payment.is_final


def _looked_at(payment: Payment) -> Payment:
    return payment if payment.is_final else replace(payment, checks=payment.checks + 1)
