"""Recurring charges: everything that an account and its clients are charged by itself, and where to end it."""

from typing import Final

from chalice.app import Response

from chalicelib.accounts.permission import check_own_client
from chalicelib.auto_pay.change_settings import AutoPayRequest, change_settings
from chalicelib.cards.table import get_payer
from chalicelib.clients.cursor import read_cursor, write_cursor
from chalicelib.clients.list_recurring import RecurringBatch, list_recurring
from chalicelib.clients.recurring import sum_months
from chalicelib.clock import iso
from chalicelib.http_input import InvalidRequest, read_fields
from chalicelib.portal import render
from chalicelib.portal.request import PortalRequest
from chalicelib.subscriptions.cancel import cancel

BATCHES: Final = 4
"""Batches of clients on one page, so that most workspaces see all of theirs, and one total, at once."""


def show(request: PortalRequest) -> Response:
    """Show the recurring charges of the account, and of a workspace's clients. Raises InvalidCursor."""
    cursor = request.query.get("cursor")
    found = _read(request, read_cursor(cursor) if cursor else None)
    own = [each for each in found.charges if each.account.account_id == request.account.account_id]
    clients = [each for each in found.charges if each.account.account_id != request.account.account_id]
    return render.page(
        request,
        "recurring.html",
        here="plan",
        own=own,
        clients=clients,
        unreadable=found.unreadable,
        own_month=sum_months(own),
        clients_month=sum_months(clients),
        is_first=cursor is None,
        next_cursor=write_cursor(found.next_id) if found.next_id else None,
        day=lambda moment_ms: request.words.day(iso(moment_ms)),
    )


def _read(request: PortalRequest, after: str | None) -> RecurringBatch:
    found = list_recurring(request.account, request.catalog, after=after)
    charges, next_id, unreadable = found.charges, found.next_id, found.unreadable
    for _ in range(BATCHES - 1):
        if next_id is None:
            break
        found = list_recurring(request.account, request.catalog, after=next_id)
        charges, next_id, unreadable = charges + found.charges, found.next_id, unreadable + found.unreadable
    return RecurringBatch(charges, next_id, unreadable)


def end(request: PortalRequest) -> Response:
    """End what a client is charged: its subscription at its period's end, or its auto-pay at once.

    Raises AccountNotFound, Forbidden, InvalidRequest, AlreadyCanceled, SubscriptionNotFound, SubscriptionBusy,
    AutoPayBusy.
    """
    client = check_own_client(request.allowed, request.form.get("client", ""))
    what, actor = request.form.get("what"), request.actor_on(client)
    if what == "subscription":
        cancel(client.account_id, actor=actor, catalog=request.catalog)
    elif what == "auto-pay":
        off = read_fields({"enabled": False}, AutoPayRequest)
        change_settings(get_payer(client.account_id), off, actor=actor, catalog=request.catalog)
    else:
        raise InvalidRequest("what: take subscription or auto-pay", field="what")
    return request.go("recurring", done="ended")
