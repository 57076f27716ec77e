"""Search by an id: of a transaction, a payment, a Stripe object, or the event that a producer sent."""

from collections.abc import Iterator
from typing import Final

from chalice.app import Response

from chalicelib.history.view import view
from chalicelib.ledger import search, statement
from chalicelib.ledger.transaction import PREFIX as TRANSACTION
from chalicelib.ledger.transaction import UnknownTransaction
from chalicelib.payments import table as payments
from chalicelib.payments.payment import PREFIX as PAYMENT
from chalicelib.payments.payment import Payment
from chalicelib.payments.view import view_payment
from chalicelib.portal import render
from chalicelib.portal.pages.history import read_selection
from chalicelib.portal.pairs import show_pairs
from chalicelib.portal.request import PortalRequest

STRIPE: Final = ("pi_", "ch_", "py_")
PAYMENTS_READ: Final = 100
MOST_READS: Final = 20
LONGEST: Final = 200


def show(request: PortalRequest) -> Response:
    """Search for an id, and redirect to what it identifies. Raises InvalidRequest, InvalidCursor."""
    wanted = request.query.get("q", "")[:LONGEST]
    if not wanted:
        return request.go("history")
    payment = _payment(request, wanted)
    if payment:
        return request.go("payments", payment.payment_id)
    if wanted.startswith(TRANSACTION) and _is_transaction(request, wanted):
        return request.go("transactions", wanted)
    return _by_event(request, wanted)


def _by_event(request: PortalRequest, wanted: str) -> Response:
    """Search for the id of an event, as far back as one answer reads. Raises InvalidRequest, InvalidCursor."""
    selection = read_selection(request)
    span, before_key = selection.ledger_filter(), search.read_start_key(request.query.get("before", ""))
    account_id = request.account.account_id
    found = search.find_by_event_id(account_id, wanted, span, before_key=before_key)
    if len(found.transactions) == 1:
        return request.go("transactions", found.transactions[0].id)
    older = request.path("history", "search", **selection.filters, q=wanted, before=found.next_key)
    return render.page(
        request,
        "search.html",
        here="history",
        wanted=wanted,
        rows=[view(each, request.viewer) for each in found.transactions],
        pairs=show_pairs(request.words, found.transactions),
        selection=selection,
        older=older if found.next_key else None,
        looked_until=found.next_key,
    )


def show_transaction(request: PortalRequest, transaction_id: str) -> Response:
    """Show a transaction with all that is known of it. Raises UnknownTransaction."""
    transaction = statement.read_transaction(request.account.account_id, transaction_id)
    shown = view(transaction, request.viewer)
    payment = payments.find(request.account.account_id, shown.payment_id) if shown.payment_id else None
    return render.page(
        request,
        "transaction.html",
        here="history",
        row=shown,
        payment=view_payment(payment, request.viewer) if payment else None,
        pair=show_pairs(request.words, [transaction]).get(transaction_id),
        own_id=None,
    )


def show_other(request: PortalRequest, transaction_id: str) -> Response:
    """Show a workspace its client's transaction of the same event. Raises UnknownTransaction if there is none."""
    transaction = statement.read_transaction(request.account.account_id, transaction_id)
    other = transaction.sibling
    if other is None or transaction.client_id != other.account_id:
        raise UnknownTransaction("it has no other transaction")
    return render.page(
        request,
        "transaction.html",
        here="history",
        row=view(statement.read_transaction(other.account_id, other.transaction_id), request.viewer),
        payment=None,
        pair=show_pairs(request.words, [transaction]).get(transaction_id),
        own_id=transaction_id,
    )


def _is_transaction(request: PortalRequest, transaction_id: str) -> bool:
    try:
        statement.read_transaction(request.account.account_id, transaction_id)
    except UnknownTransaction:
        return False
    return True


def _payment(request: PortalRequest, wanted: str) -> Payment | None:
    """Return the payment with this id, which may be our own or Stripe's."""
    account_id = request.account.account_id
    if wanted.startswith(PAYMENT):
        return payments.find(account_id, wanted)
    if not wanted.startswith(STRIPE):
        return None
    matching = (each for each in _newest(account_id) if wanted in {each.payment_intent_id, each.charge_id})
    return next(matching, None)


def _newest(account_id: str) -> Iterator[Payment]:
    cursor: str | None = None
    for _ in range(MOST_READS):
        listed = payments.newest(account_id, limit=PAYMENTS_READ, cursor=cursor)
        yield from listed.payments
        cursor = listed.next_cursor
        if cursor is None:
            return
