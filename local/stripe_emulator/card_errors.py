"""Errors of type `card_error`. A decline is the outcome of an attempt, so the attempt's changes are kept."""

from __future__ import annotations

from local.stripe_emulator.errors import ApiError, Json
from local.stripe_emulator.test_cards import Decline

ADVICE = {"insufficient_funds": "try_again_later", "processing_error": "try_again_later"}


def declined(decline: Decline, *, extra: Json) -> ApiError:
    """Return the 402 of a declined card; `extra` carries the charge, the intent and the payment method."""
    details = {"decline_code": decline.decline_code, "advice_code": advice_of(decline)} | extra
    return ApiError(402, decline.message, type="card_error", code=decline.code, keeps_changes=True, extra=details)


def advice_of(decline: Decline) -> str:
    """Return Stripe's advice on a decline."""
    return ADVICE.get(decline.decline_code, "do_not_try_again")


def unusable(code: str, message: str, param: str, *, decline_code: str | None = None) -> ApiError:
    """Return the 402 for invalid card details."""
    extra = {"decline_code": decline_code} if decline_code else {}
    return ApiError(402, message, type="card_error", code=code, param=param, extra=extra)


def error_body(decline: Decline, method: Json, charge: str | None) -> Json:
    """Return a decline in the form that `last_payment_error` and `last_setup_error` have."""
    body: Json = {
        "type": "card_error",
        "code": decline.code,
        "decline_code": decline.decline_code,
        "doc_url": f"https://docs.stripe.com/error-codes/{decline.code.replace('_', '-')}",
        "message": decline.message,
        "payment_method": method,
    }
    return body if charge is None else body | {"charge": charge}
