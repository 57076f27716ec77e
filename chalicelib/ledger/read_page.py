"""Read pages back, by the format that each was stored in. Pure."""

import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Final

import msgspec

from chalicelib.ledger import format_1, format_2
from chalicelib.ledger.columns import UnreadableColumn
from chalicelib.ledger.page import Page, UnreadablePage, chain_hash
from chalicelib.ledger.page_content import Header, PageContent
from chalicelib.ledger.posting import Content, Direction, EventKey, Identity
from chalicelib.ledger.transaction import Transaction, make_id

FORMATS: Final[dict[int, ModuleType]] = {each.NUMBER: each for each in (format_1, format_2)}
DAMAGES: Final = (zlib.error, msgspec.DecodeError, UnreadableColumn, LookupError, ValueError, TypeError, OverflowError)
"""What reading a damaged body may raise."""


class PostedEvent(msgspec.Struct, frozen=True, gc=False):
    """An event that was found in a page."""

    identity: Identity
    content: Content
    type: Direction


def find_events(page: Page, wanted: Collection[EventKey]) -> dict[EventKey, PostedEvent]:
    """Return the wanted events that the page holds. Raises UnreadablePage.

    Nearly every page holds none of them; then only its ids are read.
    """
    with _open_page(page) as content:
        positions = [place for place, key in enumerate(content.keys()) if key in wanted]
        if not positions:
            return {}
        identities, contents, types = content.identities(), content.contents(), content.column("type")
        return {
            identities[place].key: PostedEvent(identities[place], contents[place], types[place]) for place in positions
        }


def transactions_of(page: Page) -> list[Transaction]:
    """Return a page's transactions in posting order: ascending by time and by sequence. Raises UnreadablePage."""
    with _open_page(page) as content:
        columns = zip(
            content.balances(),
            content.identities(),
            content.contents(),
            content.legs(),
            content.column("actor"),
            content.siblings(),
            strict=True,
        )
        return [
            Transaction(
                make_id(page.latest_ms, page.first_sequence, position),
                content.header.currency,
                page.first_sequence + position,
                balance_after,
                content.header.posted_at_ms,
                identity,
                sent,
                leg,
                actor,
                sibling,
            )
            for position, (balance_after, identity, sent, leg, actor, sibling) in enumerate(columns)
        ]


def read_texts(page: Page) -> tuple[list[str], list[tuple[str, ...]]]:
    """Return each transaction's event id, and its descriptions: its own and those of its lines. Raises UnreadablePage.

    Nothing else of the page is decoded.
    """
    with _open_page(page) as content:
        return content.column("event_id"), content.descriptions()


def read_header(page: Page) -> Header:
    """Return the header of the page's body. Raises UnreadablePage."""
    with _open_page(page) as content:
        return content.header


def expected_hash(page: Page) -> bytes:
    """Return the hash that the page must have. Raises UnreadablePage."""
    with _open_page(page):
        return chain_hash(page.previous_hash, FORMATS[page.format].hashed(page.body))


@contextmanager
def _open_page(page: Page) -> Iterator[PageContent]:
    """Open a page. Raises UnreadablePage if its format is unknown or any part of it is damaged."""
    if page.format not in FORMATS:
        raise UnreadablePage(page.account_id, page.key, f"its format {page.format} is unknown here")
    try:
        yield FORMATS[page.format].decode(page.body)
    except DAMAGES as error:
        raise UnreadablePage(page.account_id, page.key, f"{type(error).__name__}: {error}") from error
