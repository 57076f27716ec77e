"""The frames of Stripe's elements: the one line of card fields, and the labelled fields of the Payment Element."""

from __future__ import annotations

from werkzeug.wrappers import Response

from local.stripe_emulator.pages import page

SCRIPTS = ("messages.js", "card_fields.js")
FIELDS = (
    ("number", "Card number", "cc-number", "1234 1234 1234 1234", 23),
    ("expiry", "Expiration date", "cc-exp", "MM / YY", 7),
    ("cvc", "Security code", "cc-csc", "CVC", 4),
)
COUNTRIES = ("US", "AT", "AU", "BR", "CA", "CH", "DE", "ES", "FR", "GB", "IE", "IN", "IT", "JP", "NL", "PT", "SA", "SE")


def card_frame() -> Response:
    """Return the inside of a card field."""
    inputs = "".join(
        f'<input id="{name}" data-field="{name}" aria-label="{label}" autocomplete="{completion}" inputmode="numeric" '
        f'placeholder="{placeholder}" maxlength="{length}" spellcheck="false">'
        for name, label, completion, placeholder, length in FIELDS
    )
    body = f'<div class="card-fields">{inputs}</div>'
    return page("Card details", body, scripts=(*SCRIPTS, "card_frame.js"), framed=True)


def payment_frame() -> Response:
    """Return the inside of the Payment Element. Its script translates it, and gives it the page's appearance."""
    inputs = "".join(_typed_field(*field) for field in FIELDS)
    options = "".join(f'<option value="{code}">{code}</option>' for code in COUNTRIES)
    select = f'<select id="country" class="Input" autocomplete="billing country">{options}</select>'
    country = f'<p><label class="Label" for="country" data-text="country">Country</label>{select}</p>'
    postal = _field("postal", "Postal code", 'autocomplete="billing postal-code"')
    terms = '<p class="all TermsText" data-text="terms"></p>'
    body = f'<div class="payment-fields">{inputs}{country}{postal}{terms}</div>'
    return page("Payment details", body, scripts=(*SCRIPTS, "payment_frame.js"), framed=True, kind="payment-page")


def _typed_field(name: str, label: str, completion: str, placeholder: str, length: int) -> str:
    attributes = f'autocomplete="{completion}" inputmode="numeric" placeholder="{placeholder}" maxlength="{length}"'
    return _field(name, label, attributes, place="all" if name == "number" else "")


def _field(name: str, label: str, attributes: str, *, place: str = "") -> str:
    return (
        f'<p id="{name}-field" class="{place}"><label class="Label" for="{name}" data-text="{name}">{label}</label>'
        f'<input id="{name}" class="Input" data-field="{name}" {attributes} aria-describedby="{name}-error" '
        f'spellcheck="false"><span class="Error" id="{name}-error" role="alert" data-code=""></span></p>'
    )
