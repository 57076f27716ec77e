"""Look for transactions by the id of what caused them, through the pages: there is no index over a million events."""

from typing import Final

import msgspec

from chalicelib.clock import iso
from chalicelib.ledger import page_table
from chalicelib.ledger.page import SPAN_MS, Page
from chalicelib.ledger.read_page import holds_event, transactions_of
from chalicelib.ledger.statement import LONGEST_CURSOR, InvalidCursor
from chalicelib.ledger.transaction import Transaction

PORTION: Final = 32
WORK_BYTES: Final = 16 * 1024 * 1024
"""Bodies opened for one answer at most: some 350,000 events, of which a page is only decoded if it holds the text."""

BEYOND_ANY_KEY: Final = "~"


class Found(msgspec.Struct, frozen=True):
    """What was found. `next_key` is where to go on from, if nothing was found yet and there is more to look through."""

    transactions: list[Transaction]
    next_key: str | None


def start_key(text: str) -> str:
    """Return where to go on from, as `next_key` said it. Raises InvalidCursor."""
    if len(text) > LONGEST_CURSOR:
        raise InvalidCursor
    return text


def by_event_id(
    account_id: str, event_id: str, *, from_ms: int | None = None, to_ms: int | None = None, before_key: str = ""
) -> Found:
    """Look through an account's pages from the newest down, and stop at the first that holds the event."""
    key = before_key or (iso(to_ms + SPAN_MS) if to_ms is not None else BEYOND_ANY_KEY)
    opened = 0
    while opened < WORK_BYTES:
        pages = page_table.read_newest_pages(account_id, key, PORTION, credits_only=False)
        for page in pages:
            if from_ms is not None and page.latest_ms < from_ms:
                return Found([], None)
            found = _in_page(page, event_id)
            if found:
                return Found(found, None)
            opened += len(page.body)
        if len(pages) < PORTION:
            return Found([], None)
        key = pages[-1].key
    return Found([], key)


def _in_page(page: Page, event_id: str) -> list[Transaction]:
    """Return a page's transactions of an event. Of most pages the ids alone are read."""
    if not holds_event(page, event_id):
        return []
    return [each for each in transactions_of(page) if each.identity.event_id == event_id]
