"""Billing details: whom invoices are made out to."""

from typing import Any, Final

import msgspec
from chalice.app import Response

from chalicelib.accounts.account import BillingDetails
from chalicelib.accounts.bill_to import bill_to
from chalicelib.portal import forms, render
from chalicelib.portal.visit import Visit
from chalicelib.portal.words import mark
from chalicelib.typed import convert

FIELDS: Final = ("name", "address", "tax_id", "email")
MOST_LINES: Final = 8


def show(visit: Visit) -> Response:
    """Show the form with what is kept."""
    kept = visit.account.billing_details or BillingDetails()
    given = {name: getattr(kept, name) or "" for name in FIELDS if name != "address"}
    return _page(visit, {**given, "address": "\n".join(kept.address)})


def send(visit: Visit) -> Response:
    """Take the form."""
    given = {name: visit.form.get(name, "") for name in FIELDS}
    lines = [line.strip() for line in given["address"].splitlines() if line.strip()]
    fields: dict[str, Any] = {name: given[name] or None for name in FIELDS if name != "address"}
    if len(lines) > MOST_LINES:
        return _page(visit, given, {"address": visit.words.say(mark("An address has at most eight lines."))})
    try:
        details = convert({**fields, "address": lines}, BillingDetails)
    except msgspec.ValidationError as error:
        field = next((name for name in FIELDS if f"$.{name}" in str(error)), "")
        return _page(visit, given, {field: visit.words.say(_wrong(field))})
    bill_to(visit.account, details)
    return visit.go(done="details")


def _wrong(field: str) -> str:
    if field == "email":
        return mark("Please type an e-mail address such as billing@example.com.")
    return mark("This is too long: 200 characters at most.")


def _page(visit: Visit, given: dict[str, str], errors: forms.Errors | None = None) -> Response:
    return render.page(
        visit, "details.html", status=422 if errors else 200, here="details", given=given, errors=errors or {}
    )
