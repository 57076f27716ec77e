"""A transaction with all that is known of it, and the other one of the same event."""

from chalice.app import Response

from chalicelib.history.view import view
from chalicelib.ledger import statement
from chalicelib.ledger.transaction import UnknownTransaction
from chalicelib.payments import table as payments
from chalicelib.payments.view import view_payment
from chalicelib.portal import render
from chalicelib.portal.pairs import show_pairs
from chalicelib.portal.request import PortalRequest


def show(request: PortalRequest, transaction_id: str) -> Response:
    """Show a transaction. Raises UnknownTransaction."""
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
