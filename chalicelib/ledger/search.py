"""Find transactions by the id of their event, or by words and numbers in their descriptions.

There is no index over millions of events: pages are read, newest first, a bounded number at a time.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from chalicelib.clock import iso
from chalicelib.cursor import InvalidCursor, read_base64, write_base64
from chalicelib.ledger import page_table
from chalicelib.ledger.page import SPAN_MS, Page
from chalicelib.ledger.read_page import read_texts, transactions_of
from chalicelib.ledger.statement import EVERYTHING, Filter
from chalicelib.ledger.transaction import Transaction, location_of
from chalicelib.typed import json_decoder

PORTION: Final = 256
WORK_BYTES: Final = 2 * 1024 * 1024
"""The most bytes of pages opened for one answer: about 50,000 events, or 1,000 pages of few events each. Only pages
with a match are fully decoded."""

PAGE_BYTES: Final = 2048
"""What opening a page costs beside its body, in bytes of it."""

MOST_FOUND: Final = 50
SHORTEST_NUMBER: Final = 4
BEYOND_ANY_KEY: Final = "~"
NUMBER: Final = re.compile(r"[+(]*[0-9][0-9 ()./-]*")
NOT_DIGITS: Final = re.compile(r"[^0-9]+")


class SearchPlace(msgspec.Struct, frozen=True, array_like=True):
    """Where a search goes on: in a page, below a position."""

    page_key: str
    position: int

    def encode(self) -> str:
        """Write the place as opaque text."""
        return write_base64(msgspec.json.encode(self))

    @classmethod
    def decode(cls, text: str) -> "SearchPlace":
        """Read the text back. Raises InvalidCursor."""
        try:
            return json_decoder(cls).decode(read_base64(text))
        except ValueError:
            raise InvalidCursor from None


class SearchResult(msgspec.Struct, frozen=True):
    """What one answer has found, newest first. `next_place` is where to go on; None at the end.

    `examined` is how many transactions were looked at, and `until_ms` the time down to which.
    """

    transactions: list[Transaction]
    examined: int
    until_ms: int | None
    next_place: SearchPlace | None


class Wording(msgspec.Struct, frozen=True):
    """What is searched for: an event's id, or a part of a description. A number matches however it is written."""

    text: str
    digits: str

    def matches(self, event_id: str, descriptions: Sequence[str]) -> bool:
        """Tell whether a transaction with this id and these descriptions is searched for."""
        return event_id.casefold() == self.text or any(map(self._is_in, descriptions))

    def may_match(self, event_ids: Sequence[str], descriptions: Sequence[Sequence[str]]) -> bool:
        """Tell whether any of many transactions may match. It is much faster than to ask for each."""
        if self._is_in("\n".join(map("\n".join, descriptions))):
            return True
        return self.text in "\n".join(event_ids).casefold()

    def _is_in(self, description: str) -> bool:
        if self.text in description.casefold():
            return True
        return bool(self.digits) and self.digits in NOT_DIGITS.sub("", description)


def wording_of(text: str) -> Wording:
    """Return what a typed text searches for."""
    digits = NOT_DIGITS.sub("", text) if NUMBER.fullmatch(text) else ""
    return Wording(text.casefold(), digits if len(digits) >= SHORTEST_NUMBER else "")


def search_history(
    account_id: str,
    text: str,
    wanted: Filter = EVERYTHING,
    *,
    start: SearchPlace | None = None,
    most_bytes: int = WORK_BYTES,
) -> SearchResult:
    """Search an account's pages, newest first. Of `wanted` only the times and the client are looked at."""
    wording, found, examined, opened = wording_of(text), list[Transaction](), 0, 0
    until_ms, next_place = None, None
    for page in _pages(account_id, wanted, start):
        if opened >= most_bytes:
            next_place = SearchPlace(page.key, page.count)
            break
        below = start.position if start and start.page_key == page.key else page.count
        matching = [each for each in reversed(_positions(page, wording)) if each < below]
        found += _transactions(page, matching, wanted)[: MOST_FOUND - len(found)]
        examined, opened, until_ms = examined + below, opened + len(page.body) + PAGE_BYTES, page.earliest_ms
        if len(found) == MOST_FOUND:
            next_place = SearchPlace(page.key, location_of(found[-1].id).position)
            break
    found.sort(key=lambda each: (each.identity.occurred_at_ms, each.sequence), reverse=True)
    return SearchResult(found, examined, until_ms, next_place)


def _pages(account_id: str, wanted: Filter, start: SearchPlace | None) -> Iterator[Page]:
    """Yield the pages of the wanted times from a place on, newest first."""
    key = iso(wanted.to_ms + SPAN_MS) if wanted.to_ms is not None else BEYOND_ANY_KEY
    if start:
        key = min(key, start.page_key + BEYOND_ANY_KEY)
    while True:
        pages = page_table.read_newest_pages(account_id, key, PORTION, credits_only=False)
        for page in pages:
            if wanted.from_ms is not None and page.latest_ms < wanted.from_ms:
                return
            yield page
        if len(pages) < PORTION:
            return
        key = pages[-1].key


def _positions(page: Page, wording: Wording) -> list[int]:
    event_ids, descriptions = read_texts(page)
    if not wording.may_match(event_ids, descriptions):
        return []
    pairs = zip(event_ids, descriptions, strict=True)
    return [place for place, (event_id, texts) in enumerate(pairs) if wording.matches(event_id, texts)]


def _transactions(page: Page, positions: Sequence[int], wanted: Filter) -> list[Transaction]:
    """Return a page's transactions at some positions, as far as they are wanted."""
    held = transactions_of(page) if positions else []
    from_ms = wanted.from_ms or 0
    found = (held[position] for position in positions)
    return [each for each in found if wanted.matches(each) and each.identity.occurred_at_ms >= from_ms]
