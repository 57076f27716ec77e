"""Billing details: who invoices are addressed to."""

from typing import Final

import msgspec
from chalice.app import Response

from chalicelib.accounts.account import BillingDetails, BillingDetailsRequest
from chalicelib.accounts.change_billing_details import BillingDetailsChanged, change_billing_details
from chalicelib.http_input import read_fields
from chalicelib.idempotency import content_hash
from chalicelib.portal import forms, render
from chalicelib.portal.request import PortalRequest
from chalicelib.text import Country, Email, Line, Text

FIELDS: Final[dict[str, type[Text]]] = {
    "name": Line,
    "address": Line,
    "country": Country,
    "tax_id": Line,
    "email": Email,
}
MOST_LINES: Final = 8


def show(request: PortalRequest) -> Response:
    """Show the form with the stored details."""
    kept = request.account.billing_details or BillingDetails()
    given = {name: getattr(kept, name) or "" for name in FIELDS if name != "address"}
    if kept.address:
        given["country"] = kept.country or request.account.country or ""
    return _page(request, {**given, "address": "\n".join(kept.address)})


def send(request: PortalRequest) -> Response:
    """Handle the form."""
    given = {name: request.form.get(name, "") for name in FIELDS}
    lines = [line.strip() for line in given["address"].splitlines() if line.strip()]
    typed = {**{name: [given[name]] for name in FIELDS if given[name]}, "address": lines}
    errors = {name: wrong for name, texts in typed.items() if (wrong := _wrong(request, name, texts))}
    if lines and not given["country"]:
        errors["country"] = request.words.say("Choose the country of this address.")
    if errors:
        return _page(request, given, errors)
    sent = read_fields({**{name: given[name] or None for name in FIELDS}, "address": lines}, BillingDetailsRequest)
    try:
        if request.form.get("shown", _fingerprint(request)) != _fingerprint(request):
            raise BillingDetailsChanged("they are not as the form has shown them")
        details = sent.apply_to(None) or BillingDetails()
        change_billing_details(request.account, details, actor=request.allowed.actor)
    except BillingDetailsChanged as refusal:
        return _page(request, given, forms.errors_of(request, refusal, FIELDS))
    return request.go(done="details")


def _fingerprint(request: PortalRequest) -> str:
    """Return a hash of the stored details, which shows whether they have changed."""
    return content_hash(msgspec.to_builtins(request.account.billing_details))


def _wrong(request: PortalRequest, field: str, texts: list[str]) -> str | None:
    """Say what is wrong with what was typed into a field; None if nothing is."""
    if len(texts) > MOST_LINES:
        return request.words.say("An address can have up to eight lines.")
    return next(filter(None, (forms.wrong_text(request, FIELDS[field], text) for text in texts)), None)


def _page(request: PortalRequest, given: dict[str, str], errors: forms.Errors | None = None) -> Response:
    return render.page(
        request,
        "details.html",
        status=422 if errors else 200,
        here="details",
        given=given,
        errors=errors or {},
        shown=_fingerprint(request),
    )
