"""The checks as tests run them: in a night, or on a day after, in the name of their functions (see `tests/rights`)."""

from datetime import timedelta

from chalicelib import clock
from chalicelib.checks import findings_table
from chalicelib.checks.finding import Finding
from chalicelib.checks.reconcile_payments import ReconcileRun, reconcile_payments
from chalicelib.checks.table import CheckRow
from chalicelib.checks.verify_wallets import VerifyRun, verify_wallets
from chalicelib.clock import Deadline
from chalicelib.log import log_context


def verify(night: int = 1, deadline: Deadline | None = None) -> VerifyRun:
    """Verify in the night after so many days."""
    with clock.moved_to(clock.now() + timedelta(days=night)), log_context(function="verify_wallets"):
        return verify_wallets(deadline)


def reconcile(day: int = 1, deadline: Deadline | None = None) -> ReconcileRun:
    """Reconcile so many days after."""
    with clock.moved_to(clock.now() + timedelta(days=day)), log_context(function="reconcile_payments"):
        return reconcile_payments(deadline)


def forget_what_was_reconciled() -> None:
    """Let each Stripe account be reconciled from today on: other tests have gone further."""
    for row in CheckRow.scan(CheckRow.check == "payments"):
        row.delete()


def open_differences(account_id: str) -> list[Finding]:
    """Return an account's open differences."""
    return [found for found in findings_table.of_account(account_id) if found.is_open]


def problems(account_id: str) -> list[tuple[str, str]]:
    """Return what an account's open differences are."""
    return [(found.kind, found.problem) for found in open_differences(account_id)]
