"""Post the settlements of clients' balances that two workspaces agreed on, each once."""

from typing import Final

from msgspec.structs import replace

from chalicelib import clock
from chalicelib.allowances.end_allowances import end_open_allowances
from chalicelib.batches import each, within
from chalicelib.ledger.post import post_one
from chalicelib.moves import table
from chalicelib.moves.move import Move, settlement_of
from chalicelib.runs import Run, end_run

PER_SHARD: Final = 1_000
BUDGET_SECONDS: Final = 240
"""After this time a run starts no further settlement; the next run starts within the hour."""

RETRY_AFTER_MS: Final = 30 * 60 * 1000
"""When a settlement that could not be posted is due again."""


class SettleRun(Run):
    """How many settlements a run posted."""

    settled: int = 0


def settle(move: Move) -> Move:
    """Bring the wallet of an accepted move to zero, unless that is done; return the move. Safe to repeat.

    What is unused of the former workspace's allowances is debited as such, and the rest is settled.
    """
    if not move.waits_for_settlement:
        return move
    if move.settle_micros:
        post_one(settlement_of(move))
    end_open_allowances(move.account_id, move.answered_at_ms)
    settled = replace(move, is_settled=True, version=move.version + 1)
    return settled if table.write(settled, over=move) else table.find(move.account_id) or settled


def settle_due_moves() -> SettleRun:
    """Post the settlements that are due now. Raises RunIncomplete at the end if one of them failed."""
    run, now_ms = SettleRun(), clock.now_ms()

    def settle_due(due: tuple[str, int]) -> None:
        account_id, due_at_ms = due
        # Postpone it first: one that cannot be read must not be the first of every run.
        if table.claim(account_id, due_at_ms, again_at_ms=now_ms + RETRY_AFTER_MS):
            settle(table.get(account_id))
            run.settled += 1

    failures = each(
        within(BUDGET_SECONDS, table.due(now_ms, PER_SHARD)),
        settle_due,
        message="a move could not be settled",
        about=lambda due: {"account_id": due[0]},
    )
    return end_run(run, failures, summary="moves settled")
