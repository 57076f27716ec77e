"""The ledger's door to DynamoDB: wallets, daily usage, and the commit that writes both with the pages."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import CancellationReason, TransactWriteError
from pynamodb.transactions import TransactWrite

from chalicelib.conflicts import CONFLICT_CODES
from chalicelib.errors import Refusal
from chalicelib.ledger.build import WalletPlan
from chalicelib.ledger.client_usage_table import add_to_commit
from chalicelib.ledger.daily_usage import Days, Usage
from chalicelib.ledger.meter_numbers import add_meters, read_meters
from chalicelib.ledger.page_table import PageRow, row_of
from chalicelib.ledger.wallet import END_OF_TIME_MS, Head, PageSpan, Wallet, WalletNotFound
from chalicelib.readable import read_or
from chalicelib.tables import KEYS_A_CALL, Item, Rows, Table, TableMeta, connection, image_reader, raw, read_together

FIELDS: Final = {"quantity": "quantity_micros", "amount": "amount_micros", "count": "count"}

SPAN_NUMBER_BYTES: Final = 6

REFUSED_CODES: Final = frozenset({"ValidationError", "ValidationException", "ItemCollectionSizeLimitExceeded"})
"""Codes of writes that DynamoDB will never accept (Amazon DynamoDB API Reference, TransactWriteItems)."""


class NotStorable(Refusal):
    """DynamoDB permanently refuses the postings: an item or a commit is too large, or a value is not accepted."""

    status = 422
    type = "not-storable"
    title = "The posting cannot be stored"


class ConcurrentCommit(Exception):
    """Another commit to the same wallets came first; nothing was written.

    `heads` are the wallets that had changed, in their current state; None where DynamoDB did not return it.
    """

    def __init__(self, heads: dict[str, Wallet | None]) -> None:
        super().__init__(f"another commit to {', '.join(heads)} came first")
        self.heads = heads


class WalletRow(Table):
    """One row for each wallet. The table's stream reports that a balance changed."""

    class Meta(metaclass=TableMeta):
        setting = "wallets_table"

    account_id = UnicodeAttribute(hash_key=True)
    currency = UnicodeAttribute()
    balance_micros = NumberAttribute()
    sequence = NumberAttribute()
    head_hash = BinaryAttribute(legacy_encoding=False)
    recent_pages = BinaryAttribute(legacy_encoding=False, null=True)
    older_ms = NumberAttribute(null=True)


class DailyUsageRow(Table):
    """One row for each day of an account, with three numbers per meter: `sms:quantity`, `sms:amount`, `sms:count`."""

    class Meta(metaclass=TableMeta):
        setting = "daily_usage_table"

    account_id = UnicodeAttribute(hash_key=True)
    day = UnicodeAttribute(range_key=True)


def add_new_wallet(transaction: TransactWrite, account_id: str, currency: str) -> None:
    """Add an empty wallet to a transaction that creates its account. The transaction fails if the wallet exists."""
    transaction.save(wallet_row(Wallet(account_id, currency)), condition=WalletRow.account_id.does_not_exist())


def read_wallet(account_id: str) -> Wallet:
    """Read a wallet, strongly consistent. Raises WalletNotFound."""
    row = read_wallet_rows([account_id]).get(account_id)
    if row is None:
        raise WalletNotFound(account_id)
    return wallet_of(row)


def find_wallet_in(rows: Rows, account_id: str) -> Wallet:
    """Find a wallet among rows that were read. Raises WalletNotFound."""
    row = rows.find(WalletRow, account_id)
    if row is None:
        raise WalletNotFound(account_id)
    return wallet_of(row)


def read_wallet_rows(account_ids: Sequence[str]) -> dict[str, WalletRow]:
    """Read the rows of wallets that exist, strongly consistent, 100 per call."""
    if len(account_ids) == 1:
        try:
            return {account_ids[0]: WalletRow.get(account_ids[0], consistent_read=True)}
        except WalletRow.DoesNotExist:
            return {}
    rows: list[WalletRow] = []
    for start in range(0, len(account_ids), KEYS_A_CALL):
        rows += read_together({WalletRow: account_ids[start : start + KEYS_A_CALL]})[WalletRow]
    return {row.account_id: row for row in rows}


def scan_sequences() -> Iterator[tuple[str, int | None]]:
    """Yield each account and its number of transactions, in no particular order; the newest may be missing.

    None of a wallet that cannot be read: whoever reads it fails by itself.
    """
    shared, table_name = raw(WalletRow)
    start_key = None
    while True:
        names = ["account_id", "sequence"]
        answer = shared.scan(table_name, attributes_to_get=names, exclusive_start_key=start_key)
        for item in answer["Items"]:
            number = item.get("sequence", {}).get("N")
            yield item["account_id"]["S"], None if number is None else int(number)
        start_key = answer.get("LastEvaluatedKey")
        if not start_key:
            return


def scan_heads(after: str | None = None) -> Iterator[tuple[str, Head | None]]:
    """Yield each account and the head of its wallet, as `scan_sequences` does; None of one that cannot be read.

    The order is DynamoDB's own and always the same. With `after` it begins behind that account, and goes on to the end.
    """
    shared, table_name = raw(WalletRow)
    start_key: Any = {"account_id": {"S": after}} if after else None
    while True:
        names = ["account_id", "sequence", "balance_micros", "head_hash"]
        answer = shared.scan(table_name, attributes_to_get=names, exclusive_start_key=start_key)
        for item in answer["Items"]:
            yield item["account_id"]["S"], _head_of(item)
        start_key = answer.get("LastEvaluatedKey")
        if not start_key:
            return


def _head_of(item: Mapping[str, Any]) -> Head | None:
    try:
        return Head(int(item["sequence"]["N"]), int(item["balance_micros"]["N"]), item["head_hash"]["B"])
    except (KeyError, ValueError):
        return None


def wallet_of(row: WalletRow) -> Wallet:
    """Return the wallet of a row. If it was last written before rows named pages, its events may have any time."""
    stored: float | None = row.older_ms
    older_ms = END_OF_TIME_MS if stored is None else int(stored)
    numbers = (int(row.balance_micros), int(row.sequence))
    return Wallet(
        row.account_id, row.currency, *numbers, row.head_hash, unpack_spans(row.recent_pages or b""), older_ms
    )


def readable_wallet(item: Item | None) -> Wallet | None:
    """Return the wallet of a stored row; None if there is none, or none that can be read."""
    if item is None:
        return None
    return read_or(
        lambda: wallet_of(WalletRow.from_raw_data(item)),
        lambda: None,
        about={"account_id": item["account_id"]["S"], "what": "wallet"},
    )


def wallet_row(wallet: Wallet) -> WalletRow:
    """Return the row of a wallet."""
    return WalletRow(
        wallet.account_id,
        currency=wallet.currency,
        balance_micros=wallet.balance_micros,
        sequence=wallet.sequence,
        head_hash=wallet.head_hash,
        recent_pages=pack_spans(wallet.recent) or None,
        older_ms=wallet.older_ms,
    )


def pack_spans(spans: Sequence[PageSpan]) -> bytes:
    """Pack the pages that a wallet names into bytes."""
    numbers = (number for span in spans for number in (span.earliest_ms, span.latest_ms, span.first_sequence))
    return b"".join(number.to_bytes(SPAN_NUMBER_BYTES, "big") for number in numbers)


def unpack_spans(packed: bytes) -> tuple[PageSpan, ...]:
    """Read what `pack_spans` wrote."""
    edges = range(0, len(packed), SPAN_NUMBER_BYTES)
    numbers = [int.from_bytes(packed[start : start + SPAN_NUMBER_BYTES], "big") for start in edges]
    return tuple(map(PageSpan, numbers[::3], numbers[1::3], numbers[2::3]))


def read_days(account_id: str, first: str, last: str) -> Days:
    """Read the usage of the days from `first` to `last`, both included, oldest first."""
    between = DailyUsageRow.day.between(first, last)
    shared, table_name = raw(DailyUsageRow)
    days: Days = {}
    start_key: Mapping[str, Any] | None = None
    while True:
        answer = shared.query(table_name, account_id, between, consistent_read=True, exclusive_start_key=start_key)
        for item in answer["Items"]:
            days[item["day"]["S"]] = read_meters(item, Usage, FIELDS)
        start_key = answer.get("LastEvaluatedKey")
        if not start_key:
            return days


def read_newest_days(account_id: str, first: str, last: str, limit: int) -> tuple[Days, bool]:
    """Read at most `limit` days with usage from `first` to `last`, both included, newest first, with one call.

    Return also whether there may be more: DynamoDB answers with 1 MB at most, so fewer days are not yet the end.
    """
    shared, table_name = raw(DailyUsageRow)
    answer = shared.query(
        table_name,
        account_id,
        DailyUsageRow.day.between(first, last),
        consistent_read=True,
        limit=limit,
        scan_index_forward=False,
    )
    days = {item["day"]["S"]: read_meters(item, Usage, FIELDS) for item in answer["Items"]}
    return days, "LastEvaluatedKey" in answer


def read_meters_used(since: str) -> Iterator[tuple[str, set[str]]]:
    """Yield an account and its meters, for each day since `since`. It scans the table: for the operator only."""
    shared, table_name = raw(DailyUsageRow)
    start_key: Any = None
    while True:
        answer = shared.scan(table_name, filter_condition=DailyUsageRow.day >= since, exclusive_start_key=start_key)
        for item in answer["Items"]:
            yield item["account_id"]["S"], set(read_meters(item, Usage, FIELDS))
        start_key = answer.get("LastEvaluatedKey")
        if not start_key:
            return


def commit(plans: Sequence[WalletPlan]) -> None:
    """Write the plans of several wallets in one transaction, on condition that no wallet has changed since it was read.

    Raises ConcurrentCommit if one has changed, or if DynamoDB detects a concurrent transaction; NotStorable if DynamoDB
    will never accept the write. Nothing is written then.
    """
    try:
        with TransactWrite(connection=connection()) as transaction:
            for plan in plans:
                _add_plan(transaction, plan)
    except TransactWriteError as error:
        reasons = [reason for reason in error.cancellation_reasons if reason]
        codes = {reason.code for reason in reasons} or {str(error.cause_response_code)}
        if codes & REFUSED_CODES:
            raise NotStorable(f"DynamoDB refuses it: {error.cause_response_message}") from error
        if not codes <= CONFLICT_CODES:
            raise
        raise ConcurrentCommit(_moved_wallets(plans, error.cancellation_reasons)) from error


def _moved_wallets(
    plans: Sequence[WalletPlan], reasons: Sequence[CancellationReason | None]
) -> dict[str, Wallet | None]:
    """Return the wallets that had changed. PynamoDB sends all pages first, then each wallet's updates."""
    updated = reasons[sum(len(plan.pages) for plan in plans) :]
    moved: dict[str, Wallet | None] = {}
    for plan in plans:
        own, updated = updated[: plan.update_count], updated[plan.update_count :]
        if any(own):
            item = own[0].raw_item if own[0] else None
            moved[plan.wallet.account_id] = wallet_of(WalletRow.from_raw_data(item)) if item else None
    return moved or {plan.wallet.account_id: None for plan in plans}


def _add_plan(transaction: TransactWrite, plan: WalletPlan) -> None:
    wallet, head = plan.wallet, plan.head
    for page in plan.pages:
        transaction.save(row_of(page), condition=PageRow.page_key.does_not_exist())
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
        transaction.update(DailyUsageRow(wallet.account_id, day), actions=add_meters(meters, FIELDS))
    add_to_commit(transaction, wallet.account_id, plan.clients)


read_wallet_image: Final = image_reader(WalletRow, wallet_of)
