"""The door to Stripe for payments."""

from typing import TYPE_CHECKING, Final

from chalicelib.base_url import public_base_url
from chalicelib.money import to_card_amount
from chalicelib.payments.intent import Intent, parse_failure, parse_intent
from chalicelib.payments.payment import Failure, Payment
from chalicelib.stripe_api.client import CHARGE_SECONDS, ask, idempotency_options, or_none
from chalicelib.stripe_api.deployment import metadata
from chalicelib.stripe_api.errors import (
    CardRefused,
    CustomerGone,
    DetailsRefused,
    NotAtStripe,
    UnexpectedState,
)
from chalicelib.stripe_api.meanings import Call
from chalicelib.stripe_api.stripe_account import StripeAccount

if TYPE_CHECKING:
    from stripe.params import PaymentIntentCreateParams, PaymentIntentListParams

SKEW_SECONDS: Final = 5 * 60
"""How far Stripe's clock may be from ours."""


def charge(payment: Payment) -> Intent | Failure:
    """Create and confirm the payment's PaymentIntent. Raises StripeUnavailable.

    The request is made of the payment and the settings alone, so a repeat is the same request to Stripe.
    """
    params, options = _charge_params(payment), idempotency_options(payment.stripe_key)
    try:
        found = ask(
            "charge",
            StripeAccount(payment.stripe_account),
            lambda v1: v1.payment_intents.create(params, options).to_dict(),
            CHARGE_SECONDS,
        )
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
    if payment.application_fee_micros:
        params["application_fee_amount"] = to_card_amount(payment.application_fee_micros, payment.currency)
    if payment.off_session:
        # The customer is not there: a bank that wants authentication declines (`authentication_required`) at once.
        params["off_session"] = True
    else:
        params["use_stripe_sdk"] = True
        params["return_url"] = payment_page(payment)
    return params


def payment_page(payment: Payment) -> str:
    """Return where a bank's own page sends the customer back to."""
    base_url = public_base_url()
    return base_url.url(base_url.path("accounts", payment.account_id, "payments", payment.payment_id))


def find(payment: Payment) -> list[Intent]:
    """Return the PaymentIntents of a payment as they are now. Raises StripeUnavailable.

    While the payment has not ended, it is the one that the payment names. For one that has ended it is all of them; if
    only one key was used, there is no other than the named one.
    """
    if payment.payment_intent_id and (payment.attempt == 1 or not payment.ended):
        named = find_intent(payment.payment_intent_id, payment.stripe_account, call="retrieve")
        if named or not payment.ended:
            return [named] if named else []
    return _list(payment)


def find_intent(payment_intent_id: str, stripe_account: str | None, call: Call = "find_intent") -> Intent | None:
    """Return a PaymentIntent as it is now; None when Stripe has no such one. Raises StripeUnavailable."""
    found = or_none(
        call, StripeAccount(stripe_account), lambda v1: v1.payment_intents.retrieve(payment_intent_id).to_dict()
    )
    return parse_intent(found, stripe_account) if found else None


def _list(payment: Payment) -> list[Intent]:
    """List the customer's PaymentIntents that name the payment. A list is never behind, unlike a search."""
    oldest = payment.created_at_ms // 1000 - SKEW_SECONDS
    params: PaymentIntentListParams = {"customer": payment.customer_id, "created": {"gte": oldest}, "limit": 100}
    try:
        found = ask(
            "find",
            StripeAccount(payment.stripe_account),
            lambda v1: [each.to_dict() for each in v1.payment_intents.list(params).auto_paging_iter()],
        )
    except NotAtStripe:
        return []
    intents = [parse_intent(each, payment.stripe_account) for each in found]
    return [each for each in intents if each.metadata.get("payment_id") == payment.payment_id]


def cancel(payment: Payment, intent_id: str) -> Intent:
    """Cancel a PaymentIntent of the payment and return it as it then is: succeeded, if that came first.

    Raises StripeUnavailable.
    """
    stripe_account = StripeAccount(payment.stripe_account)
    try:
        found = ask(
            "cancel",
            stripe_account,
            lambda v1: v1.payment_intents.cancel(intent_id, {"cancellation_reason": "abandoned"}).to_dict(),
        )
    except UnexpectedState:
        found = ask("cancel", stripe_account, lambda v1: v1.payment_intents.retrieve(intent_id).to_dict())
    return parse_intent(found, payment.stripe_account)
