"""The ledger's door to DynamoDB: wallets, transactions (pages) and daily usage."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.transactions import TransactWrite

from chalicelib.clock import iso, parse_iso
from chalicelib.ledger.commit import WalletPlan
from chalicelib.ledger.daily_usage import Days, Usage
from chalicelib.ledger.page import FORMAT, Page, page_key
from chalicelib.ledger.wallet import GENESIS, Wallet, WalletNotFound
from chalicelib.tables import Table, TableMeta, connection, race, raw

AFTER_ANY_SEQUENCE: Final = "#~"
"""Sorts behind every page key of the same time."""


class LostRace(Exception):
    """Another commit to the same wallet came first; nothing was written."""


class WalletRow(Table):
    """One row a wallet. Its stream tells the rest of the system that a balance moved."""

    class Meta(metaclass=TableMeta):
        setting = "wallets_table"

    account_id = UnicodeAttribute(hash_key=True)
    currency = UnicodeAttribute()
    balance_micros = NumberAttribute()
    sequence = NumberAttribute()
    head_hash = BinaryAttribute(legacy_encoding=False)


class CreditsIndex(GlobalSecondaryIndex["PageRow"]):  # type: ignore[no-untyped-call]
    """Pages that hold anything but usage: credits, and debits such as refunds."""

    class Meta:
        index_name = "credits"
        projection = AllProjection()

    account_id = UnicodeAttribute(hash_key=True)
    credit_page_key = UnicodeAttribute(range_key=True)


class PageRow(Table):
    """One row a page; written once, never changed."""

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


class DailyUsageRow(Table):
    """One row a day, with three numbers a meter: `sms:quantity`, `sms:amount`, `sms:count`."""

    class Meta(metaclass=TableMeta):
        setting = "daily_usage_table"

    account_id = UnicodeAttribute(hash_key=True)
    day = UnicodeAttribute(range_key=True)


def add_new_wallet(transaction: TransactWrite, account_id: str, currency: str) -> None:
    """Add an empty wallet to a transaction that creates its account; it fails if there is one already."""
    row = WalletRow(account_id, currency=currency, balance_micros=0, sequence=0, head_hash=GENESIS)
    transaction.save(row, condition=WalletRow.account_id.does_not_exist())


def read_wallet(account_id: str) -> Wallet:
    """Read a wallet, strongly consistent. Raises WalletNotFound."""
    try:
        return wallet_of(WalletRow.get(account_id, consistent_read=True))
    except WalletRow.DoesNotExist:
        raise WalletNotFound(account_id) from None


def wallet_of(row: WalletRow) -> Wallet:
    """Return the wallet of a row."""
    return Wallet(row.account_id, row.currency, int(row.balance_micros), int(row.sequence), row.head_hash)


def read_pages(account_id: str, earliest_ms: int, latest_ms: int) -> Iterator[Page]:
    """Read the pages whose latest time lies in the range (both ends included), strongly consistent, oldest first."""
    in_range = PageRow.page_key.between(iso(earliest_ms), iso(latest_ms) + AFTER_ANY_SEQUENCE)
    return (_page(row) for row in PageRow.query(account_id, in_range, consistent_read=True))


def read_page(account_id: str, latest_ms: int, first_sequence: int) -> Page | None:
    """Read one page by its key, strongly consistent."""
    try:
        return _page(PageRow.get(account_id, page_key(latest_ms, first_sequence), consistent_read=True))
    except PageRow.DoesNotExist:
        return None


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
    return [_page(row) for row in found]


def _page(row: PageRow) -> Page:
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
        beyond_usage=row.credit_page_key is not None,
        format=int(row.format),
    )


def read_days(account_id: str, first: str, last: str) -> Days:
    """Read the usage of the days from `first` to `last`, both included, oldest first."""
    between = DailyUsageRow.day.between(first, last)
    shared, table_name = raw(DailyUsageRow)
    days: Days = {}
    start_key: Mapping[str, Any] | None = None
    while True:
        answer = shared.query(table_name, account_id, between, consistent_read=True, exclusive_start_key=start_key)
        for item in answer["Items"]:
            days[item["day"]["S"]] = _meters(item)
        start_key = answer.get("LastEvaluatedKey")
        if not start_key:
            return days


def _meters(item: Mapping[str, Any]) -> dict[str, Usage]:
    """Read the three numbers of each meter from a row."""
    meters: dict[str, Usage] = {}
    for name, value in item.items():
        meter, colon, part = name.rpartition(":")
        if colon:
            usage = meters.setdefault(meter, Usage())
            setattr(usage, "count" if part == "count" else f"{part}_micros", int(value["N"]))
    return meters


def commit(plans: Iterable[WalletPlan]) -> None:
    """Write the plans of all their wallets in one transaction, on condition that each wallet still is as it was read.

    Raises LostRace when it is not, or when DynamoDB saw two transactions at once; nothing is written then.
    """
    with race() as it, TransactWrite(connection=connection()) as transaction:
        for each in plans:
            _add(transaction, each)
    if not it.won:
        raise LostRace


def _add(transaction: TransactWrite, each: WalletPlan) -> None:
    wallet, head = each.wallet, each.pages[-1]
    for page in each.pages:
        transaction.save(_row(page), condition=PageRow.page_key.does_not_exist())
    transaction.update(
        WalletRow(wallet.account_id),
        actions=[
            WalletRow.balance_micros.set(head.closing_balance_micros),
            WalletRow.sequence.set(head.last_sequence),
            WalletRow.head_hash.set(head.hash),
        ],
        condition=WalletRow.sequence == wallet.sequence,
    )
    for day, meters in each.days.items():
        transaction.update(DailyUsageRow(wallet.account_id, day), actions=_additions(meters))


def _additions(meters: Mapping[str, Usage]) -> list[Action]:
    return [
        Path([f"{meter}:{part}"]).add(number)
        for meter, usage in meters.items()
        for part, number in (
            ("quantity", usage.quantity_micros),
            ("amount", usage.amount_micros),
            ("count", usage.count),
        )
    ]


def _row(page: Page) -> PageRow:
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
        format=FORMAT,
        body=page.body,
        credit_page_key=page.key if page.beyond_usage else None,
    )
