"""List a workspace's clients, a page at a time: the same few calls however many there are, and no scan.

A page reads a part of the index `clients`, then all rows of the clients in it that the page shows, in two calls, their
workspace's connection in one, and their usage of the month in one query.
"""

from collections.abc import Sequence
from itertools import islice
from typing import Final

import msgspec

from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account
from chalicelib.auto_pay.table import AutoPayRow, auto_pay_of
from chalicelib.cards.table import CardRow
from chalicelib.clients.client import Client, Tab, auto_pay_health, is_in_tab, sum_meters
from chalicelib.clock import month_of
from chalicelib.connection.table import connection_of
from chalicelib.ledger.client_usage import ClientMeter
from chalicelib.ledger.client_usage_table import find_client_months, read_client_months
from chalicelib.ledger.table import WalletRow, wallet_of
from chalicelib.pricing.rebilling import NO_REBILLING, Rebilling
from chalicelib.pricing.table import RebillingRow, rebilling_of
from chalicelib.tables import read_together

MOST_READ: Final = 100
"""How many clients a page of a tab reads at most: DynamoDB gives so many rows in one call (BatchGetItem)."""

MOST_LISTED: Final = 25
"""How many clients a page has at most: three rows of each are read in one call."""

MOST_SUMMED: Final = 5_000
"""How many clients' usage of a month is added up: about that many rows come with five calls."""


class ClientBatch(msgspec.Struct, frozen=True):
    """A page of clients; `next_id` is the last client that was read, if there are more."""

    clients: list[Client]
    next_id: str | None


class MonthTotal(msgspec.Struct, frozen=True):
    """What all clients of a workspace used in a month."""

    used: ClientMeter
    clients: int
    is_complete: bool


def list_clients(workspace_id: str, tab: Tab, *, after: str | None, limit: int, now_ms: int) -> ClientBatch:
    """List the clients of a tab, by id. A page may have fewer than `limit`, and others after it."""
    wanted = limit if tab == "all" else MOST_READ
    read = accounts.clients_after(workspace_id, after, wanted + 1)
    examined = read[:wanted]
    found = _with_rebilling([each for each in examined if is_in_tab(each, tab)])
    shown = [(each, own) for each, own in found if own.is_on(now_ms) or tab != "rebilled"]
    if len(shown) > limit:
        shown = shown[:limit]
        next_id: str | None = shown[-1][0].account_id
    else:
        next_id = examined[-1].account_id if len(read) > wanted else None
    return ClientBatch(_complete(workspace_id, shown, now_ms), next_id)


def _with_rebilling(found: Sequence[Account]) -> list[tuple[Account, Rebilling]]:
    """Return each client with its own settings of rebilling."""
    if not found:
        return []
    rows = read_together({RebillingRow: [each.account_id for each in found]})[RebillingRow]
    own = {row.account_id: rebilling_of(row) for row in rows}
    return [(each, own.get(each.account_id, NO_REBILLING)) for each in found]


def _complete(workspace_id: str, shown: Sequence[tuple[Account, Rebilling]], now_ms: int) -> list[Client]:
    """Read what else a page shows of its clients."""
    if not shown:
        return []
    ids = [account.account_id for account, _ in shown]
    # A workspace's clients all pay on the same Stripe account.
    pays_on = connection_of(shown[0][0])
    cards = [(each, pays_on.stripe_account.key) for each in ids] if pays_on.stripe_account else []
    rows = read_together({WalletRow: ids, AutoPayRow: ids, **({CardRow: cards} if cards else {})})
    balances = {row.account_id: wallet_of(row).balance_micros for row in rows[WalletRow]}
    auto_pay = {row.account_id: auto_pay_of(row) for row in rows[AutoPayRow]}
    with_card = {row.account_id for row in rows.get(CardRow, ()) if row.card and row.stripe_customer_id}
    months = find_client_months(workspace_id, month_of(now_ms), ids)
    return [
        Client(
            account=account,
            is_rebilled=own.is_on(now_ms),
            can_pay=pays_on.unconnected is None,
            has_card=account.account_id in with_card,
            balance_micros=balances.get(account.account_id, 0),
            auto_pay=auto_pay_health(auto_pay.get(account.account_id), now_ms),
            used=sum_meters(months.get(account.account_id, {})),
            allowance_micros=own.allowance_at(now_ms) if own.is_on(now_ms) else 0,
        )
        for account, own in shown
    ]


def load_client(account: Account, now_ms: int) -> Client:
    """Return one client as a page of clients shows it."""
    return _complete(str(account.workspace_id), _with_rebilling([account]), now_ms)[0]


def sum_month(workspace_id: str, month: str, most: int = MOST_SUMMED) -> MonthTotal:
    """Add up what a workspace's clients used in a month; not complete if there are more than `most`."""
    found = read_client_months(workspace_id, month)
    summed = [sum_meters(meters) for _, meters in islice(found, most)]
    total = ClientMeter()
    for each in summed:
        total.add(each)
    return MonthTotal(total, len(summed), is_complete=next(found, None) is None)
