"""Read a wallet's history, strictly newest first by event time, and single transactions by their id."""

import heapq
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Final

import msgspec

from chalicelib.clock import iso
from chalicelib.cursor import InvalidCursor, read_base64, write_base64
from chalicelib.ledger import page_table
from chalicelib.ledger.page import SPAN_MS, Page
from chalicelib.ledger.posting import CREDIT
from chalicelib.ledger.read_page import transactions_of
from chalicelib.ledger.transaction import Transaction, UnknownTransaction, location_of
from chalicelib.typed import json_decoder

FIRST_READ: Final = 2
"""Pages in the first read of a statement: the newest page, and one that shows where the next begins."""

FIRST_EXAMINED: Final = 16
"""The same for a list of what is not usage: a payment is mostly posted alone, in a page of one transaction."""

LONGEST_READ: Final = 128
LARGE_BYTES: Final = 256 * 1024
"""Bytes of a read above which the next one is of no more pages: DynamoDB returns at most 1 MB with one call."""

WORK_BYTES: Final = 4 * 1024 * 1024
"""The most bytes of pages opened for one answer. With a narrow filter an answer ends there, with a cursor."""

BEYOND_ANY_KEY: Final = "~"


class Filter(msgspec.Struct, frozen=True):
    """Which transactions to show: `from_ms` included, `to_ms` excluded; None means any.

    A receipt matches its own meter and those of its lines. `client` selects the usage of one client in its workspace's
    wallet. `non_usage_only` selects transactions without a meter: credits, and debits such as refunds and adjustments.
    """

    type: str | None = None
    kind: str | None = None
    meter: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    non_usage_only: bool = False
    client: str | None = None

    def matches(self, transaction: Transaction) -> bool:
        """Tell whether a transaction is to be shown."""
        content = transaction.content
        return (
            (self.type is None or transaction.leg.type == self.type)
            and (self.kind is None or content.kind == self.kind)
            and (self.meter is None or self.meter in transaction.meters)
            and (self.client is None or transaction.client_id == self.client)
            and not (self.non_usage_only and content.meter is not None)
            and (self.to_ms is None or transaction.identity.occurred_at_ms < self.to_ms)
        )


EVERYTHING: Final = Filter()


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Where an answer ended: the last transaction checked, and the newest page with transactions left."""

    occurred_at_ms: int
    sequence: int
    page_key: str

    def encode(self) -> str:
        """Write the cursor as opaque text."""
        return write_base64(msgspec.json.encode(self))

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        """Read the text back. Raises InvalidCursor."""
        try:
            return json_decoder(cls).decode(read_base64(text))
        except ValueError:
            raise InvalidCursor from None


class Statement(msgspec.Struct, frozen=True):
    """One answer of history. `next_cursor` is None at the end."""

    transactions: list[Transaction]
    next_cursor: str | None


ReadPages = Callable[[str, int], list[Page]]
"""Read the given number of pages with a key below the given one, newest first; fewer only where there are no more."""


def read_history(account_id: str, wanted: Filter = EVERYTHING, *, limit: int, cursor: str | None = None) -> Statement:
    """Return at most `limit` transactions, newest first; a narrow filter may return fewer, with a cursor."""
    start = Cursor.decode(cursor) if cursor else None
    return merge_pages(_reader(account_id, wanted), wanted, limit=limit, start=start)


def _reader(account_id: str, wanted: Filter) -> ReadPages:
    credits_only = wanted.type == CREDIT or wanted.non_usage_only
    return lambda key, count: page_table.read_newest_pages(account_id, key, count, credits_only=credits_only)


def merge_pages(read: ReadPages, wanted: Filter, *, limit: int, start: Cursor | None) -> Statement:
    """Merge pages into one newest-first list.

    An unread page holds nothing newer than the time in its key, so a transaction can be returned once the next page's
    latest time is older.
    """
    merge = _Merge(read, wanted, start, FIRST_EXAMINED if wanted.non_usage_only else FIRST_READ)
    found: list[Transaction] = []
    looked_at = 0
    while (newest := merge.take()) is not None:
        if wanted.matches(newest):
            found.append(newest)
        looked_at += 1
        if len(found) == limit or (looked_at >= limit and merge.unread.bytes_opened >= WORK_BYTES):
            return Statement(found, _next_cursor(merge.open_pages, merge.unread, newest))
    return Statement(found, None)


def examine_history(account_id: str, wanted: Filter, *, start: Cursor | None) -> Iterator[Transaction]:
    """Yield what the times and the index leave to check of what is wanted, newest first; pages are read lazily."""
    merge = _Merge(_reader(account_id, wanted), wanted, start, FIRST_EXAMINED)
    while (newest := merge.take()) is not None:
        yield newest


class _Merge:
    """The pages of a wallet, merged into one newest-first list."""

    def __init__(self, read: ReadPages, wanted: Filter, start: Cursor | None, portion: int = FIRST_READ) -> None:
        self._wanted, self._start = wanted, start
        self.unread = _UnreadPages(read, _first_key(wanted, start), portion)
        self.open_pages: list[_OpenPage] = []

    def take(self) -> Transaction | None:
        """Take the newest transaction that is left; None at the end of what is wanted."""
        _open_pages_needed(self.open_pages, self.unread, self._wanted, self._start)
        if not self.open_pages:
            return None
        newest = self.open_pages[0].transactions.pop()
        _reorder_first(self.open_pages)
        oldest_ms = self._wanted.from_ms
        return None if oldest_ms is not None and newest.identity.occurred_at_ms < oldest_ms else newest


class _OpenPage(msgspec.Struct):
    """A page being read: its remaining transactions, oldest first. The page with the newest sorts first in a heap."""

    key: str
    transactions: list[Transaction]

    def __lt__(self, other: "_OpenPage") -> bool:
        return _position(self.transactions[-1]) > _position(other.transactions[-1])


class _UnreadPages:
    """The pages not opened yet, read in growing portions."""

    def __init__(self, read: ReadPages, before_key: str, portion: int) -> None:
        self._read, self._before_key, self._portion = read, before_key, portion
        self._ready: Iterator[Page] = iter(())
        self._finished = False
        self.bytes_opened = 0
        self._next: Page | None = None

    @property
    def next(self) -> Page | None:
        """Return the newest page not opened yet, without opening it; None when there is none."""
        if self._next is None:
            self._next = next(self._ready, None) or self._read_on()
        return self._next

    def _read_on(self) -> Page | None:
        portion = [] if self._finished else self._read(self._before_key, self._portion)
        self._finished = len(portion) < self._portion
        if not portion:
            return None
        self._before_key = portion[-1].key
        if sum(len(page.body) for page in portion) < LARGE_BYTES:
            self._portion = min(self._portion * 2, LONGEST_READ)
        self._ready = iter(portion)
        return next(self._ready)

    def take(self) -> Page:
        """Take the next page to open it."""
        page = self.next
        assert page is not None  # noqa: S101 - callers check `next` first
        self._next = None
        self.bytes_opened += len(page.body)
        return page


def _first_key(wanted: Filter, start: Cursor | None) -> str:
    """Return the key below which reading starts."""
    after_start = start.page_key + "~" if start else BEYOND_ANY_KEY
    before_end = iso(wanted.to_ms + SPAN_MS) if wanted.to_ms is not None else BEYOND_ANY_KEY
    return min(after_start, before_end)


def _open_pages_needed(open_pages: list[_OpenPage], unread: _UnreadPages, wanted: Filter, start: Cursor | None) -> None:
    """Open pages until the newest open transaction is newer than every unread page."""
    while (page := unread.next) is not None:
        newest = open_pages[0].transactions[-1].identity.occurred_at_ms if open_pages else wanted.from_ms or 0
        if newest > page.latest_ms:
            return
        transactions = transactions_of(unread.take())
        if start:
            transactions = [each for each in transactions if _position(each) < (start.occurred_at_ms, start.sequence)]
        if transactions:
            heapq.heappush(open_pages, _OpenPage(page.key, transactions))


def _reorder_first(open_pages: list[_OpenPage]) -> None:
    """Move the first open page to its place after a transaction was taken from it, or drop it if it is empty."""
    if open_pages[0].transactions:
        heapq.heapreplace(open_pages, open_pages[0])
    else:
        heapq.heappop(open_pages)


def _position(transaction: Transaction) -> tuple[int, int]:
    return transaction.identity.occurred_at_ms, transaction.sequence


def cursor_after(transaction: Transaction) -> str:
    """Return a cursor that continues right after a transaction, which need not be the last one of an answer.

    A page with transactions as old as this one ends at most five minutes later; its newer ones are skipped.
    """
    return start_below(*_position(transaction)).encode()


def start_below(time_ms: int, sequence: int) -> Cursor:
    """Return a cursor to everything older than a place: of the same millisecond, what has a lower sequence number."""
    return Cursor(time_ms, sequence, iso(time_ms + SPAN_MS))


def _next_cursor(open_pages: list[_OpenPage], unread: _UnreadPages, last: Transaction) -> str | None:
    """Return the cursor that continues after `last`, or None if nothing is left."""
    keys = [page.key for page in open_pages] or ([unread.next.key] if unread.next else [])
    return Cursor(*_position(last), max(keys)).encode() if keys else None


def read_transaction(account_id: str, transaction_id: str) -> Transaction:
    """Return one transaction, with one read of its page. Raises UnknownTransaction."""
    location = location_of(transaction_id)
    page = page_table.read_page(account_id, location.latest_ms, location.first_sequence)
    if page is None or location.position >= page.count:
        raise UnknownTransaction(f"{transaction_id!r} is not a transaction of this account")
    return transactions_of(page)[location.position]


def read_transactions(account_id: str, transaction_ids: Iterable[str]) -> Iterator[Transaction]:
    """Yield transactions by their ids, in page order, with one read per page. Raises UnknownTransaction."""
    located = sorted((location_of(each), each) for each in set(transaction_ids))
    for (latest_ms, first_sequence), group in groupby(
        located, key=lambda each: (each[0].latest_ms, each[0].first_sequence)
    ):
        page = page_table.read_page(account_id, latest_ms, first_sequence)
        held = transactions_of(page) if page else []
        for location, transaction_id in group:
            if location.position >= len(held):
                raise UnknownTransaction(f"{transaction_id!r} is not a transaction of this account")
            yield held[location.position]
