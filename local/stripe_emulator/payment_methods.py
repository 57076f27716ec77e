"""Cards as Stripe keeps them (https://docs.stripe.com/api/payment_methods): created from test numbers, tokens and ids.

A payment method can be used once unless it is attached to a customer, and never again after it was detached.
"""

from __future__ import annotations

import copy
import datetime as dt
from typing import Any

from local.stripe_emulator import card_errors, metadata, test_cards
from local.stripe_emulator.errors import Json, invalid, malformed, no_such, unsupported
from local.stripe_emulator.events import replaced
from local.stripe_emulator.ids import new_id, stable_text
from local.stripe_emulator.listing import listed
from local.stripe_emulator.lookups import card_of_customer, living_customer
from local.stripe_emulator.test_cards import Card
from local.stripe_emulator.work import Work

CREATE = ("allow_redisplay", "billing_details", "card", "metadata", "type")
UPDATE = ("allow_redisplay", "billing_details", "card", "metadata")
USED_UP = (
    "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a "
    "connected account without Customer attachment, or was detached from a Customer. It may not be used again. To use "
    "a PaymentMethod multiple times, you must attach it to a Customer first."
)
NO_ADDRESS: Json = {"city": None, "country": None, "line1": None, "line2": None, "postal_code": None, "state": None}


def create(work: Work, params: Json) -> Json:
    """Create a card from its number and expiry, or from a test token."""
    if params.get("type", "card") != "card":
        raise unsupported("type", "It knows cards only.")
    if "card" not in params:
        raise malformed("Missing required param: card.", param="card", code="parameter_missing")
    details = params["card"]
    card = _card_of(details)
    method = build(work, card, _expiry(work, details), params, with_cvc="cvc" in details or "token" in details)
    return work.save(method)


def retrieve(work: Work, _params: Json, identifier: str) -> Json:
    """Return a payment method."""
    return work.need("payment_method", identifier)


def update(work: Work, params: Json, identifier: str) -> Json:
    """Change the billing details, the expiry or the metadata of an attached card."""
    method = work.need("payment_method", identifier)
    if method["customer"] is None:
        message = "You must save this PaymentMethod to a customer before you can update it."
        raise invalid(message, code="payment_method_unexpected_state")
    if "networks" in params.get("card", {}):
        raise unsupported("card[networks]")
    before = copy.deepcopy(method)
    _change(method, params)
    work.save(method)
    work.emit("payment_method.updated", method, replaced(before, method))
    return method


def attach(work: Work, identifier: str, params: Json) -> Json:
    """Attach a card to a customer. Cards that decline every charge cannot be attached."""
    if "customer" not in params:
        raise malformed("Missing required param: customer.", param="customer", code="parameter_missing")
    living_customer(work, params["customer"], "customer")
    method = resolve(work, identifier, "payment_method")
    if method["customer"] is not None:
        message = "The payment method you provided has already been attached to a customer."
        raise invalid(message, param="payment_method", code="payment_method_unexpected_state")
    card = card_of(method)
    if card.decline is not None and not card.attaches:
        raise card_errors.declined(card.decline, extra={})
    return join(work, method, params["customer"])


def attach_by_url(work: Work, params: Json, identifier: str) -> Json:
    """Answer `POST /v1/payment_methods/{id}/attach`."""
    return attach(work, identifier, params)


def join(work: Work, method: Json, customer: str) -> Json:
    """Attach a card to a customer, and add the event."""
    method["customer"] = customer
    work.save(method)
    work.emit("payment_method.attached", method)
    return method


def detach(work: Work, _params: Json, identifier: str) -> Json:
    """Detach a card from its customer; it cannot be used again."""
    method = work.need("payment_method", identifier)
    if method["customer"] is None:
        message = "The payment method you provided is not attached to a customer so detachment is impossible."
        raise invalid(message, param="payment_method", code="payment_method_unexpected_state")
    customer = method["customer"]
    method |= {"customer": None, "_used_up": True}
    work.save(method)
    _forget_default(work, customer, identifier)
    work.emit("payment_method.detached", method, {"customer": customer})
    return method


def list_all(work: Work, params: Json) -> Json:
    """List a customer's cards."""
    if "customer" not in params:
        return listed(work, "payment_method", params | {"customer": None}, "/v1/payment_methods", "customer", "type")
    living_customer(work, params["customer"], "customer")
    return listed(work, "payment_method", params, "/v1/payment_methods", "customer", "type", "allow_redisplay")


def list_of_customer(work: Work, params: Json, customer: str) -> Json:
    """List a customer's cards under the customer's own path."""
    living_customer(work, customer)
    url = f"/v1/customers/{customer}/payment_methods"
    return listed(work, "payment_method", params | {"customer": customer}, url, "customer", "type")


def retrieve_of_customer(work: Work, _params: Json, customer: str, identifier: str) -> Json:
    """Return one card of a customer."""
    return card_of_customer(work, identifier, customer, None)


def resolve(work: Work, identifier: str, param: str) -> Json:
    """Return a payment method that may be used: an existing one, or a new one for a test id like `pm_card_visa`."""
    card = test_cards.by_method_id(identifier)
    if card is not None:
        return work.save(build(work, card, (12, _this_year(work) + 4), {}))
    method = work.need("payment_method", identifier, param)
    if method["_used_up"]:
        raise invalid(USED_UP, param=param, code="payment_method_unexpected_state")
    return method


def usable_by(work: Work, identifier: str, customer: str | None) -> Json:
    """Return a payment method for an intent, which may not use another customer's."""
    method = resolve(work, identifier, "payment_method")
    if method["customer"] is None or method["customer"] == customer:
        return method
    if customer is None:
        raise invalid(
            f"The PaymentMethod {identifier} is attached to a Customer. Include the Customer in the `customer` "
            "parameter to use it.",
            param="payment_method",
        )
    message = "The provided PaymentMethod cannot be used: it is attached to a different Customer."
    raise invalid(message, param="payment_method")


def card_of(method: Json) -> Card:
    """Return the test card behind a payment method."""
    return test_cards.BY_NUMBER[method["_number"]]


def build(work: Work, card: Card, expiry: tuple[int, int], params: Json, *, with_cvc: bool = True) -> Json:
    """Return a new payment method for a card, not yet saved."""
    month, year = expiry
    return {
        "id": new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": params.get("allow_redisplay", "unspecified"),
        "billing_details": _billing(params.get("billing_details", {})),
        "card": card_body(card, month, year, card.cvc_check if with_cvc else "unchecked"),
        "created": work.now,
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": params.get("metadata") or {},
        "type": "card",
        "_number": card.number,
        "_used_up": False,
        "_set_up": False,
    }


def card_body(card: Card, month: int, year: int, cvc_check: str) -> Json:
    """Return the `card` part of a payment method."""
    return {
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": cvc_check},
        "country": card.country,
        "display_brand": "american_express" if card.brand == "amex" else card.brand,
        "exp_month": month,
        "exp_year": year,
        "fingerprint": stable_text(card.number, 16),
        "funding": card.funding,
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": card.brand != "amex"},
        "wallet": {"type": card.wallet, card.wallet: {}, "dynamic_last4": None} if card.wallet else None,
    }


def _card_of(details: Json) -> Card:
    if "networks" in details:
        raise unsupported("card[networks]")
    if "token" in details:
        card = test_cards.by_token(details["token"])
        if card is None:
            raise no_such("token", details["token"], param="card[token]")
        return card
    if "number" not in details:
        raise malformed("Missing required param: card[number].", param="card[number]", code="parameter_missing")
    number = details["number"].replace(" ", "").replace("-", "")
    if not test_cards.is_valid_number(number):
        raise card_errors.unusable("incorrect_number", "Your card number is incorrect.", "number")
    if number not in test_cards.BY_NUMBER:
        message = "Your card was declined. Your request was in test mode, but used a non test card."
        raise card_errors.unusable("card_declined", message, "number", decline_code="test_mode_live_card")
    return test_cards.BY_NUMBER[number]


def _expiry(work: Work, details: Json) -> tuple[int, int]:
    if "token" in details:
        return 12, _this_year(work) + 4
    for name in ("exp_month", "exp_year"):
        if name not in details:
            raise malformed(f"Missing required param: card[{name}].", param=f"card[{name}]", code="parameter_missing")
    month, year = details["exp_month"], details["exp_year"]
    year += 2000 if year < 100 else 0
    if not 1 <= month <= 12:
        message = "Your card's expiration month is invalid."
        raise card_errors.unusable("invalid_expiry_month", message, "exp_month")
    today = _today(work)
    if (year, month) < (today.year, today.month) or year > today.year + 50:
        raise card_errors.unusable("invalid_expiry_year", "Your card's expiration year is invalid.", "exp_year")
    return month, year


def _today(work: Work) -> dt.datetime:
    return dt.datetime.fromtimestamp(work.now, dt.UTC)


def _this_year(work: Work) -> int:
    return _today(work).year


def _billing(details: Json) -> Json:
    plain = {name: details.get(name) or None for name in ("email", "name", "phone", "tax_id")}
    address = NO_ADDRESS | {name: value or None for name, value in (details.get("address") or {}).items()}
    return {"address": address} | plain


def _change(method: Json, params: Json) -> None:
    if "billing_details" in params:
        details = params["billing_details"]
        address = method["billing_details"]["address"] | (details.get("address") or {})
        method["billing_details"] = _billing(method["billing_details"] | details | {"address": address})
    if "metadata" in params:
        method["metadata"] = metadata.merged(method["metadata"], params["metadata"])
    card: dict[str, Any] = params.get("card", {})
    method["card"] |= {name: value for name, value in card.items() if name in ("exp_month", "exp_year")}
    if "allow_redisplay" in params:
        method["allow_redisplay"] = params["allow_redisplay"]


def _forget_default(work: Work, customer_id: str, method: str) -> None:
    customer = work.need("customer", customer_id)
    if customer["invoice_settings"]["default_payment_method"] == method:
        customer["invoice_settings"]["default_payment_method"] = None
        work.save(customer)
