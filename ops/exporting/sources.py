"""Read what an export has in each of its files: columns, and rows one by one. A row that cannot be read says so."""

from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from chalicelib import clock
from chalicelib.accounts.account import Account
from chalicelib.accounts.permission import Permission
from chalicelib.accounts.table import AccountRow
from chalicelib.accounts.taxes_table import TaxesRow
from chalicelib.accounts.viewer import Viewer
from chalicelib.activity.entry import Entry, shown_entry
from chalicelib.activity.table import LogRow
from chalicelib.allowances.table import AllowanceRow
from chalicelib.audit.table import RepeatRow
from chalicelib.auto_pay.table import AutoPayRow
from chalicelib.budgets.table import BudgetsRow
from chalicelib.cards.table import CardRow, cards_of
from chalicelib.connection.table import ConnectionRow
from chalicelib.history.view import TransactionView, view
from chalicelib.idempotency import IdempotencyRow
from chalicelib.invoices.invoice import Invoice
from chalicelib.invoices.table import DOCUMENTS, InvoiceRow, invoice_of
from chalicelib.ledger.client_usage import ClientMeter
from chalicelib.ledger.client_usage_table import FIELDS as CLIENT_FIELDS
from chalicelib.ledger.client_usage_table import ClientUsageRow
from chalicelib.ledger.daily_usage import Usage
from chalicelib.ledger.meter_numbers import read_meters
from chalicelib.ledger.page_table import PageRow, page_of
from chalicelib.ledger.read_page import transactions_of
from chalicelib.ledger.table import FIELDS, DailyUsageRow, WalletRow
from chalicelib.log import log
from chalicelib.moves.table import MoveRow
from chalicelib.notices.table import NoticeRow
from chalicelib.payments.table import PaymentRow
from chalicelib.portal.invitation_table import InvitationRow
from chalicelib.portal.table import SessionRow
from chalicelib.pricing.table import RebillingRow
from chalicelib.readable import UNREADABLE
from chalicelib.reversals.table import GUARD, ReversalRow
from chalicelib.subscriptions.table import SubscriptionRow
from chalicelib.tables import Item, Table, query_items, raw
from chalicelib.token import Caller
from chalicelib.typed import convert
from ops.account_data import place
from ops.exporting.readable import Row, readable, readable_name, unreadable

ACTORS: Final = frozenset("actor changed_by asked_by answered_by connected_by disconnected_by standing_actor".split())
"""Fields that say who did something: shown to the account's people as the portal shows them."""

TRANSACTION_FIELDS: Final = TransactionView.__struct_fields__
MEASURES: Final = ("meter", "quantity", "amount", "count")
CLIENT_MEASURES: Final = ("meter", "quantity", "cost", "price", "count")
LOG_FIELDS: Final = ("entry_id", "at", "kind", "actor", "client_id", "changes")
DOCUMENT_FIELDS: Final = tuple(readable_name(each) for each in Invoice.__struct_fields__ if each != "account_id")


class Subject(msgspec.Struct, frozen=True):
    """Whose data it is, as its own people see it; its transactions up to a sequence number."""

    account: Account
    viewer: Viewer
    last_sequence: int

    @property
    def account_id(self) -> str:
        """Return the account's id."""
        return self.account.account_id


def subject_of(account: Account, last_sequence: int) -> Subject:
    """Return an account as its owner sees it."""
    owner = Caller("owner", account.account_id)
    return Subject(account, Viewer(Permission(owner, account)), last_sequence)


class Source(msgspec.Struct, frozen=True):
    """A file of an export: from which place, with which columns, and how its rows are read."""

    place: str
    columns: tuple[str, ...]
    read: Callable[[Subject], Iterator[Row]]
    of_clients: bool = True

    @property
    def file(self) -> str:
        """Return the file's name, without its ending."""
        return str(place(self.place).file)


def _each_item(items: Iterator[Item], hidden: frozenset[str], make: Callable[[Item], Iterator[Row]]) -> Iterator[Row]:
    """Yield the rows that are made of items; what cannot be read is said in its place, and nothing else is missing.

    Of an item that cannot be read, it cannot be told what the account's people may see of who did it: that is left out,
    like what is `hidden`.
    """
    for item in items:
        try:
            rows = list(make(item))
        except Exception as error:  # noqa: BLE001 - of this item alone: it is exported as it is stored
            log().exception(UNREADABLE, what="export")
            rows = [unreadable(item, f"{type(error).__name__}: {error}", hidden | ACTORS)]
        yield from rows


def _stored(name: str, table: type[Table], *, of_clients: bool = True) -> Source:
    """Return the source of a table whose rows are exported as they are, without what is hidden."""
    hidden = place(name).hidden
    attributes = [each for each in table.get_attributes() if each not in hidden]

    def read(subject: Subject) -> Iterator[Row]:
        def make(item: Item) -> Iterator[Row]:
            yield _shown(readable(table.from_raw_data(item).values(), subject.account.currency, hidden), subject)

        return _each_item(query_items(table, subject.account_id), hidden, make)

    return Source(name, tuple(map(readable_name, attributes)), read, of_clients)


def _shown(row: Row, subject: Subject) -> Row:
    """Return a row with the names of people as the account's own people see them."""
    now_ms = clock.now_ms()
    return {
        name: subject.viewer.name_of(value, now_ms) if name in ACTORS and isinstance(value, str) else value
        for name, value in row.items()
    }


def _read_cards(subject: Subject) -> Iterator[Row]:
    hidden = place("cards").hidden

    def make(item: Item) -> Iterator[Row]:
        row = CardRow.from_raw_data(item)
        on_file = cards_of(row)
        common = {"stripe_account": row.stripe_account, "stripe_customer_id": on_file.customer_id}
        for card in on_file.all or (None,):
            role = "default" if card == on_file.card else "backup" if card == on_file.backup else "other"
            values = msgspec.to_builtins(card) if card else {}
            yield {**readable(common, "", hidden), **({"role": role} if card else {}), **readable(values, "", hidden)}

    return _each_item(query_items(CardRow, subject.account_id), hidden, make)


def _read_transactions(subject: Subject) -> Iterator[Row]:
    """Yield transactions by page, oldest page first; those posted since the export began are left out."""

    def make(item: Item) -> Iterator[Row]:
        for each in transactions_of(page_of(PageRow.from_raw_data(item))):
            if each.sequence <= subject.last_sequence:
                yield msgspec.to_builtins(view(each, subject.viewer))

    return _each_item(query_items(PageRow, subject.account_id), frozenset({"body"}), make)


def _read_days(subject: Subject) -> Iterator[Row]:
    def make(item: Item) -> Iterator[Row]:
        for meter, usage in read_meters(item, Usage, FIELDS).items():
            measures = readable(msgspec.to_builtins(usage), subject.account.currency)
            yield {"day": item["day"]["S"], "meter": meter, **measures}

    return _each_item(query_items(DailyUsageRow, subject.account_id), frozenset(), make)


def _read_client_months(subject: Subject) -> Iterator[Row]:
    def make(item: Item) -> Iterator[Row]:
        month, _, client_id = item["client_month"]["S"].partition("#")
        for meter, usage in read_meters(item, ClientMeter, CLIENT_FIELDS).items():
            measures = readable(msgspec.to_builtins(usage), subject.account.currency)
            yield {"month": month, "client_id": client_id, "meter": meter, **measures}

    return _each_item(query_items(ClientUsageRow, subject.account_id), frozenset(), make)


def _read_reversals(subject: Subject) -> Iterator[Row]:
    stored = _stored("reversals", ReversalRow).read(subject)
    return (row for row in stored if row.get("reversal_key") != GUARD)


def _read_documents(subject: Subject) -> Iterator[Row]:
    def make(item: Item) -> Iterator[Row]:
        if item["document"]["S"].startswith(DOCUMENTS):
            invoice = msgspec.to_builtins(invoice_of(InvoiceRow.from_raw_data(item)))
            yield readable(invoice, subject.account.currency, frozenset({"account_id"}))

    return _each_item(query_items(InvoiceRow, subject.account_id), frozenset({"body"}), make)


def _read_log(subject: Subject) -> Iterator[Row]:
    def make(item: Item) -> Iterator[Row]:
        entry = convert(LogRow.from_raw_data(item).values(), Entry)
        sees = subject.viewer.sees_decisions_at(entry.at_ms)
        shown = shown_entry(entry, sees_decisions=sees, is_client=subject.viewer.is_client)
        if shown:
            values = readable(msgspec.to_builtins(shown), subject.account.currency, {"account_id", "for_client"})
            yield _shown(values, subject)

    return _each_item(query_items(LogRow, subject.account_id), frozenset({"changes", "client_id"}), make)


def _read_sessions(subject: Subject) -> Iterator[Row]:
    """Yield the sessions of an account, for which the whole table is read: it is by session."""
    hidden = place("portal_sessions").hidden

    def make(item: Item) -> Iterator[Row]:
        yield readable(SessionRow.from_raw_data(item).values(), "", hidden)

    return _each_item(scan_sessions(subject.account_id), hidden, make)


def scan_sessions(account_id: str) -> Iterator[Item]:
    """Yield an account's sessions and links."""
    shared, table_name = raw(SessionRow)
    start_key = None
    while True:
        answer = shared.scan(
            table_name, filter_condition=SessionRow.account_id == account_id, exclusive_start_key=start_key
        )
        yield from answer["Items"]
        start_key = answer.get("LastEvaluatedKey")
        if not start_key:
            return


CARD_FIELDS: Final = (
    "stripe_account",
    "stripe_customer_id",
    "role",
    "brand",
    "last_four",
    "expiry_month",
    "expiry_year",
    "wallet",
    "payment_method_id",
    "set_up_at",
)
SESSION_FIELDS: Final = tuple(
    readable_name(each) for each in SessionRow.get_attributes() if each not in place("portal_sessions").hidden
)

SOURCES: Final = (
    _stored("accounts", AccountRow),
    _stored("wallets", WalletRow),
    Source("cards", CARD_FIELDS, _read_cards),
    _stored("auto_pay", AutoPayRow),
    _stored("budgets", BudgetsRow),
    _stored("subscriptions", SubscriptionRow),
    _stored("payments", PaymentRow),
    Source("reversals", _stored("reversals", ReversalRow).columns, _read_reversals),
    Source("transactions", TRANSACTION_FIELDS, _read_transactions),
    Source("daily_usage", ("day", *MEASURES), _read_days),
    Source("client_usage", ("month", "client_id", *CLIENT_MEASURES), _read_client_months, of_clients=False),
    Source("invoices", DOCUMENT_FIELDS, _read_documents),
    _stored("taxes", TaxesRow, of_clients=False),
    _stored("connections", ConnectionRow, of_clients=False),
    _stored("rebilling", RebillingRow, of_clients=False),
    _stored("allowances", AllowanceRow),
    _stored("moves", MoveRow),
    _stored("notices", NoticeRow),
    _stored("invitations", InvitationRow),
    Source("portal_sessions", SESSION_FIELDS, _read_sessions),
    Source("account_log", LOG_FIELDS, _read_log),
    _stored("idempotency", IdempotencyRow),
    _stored("repeats", RepeatRow),
)
"""What is exported, in the order of the files. Rebilling says what a workspace earns: a client sees what it pays."""
