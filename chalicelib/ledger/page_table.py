"""The table of transactions, one row for each page. Pages are read here; `table.commit` writes them."""

from collections.abc import Iterator, Sequence
from typing import Final

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from chalicelib.clock import iso, parse_iso
from chalicelib.ledger.page import Page, page_key
from chalicelib.tables import Table, TableMeta

AFTER_ANY_SEQUENCE: Final = "#~"
"""Sorts after every page key of the same time."""


class CreditsIndex(GlobalSecondaryIndex["PageRow"]):  # type: ignore[no-untyped-call]
    """Pages that hold something other than usage: credits, or debits such as refunds."""

    class Meta:
        index_name = "credits"
        projection = AllProjection()

    account_id = UnicodeAttribute(hash_key=True)
    credit_page_key = UnicodeAttribute(range_key=True)


class PageRow(Table):
    """One row for each page, written once and never changed."""

    class Meta(metaclass=TableMeta):
        setting = "transactions_table"

    account_id = UnicodeAttribute(hash_key=True)
    page_key = UnicodeAttribute(range_key=True)
    earliest = UnicodeAttribute()
    first_sequence = NumberAttribute()
    transactions = NumberAttribute(attr_name="count")
    opening_balance_micros = NumberAttribute()
    closing_balance_micros = NumberAttribute()
    previous_hash = BinaryAttribute(legacy_encoding=False)
    hash = BinaryAttribute(legacy_encoding=False)
    format = NumberAttribute()
    body = BinaryAttribute(legacy_encoding=False)
    credit_page_key = UnicodeAttribute(null=True)
    credits = CreditsIndex()


def read_pages(account_id: str, earliest_ms: int, latest_ms: int) -> Iterator[Page]:
    """Read the pages whose latest time lies in the range (both ends included), strongly consistent, oldest first."""
    in_range = PageRow.page_key.between(iso(earliest_ms), iso(latest_ms) + AFTER_ANY_SEQUENCE)
    return (page_of(row) for row in PageRow.query(account_id, in_range, consistent_read=True))


def read_pages_posted(
    account_id: str, earliest_ms: int, latest_ms: int, *, after_sequence: int, up_to_sequence: int
) -> Iterator[Page]:
    """Read the pages of a time range that hold these sequence numbers. DynamoDB reads and bills the whole range."""
    in_range = PageRow.page_key.between(iso(earliest_ms), iso(latest_ms) + AFTER_ANY_SEQUENCE)
    posted = PageRow.first_sequence.between(after_sequence + 1, up_to_sequence)
    return (page_of(row) for row in PageRow.query(account_id, in_range, posted, consistent_read=True))


def read_page_sizes(account_id: str, earliest_ms: int, latest_ms: int, *, after_sequence: int) -> dict[int, int]:
    """Return the transaction counts of a time range's pages after `after_sequence`, by first sequence number."""
    in_range = PageRow.page_key.between(iso(earliest_ms), iso(latest_ms) + AFTER_ANY_SEQUENCE)
    rows = PageRow.query(
        account_id,
        in_range,
        PageRow.first_sequence > after_sequence,
        consistent_read=True,
        attributes_to_get=["first_sequence", "count"],
    )
    return {int(row.first_sequence): int(row.transactions) for row in rows}


def read_page(account_id: str, latest_ms: int, first_sequence: int) -> Page | None:
    """Read one page by its key, strongly consistent."""
    try:
        return page_of(PageRow.get(account_id, page_key(latest_ms, first_sequence), consistent_read=True))
    except PageRow.DoesNotExist:
        return None


def read_page_rows(keys: Sequence[tuple[str, int, int]]) -> list[PageRow | None]:
    """Read pages by account, latest time and first sequence, strongly consistent, 100 per call."""
    names = [(account_id, page_key(latest_ms, first_sequence)) for account_id, latest_ms, first_sequence in keys]
    rows = PageRow.batch_get(names, consistent_read=True)
    found = {(row.account_id, row.page_key): row for row in rows}
    return [found.get(name) for name in names]


def read_newest_pages(account_id: str, before_key: str, limit: int, *, credits_only: bool) -> list[Page]:
    """Read at most `limit` pages with a key below `before_key`, newest first."""
    if credits_only:
        found = PageRow.credits.query(
            account_id, PageRow.credit_page_key < before_key, scan_index_forward=False, limit=limit, page_size=limit
        )
    else:
        found = PageRow.query(
            account_id, PageRow.page_key < before_key, scan_index_forward=False, limit=limit, page_size=limit
        )
    return [page_of(row) for row in found]


def read_non_usage_pages(account_id: str) -> Iterator[Page]:
    """Read all pages that hold something other than usage, oldest first. The newest ones may be missing for a moment.

    DynamoDB updates the index after it has answered the commit.
    """
    return (page_of(row) for row in PageRow.credits.query(account_id))


def read_non_usage_pages_of(account_id: str, earliest_ms: int, latest_ms: int) -> Iterator[Page]:
    """Read the pages of a time range that hold something other than usage. The newest ones may be missing."""
    in_range = PageRow.credit_page_key.between(iso(earliest_ms), iso(latest_ms) + AFTER_ANY_SEQUENCE)
    return (page_of(row) for row in PageRow.credits.query(account_id, in_range))


def page_of(row: PageRow) -> Page:
    """Return the page of a row."""
    latest, _, _ = row.page_key.partition("#")
    return Page(
        account_id=row.account_id,
        earliest_ms=parse_iso(row.earliest),
        latest_ms=parse_iso(latest),
        first_sequence=int(row.first_sequence),
        count=int(row.transactions),
        opening_balance_micros=int(row.opening_balance_micros),
        closing_balance_micros=int(row.closing_balance_micros),
        previous_hash=row.previous_hash,
        hash=row.hash,
        body=row.body,
        has_non_usage=row.credit_page_key is not None,
        format=int(row.format),
    )


def row_of(page: Page) -> PageRow:
    """Return the row of a page."""
    return PageRow(
        page.account_id,
        page.key,
        earliest=iso(page.earliest_ms),
        first_sequence=page.first_sequence,
        transactions=page.count,
        opening_balance_micros=page.opening_balance_micros,
        closing_balance_micros=page.closing_balance_micros,
        previous_hash=page.previous_hash,
        hash=page.hash,
        format=page.format,
        body=page.body,
        credit_page_key=page.key if page.has_non_usage else None,
    )
