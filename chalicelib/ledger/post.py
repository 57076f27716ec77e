"""Post entries: exactly once, for any set of accounts that must change together."""

import random
import time
from collections.abc import Mapping, Sequence
from typing import Final

from chalicelib import clock
from chalicelib.errors import Refusal
from chalicelib.ledger import commit, table
from chalicelib.ledger.commit import EventConflict, Sorted
from chalicelib.ledger.transaction import Entry
from chalicelib.ledger.wallet import Wallet

ATTEMPTS: Final = 20
"""Sixteen functions posting to one wallet at once need up to sixteen turns."""

FIRST_PAUSE_SECONDS: Final = 0.02
LONGEST_PAUSE_SECONDS: Final = 0.5

Batch = Mapping[str, Sequence[Entry]]
"""Entries by account."""


class LedgerBusy(Refusal):
    """Too many commits to the same wallet at once. Nothing was posted; the caller may simply try again."""

    status = 503
    type = "ledger-busy"
    title = "The wallet is being changed by others"

    @property
    def headers(self) -> dict[str, str]:
        """Ask the client to come back soon."""
        return {"Retry-After": "1"}


def post(batch: Batch, wallets: Mapping[str, Wallet] | None = None) -> dict[str, Sorted]:
    """Post a batch and return what became of it, by account: `fresh` was posted now, `repeats` had been before.

    All accounts of the batch change in one commit (in several when one cannot hold it; the entries of one event never
    part). `wallets` are heads that the caller has read just before, to save reading them again.

    Raises WalletNotFound, and LedgerBusy after too many lost races. A conflict is returned, not raised.
    """
    if not commit.may_fit(batch):
        return _joined(*map(post, commit.halves(batch)))
    for attempt in range(ATTEMPTS):
        if wallets is None:
            wallets = {account_id: table.read_wallet(account_id) for account_id in batch}
        # The wallet is read before the pages: whatever is committed in between moves its sequence, and the write fails.
        found = {account_id: _sort_out(account_id, entries) for account_id, entries in batch.items()}
        moment = clock.now_ms()
        plans = [
            commit.plan(wallets[account_id], each.fresh, moment) for account_id, each in found.items() if each.fresh
        ]
        if not commit.fits(plans):
            halves = commit.halves({account_id: each.fresh for account_id, each in found.items()})
            return _joined({account_id: each.without_fresh() for account_id, each in found.items()}, *map(post, halves))
        try:
            if plans:
                table.commit(plans)
        except table.LostRace:
            wallets = None
            pause(attempt)
        else:
            return found
    raise LedgerBusy(f"no turn came in {ATTEMPTS} attempts; nothing was posted, send it again")


def post_one(account_id: str, entry: Entry) -> bool:
    """Post a single entry; tell whether it is new. Raises EventConflict, WalletNotFound, LedgerBusy."""
    outcome = post({account_id: [entry]})[account_id]
    if outcome.conflicts:
        raise EventConflict(account_id, entry)
    return bool(outcome.fresh)


def _sort_out(account_id: str, entries: Sequence[Entry]) -> Sorted:
    pages = (page for window in commit.windows(entries) for page in table.read_pages(account_id, *window))
    return commit.sort_out(entries, pages)


def _joined(*outcomes: Mapping[str, Sorted]) -> dict[str, Sorted]:
    """Add up the outcomes of the parts of a batch."""
    total: dict[str, Sorted] = {}
    for outcome in outcomes:
        for account_id, each in outcome.items():
            total[account_id] = total[account_id].joined(each) if account_id in total else each
    return total


def pause(attempt: int) -> None:
    """Wait a random while that grows with the attempts, so that those who collide come apart."""
    time.sleep(random.uniform(0, min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**attempt)))  # noqa: S311
