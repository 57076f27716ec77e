"""The daily reconciliation: compare each Stripe account with our rows and the ledger, step by step, as time allows.

A step is a day's payments, refunds or disputes of one Stripe account, and is done in batches. How far it came is
written after each batch, so the next run goes on there; a batch that is cut off is compared again.
"""

from functools import partial
from typing import Final

from chalicelib import clock, metrics
from chalicelib.batches import each
from chalicelib.checks import findings_table, table
from chalicelib.checks.at_stripe import SECOND_MS, list_batch
from chalicelib.checks.compare_batch import Batch, Compared, compare_batch
from chalicelib.checks.finding import Finding, account_at
from chalicelib.checks.plan import Step, after, in_turn, next_step
from chalicelib.checks.recheck import Keep, confirmed, recheck
from chalicelib.clock import Deadline, day_of
from chalicelib.connection.table import connected_stripe_accounts
from chalicelib.log import log
from chalicelib.payments import day_index as payments
from chalicelib.reversals import day_index as reversals
from chalicelib.runs import Run, end_run
from chalicelib.stripe_api.errors import StripeUnavailable
from chalicelib.stripe_api.stripe_account import PLATFORM, StripeAccount
from chalicelib.stripe_api.stripe_day import OfDay

BUDGET_SECONDS: Final = 600
"""After this time, a run starts no further batch. A batch takes seconds, at worst minutes; the function has 900 s."""

BATCH: Final = 500
"""Objects of a batch, at least while there are so many: five calls to Stripe, and one for each that it did not list."""

LEASE_MS: Final = 20 * 60 * 1000
"""How long a run has a Stripe account to itself; a run that was cut off has put nothing back."""

FAILED: Final = "a Stripe account could not be reconciled"
DIFFERS: Final = "Stripe and our books differ"
LEFT_OUT: Final = "days so long ago are left to ops reconcile"


class ReconcileRun(Run):
    """The result of a run. `found` are new differences, `differences` all that it saw; the next run does the rest.

    `unread` counts connected Stripe accounts, and objects, that could not be read.
    """

    stripe_accounts: int = 0
    compared: int = 0
    differences: int = 0
    found: int = 0
    resolved: int = 0
    unread: int = 0
    unfinished: int = 0


def reconcile_payments(deadline: Deadline | None = None) -> ReconcileRun:
    """Reconcile the Stripe accounts that are not done today, and look again at what differed before today.

    Raises RunIncomplete if the platform's own Stripe account could not be read, or an account's rows could not. A
    difference is a result, not a failure.
    """
    run = ReconcileRun()
    deadline = deadline or Deadline(BUDGET_SECONDS)
    open_ids = set(findings_table.open_keys(clock.now_ms()))
    keep = partial(_keep, run=run, open_ids=open_ids)
    failures = each(
        [PLATFORM, *in_turn(connected_stripe_accounts(), clock.now_ms())],
        lambda stripe_account: _reconcile(stripe_account, run, keep, deadline),
        message=FAILED,
        about=lambda stripe_account: {"stripe_account": stripe_account.id},
    )
    rechecked = recheck(open_ids, keep, deadline)
    metrics.count("reconcile_differences", run.differences)
    metrics.count("reconcile_failures", len(failures) + len(rechecked) + run.unread)
    return end_run(run, [*failures, *rechecked], summary="Stripe reconciled")


def _keep(compared: Compared, run: ReconcileRun, open_ids: set[tuple[str, str]]) -> None:
    """Store what differs, and resolve what differed and agrees now."""
    compared = confirmed(compared, open_ids)
    run.differences += len(compared.findings)
    failures = each(
        compared.findings, partial(_store, run=run), message="a difference could not be stored", about=_about
    )
    run.unread += len(compared.unread) + len(failures)
    open_ids.update((finding.account_id, finding.finding_id) for finding in compared.findings)
    for key in set(compared.agreed) & open_ids:
        run.resolved += findings_table.resolve(*key, clock.now_ms())
        open_ids.discard(key)


def _store(finding: Finding, run: ReconcileRun) -> None:
    if findings_table.keep(finding):
        run.found += 1
        log().error(DIFFERS, **_about(finding))


def _about(finding: Finding) -> dict[str, object]:
    return {
        "account_id": finding.account_id,
        "kind": finding.kind,
        "problem": finding.problem,
        "id": finding.object_id,
        "payment_id": finding.payment_id,
        "stripe_account": finding.stripe_account,
    }


def _reconcile(stripe_account: StripeAccount, run: ReconcileRun, keep: Keep, deadline: Deadline) -> None:
    """Go on with a Stripe account, unless it is done today or another run has it."""
    now_ms = clock.now_ms()
    progress = table.read_stripe_check(stripe_account).progress
    key = account_at(stripe_account)
    if next_step(progress, now_ms) is None or deadline.is_over:
        return
    if not table.take(key, table.PAYMENTS, now_ms, not_since_ms=now_ms - LEASE_MS):
        return
    run.stripe_accounts += 1
    try:
        _take_steps(stripe_account, now_ms, run, keep, deadline)
    except StripeUnavailable as error:
        table.write_unread(stripe_account, error.reason)
        if stripe_account == PLATFORM:
            raise
        run.unread += 1
    finally:
        table.put_back(key, table.PAYMENTS)


def _take_steps(stripe_account: StripeAccount, now_ms: int, run: ReconcileRun, keep: Keep, deadline: Deadline) -> None:
    progress = table.read_stripe_check(stripe_account).progress
    while (planned := next_step(progress, now_ms)) is not None:
        if deadline.is_over:
            run.unfinished += 1
            return
        before, step = planned
        if progress.done_day and before.done_day != progress.done_day:
            days = {"after": progress.done_day, "through": before.done_day}
            log().warning(LEFT_OUT, stripe_account=stripe_account.id, **days)
        batch = _read_batch(stripe_account, step)
        run.compared += len(batch.bodies)
        keep(compare_batch(batch, clock.now_ms()))
        progress = after(before, step, batch.from_ms)
        table.write_progress(stripe_account, progress, clock.now_ms())


def _read_batch(stripe_account: StripeAccount, step: Step) -> Batch:
    """Read the newest of a step that is left, of both sides and for the same span."""
    listed = list_batch(step.kind, stripe_account, step.from_ms, step.until_ms, at_most=BATCH)
    limit, own = BATCH, _own_of(step, stripe_account, BATCH)
    while _second_after(own.from_ms) >= step.until_ms:  # more rows in one second than were read
        limit *= 2
        own = _own_of(step, stripe_account, limit)
    from_ms = max(step.from_ms, listed.from_ms, _second_after(own.from_ms))
    return Batch(
        step.kind,
        stripe_account,
        [body for body in listed.bodies if body["created"] * SECOND_MS >= from_ms],
        {key for at_ms, key in own.keys if at_ms >= from_ms},
        from_ms,
        step.until_ms,
    )


def _own_of(step: Step, stripe_account: StripeAccount, limit: int) -> OfDay:
    read = payments.newest_of_day if step.kind == "payment" else reversals.newest_of_day
    return read(stripe_account, day_of(step.from_ms), before_ms=step.until_ms, limit=limit)


def _second_after(moment_ms: int) -> int:
    return -(-moment_ms // SECOND_MS) * SECOND_MS
