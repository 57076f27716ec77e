"""List the recurring charges of a workspace and its clients: the same few calls a page, however many clients it has.

A page reads a part of the index `clients`, then their rows in one call, and if one of them has a subscription, the
taxes of the workspace.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.accounts import taxes_table
from chalicelib.accounts.account import Account
from chalicelib.accounts.taxes import DatedTaxes, tax_for
from chalicelib.auto_pay.table import AutoPayRow, auto_pay_of
from chalicelib.catalog.catalog import Catalog
from chalicelib.clients.recurring import RecurringCharges, recurring_charges
from chalicelib.subscriptions.table import SubscriptionRow, subscription_of
from chalicelib.tables import read_together

MOST_READ: Final = 49
"""How many clients a page reads at most: two rows of each, and two of the workspace, are read in one call, which gives
up to 100 rows (BatchGetItem)."""


class RecurringBatch(msgspec.Struct, frozen=True):
    """The recurring charges of a page; `next_id` is the last client that was read, if there are more."""

    charges: list[RecurringCharges]
    next_id: str | None


def list_recurring(
    account: Account, catalog: Catalog, *, after: str | None = None, limit: int = MOST_READ
) -> RecurringBatch:
    """List an account's own recurring charges, then those of a workspace's clients, by id.

    A page reads `limit` clients and shows those that have any. The workspace's own are on the first page alone.
    """
    if account.kind == "client":
        return RecurringBatch(_read([account], catalog), None)
    read = accounts.clients_after(account.account_id, after, limit + 1)
    examined = read[:limit]
    charges = _read([*([] if after else [account]), *examined], catalog)
    return RecurringBatch(charges, examined[-1].account_id if len(read) > limit else None)


def _read(found: Sequence[Account], catalog: Catalog) -> list[RecurringCharges]:
    """Return the recurring charges of those accounts that have any."""
    if not found:
        return []
    ids = [each.account_id for each in found]
    rows = read_together({SubscriptionRow: ids, AutoPayRow: ids})
    subscriptions = {row.account_id: subscription_of(row) for row in rows[SubscriptionRow]}
    auto_pay = {row.account_id: auto_pay_of(row) for row in rows[AutoPayRow]}
    of_workspace = _taxes(each for each in found if each.account_id in subscriptions)
    charges = [
        recurring_charges(
            each,
            subscriptions.get(each.account_id),
            auto_pay.get(each.account_id),
            catalog,
            tax_for(each, catalog, of_workspace),
        )
        for each in found
    ]
    return [each for each in charges if each.exist]


def _taxes(found: Iterable[Account]) -> DatedTaxes | None:
    """Return the taxes that the clients among some accounts pay now: their workspace's, one for all of them."""
    workspace_id = next((each.workspace_id for each in found if each.workspace_id), None)
    return taxes_table.find(workspace_id).at(clock.now_ms()) if workspace_id else None
