"""Follow up payments that have succeeded, or were refunded or disputed since: repeat the steps that depend on them.

Normally, streams and queues trigger these steps (`follow_payments`, `issue_invoices`, `issue_credit_notes`). In case
one of their messages is lost, this module repeats them half an hour later, from an index of changed payments. Each
step is safe to repeat.
"""

from collections.abc import Callable
from typing import Final

from chalicelib import clock
from chalicelib.auto_pay.evaluate import evaluate_account
from chalicelib.batches import each, within
from chalicelib.catalog.catalog import Catalog
from chalicelib.invoices.issue import issue
from chalicelib.invoices.issue_credit_note import issue_credit_notes
from chalicelib.payments import follow_up_index
from chalicelib.payments import table as payments
from chalicelib.payments.payment import Payment
from chalicelib.runs import Run, end_run
from chalicelib.subscriptions.advance import advance_subscription

PER_SHARD: Final = 100
"""The most payments of one shard in one run: 800 in all, at about 50 ms each."""

BUDGET_SECONDS: Final = 90
"""After this time a run starts no further payment; the next run starts within five minutes."""

RETRY_AFTER_MS: Final = 60 * 60 * 1000
"""When a payment that could not be followed up is due again."""

Step = Callable[[Payment, Catalog], object]


class FollowUpRun(Run):
    """How many payments a run followed up."""

    followed: int = 0


class StepsFailed(Exception):
    """Some steps of a payment have failed; the others are done."""


def follow_up(catalog: Catalog) -> FollowUpRun:
    """Follow up the payments that are due. Raises RunIncomplete at the end if one of them failed."""
    run, now_ms = FollowUpRun(), clock.now_ms()
    again_at_ms = now_ms + RETRY_AFTER_MS

    def handle(due: tuple[str, str, int]) -> None:
        # Postpone the payment first: one that crashes the function must not be the first of every run.
        account_id, payment_id, due_at_ms = due
        if follow_up_index.claim(account_id, payment_id, due_at_ms, again_at_ms=again_at_ms):
            _run_steps(payments.get(account_id, payment_id), catalog)
            follow_up_index.done(account_id, payment_id, again_at_ms=again_at_ms)
            run.followed += 1

    failures = each(
        within(BUDGET_SECONDS, follow_up_index.due(now_ms, PER_SHARD)),
        handle,
        message="a payment could not be followed up",
        about=lambda due: {"account_id": due[0], "payment_id": due[1]},
    )
    return end_run(run, failures, summary="payments followed up")


def _run_steps(payment: Payment, catalog: Catalog) -> None:
    failures = each(
        STEPS.items(),
        lambda named: named[1](payment, catalog),
        message="a step of following up a payment failed",
        about=lambda named: {"account_id": payment.account_id, "payment_id": payment.payment_id, "step": named[0]},
    )
    if failures:
        raise StepsFailed(", ".join(failure.item[0] for failure in failures))


def _evaluate_auto_pay(payment: Payment, catalog: Catalog) -> None:
    evaluate_account(payment.account_id, catalog)


def _advance_subscription(payment: Payment, catalog: Catalog) -> None:
    if payment.kind == "subscription":
        advance_subscription(payment.account_id, catalog, payment_id=payment.payment_id)


STEPS: Final[dict[str, Step]] = {
    "auto-pay": _evaluate_auto_pay,
    "subscription": _advance_subscription,
    "invoice": issue,
    "credit notes": issue_credit_notes,
}
"""The steps, in this order. If one fails, the others still run."""
