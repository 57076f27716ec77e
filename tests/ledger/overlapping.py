"""Batches of postings that overlap, and posting them as the queue would."""

from collections.abc import Callable
from random import Random

from chalicelib.ledger.post import LedgerBusy, post
from chalicelib.ledger.posting import Posting
from tests.build import pair

EVENTS = 400


Make = Callable[[int], Posting]


def overlapping_batches(make: Make, seed: int) -> list[list[Posting]]:
    """Return batches that together send each event three times, in an order of their own."""
    random = Random(seed)
    sent = [make(number) for number in range(EVENTS)] * 3
    random.shuffle(sent)
    return [sent[start : start + 25] for start in range(0, len(sent), 25)]


def post_until_posted(batch: list[Posting]) -> int:
    """Post as the queue would have it posted: again what the ledger was too busy for. Return how many were new."""
    posted = 0
    while batch:
        result = post(batch)
        assert not result.conflicts
        assert [refused.error for refused in result.refused if not isinstance(refused.error, LedgerBusy)] == []
        posted += len(result.posted)
        batch = [refused.posting for refused in result.refused]
    return posted


def pairs_of(clients: list[str], workspace: str) -> Make:
    """Return what makes postings of clients who share a workspace, in turn."""
    return lambda number: pair(number, clients[number % len(clients)], workspace)
