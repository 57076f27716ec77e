"""Mailings in the table `invoices`: a row for each, and one for when an account's newest were made."""

from typing import Final

import msgspec
from msgspec.structs import asdict, replace
from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib.conflicts import conditional_transaction
from chalicelib.invoices.mailing import Mailing, RecentMailings
from chalicelib.invoices.table import SEQUENCE_DIGITS
from chalicelib.tables import Table, TableMeta
from chalicelib.typed import convert

RECENT: Final = "mailings"


class MailingRow(Table):
    """One row for each mailing."""

    class Meta(metaclass=TableMeta):
        setting = "invoices_table"

    account_id = UnicodeAttribute(hash_key=True)
    document = UnicodeAttribute(range_key=True)
    sequence = NumberAttribute()
    mailing_id = UnicodeAttribute()
    number = UnicodeAttribute()
    to = UnicodeAttribute()
    actor = UnicodeAttribute()
    created_at_ms = NumberAttribute()
    sent_at_ms = NumberAttribute(null=True)
    unconfirmed_at_ms = NumberAttribute(null=True)


class RecentRow(Table):
    """When an account's newest mailings were made."""

    class Meta(metaclass=TableMeta):
        setting = "invoices_table"

    account_id = UnicodeAttribute(hash_key=True)
    document = UnicodeAttribute(range_key=True)
    mailings = NumberAttribute()
    times_ms = JSONAttribute()


def find(account_id: str, sequence: int, mailing_id: str) -> Mailing | None:
    """Read a mailing, strongly consistent; None if there is none."""
    try:
        return _mailing(MailingRow.get(account_id, _key(sequence, mailing_id), consistent_read=True))
    except MailingRow.DoesNotExist:
        return None


def newest(account_id: str, sequence: int, *, limit: int) -> list[Mailing]:
    """Read the newest mailings of a document, newest first."""
    rows = MailingRow.query(
        account_id,
        MailingRow.document.startswith(_key(sequence, "")),
        scan_index_forward=False,
        limit=limit,
        page_size=limit,
        consistent_read=True,
    )
    return [_mailing(row) for row in rows]


def recent(account_id: str) -> RecentMailings:
    """Read when an account's newest mailings were made, strongly consistent."""
    try:
        row = RecentRow.get(account_id, RECENT, consistent_read=True)
    except RecentRow.DoesNotExist:
        return RecentMailings()
    return RecentMailings(int(row.mailings), convert(row.times_ms, tuple[int, ...]))


def add(mailing: Mailing, after: RecentMailings) -> bool:
    """Write a new mailing that makes the account's newest `after`; False when a concurrent write came first."""
    before = after.count - 1

    def add_writes(transaction: TransactWrite) -> None:
        values = {name: value for name, value in asdict(mailing).items() if name != "account_id"}
        row = MailingRow(mailing.account_id, _key(mailing.sequence, mailing.mailing_id), **values)
        transaction.save(row, condition=MailingRow.document.does_not_exist())
        times = msgspec.to_builtins(after.times_ms)
        transaction.save(
            RecentRow(mailing.account_id, RECENT, mailings=after.count, times_ms=times),
            condition=RecentRow.mailings == before if before else RecentRow.document.does_not_exist(),
        )

    return conditional_transaction(add_writes)


def note_sent(mailing: Mailing, sent_at_ms: int) -> Mailing:
    """Note that SES has taken the mail; return the mailing."""
    _note(mailing, MailingRow.sent_at_ms.set(sent_at_ms))
    return replace(mailing, sent_at_ms=sent_at_ms)


def note_unconfirmed(mailing: Mailing, now_ms: int) -> None:
    """Note that nobody knows whether SES has taken the mail."""
    _note(mailing, MailingRow.unconfirmed_at_ms.set(now_ms))


def _note(mailing: Mailing, action: Action) -> None:
    row = MailingRow(mailing.account_id, _key(mailing.sequence, mailing.mailing_id))
    row.update([action], condition=MailingRow.document.exists())


def _key(sequence: int, mailing_id: str) -> str:
    return f"mailing#{sequence:0{SEQUENCE_DIGITS}d}#{mailing_id}"


def _mailing(row: MailingRow) -> Mailing:
    values = row.values()
    return convert({name: values.get(name) for name in Mailing.__struct_fields__}, Mailing)
