"""The tables whose changes are logged: how each one's rows are read, and the rule for them."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from chalicelib.accounts.table import AccountRow, account_of
from chalicelib.accounts.taxes_table import TaxesRow, taxes_of
from chalicelib.activity.account_changes import account_changes
from chalicelib.activity.auto_pay_changes import auto_pay_changes
from chalicelib.activity.budgets_changes import budgets_changes
from chalicelib.activity.card_changes import card_changes
from chalicelib.activity.connection_changes import connection_changes
from chalicelib.activity.entry import Entry, Kind, Rule, Written, entries_of
from chalicelib.activity.notices_changes import notices_changes
from chalicelib.activity.rebilling_changes import rebilling_changes
from chalicelib.activity.subscription_changes import subscription_changes
from chalicelib.activity.taxes_changes import taxes_changes
from chalicelib.auto_pay import table as auto_pay
from chalicelib.budgets.table import BudgetsRow, budgets_of
from chalicelib.cards.table import CardRow, cards_of
from chalicelib.connection import table as connections
from chalicelib.notices.choice import Choice
from chalicelib.notices.table import CHOICE, NoticeRow
from chalicelib.pricing.table import RebillingRow, rebilling_of
from chalicelib.streams import Change, Image, Record, sequence_number
from chalicelib.subscriptions.table import SubscriptionRow, subscription_of
from chalicelib.tables import image_reader
from chalicelib.typed import convert


def is_any(_keys: Mapping[str, str]) -> bool:
    """Tell that every row of a table is of its kind."""
    return True


class Source(msgspec.Struct, frozen=True):
    """A table: the kind of its entries, how a row is read, the rule, and which of its rows are meant, by their keys."""

    kind: Kind
    read_image: Callable[[Image], Any]
    rule: Rule[Any]
    concerns: Callable[[Mapping[str, str]], bool] = is_any

    def entries_of(self, record: Record) -> list[Entry]:
        """Return the entries of a record, if there are any. Raises MalformedRecord."""
        change = Change(record, self.read_image)
        return entries_of(self.kind, change, self.rule, sequence_number(record)) if self.concerns(change.keys) else []


SOURCES: Final[Mapping[str, Source]] = {
    "accounts_table": Source(
        "account", image_reader(AccountRow, lambda row: Written(account_of(row), row.changed_by)), account_changes
    ),
    "cards_table": Source(
        "card",
        image_reader(CardRow, lambda row: Written(cards_of(row), row.changed_by, at_ms=row.written_at_ms)),
        card_changes,
    ),
    "auto_pay_table": Source("auto_pay", auto_pay.read_image, auto_pay_changes),
    "subscriptions_table": Source(
        "subscription",
        image_reader(SubscriptionRow, lambda row: Written(subscription_of(row), row.changed_by)),
        subscription_changes,
    ),
    "notices_table": Source(
        "notices",
        image_reader(NoticeRow, lambda row: Written(convert(row.choice, Choice), row.changed_by)),
        notices_changes,
        lambda keys: keys["notice"] == CHOICE,
    ),
    "budgets_table": Source(
        "budgets", image_reader(BudgetsRow, lambda row: Written(budgets_of(row), row.changed_by)), budgets_changes
    ),
    "rebilling_table": Source(
        "rebilling",
        image_reader(RebillingRow, lambda row: Written(rebilling_of(row), row.changed_by, row.changed_in)),
        rebilling_changes,
    ),
    "taxes_table": Source("taxes", image_reader(TaxesRow, taxes_of), taxes_changes),
    "connections_table": Source(
        "stripe_connection",
        connections.read_image,
        connection_changes,
        lambda keys: connections.is_workspace_key(keys["account_id"]),
    ),
}
"""By the setting that has the table's name."""
