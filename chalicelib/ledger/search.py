"""Find transactions by the id of their event. There is no index over millions of events, so it reads pages."""

from typing import Final

import msgspec

from chalicelib.clock import iso
from chalicelib.ledger import page_table
from chalicelib.ledger.page import SPAN_MS, Page
from chalicelib.ledger.read_page import holds_event, transactions_of
from chalicelib.ledger.statement import EVERYTHING, LONGEST_CURSOR, Filter, InvalidCursor
from chalicelib.ledger.transaction import Transaction

PORTION: Final = 32
WORK_BYTES: Final = 16 * 1024 * 1024
"""The most bytes of pages opened for one answer: about 350,000 events. Only pages with the id are fully decoded."""

BEYOND_ANY_KEY: Final = "~"


class SearchResult(msgspec.Struct, frozen=True):
    """The transactions found. `next_key` is where to continue, if nothing was found yet and there are more pages."""

    transactions: list[Transaction]
    next_key: str | None


def read_start_key(text: str) -> str:
    """Return the `next_key` that a request continues from. Raises InvalidCursor."""
    if len(text) > LONGEST_CURSOR:
        raise InvalidCursor
    return text


def find_by_event_id(
    account_id: str, event_id: str, wanted: Filter = EVERYTHING, *, before_key: str = ""
) -> SearchResult:
    """Search an account's pages, newest first, and stop at the first that holds the event.

    Of `wanted` only the times and the client are looked at.
    """
    from_ms, to_ms = wanted.from_ms, wanted.to_ms
    key = before_key or (iso(to_ms + SPAN_MS) if to_ms is not None else BEYOND_ANY_KEY)
    opened = 0
    while opened < WORK_BYTES:
        pages = page_table.read_newest_pages(account_id, key, PORTION, credits_only=False)
        for page in pages:
            if from_ms is not None and page.latest_ms < from_ms:
                return SearchResult([], None)
            found = _in_page(page, event_id, wanted.client)
            if found:
                return SearchResult(found, None)
            opened += len(page.body)
        if len(pages) < PORTION:
            return SearchResult([], None)
        key = pages[-1].key
    return SearchResult([], key)


def _in_page(page: Page, event_id: str, client: str | None) -> list[Transaction]:
    """Return a page's transactions of an event. For most pages, only the ids are read."""
    if not holds_event(page, event_id):
        return []
    found = [each for each in transactions_of(page) if each.identity.event_id == event_id]
    return [each for each in found if client in {None, each.client_id}]
