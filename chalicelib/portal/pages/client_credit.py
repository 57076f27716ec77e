"""Credit a client by hand: an amount and a reason; a second page repeats both, and only then the wallet is credited.

The form has the session's attempt number, from which the idempotency key is made: sent twice, it credits once.
"""

from typing import Final

from chalice.app import Response

from chalicelib.accounts.account import Account
from chalicelib.errors import Refusal
from chalicelib.history.adjust import AdjustmentRequest, EmptyAdjustment, adjust
from chalicelib.http_input import read_fields
from chalicelib.idempotency import IdempotencyConflict
from chalicelib.money import InvalidDecimal
from chalicelib.portal import forms, render
from chalicelib.portal.find_client import find_client
from chalicelib.portal.request import PortalRequest
from chalicelib.portal.typed_amount import TooManyPlaces, TypedAmount
from chalicelib.text import Line

FIELDS: Final = ("amount", "reason")


def show(request: PortalRequest, client_id: str) -> Response:
    """Show the form. Raises AccountNotFound, Forbidden."""
    client = find_client(request, client_id)
    request.check_may_act()
    return _form(request, client, request.session.attempt_of("credit"))


def send(request: PortalRequest, client_id: str) -> Response:
    """Repeat what the form says, and credit the wallet once that is confirmed. Raises AccountNotFound, LedgerBusy."""
    client, attempt = find_client(request, client_id), forms.number(request.form, "attempt", 1)
    reason = request.form.get("reason", "")
    try:
        typed = forms.amount(request, request.form, "amount")
        if typed is None:
            raise InvalidDecimal("")
        if typed.micros == 0:
            raise EmptyAdjustment
        wrong = forms.wrong_text(request, Line, reason)
        if wrong:
            return _form(request, client, attempt, {"reason": wrong}, status=422)
        if request.form.get("confirmed") != str(typed.micros):
            return _confirmation(request, client, attempt, typed)
        wanted = read_fields({"type": "credit", "amount": typed.amount, "reason": reason}, AdjustmentRequest)
        adjust(client, wanted, key=request.attempt_key(attempt, "credit"), actor=request.actor_on(client))
    except IdempotencyConflict as refusal:
        request.finish_attempt("credit", attempt)
        return _refused(request, client, attempt + 1, refusal)
    except (InvalidDecimal, TooManyPlaces, EmptyAdjustment) as refusal:
        refusal.about["field"] = "amount"
        return _refused(request, client, attempt, refusal)
    request.finish_attempt("credit", attempt)
    return request.go("clients", client_id, done="credited")


def _refused(request: PortalRequest, client: Account, attempt: int, refusal: Refusal) -> Response:
    return _form(request, client, attempt, forms.errors_of(request, refusal, FIELDS), status=refusal.status)


def _confirmation(request: PortalRequest, client: Account, attempt: int, typed: TypedAmount) -> Response:
    return render.page(
        request,
        "client_credit_confirm.html",
        here="clients",
        client=client,
        attempt=attempt,
        typed=typed,
        reason=request.form["reason"],
    )


def _form(
    request: PortalRequest, client: Account, attempt: int, errors: forms.Errors | None = None, status: int = 200
) -> Response:
    return render.page(
        request,
        "client_credit.html",
        status=status,
        here="clients",
        client=client,
        attempt=attempt,
        given={name: request.form.get(name, "") for name in FIELDS},
        errors=errors or {},
    )
