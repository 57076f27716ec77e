"""Plan a commit: what of a batch is new, what was posted before, what conflicts, and the pages to add. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from chalicelib.errors import Refusal
from chalicelib.ledger import page as pages
from chalicelib.ledger.daily_usage import DAY_MS, Days, totals
from chalicelib.ledger.page import Page
from chalicelib.ledger.transaction import Entry
from chalicelib.ledger.wallet import Wallet

MAXIMUM_ITEMS: Final = 100
"""Items in one transaction (Amazon DynamoDB API Reference, TransactWriteItems)."""

MAXIMUM_BYTES: Final = 3_500_000
"""Bytes of bodies in one commit; a transaction takes 4 MB with everything around them (the same page)."""


class EventConflict(Refusal):
    """The same source and id was posted with other content. Nothing is posted."""

    status = 409
    type = "event-conflict"
    title = "The event was sent before with other content"

    def __init__(self, account_id: str, entry: Entry) -> None:
        super().__init__(
            f"event {entry.event_id!r} of {entry.source!r} was posted to {account_id!r} before with other content",
            account_id=account_id,
            event_id=entry.event_id,
            source=entry.source,
        )


class Sorted(msgspec.Struct, frozen=True):
    """A batch for one wallet, told apart: new entries in posting order, entries posted before, and conflicts."""

    fresh: list[Entry]
    repeats: list[Entry]
    conflicts: list[Entry]

    def without_fresh(self) -> "Sorted":
        """Return the repeats and conflicts alone."""
        return Sorted([], self.repeats, self.conflicts)

    def joined(self, other: "Sorted") -> "Sorted":
        """Return both together."""
        return Sorted(self.fresh + other.fresh, self.repeats + other.repeats, self.conflicts + other.conflicts)


class WalletPlan(msgspec.Struct, frozen=True):
    """What one wallet gets in a commit. `wallet` is as it was read: the write holds only if it still is."""

    wallet: Wallet
    pages: list[Page]
    days: Days

    @property
    def items(self) -> int:
        """Return how many items of a DynamoDB transaction the plan takes."""
        return 1 + len(self.pages) + len(self.days) if self.pages else 0


def sort_out(entries: Sequence[Entry], overlapping: Iterable[Page]) -> Sorted:
    """Tell new entries from repeats and conflicts, among themselves and against the pages their time may be on."""
    first_of: dict[tuple[str, str], Entry] = {}
    repeats: list[Entry] = []
    conflicts: list[Entry] = []
    for entry in entries:
        first = first_of.get(entry.identity)
        if first is None:
            first_of[entry.identity] = entry
        else:
            (repeats if first.content == entry.content else conflicts).append(entry)
    for page in overlapping:
        for posted in _posted(page, first_of):
            entry = first_of.pop(posted.identity)
            (repeats if posted.content == entry.content else conflicts).append(entry)
    return Sorted(fresh=pages.in_order(list(first_of.values())), repeats=repeats, conflicts=conflicts)


def _posted(page: Page, wanted: Mapping[tuple[str, str], Entry]) -> list[Entry]:
    """Return the page's entries whose identity is wanted; a page with none of them is not taken apart."""
    body = pages.decode_body(page)
    identities = list(zip(pages.column(body, "source"), pages.column(body, "event_id"), strict=True))
    if wanted.keys().isdisjoint(identities):
        return []
    return [entry for entry in pages.entries_of(body) if entry.identity in wanted]


def plan(wallet: Wallet, fresh: Sequence[Entry], posted_at_ms: int) -> WalletPlan:
    """Build what appends `fresh` to `wallet`."""
    return WalletPlan(wallet, pages.build(wallet, fresh, posted_at_ms), totals(fresh))


def fits(plans: Iterable[WalletPlan]) -> bool:
    """Tell whether the plans fit into one DynamoDB transaction."""
    plans = list(plans)
    size = sum(len(page.body) for each in plans for page in each.pages)
    return sum(each.items for each in plans) <= MAXIMUM_ITEMS and size <= MAXIMUM_BYTES


def may_fit(batch: Mapping[str, Sequence[Entry]]) -> bool:
    """Tell, before anything is read, whether a batch may fit into one transaction by the number of its items.

    Two pages that had to be parted never begin in the same five minutes, so those are counted. A batch of a single
    moment may fit: it cannot be parted by time.
    """
    items = 0
    moments: set[int] = set()
    for entries in batch.values():
        times = {entry.occurred_at_ms for entry in entries}
        items += 1 + len({time // pages.SPAN_MS for time in times}) + len({time // DAY_MS for time in times})
        moments |= times
    return items <= MAXIMUM_ITEMS or len(moments) == 1


def halves(batch: Mapping[str, Sequence[Entry]]) -> tuple[dict[str, list[Entry]], dict[str, list[Entry]]]:
    """Split a batch that does not fit, by time, source and id: entries of one event stay together in every wallet."""
    keys = sorted({_event_key(entry) for entries in batch.values() for entry in entries})
    middle = keys[len(keys) // 2]
    lower = {account: [entry for entry in entries if _event_key(entry) < middle] for account, entries in batch.items()}
    upper = {account: [entry for entry in entries if _event_key(entry) >= middle] for account, entries in batch.items()}
    return _filled(lower), _filled(upper)


def _filled(batch: dict[str, list[Entry]]) -> dict[str, list[Entry]]:
    return {account: entries for account, entries in batch.items() if entries}


def _event_key(entry: Entry) -> tuple[int, str, str]:
    return entry.occurred_at_ms, entry.source, entry.event_id


def windows(entries: Iterable[Entry]) -> list[tuple[int, int]]:
    """Return the ranges of page time (ms, both ends included) in which pages can hold these entries' times.

    An entry of time t is on a page whose latest time is between t and t plus five minutes, so a batch that mixes old
    and new events reads only around each of them, never what lies between.
    """
    ranges: list[tuple[int, int]] = []
    for moment in sorted({entry.occurred_at_ms for entry in entries}):
        if ranges and moment <= ranges[-1][1]:
            ranges[-1] = (ranges[-1][0], moment + pages.SPAN_MS)
        else:
            ranges.append((moment, moment + pages.SPAN_MS))
    return ranges
