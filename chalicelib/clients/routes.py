"""A workspace's clients over HTTP."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib import clock
from chalicelib.accounts.account import AccountBusy, NotAWorkspace, check_is_workspace
from chalicelib.accounts.permission import REFUSALS, Right, allow_above, allow_workspace
from chalicelib.accounts.viewer import Viewer
from chalicelib.auto_pay.auto_pay import AutoPayBusy
from chalicelib.catalog.catalog import UnknownCurrency, catalog
from chalicelib.clients.change_standing import StandingRequest, WorkspaceHasClients, change_standing
from chalicelib.clients.client import Tab
from chalicelib.clients.cursor import read_cursor, write_cursor
from chalicelib.clients.list_clients import MOST_LISTED, list_clients, sum_month
from chalicelib.clients.view import (
    ClientList,
    ClientSummary,
    StandingView,
    view_client,
    view_standing,
    view_summary,
)
from chalicelib.clock import month_of
from chalicelib.cursor import InvalidCursor
from chalicelib.subscriptions.subscription import SubscriptionBusy
from chalicelib.text import whole
from chalicelib.web import Call, Routes

routes = Routes(__name__, "Clients", "A workspace and those that it resells to.")


class ClientsQuery(msgspec.Struct, forbid_unknown_fields=True):
    """Which clients, how many, and where to go on. `rebilled` are those that are not archived."""

    tab: Tab = "all"
    limit: Annotated[int, Meta(ge=1, le=MOST_LISTED)] = MOST_LISTED
    cursor: Annotated[str, Meta(max_length=200)] | None = None


class SummaryQuery(msgspec.Struct, forbid_unknown_fields=True):
    """A month in UTC; the default is the current one."""

    month: Annotated[str, Meta(pattern=whole("[0-9]{4}-(0[1-9]|1[0-2])"), examples=["2026-11"])] | None = None


@routes.operation(
    "GET",
    "/v1/accounts/{account_id}/clients",
    summary="List a workspace's clients, with their balance, margin, and what is missing",
    description=(
        "By id, in tabs. Revenue, cost and margin are of the current month (UTC). `attention` says what keeps a client "
        "from paying, for both sides. A page of a tab reads at most 100 clients, so it may have fewer than `limit` and "
        "still a `next_cursor`. `unreadable` names clients that cannot be shown at the moment."
    ),
    query=ClientsQuery,
    gives=ClientList,
    refuses=(*REFUSALS, NotAWorkspace, InvalidCursor, UnknownCurrency),
)
def get_clients(call: Call[None, ClientsQuery], account_id: str) -> ClientList:
    workspace = allow_workspace(call, account_id, Right.READ).account
    check_is_workspace(workspace)
    query, floor_micros = call.query, catalog().limits(workspace.currency).floor_micros
    after = read_cursor(query.cursor) if query.cursor else None
    found = list_clients(account_id, query.tab, after=after, limit=query.limit, now_ms=clock.now_ms())
    data = [view_client(each, floor_micros) for each in found.clients]
    return ClientList(data, found.unreadable, write_cursor(found.next_id) if found.next_id else None)


@routes.operation(
    "GET",
    "/v1/accounts/{account_id}/clients/summary",
    summary="Show what all clients of a workspace used in a month: revenue, cost and margin",
    description=(
        "Over all clients, archived ones included. `complete` is false for a workspace with more clients than are "
        "added up, or with one whose usage cannot be read at the moment."
    ),
    query=SummaryQuery,
    gives=ClientSummary,
    refuses=(*REFUSALS, NotAWorkspace),
)
def get_clients_summary(call: Call[None, SummaryQuery], account_id: str) -> ClientSummary:
    workspace = allow_workspace(call, account_id, Right.READ).account
    check_is_workspace(workspace)
    month = call.query.month or month_of(clock.now_ms())
    return view_summary(month, sum_month(account_id, month), workspace.currency)


@routes.operation(
    "PUT",
    "/v1/accounts/{account_id}/standing",
    summary="Suspend an account, archive it, or make it active again",
    description=(
        "For the operator, and for a workspace's owner on its clients. A suspended account may not be used, but may "
        "pay. Archiving also ends the recurring charges: the subscription at its period's end (one that is owed at "
        "once), auto-pay at once. Making it active again brings access back, not these. Repeating it is safe."
    ),
    takes=StandingRequest,
    example={"standing": "suspended", "reason": "Two invoices are unpaid"},
    gives=StandingView,
    refuses=(*REFUSALS, WorkspaceHasClients, AccountBusy, UnknownCurrency, SubscriptionBusy, AutoPayBusy),
)
def put_standing(call: Call[StandingRequest, None], account_id: str) -> StandingView:
    allowed = allow_above(call, account_id)
    changed = change_standing(allowed.account, call.body, actor=allowed.actor, catalog=catalog())
    return view_standing(changed, Viewer(allowed))


@routes.operation(
    "GET",
    "/v1/accounts/{account_id}/standing",
    summary="Show an account's standing, and what is still charged to it",
    description="Why it was suspended or archived, when and by whom; whether a subscription or auto-pay goes on.",
    gives=StandingView,
    refuses=REFUSALS,
)
def get_standing(call: Call[None, None], account_id: str) -> StandingView:
    allowed = allow_workspace(call, account_id, Right.READ)
    return view_standing(allowed.account, Viewer(allowed))
