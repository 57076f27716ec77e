"""List a workspace's clients, a page at a time: the same few calls however many there are, and no scan.

A page reads a part of the index `clients`, then all rows of the clients in it that the page shows, in two calls, their
workspace's connection in one, and their usage of the month in one query.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Final

import msgspec

from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account
from chalicelib.auto_pay.table import AutoPayRow, find_in
from chalicelib.cards.table import CardRow
from chalicelib.clients.client import Client, Tab, auto_pay_health, is_in_tab, sum_meters
from chalicelib.clock import month_of
from chalicelib.connection.table import pays_on_keys, pays_on_to_show
from chalicelib.ledger.client_usage import ClientMeter
from chalicelib.ledger.client_usage_table import find_month_items, meters_of, read_span
from chalicelib.ledger.table import WalletRow, wallet_of
from chalicelib.pricing.rebilling import NO_REBILLING, Rebilling
from chalicelib.pricing.table import RebillingRow, rebilling_of
from chalicelib.readable import read_each
from chalicelib.tables import read_rows

MOST_READ: Final = 100
"""How many clients a page of a tab reads at most: DynamoDB gives so many rows in one call (BatchGetItem)."""

MOST_LISTED: Final = 25
"""How many clients a page has at most: three rows of each are read in one call."""

MOST_SUMMED: Final = 5_000
"""How many clients' usage of a month is added up: about that many rows come with five calls."""


class ClientBatch(msgspec.Struct, frozen=True):
    """A page of clients; `next_id` is the last client that was read, if there are more.

    `unreadable` are the ids of clients of the page, and maybe of the tab, that cannot be shown.
    """

    clients: list[Client]
    next_id: str | None
    unreadable: list[str]


class MonthTotal(msgspec.Struct, frozen=True):
    """What all clients of a workspace used in a month."""

    used: ClientMeter
    clients: int
    is_complete: bool


def list_clients(workspace_id: str, tab: Tab, *, after: str | None, limit: int, now_ms: int) -> ClientBatch:
    """List the clients of a tab, by id. A page may have fewer than `limit`, and others after it."""
    wanted = limit if tab == "all" else MOST_READ
    read = accounts.clients_after(workspace_id, after, wanted + 1)
    examined = read.ids[:wanted]
    in_tab = [each for each in examined if each not in read.accounts or is_in_tab(read.accounts[each], tab)]
    in_tab_readable = [each for each in in_tab if each in read.accounts]
    own, _ = read_each(in_tab_readable, _read_rebilling(in_tab_readable), what="rebilling")
    # A client that cannot be read may belong in any tab.
    shown = [each for each in in_tab if tab != "rebilled" or each not in own or own[each].is_on(now_ms)]
    if len(shown) > limit:
        shown = shown[:limit]
        next_id: str | None = shown[-1]
    else:
        next_id = examined[-1] if len(read.ids) > wanted else None
    readable = {each: (read.accounts[each], own[each]) for each in shown if each in own}
    clients = read_each(readable, _reader(workspace_id, readable, now_ms), what="client")[0] if readable else {}
    return ClientBatch(list(clients.values()), next_id, [each for each in shown if each not in clients])


def _read_rebilling(ids: Sequence[str]) -> Callable[[str], Rebilling]:
    """Read clients' own settings of rebilling; return the function that makes those of each, or raises."""
    rows = read_rows({RebillingRow: ids})

    def rebilling_of_client(client_id: str) -> Rebilling:
        row = rows.find(RebillingRow, client_id)
        return rebilling_of(row) if row else NO_REBILLING

    return rebilling_of_client


def _reader(workspace_id: str, found: Mapping[str, tuple[Account, Rebilling]], now_ms: int) -> Callable[[str], Client]:
    """Read what else a page shows of its clients; return the function that makes each of them, or raises."""
    ids = list(found)
    # A workspace's clients all pay on the same Stripe account.
    account = found[ids[0]][0]
    pays_on = pays_on_to_show(read_rows(pays_on_keys(account)), account)
    on, is_unknown = pays_on.stripe_account, pays_on.cards_unknown
    rows = read_rows({WalletRow: ids, AutoPayRow: ids, CardRow: [(each, on.key) for each in ids] if on else []})
    months = find_month_items(workspace_id, month_of(now_ms), ids)

    def client_of(client_id: str) -> Client:
        account, own = found[client_id]
        wallet = rows.find(WalletRow, client_id)
        row = rows.find(CardRow, (client_id, on.key)) if on else None
        return Client(
            account=account,
            is_rebilled=own.is_on(now_ms),
            can_pay=None if is_unknown else pays_on.unconnected is None,
            has_card=None if is_unknown else bool(row and row.card and row.stripe_customer_id),
            balance_micros=wallet_of(wallet).balance_micros if wallet else 0,
            auto_pay=auto_pay_health(find_in(rows, client_id), now_ms),
            used=sum_meters(meters_of(months[client_id]) if client_id in months else {}),
            allowance_micros=own.allowance_at(now_ms) if own.is_on(now_ms) else 0,
        )

    return client_of


def load_client(account: Account, now_ms: int) -> Client:
    """Return one client as a page of clients shows it."""
    client_id = account.account_id
    own = _read_rebilling([client_id])(client_id)
    return _reader(str(account.workspace_id), {client_id: (account, own)}, now_ms)(client_id)


def sum_month(workspace_id: str, month: str, most: int = MOST_SUMMED) -> MonthTotal:
    """Add up what a workspace's clients used in a month; not complete if there are more than `most`.

    Nor is it if one of them cannot be read.
    """
    found = read_span(workspace_id, month, month)
    read = [meters for _, meters in islice(found, most)]
    summed = [sum_meters(meters) for meters in read if meters is not None]
    total = ClientMeter()
    for each in summed:
        total.add(each)
    return MonthTotal(total, len(summed), is_complete=next(found, None) is None and len(summed) == len(read))
