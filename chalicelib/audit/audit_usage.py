"""The nightly audit: audit the accounts with new pages, each independently, as far as time allows."""

from collections.abc import Iterator
from itertools import islice, takewhile
from typing import Final

from chalicelib import clock
from chalicelib.audit import table
from chalicelib.audit.audit_account import AccountAudit
from chalicelib.audit.table import AccountProgress
from chalicelib.batches import each
from chalicelib.catalog.catalog import Catalog
from chalicelib.clock import Deadline
from chalicelib.ledger.daily_usage import DAY_MS
from chalicelib.ledger.table import scan_sequences
from chalicelib.runs import Run, end_run

BUDGET_SECONDS: Final = 600
"""After this time, a run starts no further chunk. A chunk takes seconds, at worst minutes; the function has 900 s."""

BATCH: Final = 100
"""Accounts whose progress is read in one call."""


class AuditRun(Run):
    """The result of a run. The next run audits `unfinished` accounts and those that were not reached."""

    accounts: int = 0
    events: int = 0
    repeats: int = 0
    unfinished: int = 0


def audit_usage(catalog: Catalog, deadline: Deadline | None = None) -> AuditRun:
    """Audit the accounts that have new pages and were not audited today. Raises RunIncomplete if any failed.

    An account is marked as audited today before the audit, so that one that crashes the function does so only once a
    day, and so that no two runs audit it concurrently. The mark is removed if the audit was not finished in time.
    """
    audit = AuditRun()
    deadline = deadline or Deadline(BUDGET_SECONDS)
    failures = each(
        takewhile(lambda _: not deadline.is_over, _accounts_with_new_pages()),
        lambda account_id: _audit_account(account_id, catalog, deadline, audit),
        message="an account could not be audited",
        about=lambda account_id: {"account_id": account_id},
    )
    return end_run(audit, failures, summary="usage audited")


def _accounts_with_new_pages() -> Iterator[str]:
    """Yield the accounts whose wallets have changed since their last audit."""
    wallets = scan_sequences()
    while batch := dict(islice(wallets, BATCH)):
        progress = table.read_accounts(batch)
        for account_id, sequence in batch.items():
            if sequence is None or sequence > progress.get(account_id, AccountProgress()).sequence:
                yield account_id


def _audit_account(account_id: str, catalog: Catalog, deadline: Deadline, audit: AuditRun) -> None:
    now_ms = clock.now_ms()
    if not table.take(account_id, now_ms, not_since_ms=_midnight(now_ms)):
        return
    audit.accounts += 1
    of_account = AccountAudit(account_id, gives_back=catalog.usage.give_back_repeats, deadline=deadline)
    if not of_account.run():
        table.put_back(account_id)
        audit.unfinished += 1
    audit.events += of_account.events
    audit.repeats += of_account.repeats


def _midnight(now_ms: int) -> int:
    return now_ms - now_ms % DAY_MS
