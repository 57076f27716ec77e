"""The door to Stripe for payments. Values in, values out."""

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from chalicelib.money import to_card_amount
from chalicelib.payments.intent import Intent, failure_of, intent_of, outcome_of
from chalicelib.payments.payment import RANKS, Failure, Payment
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

    Everything sent is made from the payment and the settings alone, so a repeat is the same request to Stripe.
    """
    params, once = _confirmed_at_once(payment), options(payment.stripe_account, key=payment.stripe_key)
    try:
        found = ask("charge", lambda v1: v1.payment_intents.create(params, once).to_dict(), CHARGE_SECONDS)
    except CardRefused as refusal:
        declined = refusal.answer.get("payment_intent")
        return intent_of(declined, payment.stripe_account) if declined else failure_of(refusal.answer)
    except CustomerGone as refusal:
        return Failure(refusal.code, None, "The card on file can no longer be used. Save a card again.")
    except DetailsRefused as refusal:
        return Failure(refusal.code, None, refusal.reason)
    return intent_of(found, payment.stripe_account)


def _confirmed_at_once(payment: Payment) -> "PaymentIntentCreateParams":
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
        # Nobody is there: a bank that wants to see the customer declines (`authentication_required`) and does not wait.
        params["off_session"] = True
    else:
        params["use_stripe_sdk"] = True
        params["return_url"] = payment_page(payment, settings().portal_base_url)
    return params


def payment_page(payment: Payment, base_url: str) -> str:
    """Return where the customer comes back to from a bank's own page."""
    ids = {"account_id": quote(payment.account_id, safe=""), "payment_id": payment.payment_id}
    return PAYMENT_PAGE.format(base=base_url.rstrip("/"), **ids)


def retrieve(payment: Payment) -> Intent | None:
    """Return the payment's PaymentIntent as it is now; None when Stripe does not have it. Raises StripeUnavailable."""
    return find_intent(str(payment.payment_intent_id), payment.stripe_account, call="retrieve")


def find_intent(payment_intent_id: str, stripe_account: str | None, call: Call = "find_intent") -> Intent | None:
    """Return a PaymentIntent as it is now; None when Stripe has no such one. Raises StripeUnavailable."""
    found = or_none(
        call, lambda v1: v1.payment_intents.retrieve(payment_intent_id, {}, options(stripe_account)).to_dict()
    )
    return intent_of(found, stripe_account) if found else None


def find(payment: Payment) -> Intent | None:
    """Look for the payment's PaymentIntent; of several, the one that is furthest. Raises StripeUnavailable."""
    return max(find_all(payment), key=lambda each: RANKS[outcome_of(each).state], default=None)


def find_all(payment: Payment) -> list[Intent]:
    """Look for the payment's PaymentIntents among the customer's: a list is never behind, unlike a search.

    Raises StripeUnavailable.
    """
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
    return [intent_of(each.to_dict(), payment.stripe_account) for each in listed.auto_paging_iter()]


def cancel(payment: Payment) -> Intent:
    """Cancel the payment's PaymentIntent, and return it as it then is: succeeded, if that came first.

    Raises StripeUnavailable.
    """
    intent_id, of_account = str(payment.payment_intent_id), options(payment.stripe_account)
    try:
        found = ask(
            "cancel",
            lambda v1: v1.payment_intents.cancel(intent_id, {"cancellation_reason": "abandoned"}, of_account).to_dict(),
        )
    except MovedOn:
        found = ask("cancel", lambda v1: v1.payment_intents.retrieve(intent_id, {}, of_account).to_dict())
    return intent_of(found, payment.stripe_account)
