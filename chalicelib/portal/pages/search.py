"""Search: by the number of an invoice, by any id, or by words and numbers in what transactions are described as."""

from collections.abc import Iterator
from typing import Final

from chalice.app import Response

from chalicelib.clock import day_of
from chalicelib.history.view import view
from chalicelib.invoices.find import find_by_number
from chalicelib.invoices.invoice import InvoiceNotFound
from chalicelib.ledger import statement
from chalicelib.ledger.search import SearchPlace, search_history
from chalicelib.ledger.transaction import PREFIX as TRANSACTION
from chalicelib.ledger.transaction import UnknownTransaction
from chalicelib.payments import table as payments
from chalicelib.payments.payment import PREFIX as PAYMENT
from chalicelib.payments.payment import Payment
from chalicelib.portal import render
from chalicelib.portal.pairs import show_pairs
from chalicelib.portal.request import PortalRequest
from chalicelib.portal.selection import errors_of, read_selection

STRIPE: Final = ("pi_", "ch_", "py_")
PAYMENTS_READ: Final = 100
MOST_READS: Final = 20
LONGEST: Final = 200


def show(request: PortalRequest) -> Response:
    """Search, and redirect to what an id or a number identifies. Raises InvalidRequest, InvalidCursor."""
    wanted = request.query.get("q", "")[:LONGEST]
    if not wanted:
        return request.go("history")
    payment_id = _payment_id(request, wanted)
    if payment_id:
        return request.go("payments", payment_id)
    if wanted.startswith(TRANSACTION) and _is_transaction(request, wanted):
        return request.go("transactions", wanted)
    return _in_transactions(request, wanted)


def _in_transactions(request: PortalRequest, wanted: str) -> Response:
    """Search the transactions, as far back as one answer reads. Raises InvalidRequest, InvalidCursor."""
    selection, start = read_selection(request), request.query.get("before")
    if errors_of(request, selection):
        return request.go("history", **selection.filters)
    account_id, place = request.account.account_id, SearchPlace.decode(start) if start else None
    found = search_history(account_id, wanted, selection.ledger_filter(), start=place)
    if len(found.transactions) == 1 and found.transactions[0].identity.event_id == wanted:
        return request.go("transactions", found.transactions[0].id)
    older = found.next_place
    return render.page(
        request,
        "search.html",
        here="history",
        wanted=wanted,
        rows=[view(each, request.viewer) for each in found.transactions],
        pairs=show_pairs(request.words, found.transactions),
        selection=selection,
        examined=found.examined,
        older=request.path("history", "search", **selection.filters, q=wanted, before=older.encode())
        if older
        else None,
        newest=request.path("history", "search", **selection.filters, q=wanted) if start else None,
        looked_until=None if found.until_ms is None else day_of(found.until_ms),
    )


def _is_transaction(request: PortalRequest, transaction_id: str) -> bool:
    try:
        statement.read_transaction(request.account.account_id, transaction_id)
    except UnknownTransaction:
        return False
    return True


def _payment_id(request: PortalRequest, wanted: str) -> str | None:
    """Return the payment with this id, which may be our own or Stripe's, or with the document of this number."""
    account_id = request.account.account_id
    if wanted.startswith(PAYMENT):
        return wanted if payments.find(account_id, wanted) else None
    if wanted.startswith(STRIPE):
        matching = (each for each in _newest(account_id) if wanted in {each.payment_intent_id, each.charge_id})
        return next((each.payment_id for each in matching), None)
    try:
        return find_by_number(account_id, wanted.upper()).payment_id
    except InvoiceNotFound:
        return None


def _newest(account_id: str) -> Iterator[Payment]:
    cursor: str | None = None
    for _ in range(MOST_READS):
        listed = payments.newest(account_id, limit=PAYMENTS_READ, cursor=cursor)
        yield from listed.payments
        cursor = listed.next_cursor
        if cursor is None:
            return
