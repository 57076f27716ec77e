"""Follow up: see that everybody has heard of a payment that has succeeded, or was refunded or disputed since.

They hear of it by streams and events (`follow_payments`, `issue_invoices`, `issue_credit_notes`). Should those be lost,
this comes half an hour later, by an index of what has changed, and does the same: each of it is safe to repeat.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from chalicelib import clock
from chalicelib.auto_pay.evaluate import evaluate_account
from chalicelib.batches import each, within
from chalicelib.catalog.catalog import Catalog
from chalicelib.invoices.credit import issue_credit_notes
from chalicelib.invoices.issue import issue
from chalicelib.log import log
from chalicelib.payments import follow_up_index as follow_ups
from chalicelib.payments import table as payments
from chalicelib.payments.payment import Payment
from chalicelib.subscriptions.advance import advance_subscription

A_SHARD: Final = 100
"""Payments taken of each shard in one run: 800 in all, at some 50 ms each."""

BUDGET_SECONDS: Final = 90
"""When a run begins no further payment; the next one begins within five minutes."""

AGAIN_MS: Final = 60 * 60 * 1000
"""When a payment is due again that could not be followed."""

Step = Callable[[Payment, Catalog], object]


class FollowedUp(msgspec.Struct):
    """What one run came to: payments that were followed, and those that met a bug."""

    followed: int = 0
    failed: int = 0


class FollowUpIncomplete(Exception):
    """Some payments could not be followed; all others were."""

    def __init__(self, result: FollowedUp) -> None:
        super().__init__(f"{result.failed} payments could not be followed; see the log")
        self.result = result


class StepsFailed(Exception):
    """Some of those who follow a payment have failed; the others have done their part."""


def follow_up(catalog: Catalog) -> FollowedUp:
    """Follow the payments that are due. Raises FollowUpIncomplete at the end, if any of them met a bug."""
    result, now_ms = FollowedUp(), clock.now_ms()
    again_at_ms = now_ms + AGAIN_MS

    def handle(due: tuple[str, str, int]) -> None:
        # Put off first: a payment that kills the function must not be the first one of every run.
        account_id, payment_id, due_at_ms = due
        if follow_ups.claim(account_id, payment_id, due_at_ms, again_at_ms=again_at_ms):
            _follow(payments.get(account_id, payment_id), catalog)
            follow_ups.done(account_id, payment_id, again_at_ms=again_at_ms)
            result.followed += 1

    failures = each(
        within(BUDGET_SECONDS, follow_ups.due(now_ms, A_SHARD)),
        handle,
        message="a payment could not be followed",
        about=lambda due: {"account_id": due[0], "payment_id": due[1]},
    )
    result.failed = len(failures)
    if result.followed or failures:
        log().info("payments followed up", **msgspec.to_builtins(result))
    if failures:
        raise FollowUpIncomplete(result)
    return result


def _follow(payment: Payment, catalog: Catalog) -> None:
    failures = each(
        STEPS.items(),
        lambda named: named[1](payment, catalog),
        message="a step in following a payment failed",
        about=lambda named: {"account_id": payment.account_id, "payment_id": payment.payment_id, "step": named[0]},
    )
    if failures:
        raise StepsFailed(", ".join(failure.item[0] for failure in failures))


def _refill(payment: Payment, catalog: Catalog) -> None:
    evaluate_account(payment.account_id, catalog)


def _subscribe(payment: Payment, catalog: Catalog) -> None:
    if payment.kind == "subscription":
        advance_subscription(payment.account_id, catalog, payment_id=payment.payment_id)


STEPS: Final[dict[str, Step]] = {
    "auto-pay": _refill,
    "subscription": _subscribe,
    "invoice": issue,
    "credit notes": issue_credit_notes,
}
"""In the order in which they are taken; a failure of one stops no other."""
