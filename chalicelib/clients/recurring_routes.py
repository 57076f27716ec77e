"""Recurring charges over HTTP: what still costs a workspace and its clients."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.accounts.permission import REFUSALS, Right, allow
from chalicelib.catalog.catalog import catalog
from chalicelib.clients.cursor import read_cursor, write_cursor
from chalicelib.clients.list_recurring import MOST_READ, list_recurring
from chalicelib.clients.recurring_view import RecurringList, view_recurring
from chalicelib.cursor import InvalidCursor
from chalicelib.web import Call, Routes

routes = Routes(__name__, "Clients", "A workspace and those that it resells to.")


class RecurringQuery(msgspec.Struct, forbid_unknown_fields=True):
    """How many clients to look at, and where to go on."""

    limit: Annotated[int, Meta(ge=1, le=MOST_READ)] = MOST_READ
    cursor: Annotated[str, Meta(max_length=200)] | None = None


@routes.operation(
    "GET",
    "/v1/accounts/{account_id}/recurring",
    summary="List what still costs an account and, for a workspace, its clients",
    description=(
        "Every recurring charge with its price, when it is charged next or ends, and how to end it: subscriptions with "
        "their add-ons and scheduled changes, owed periods that are tried again, auto-pay. What a workspace's clients "
        "pay goes to the workspace. A client gets its own alone."
    ),
    query=RecurringQuery,
    gives=RecurringList,
    refuses=(*REFUSALS, InvalidCursor),
)
def get_recurring(call: Call[None, RecurringQuery], account_id: str) -> RecurringList:
    account, query = allow(call, account_id, Right.READ).account, call.query
    if query.cursor and account.kind == "client":
        raise InvalidCursor  # its list has one page
    after = read_cursor(query.cursor) if query.cursor else None
    found = list_recurring(account, catalog(), after=after, limit=query.limit)
    return view_recurring(account, found, write_cursor(found.next_id) if found.next_id else None)
