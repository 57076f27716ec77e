"""The ledger's door to DynamoDB: wallets, transactions (pages) and daily usage."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import CancellationReason, TransactWriteError
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.transactions import TransactWrite

from chalicelib.clock import iso, parse_iso
from chalicelib.errors import Refusal
from chalicelib.ledger.build import WalletPlan
from chalicelib.ledger.daily_usage import Days, Usage
from chalicelib.ledger.page import Page, page_key
from chalicelib.ledger.wallet import END_OF_TIME_MS, GENESIS, PageSpan, Wallet, WalletNotFound
from chalicelib.tables import LOST_RACE_CODES, Table, TableMeta, connection, raw, read_together

KEYS_A_CALL: Final = 100
"""Keys that one call reads (Amazon DynamoDB API Reference, BatchGetItem)."""

SPAN_NUMBER_BYTES: Final = 6

AFTER_ANY_SEQUENCE: Final = "#~"
"""Sorts behind every page key of the same time."""


REFUSED_CODES: Final = frozenset({"ValidationError", "ValidationException", "ItemCollectionSizeLimitExceeded"})
"""What DynamoDB will never take (Amazon DynamoDB API Reference, TransactWriteItems)."""


class NotStorable(Refusal):
    """What postings come to is refused by DynamoDB for good: an item or a commit too large, a value not taken."""

    status = 422
    type = "not-storable"
    title = "The posting cannot be stored"


class LostRace(Exception):
    """Another commit to the same wallets came first; nothing was written.

    `heads` are the wallets that had moved, as they are now; None where that was not told.
    """

    def __init__(self, heads: dict[str, Wallet | None]) -> None:
        super().__init__(f"another commit to {', '.join(heads)} came first")
        self.heads = heads


class WalletRow(Table):
    """One row a wallet. Its stream tells the rest of the system that a balance moved."""

    class Meta(metaclass=TableMeta):
        setting = "wallets_table"

    account_id = UnicodeAttribute(hash_key=True)
    currency = UnicodeAttribute()
    balance_micros = NumberAttribute()
    sequence = NumberAttribute()
    head_hash = BinaryAttribute(legacy_encoding=False)
    recent_pages = BinaryAttribute(legacy_encoding=False, null=True)
    older_ms = NumberAttribute(null=True)


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
    row = WalletRow(account_id, currency=currency, balance_micros=0, sequence=0, head_hash=GENESIS, older_ms=0)
    transaction.save(row, condition=WalletRow.account_id.does_not_exist())


def read_wallet(account_id: str) -> Wallet:
    """Read a wallet, strongly consistent. Raises WalletNotFound."""
    row = read_wallet_rows([account_id]).get(account_id)
    if row is None:
        raise WalletNotFound(account_id)
    return wallet_of(row)


def read_wallet_rows(account_ids: Sequence[str]) -> dict[str, WalletRow]:
    """Read the rows of wallets that exist, strongly consistent, a hundred in a call."""
    if len(account_ids) == 1:
        try:
            return {account_ids[0]: WalletRow.get(account_ids[0], consistent_read=True)}
        except WalletRow.DoesNotExist:
            return {}
    rows: list[WalletRow] = []
    for start in range(0, len(account_ids), KEYS_A_CALL):
        rows += read_together({WalletRow: account_ids[start : start + KEYS_A_CALL]})[WalletRow]
    return {row.account_id: row for row in rows}


def scan_sequences() -> Iterator[tuple[str, int]]:
    """Yield each account with how many transactions its wallet has, in no order; the newest may be missing."""
    for row in WalletRow.scan(attributes_to_get=["account_id", "sequence"]):
        yield row.account_id, int(row.sequence)


def wallet_of(row: WalletRow) -> Wallet:
    """Return the wallet of a row. One that was last written before rows named pages may have events at any time."""
    told: float | None = row.older_ms
    older_ms = END_OF_TIME_MS if told is None else int(told)
    numbers = (int(row.balance_micros), int(row.sequence))
    return Wallet(
        row.account_id, row.currency, *numbers, row.head_hash, unpack_spans(row.recent_pages or b""), older_ms
    )


def pack_spans(spans: Sequence[PageSpan]) -> bytes:
    """Write the pages that a wallet names."""
    numbers = (number for span in spans for number in (span.earliest_ms, span.latest_ms, span.first_sequence))
    return b"".join(number.to_bytes(SPAN_NUMBER_BYTES, "big") for number in numbers)


def unpack_spans(packed: bytes) -> tuple[PageSpan, ...]:
    """Read what `pack_spans` wrote."""
    edges = range(0, len(packed), SPAN_NUMBER_BYTES)
    numbers = [int.from_bytes(packed[start : start + SPAN_NUMBER_BYTES], "big") for start in edges]
    return tuple(map(PageSpan, numbers[::3], numbers[1::3], numbers[2::3]))


def read_pages(account_id: str, earliest_ms: int, latest_ms: int) -> Iterator[Page]:
    """Read the pages whose latest time lies in the range (both ends included), strongly consistent, oldest first."""
    in_range = PageRow.page_key.between(iso(earliest_ms), iso(latest_ms) + AFTER_ANY_SEQUENCE)
    return (page_of(row) for row in PageRow.query(account_id, in_range, consistent_read=True))


def read_pages_posted(
    account_id: str, earliest_ms: int, latest_ms: int, *, after_sequence: int, up_to_sequence: int
) -> Iterator[Page]:
    """Read the pages of a range of time that hold these sequence numbers. Others are passed over, but paid for."""
    in_range = PageRow.page_key.between(iso(earliest_ms), iso(latest_ms) + AFTER_ANY_SEQUENCE)
    posted = PageRow.first_sequence.between(after_sequence + 1, up_to_sequence)
    return (page_of(row) for row in PageRow.query(account_id, in_range, posted, consistent_read=True))


def read_page_sizes(account_id: str, earliest_ms: int, latest_ms: int, *, after_sequence: int) -> dict[int, int]:
    """Return how many transactions each later page of a range of time holds, by the page's first sequence number."""
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
    """Read pages by account, latest time and first sequence, strongly consistent, a hundred in a call."""
    names = [(account_id, page_key(latest_ms, first_sequence)) for account_id, latest_ms, first_sequence in keys]
    found: dict[tuple[str, str], PageRow] = {}
    for start in range(0, len(names), KEYS_A_CALL):
        rows = PageRow.batch_get(names[start : start + KEYS_A_CALL], consistent_read=True)
        found |= {(row.account_id, row.page_key): row for row in rows}
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


def commit(plans: Sequence[WalletPlan]) -> None:
    """Write the plans of all their wallets in one transaction, on condition that each wallet still is as it was read.

    Raises LostRace when one is not, or when DynamoDB saw two transactions at once; NotStorable for what it will never
    take. Nothing is written then.
    """
    try:
        with TransactWrite(connection=connection()) as transaction:
            for plan in plans:
                _add(transaction, plan)
    except TransactWriteError as error:
        reasons = [reason for reason in error.cancellation_reasons if reason]
        codes = {reason.code for reason in reasons} or {str(error.cause_response_code)}
        if codes & REFUSED_CODES:
            raise NotStorable(f"DynamoDB refuses it: {error.cause_response_message}") from error
        if not codes <= LOST_RACE_CODES:
            raise
        raise LostRace(_moved(plans, error.cancellation_reasons)) from error


def _moved(plans: Sequence[WalletPlan], reasons: Sequence[CancellationReason | None]) -> dict[str, Wallet | None]:
    """Return which wallets had moved. PynamoDB sends all pages first, then each wallet with its days."""
    updated = reasons[sum(len(plan.pages) for plan in plans) :]
    moved: dict[str, Wallet | None] = {}
    for plan in plans:
        own, updated = updated[: 1 + len(plan.days)], updated[1 + len(plan.days) :]
        if any(own):
            item = own[0].raw_item if own[0] else None
            moved[plan.wallet.account_id] = wallet_of(WalletRow.from_raw_data(item)) if item else None
    return moved or {plan.wallet.account_id: None for plan in plans}


def _add(transaction: TransactWrite, plan: WalletPlan) -> None:
    wallet, head = plan.wallet, plan.head
    for page in plan.pages:
        transaction.save(_row(page), condition=PageRow.page_key.does_not_exist())
    transaction.update(
        WalletRow(wallet.account_id),
        actions=[
            WalletRow.balance_micros.set(head.balance_micros),
            WalletRow.sequence.set(head.sequence),
            WalletRow.head_hash.set(head.head_hash),
            WalletRow.recent_pages.set(pack_spans(head.recent)),
            WalletRow.older_ms.set(head.older_ms),
        ],
        condition=WalletRow.sequence == wallet.sequence,
        return_values="ALL_OLD",
    )
    for day, meters in plan.days.items():
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
        format=page.format,
        body=page.body,
        credit_page_key=page.key if page.has_non_usage else None,
    )
