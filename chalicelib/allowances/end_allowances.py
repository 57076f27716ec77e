"""End the allowances of months that are over: debit what was not used of each, once."""

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from chalicelib import clock
from chalicelib.allowances import table
from chalicelib.allowances.allowance import Allowance, credit_of, debit_of_unused, unused_of
from chalicelib.allowances.open_allowances import note_credited
from chalicelib.batches import each, within
from chalicelib.clock import month_of, parse_iso
from chalicelib.ledger.post import post_one
from chalicelib.ledger.table import read_days
from chalicelib.runs import Run, end_run

PER_SHARD: Final = 1_000
BUDGET_SECONDS: Final = 240
"""After this time a run starts no further allowance; the next run starts within the hour."""

RETRY_AFTER_MS: Final = 30 * 60 * 1000
"""When an allowance that could not be ended is due again."""


class EndRun(Run):
    """How many allowances a run ended."""

    ended: int = 0


def end_due_allowances() -> EndRun:
    """End the allowances that are due now. Raises RunIncomplete at the end if one of them failed."""
    run, now_ms = EndRun(), clock.now_ms()

    def end(due: tuple[str, str, int]) -> None:
        account_id, month, due_at_ms = due
        if table.claim(account_id, month, due_at_ms, again_at_ms=now_ms + RETRY_AFTER_MS):
            end_allowance(account_id, month)
            run.ended += 1

    failures = each(
        within(BUDGET_SECONDS, table.due(now_ms, PER_SHARD)),
        end,
        message="an allowance could not be ended",
        about=lambda due: {"account_id": due[0], "month": due[1]},
    )
    return end_run(run, failures, summary="allowances ended")


def end_allowance(account_id: str, month: str) -> Allowance:
    """Debit what was not used of a month's allowance, and return the allowance as it then is. Safe to repeat.

    The credit is posted first, if it was not: usage that opened an allowance has a right to it. What was not used is
    written down before it is debited, so a repeat posts the same.
    """
    allowance = table.get(account_id, month)
    if allowance.state == "opened":
        post_one(credit_of(allowance))
    if allowance.unused_micros is None:
        unused_micros = unused_of(allowance, _used_micros(account_id, month))
        allowance = _advance(allowance, replace(allowance, state="ending", unused_micros=unused_micros))
    if allowance.state == "ending":
        debit = debit_of_unused(allowance)
        if debit:
            post_one(debit)
        allowance = _advance(allowance, replace(allowance, state="ended"))
    return allowance


def end_open_allowances(account_id: str, now_ms: int) -> None:
    """End a client's allowances that were open at a time, before their months are over. Safe to repeat."""
    for allowance in _open_at(account_id, now_ms):
        end_allowance(account_id, allowance.month)


def unused_allowances(account_id: str, now_ms: int) -> int:
    """Return what a client's balance has of allowances that have not ended, in micros: it is debited when they end.

    An allowance whose credit or end may have been posted, or not, is posted first. It is exact if the wallet does not
    change meanwhile.
    """
    return sum(map(_unused_micros, _open_at(account_id, now_ms)))


def _open_at(account_id: str, time_ms: int) -> Iterable[Allowance]:
    """Return a client's allowances of a time's month, and of the month before, which may not have ended by then."""
    month = month_of(time_ms)
    before = month_of(parse_iso(f"{month}-01T00:00:00.000Z") - 1)
    return table.find_many([(account_id, before), (account_id, month)]).values()


def _unused_micros(allowance: Allowance) -> int:
    if allowance.state in {"ending", "ended"}:
        end_allowance(allowance.account_id, allowance.month)
        return 0
    if not allowance.is_credited:
        post_one(credit_of(allowance))
        note_credited([allowance])
    return unused_of(allowance, _used_micros(allowance.account_id, allowance.month))


def _advance(allowance: Allowance, wanted: Allowance) -> Allowance:
    """Write the next state, and return the allowance as it then is: it may have been advanced by another function."""
    return wanted if table.advance(allowance, wanted) else table.get(allowance.account_id, allowance.month)


def _used_micros(account_id: str, month: str) -> int:
    """Return what a client paid for its usage in a month."""
    days = read_days(account_id, f"{month}-01", f"{month}-31")
    return sum(usage.amount_micros for meters in days.values() for usage in meters.values())
