"""The nightly verification: verify the wallets that have changed, each independently, as far as time allows.

What was verified stays verified (see `ledger.verify_new_pages`), so a night reads what is new; every 28 days a wallet
is read from its first page.
"""

from collections.abc import Container, Iterator
from itertools import chain, islice, takewhile
from typing import Final

from msgspec.structs import replace

from chalicelib import clock, metrics
from chalicelib.batches import each
from chalicelib.checks import findings_table, table
from chalicelib.checks.finding import WALLET, wallet_finding
from chalicelib.checks.row_check import RowCheck
from chalicelib.checks.wallet_check import WalletCheck, is_due, is_whole_due
from chalicelib.clock import DAY_MS, Deadline
from chalicelib.ledger.table import read_wallet, scan_heads
from chalicelib.ledger.verify import StillMoving, Verification, verify
from chalicelib.ledger.verify_new_pages import verified_of, verify_new_pages
from chalicelib.log import log
from chalicelib.runs import Run, end_run

BUDGET_SECONDS: Final = 600
"""After this time, a run starts no further account, and reads none again. A whole one takes three and a half minutes at
most (see `WHOLE_MOST`); the function has 900 s."""

BATCH: Final = 100
"""Accounts whose checks are read in one call."""

FAILED: Final = "a wallet could not be verified"
DOES_NOT_AGREE: Final = "a wallet does not agree with its pages"


class VerifyRun(Run):
    """The result of a run. `differences` are the wallets that do not agree, `found` those that did before.

    The next run goes on with `unfinished` wallets and those that were not reached.
    """

    wallets: int = 0
    pages: int = 0
    whole: int = 0
    differences: int = 0
    found: int = 0
    resolved: int = 0
    unfinished: int = 0


def verify_wallets(deadline: Deadline | None = None) -> VerifyRun:
    """Verify the wallets that are due and were not verified today. Raises RunIncomplete if any could not be read.

    A wallet is taken before it is verified, so that one that crashes the function does so only once a day. A wallet
    that does not agree is a result, not a failure.
    """
    run, day, night = VerifyRun(), clock.day_of(clock.now_ms()), table.read_night()
    if night.done_day == day:
        return run
    deadline = deadline or Deadline(BUDGET_SECONDS)
    reached: str | None = None

    def verify_one(check: WalletCheck) -> None:
        nonlocal reached
        reached = check.account_id
        _verify_due(check, run, differing, deadline)

    differing = {account_id for account_id, found in findings_table.open_keys(clock.now_ms()) if found == WALLET}
    failures = each(
        takewhile(lambda _: not deadline.is_over, _due_wallets(night.reached)),
        verify_one,
        message=FAILED,
        about=lambda check: {"account_id": check.account_id},
    )
    if not deadline.is_over and not run.unfinished:
        table.write_night_done(day)
    elif reached:
        table.write_reached(reached)
    metrics.count("verify_differences", run.differences)
    metrics.count("verify_failures", len(failures))
    return end_run(run, failures, summary="wallets verified")


def _due_wallets(after: str | None) -> Iterator[WalletCheck]:
    """Yield the wallets that are due, from the one behind `after` to the last, then from the first.

    A run begins where the one before ran out of time. If a night is too short for all, the next one goes on with the
    rest: otherwise the last wallets of the table would never be verified.
    """
    heads = chain(scan_heads(after), scan_heads() if after else ())
    while batch := dict(islice(heads, BATCH)):
        checks = table.read_wallet_checks(batch)
        now_ms = clock.now_ms()
        yield from (
            checks[account_id] for account_id, head in batch.items() if is_due(checks[account_id], head, now_ms)
        )


def _verify_due(check: WalletCheck, run: VerifyRun, differing: Container[str], deadline: Deadline) -> None:
    now_ms = clock.now_ms()
    if not table.take(check.account_id, table.WALLET, now_ms, not_since_ms=now_ms - now_ms % DAY_MS):
        return
    run.wallets += 1
    head = read_wallet(check.account_id)
    found = _verified_whole(check, run, deadline) if is_whole_due(check, head.sequence, now_ms) else None
    is_finished = True
    if found is None:
        found, is_finished = _verified_new(check, run, deadline)
    record(found, run, is_finished=is_finished, may_differ=check.account_id in differing)


def _verified_whole(check: WalletCheck, run: VerifyRun, deadline: Deadline) -> WalletCheck | None:
    """Verify a wallet from its first page; None if it changed during each read: then its new pages are verified."""
    try:
        verification = verify_whole(check.account_id, deadline=deadline)
    except StillMoving:
        log().warning("a wallet changed while it was verified", account_id=check.account_id)
        return None
    run.whole += 1
    run.pages += verification.pages
    return whole_check(verification, check)


def verify_whole(
    account_id: str, among: frozenset[str] = frozenset(), deadline: Deadline | None = None
) -> Verification:
    """Verify a wallet from its first page, also against its rows. Raises StillMoving, WalletNotFound."""
    return verify(account_id, among, RowCheck(account_id).difference, deadline=deadline)


def whole_check(verification: Verification, before: WalletCheck) -> WalletCheck:
    """Return the check of a wallet that was verified whole. With a difference, what was verified before stays."""
    now_ms = clock.now_ms()
    if verification.difference:
        return replace(before, checked_at_ms=now_ms, difference=verification.difference, found_whole=True)
    return WalletCheck(before.account_id, verified_of(verification.wallet), now_ms, now_ms)


def _verified_new(check: WalletCheck, run: VerifyRun, deadline: Deadline) -> tuple[WalletCheck, bool]:
    rows = RowCheck(check.account_id)
    found = verify_new_pages(check.account_id, check.verified, rows.difference, deadline)
    run.pages += found.pages
    run.unfinished += not found.is_finished
    now_ms = clock.now_ms()
    is_over = found.is_finished or found.difference is not None
    difference = found.difference or (check.difference if check.found_whole or not is_over else None)
    checked_at_ms = now_ms if is_over else check.checked_at_ms
    return replace(check, verified=found.verified, checked_at_ms=checked_at_ms, difference=difference), is_over


def record(check: WalletCheck, run: VerifyRun, *, is_finished: bool = True, may_differ: bool = True) -> None:
    """Store the result of a verification: first its difference, last how far it came, so that a cut loses neither.

    `may_differ` is false if no difference of the wallet is open: then there is none to resolve.
    """
    if check.difference:
        run.differences += 1
        log().error(DOES_NOT_AGREE, account_id=check.account_id, difference=check.difference)
        run.found += findings_table.keep(wallet_finding(check.account_id, check.difference, clock.now_ms()))
    elif is_finished and may_differ:
        run.resolved += findings_table.resolve(check.account_id, WALLET, clock.now_ms())
    table.write_wallet_check(check, is_finished=is_finished)
