"""The door to the tables `audits` and `repeats`."""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
from msgspec.structs import asdict
from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.audit.repeats import Repeat
from chalicelib.conflicts import conditional_write
from chalicelib.readable import read_each
from chalicelib.tables import Table, TableMeta, image_reader, read_rows
from chalicelib.typed import convert

ACCOUNT: Final = "account"
DAY: Final = "day#"
AFTER_DAYS: Final = "day$"
"""Sorts after all days."""


class AuditRow(Table):
    """How far an account was audited (`part` is `account`), and each of its days (`day#2026-11-23`)."""

    class Meta(metaclass=TableMeta):
        setting = "audits_table"

    account_id = UnicodeAttribute(hash_key=True)
    part = UnicodeAttribute(range_key=True)
    sequence = NumberAttribute(default=0)
    usage_count = NumberAttribute(null=True)
    taken_at_ms = NumberAttribute(null=True)


class RepeatRow(Table):
    """One row for each repeat. Its stream publishes it to EventBridge."""

    class Meta(metaclass=TableMeta):
        setting = "repeats_table"

    account_id = UnicodeAttribute(hash_key=True)
    transaction_id = UnicodeAttribute(range_key=True)
    event_account_id = UnicodeAttribute()
    source = UnicodeAttribute()
    event_id = UnicodeAttribute()
    occurred_at_ms = NumberAttribute()
    original_transaction_id = UnicodeAttribute()
    original_occurred_at_ms = NumberAttribute()
    amount_micros = NumberAttribute()
    currency = UnicodeAttribute()
    found_at_ms = NumberAttribute()
    state = UnicodeAttribute()


class DayProgress(msgspec.Struct, frozen=True):
    """How far a day was audited: up to which sequence number of the wallet, and how much usage was counted."""

    sequence: int = 0
    usage_count: int = 0


class AccountProgress(msgspec.Struct, frozen=True):
    """How far an account was audited, and when an audit of it last began."""

    sequence: int = 0
    taken_at_ms: int = 0


def read_accounts(account_ids: Iterable[str]) -> dict[str, AccountProgress]:
    """Read how far accounts were audited, strongly consistent; accounts that were never audited are left out.

    Of one whose row cannot be read, all is audited again.
    """
    ids = list(account_ids)
    rows = read_rows({AuditRow: [(account_id, ACCOUNT) for account_id in ids]})
    found, _ = read_each(ids, lambda account_id: _progress(rows.find(AuditRow, (account_id, ACCOUNT))), what="audit")
    return {account_id: progress for account_id, progress in found.items() if progress}


def _progress(row: AuditRow | None) -> AccountProgress | None:
    return AccountProgress(int(row.sequence), int(row.taken_at_ms or 0)) if row else None


def take(account_id: str, now_ms: int, *, not_since_ms: int) -> bool:
    """Take an account for an audit that begins now; return False if one began at `not_since_ms` or later."""
    free = AuditRow.taken_at_ms.does_not_exist() | (AuditRow.taken_at_ms < not_since_ms)
    taken = AuditRow.taken_at_ms.set(now_ms)
    return conditional_write(AuditRow(account_id, ACCOUNT).update, [taken], condition=free)


def put_back(account_id: str) -> None:
    """Put back an account whose audit is not finished, so that the next run takes it again."""
    AuditRow(account_id, ACCOUNT).update([AuditRow.taken_at_ms.remove()])


def finish(account_id: str, sequence: int) -> None:
    """Record that all of an account's pages up to a sequence number were audited."""
    AuditRow(account_id, ACCOUNT).update([AuditRow.sequence.set(sequence)])


def read_days(account_id: str) -> dict[str, DayProgress]:
    """Read how far each day of an account was audited, strongly consistent."""
    rows = AuditRow.query(account_id, AuditRow.part.between(DAY, AFTER_DAYS), consistent_read=True)
    return {row.part.removeprefix(DAY): DayProgress(int(row.sequence), int(row.usage_count or 0)) for row in rows}


def write_day(account_id: str, day: str, progress: DayProgress) -> None:
    """Record how far a day was audited."""
    AuditRow(account_id, DAY + day, sequence=progress.sequence, usage_count=progress.usage_count).save()


def keep(repeat: Repeat) -> tuple[Repeat, bool]:
    """Store a repeat unless it was found before; return the stored one, and whether it is new."""
    row = RepeatRow(**asdict(repeat))
    if conditional_write(row.save, condition=RepeatRow.transaction_id.does_not_exist()):
        return repeat, True
    return repeat_of(RepeatRow.get(repeat.account_id, repeat.transaction_id, consistent_read=True)), False


def read_kept(account_id: str, transaction_ids: Iterable[str]) -> dict[str, Repeat]:
    """Read the stored repeats among an account's transactions, by transaction id, strongly consistent."""
    rows = RepeatRow.batch_get([(account_id, each) for each in transaction_ids], consistent_read=True)
    return {row.transaction_id: repeat_of(row) for row in rows}


def mark_given_back(repeat: Repeat) -> None:
    """Record that a repeat was given back."""
    RepeatRow(repeat.account_id, repeat.transaction_id).update([RepeatRow.state.set("given_back")])


def read_repeats(account_id: str | None = None) -> Iterator[Repeat]:
    """Yield the repeats that were found in an account, or in all accounts, in no particular order."""
    return map(repeat_of, RepeatRow.query(account_id) if account_id else RepeatRow.scan())


def repeat_of(row: RepeatRow) -> Repeat:
    """Return the repeat of a row. Raises msgspec.ValidationError."""
    return convert(row.values(), Repeat)


read_repeat_image: Final = image_reader(RepeatRow, repeat_of)
