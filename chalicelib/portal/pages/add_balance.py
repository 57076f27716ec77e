"""Add Balance: choose an amount, pay once.

The button names the amount. Without JavaScript it cannot, so a page first shows what would be charged; so it does with
JavaScript if the amount is large, or was not read as it was typed.

The address of the form contains an attempt number, from which the idempotency key is made. So a double click, a reload,
the back button and a second tab all send the same key, and the verb answers each with the same payment. The session
changes to the next number only when a payment has ended.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from chalice.app import Response

from chalicelib import clock, idempotency
from chalicelib.cards.card import Card
from chalicelib.cards.choose_card import CardNotFound
from chalicelib.errors import Refusal
from chalicelib.http_input import read_fields
from chalicelib.idempotency import IdempotencyConflict
from chalicelib.ledger.table import read_wallet
from chalicelib.money import InvalidDecimal, NotChargeable, format_amount, parse_micros
from chalicelib.payments import table as payments
from chalicelib.payments.new_payment import CardMissing
from chalicelib.payments.payment import Payment
from chalicelib.payments.refusals import CardDeclined, PaymentCanceled
from chalicelib.payments.top_up import TopUpOutOfLimits, TopUpRequest, check_amount, top_up
from chalicelib.portal import forms, render
from chalicelib.portal.next_page import save_card_first
from chalicelib.portal.request import PortalRequest
from chalicelib.portal.typed_amount import LONGEST, TooManyPlaces
from chalicelib.stripe_api.errors import PaymentsUnavailable

OTHER: Final = "other"
FIELDS: Final = ("amount", "other", "card")
REFUSALS: Final = (InvalidDecimal, TooManyPlaces, NotChargeable, TopUpOutOfLimits, CardMissing, CardNotFound)
"""Refusals that a person can correct in the form."""


def show(request: PortalRequest) -> Response:
    """Show the form of an attempt, or ask to confirm what was typed; one that was sent redirects to its payment."""
    if "attempt" not in request.query:
        attempt = _next_attempt(request)
        kept = {name: request.query.get(name) for name in ("amount", "done")}
        return request.go("add-balance", attempt=str(attempt), **kept)
    attempt = forms.number(request.query, "attempt", 1)
    sent = _payment_of(request, attempt)
    if sent:
        return request.go("payments", sent.payment_id, note=_note_of(request, sent))
    if "ask" not in request.query or not request.may_act or not request.payer.cards:
        return _form(request, attempt, _given(request.query))
    try:
        choice, card = _read_choice(request, request.query), _read_card(request, request.query)
    except REFUSALS as refusal:
        return _refused(request, attempt, request.query, refusal)
    return render.page(request, "add_balance_confirm.html", here="overview", attempt=attempt, choice=choice, card=card)


def _note_of(request: PortalRequest, sent: Payment) -> str | None:
    """Return the note that a form was sent before, if the page would ask for another amount than was charged."""
    if "ask" not in request.query:
        return None
    try:
        return None if _read_choice(request, request.query).micros == sent.amount_micros else "sent-before"
    except REFUSALS:
        return None


def send(request: PortalRequest) -> Response:
    """Handle the form: charge a card on file, ask for confirmation first, or let another card be saved first."""
    attempt, form = forms.number(request.form, "attempt", 1), request.form
    try:
        choice = _read_choice(request, form)
        if form.get("card") == "another" or not request.payer.cards:
            return save_card_first(request, "add-balance", {"amount": choice.amount})
        if not _is_agreed(choice, form):
            kept = {name: form.get(name) for name in FIELDS}
            return request.go("add-balance", attempt=str(attempt), ask="1", **kept)
        return _pay(request, attempt, choice.amount, _read_card(request, form))
    except IdempotencyConflict:
        return _already_sent(request, attempt)
    except REFUSALS as refusal:
        return _refused(request, attempt, form, refusal)


def _given(fields: Mapping[str, str]) -> dict[str, str]:
    return {name: fields.get(name, "") for name in FIELDS}


def _is_agreed(choice: "AmountChoice", form: Mapping[str, str]) -> bool:
    """Tell whether the person has read the amount: on the page that asks, or on the button if that needs no page."""
    if form.get("confirmed") == str(choice.micros):
        return True
    try:
        return not choice.needs_confirmation and parse_micros(form.get("named", "")) == choice.micros
    except InvalidDecimal:
        return False


def _refused(request: PortalRequest, attempt: int, fields: Mapping[str, str], refusal: Refusal) -> Response:
    """Show the form again, with what is wrong beside the field that it is about."""
    chosen = "other" if fields.get("amount", OTHER) == OTHER else "amount"
    refusal.about["field"] = "" if isinstance(refusal, (CardMissing, CardNotFound)) else chosen
    return _form(request, attempt, _given(fields), forms.errors_of(request, refusal, FIELDS), status=refusal.status)


def _pay(request: PortalRequest, attempt: int, amount: str, card: Card) -> Response:
    """Pay, and redirect to the payment. Raises IdempotencyConflict, NotChargeable, TopUpOutOfLimits, CardMissing."""
    fields = {"amount": amount, "currency": request.currency, "card_id": card.payment_method_id}
    wanted = read_fields(fields, TopUpRequest)
    key = request.attempt_key(attempt)
    try:
        resolved = top_up(request.payer, wanted, key=key, actor=request.allowed.actor, catalog=request.catalog)
    except (CardDeclined, PaymentCanceled) as refusal:
        request.finish_attempt("balance", attempt)
        return request.go("payments", str(refusal.about["payment_id"]))
    except PaymentsUnavailable as refusal:
        return request.go("payments", str(refusal.about["payment_id"]), note="unavailable")
    if resolved.payment.ended:
        request.finish_attempt("balance", attempt)
    return request.go("payments", resolved.payment.payment_id)


class AmountChoice(msgspec.Struct, frozen=True):
    """The amount to charge; what was typed, and which shortcut was chosen, if any; whether it must be confirmed."""

    amount: str
    typed: str
    shortcut: str
    needs_confirmation: bool

    @property
    def micros(self) -> int:
        """Return the amount in micros."""
        return parse_micros(self.amount)


def _read_choice(request: PortalRequest, fields: Mapping[str, str]) -> AmountChoice:
    """Return what was chosen or typed. Raises InvalidDecimal, TooManyPlaces, NotChargeable, TopUpOutOfLimits."""
    chosen = fields.get("amount", OTHER)
    if chosen != OTHER:
        if chosen not in _shortcuts(request):
            raise InvalidDecimal(chosen)
        typed_beside = fields.get("other", "")[:LONGEST]
        return AmountChoice(chosen, typed_beside, chosen, needs_confirmation=bool(typed_beside))
    typed = forms.amount(request, fields, "other")
    if typed is None:
        raise InvalidDecimal("")
    check_amount(typed.micros, request.account, request.catalog)
    return AmountChoice(typed.amount, typed.text, "", forms.needs_confirmation(typed, request.limits))


def _read_card(request: PortalRequest, fields: Mapping[str, str]) -> Card:
    """Return the card that was chosen, or the default. Raises CardNotFound, CardMissing."""
    card_id = fields.get("card")
    card = request.payer.find_card(card_id) if card_id else request.payer.card
    if card is None:
        raise CardNotFound(card_id) if card_id else CardMissing(request.account.account_id)
    return card


def _shortcuts(request: PortalRequest) -> list[str]:
    micros = request.limits.top_up_shortcuts_micros
    return [format_amount(each, request.currency) for each in micros]


def _next_attempt(request: PortalRequest) -> int:
    """Return the session's attempt; the one after it, if its payment has ended since."""
    attempt = request.session.attempt
    sent = _payment_of(request, attempt)
    if sent and sent.ended:
        request.finish_attempt("balance", attempt)
        return attempt + 1
    return attempt


def _payment_of(request: PortalRequest, attempt: int) -> Payment | None:
    payment_id = idempotency.resource_of(request.account.account_id, request.attempt_key(attempt))
    return payments.find(request.account.account_id, payment_id) if payment_id else None


def _already_sent(request: PortalRequest, attempt: int) -> Response:
    """Show the payment that this form has already made with another amount: nothing more is charged."""
    sent = _payment_of(request, attempt)
    if sent is None:
        request.finish_attempt("balance", attempt)
        return request.go("add-balance")
    if sent.ended:
        request.finish_attempt("balance", attempt)
    return request.go("payments", sent.payment_id, note="sent-before")


def _form(
    request: PortalRequest, attempt: int, given: dict[str, str], errors: forms.Errors | None = None, status: int = 200
) -> Response:
    limits = request.limits
    unresolved = [each for each in payments.unresolved(request.account.account_id, clock.now_ms()) if each.fills_wallet]
    shown: dict[str, Any] = {
        "limits": limits,
        "shortcuts": _shortcuts(request),
        "balance": read_wallet(request.account.account_id).balance_micros,
        "given": _chosen(request, given),
        "unconfirmed": [each for each in unresolved if each.state != "requires_action" and each.kind == "top_up"],
        "unverified": [each for each in unresolved if each.state == "requires_action"],
        "on_their_way": [each for each in unresolved if each.kind == "auto_pay"],
    }
    return render.page(
        request,
        "add_balance.html",
        status=status,
        here="overview",
        attempt=attempt,
        errors=errors or {},
        **shown,
    )


def _chosen(request: PortalRequest, given: dict[str, str]) -> dict[str, str]:
    """Return what the form shows as chosen: a shortcut, or what was typed."""
    amount = given.get("amount", "")
    if amount in {OTHER, "", *_shortcuts(request)}:
        return given
    return {**given, "amount": OTHER, "other": _typed(request, amount)}


def _typed(request: PortalRequest, amount: str) -> str:
    """Return an amount in the address as a person types it; an empty string if it is not an amount."""
    try:
        parse_micros(amount)
    except InvalidDecimal:
        return ""
    return request.words.to_type(amount, request.currency)
