"""The door to Stripe for payments."""

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from chalicelib.money import to_card_amount
from chalicelib.payments.intent import Intent, parse_failure, parse_intent
from chalicelib.payments.lifecycle import RANKS, outcome_of
from chalicelib.payments.payment import Failure, Payment
from chalicelib.settings import settings
from chalicelib.stripe_api.client import CHARGE_SECONDS, ask, options, or_none
from chalicelib.stripe_api.deployment import metadata
from chalicelib.stripe_api.errors import (
    CardRefused,
    CustomerGone,
    DetailsRefused,
    MovedOn,
    NotAtStripe,
)
from chalicelib.stripe_api.meanings import Call

if TYPE_CHECKING:
    from stripe._v1_services import V1Services
    from stripe.params import PaymentIntentCreateParams

SKEW_SECONDS: Final = 5 * 60
"""How far Stripe's clock may be from ours."""

PAYMENT_PAGE: Final = "{base}/portal/accounts/{account_id}/payments/{payment_id}"


def charge(payment: Payment) -> Intent | Failure:
    """Create and confirm the payment's PaymentIntent. Raises StripeUnavailable.

    The request is made of the payment and the settings alone, so a repeat is the same request to Stripe.
    """
    params, once = _charge_params(payment), options(payment.stripe_account, key=payment.stripe_key)
    try:
        found = ask("charge", lambda v1: v1.payment_intents.create(params, once).to_dict(), CHARGE_SECONDS)
    except CardRefused as refusal:
        declined = refusal.answer.get("payment_intent")
        return parse_intent(declined, payment.stripe_account) if declined else parse_failure(refusal.answer)
    except CustomerGone as refusal:
        return Failure(refusal.code, None, "The card on file can no longer be used. Save a card again.")
    except DetailsRefused as refusal:
        return Failure(refusal.code, None, refusal.reason)
    return parse_intent(found, payment.stripe_account)


def _charge_params(payment: Payment) -> "PaymentIntentCreateParams":
    params: PaymentIntentCreateParams = {
        "amount": to_card_amount(payment.amount_micros, payment.currency),
        "currency": payment.currency,
        "customer": payment.customer_id,
        "payment_method": payment.payment_method_id,
        "allowed_payment_method_types": ["card"],
        "confirm": True,
        "description": payment.description,
        "metadata": metadata(account_id=payment.account_id, payment_id=payment.payment_id),
    }
    if payment.off_session:
        # The customer is not there: a bank that wants authentication declines (`authentication_required`) at once.
        params["off_session"] = True
    else:
        params["use_stripe_sdk"] = True
        params["return_url"] = payment_page(payment, settings().portal_base_url)
    return params


def payment_page(payment: Payment, base_url: str) -> str:
    """Return where a bank's own page sends the customer back to."""
    ids = {"account_id": quote(payment.account_id, safe=""), "payment_id": payment.payment_id}
    return PAYMENT_PAGE.format(base=base_url.rstrip("/"), **ids)


def find(payment: Payment) -> Intent | None:
    """Return the PaymentIntent that a payment names; of several that name the payment, the one that is furthest.

    None when Stripe has none. Raises StripeUnavailable.
    """
    if payment.payment_intent_id:
        return find_intent(payment.payment_intent_id, payment.stripe_account, call="retrieve")
    return max(_list_intents(payment), key=lambda each: RANKS[outcome_of(each).state], default=None)


def find_all(payment: Payment) -> list[Intent]:
    """Return all PaymentIntents of a payment; one key made one. Raises StripeUnavailable."""
    named = find(payment) if payment.payment_intent_id and payment.attempt == 1 else None
    return [named] if named else _list_intents(payment)


def find_intent(payment_intent_id: str, stripe_account: str | None, call: Call = "find_intent") -> Intent | None:
    """Return a PaymentIntent as it is now; None when Stripe has no such one. Raises StripeUnavailable."""
    found = or_none(
        call, lambda v1: v1.payment_intents.retrieve(payment_intent_id, {}, options(stripe_account)).to_dict()
    )
    return parse_intent(found, stripe_account) if found else None


def _list_intents(payment: Payment) -> list[Intent]:
    """List the customer's PaymentIntents that name the payment. A list is never behind, unlike a search."""
    try:
        found = ask("find", lambda v1: _intents_since(v1, payment))
    except NotAtStripe:
        return []
    return [each for each in found if each.metadata.get("payment_id") == payment.payment_id]


def _intents_since(v1: "V1Services", payment: Payment) -> list[Intent]:
    oldest = payment.created_at_ms // 1000 - SKEW_SECONDS
    listed = v1.payment_intents.list(
        {"customer": payment.customer_id, "created": {"gte": oldest}, "limit": 100}, options(payment.stripe_account)
    )
    return [parse_intent(each.to_dict(), payment.stripe_account) for each in listed.auto_paging_iter()]


def cancel(payment: Payment, intent_id: str) -> Intent:
    """Cancel a PaymentIntent of the payment and return it as it then is: succeeded, if that came first.

    Raises StripeUnavailable.
    """
    of_account = options(payment.stripe_account)
    try:
        found = ask(
            "cancel",
            lambda v1: v1.payment_intents.cancel(intent_id, {"cancellation_reason": "abandoned"}, of_account).to_dict(),
        )
    except MovedOn:
        found = ask("cancel", lambda v1: v1.payment_intents.retrieve(intent_id, {}, of_account).to_dict())
    return parse_intent(found, payment.stripe_account)
