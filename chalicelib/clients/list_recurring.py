"""List the recurring charges of a workspace and its clients: the same few calls a page, however many clients it has.

A page reads a part of the index `clients`, then their rows in one call, and if one of them has a subscription, the
taxes of the workspace.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.accounts import taxes_table
from chalicelib.accounts.account import Account
from chalicelib.accounts.taxes import DatedTaxes, tax_for
from chalicelib.auto_pay.table import AutoPayRow
from chalicelib.auto_pay.table import find_in as find_auto_pay_in
from chalicelib.catalog.catalog import Catalog
from chalicelib.clients.recurring import RecurringCharges, recurring_charges
from chalicelib.readable import read_each
from chalicelib.subscriptions.table import SubscriptionRow
from chalicelib.subscriptions.table import find_in as find_subscription_in
from chalicelib.tables import read_rows

MOST_READ: Final = 49
"""How many clients a page reads at most: two rows of each, and two of the workspace, are read in one call, which gives
up to 100 rows (BatchGetItem)."""


class RecurringBatch(msgspec.Struct, frozen=True):
    """The recurring charges of a page; `next_id` is the last client that was read, if there are more.

    `unreadable` are the ids of clients whose charges cannot be shown.
    """

    charges: list[RecurringCharges]
    next_id: str | None
    unreadable: list[str]


def list_recurring(
    account: Account, catalog: Catalog, *, after: str | None = None, limit: int = MOST_READ
) -> RecurringBatch:
    """List an account's own recurring charges, then those of a workspace's clients, by id.

    A page reads `limit` clients and shows those that have any. The workspace's own are on the first page alone.
    """
    own_id = account.account_id
    if account.kind == "client":
        own = _reader({own_id: account}, catalog)(own_id)
        return RecurringBatch([own] if own.exist else [], None, [])
    read = accounts.clients_after(own_id, after, limit + 1)
    examined = read.ids[:limit]
    clients = {each: read.accounts[each] for each in examined if each in read.accounts}
    charges_of = _reader({**({} if after else {own_id: account}), **clients}, catalog)
    of_workspace = [] if after else [charges_of(own_id)]
    charges, _ = read_each(clients, charges_of, what="recurring charges")
    return RecurringBatch(
        [each for each in [*of_workspace, *charges.values()] if each.exist],
        examined[-1] if len(read.ids) > limit else None,
        [each for each in examined if each not in charges],
    )


def _reader(found: Mapping[str, Account], catalog: Catalog) -> Callable[[str], RecurringCharges]:
    """Read accounts' subscriptions and auto-pay; return the function that makes the charges of each, or raises."""
    rows = read_rows({SubscriptionRow: found, AutoPayRow: found})
    of_workspace = _taxes(each for each in found.values() if rows.has(SubscriptionRow, each.account_id))

    def charges_of(account_id: str) -> RecurringCharges:
        account = found[account_id]
        subscription, auto_pay = find_subscription_in(rows, account_id), find_auto_pay_in(rows, account_id)
        return recurring_charges(account, subscription, auto_pay, catalog, tax_for(account, catalog, of_workspace))

    return charges_of


def _taxes(found: Iterable[Account]) -> DatedTaxes | None:
    """Return the taxes that the clients among some accounts pay now: their workspace's, one for all of them."""
    workspace_id = next((each.workspace_id for each in found if each.workspace_id), None)
    return taxes_table.find(workspace_id).at(clock.now_ms()) if workspace_id else None
