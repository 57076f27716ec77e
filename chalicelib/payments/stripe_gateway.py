"""The door to Stripe for payments and cards. Values in, values out; every request goes through `stripe_door.ask`."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from chalicelib.accounts.account import Account
from chalicelib.idempotency import content_hash
from chalicelib.log import log
from chalicelib.money import to_card_amount
from chalicelib.payments.deployment import metadata
from chalicelib.payments.intent import Intent, failure_of, intent_of, outcome_of
from chalicelib.payments.payment import RANKS, Failure, Payment
from chalicelib.payments.saved_card import CardSetup, FinishedSetup, SavedCard
from chalicelib.payments.stripe_door import CHARGE_SECONDS, ask, options
from chalicelib.payments.stripe_errors import (
    CardRefused,
    CustomerGone,
    DetailsRefused,
    MovedOn,
    NotAtStripe,
    StripeRefused,
    StripeUnavailable,
)
from chalicelib.payments.stripe_meaning import Call
from chalicelib.settings import settings
from chalicelib.text import WrongText, ascii_email

if TYPE_CHECKING:
    from stripe._v1_services import V1Services
    from stripe.params import CustomerCreateParams, PaymentIntentCreateParams

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


def create_customer(account: Account, *, instead_of: str | None) -> str:
    """Make the account's customer, or find the one made a moment ago; return its id.

    `instead_of` is a customer that was deleted at Stripe, whose key would only bring it back. Raises StripeUnavailable,
    DetailsRefused.
    """
    ids = metadata(account_id=account.account_id)
    email = _email(account)
    key = content_hash([ids, account.name, email.get("email"), account.created_at_ms, instead_of])
    once = options(None, key=f"customer-{key}")
    return ask(
        "create_customer",
        lambda v1: str(v1.customers.create({"name": account.name, "metadata": ids, **email}, once).id),
    )


def _email(account: Account) -> "CustomerCreateParams":
    """Return the account's address as Stripe takes it, or none: a customer needs none, and a card can be saved.

    One that Stripe would refuse was stored before the rule that its like is refused by.
    """
    try:
        return {"email": ascii_email(account.email)}
    except WrongText as wrong:
        log().error("Stripe takes no such address", account_id=account.account_id, because=wrong.reason)
        return {}


def create_card_setup(account_id: str, customer_id: str, requested_at_ms: int) -> CardSetup:
    """Make a SetupIntent for later charges, with or without the customer.

    Raises CustomerGone, CardRefused, StripeUnavailable.
    """
    ids = metadata(account_id=account_id, requested_at_ms=str(requested_at_ms))
    found = ask(
        "create_card_setup",
        lambda v1: v1.setup_intents.create(
            {
                "customer": customer_id,
                "usage": "off_session",
                "allowed_payment_method_types": ["card"],
                "metadata": ids,
            }
        ),
    )
    return CardSetup(str(found.id), str(found.client_secret))


def find_card_setup(setup_intent_id: str) -> FinishedSetup | None:
    """Return a SetupIntent with its card; None when Stripe has no such one. Raises StripeUnavailable."""
    found = or_none(
        "find_card_setup",
        lambda v1: v1.setup_intents.retrieve(setup_intent_id, {"expand": ["payment_method"]}).to_dict(),
    )
    if found is None:
        return None
    method = found.get("payment_method")
    card = _saved_card(method) if method and found["status"] == "succeeded" else None
    return FinishedSetup(found["id"], found["status"], found.get("customer"), dict(found.get("metadata") or {}), card)


def find_card(payment_method_id: str) -> SavedCard | None:
    """Return a card as Stripe keeps it now; None when there is no such card. Raises StripeUnavailable."""
    found = or_none(
        "find_card", lambda v1: v1.payment_methods.retrieve(payment_method_id, {"expand": ["customer"]}).to_dict()
    )
    return _saved_card(found) if found else None


def account_of_customer(customer_id: str) -> str | None:
    """Return the account that a customer was made for; None when there is none. Raises StripeUnavailable."""
    found = or_none("account_of_customer", lambda v1: v1.customers.retrieve(customer_id).to_dict())
    return (found.get("metadata") or {}).get("account_id") if found else None


def or_none(call: Call, look: Callable[["V1Services"], dict[str, Any]]) -> dict[str, Any] | None:
    """Return what a look finds, or None when Stripe has no such object. Raises StripeUnavailable."""
    try:
        return ask(call, look)
    except NotAtStripe:
        return None


def detach(payment_method_id: str) -> None:
    """Make Stripe forget a card, as far as possible: one that stays is never charged, for no account knows it."""
    try:
        ask("detach", lambda v1: v1.payment_methods.detach(payment_method_id))
    except (StripeUnavailable, StripeRefused) as error:
        log().warning("a card was not detached", payment_method_id=payment_method_id, reason=error.reason)


def _saved_card(method: dict[str, Any]) -> SavedCard | None:
    card, customer = method.get("card"), method.get("customer")
    if not card:
        return None
    return SavedCard(
        payment_method_id=method["id"],
        customer_id=customer["id"] if isinstance(customer, dict) else customer,
        account_id=(customer.get("metadata") or {}).get("account_id") if isinstance(customer, dict) else None,
        brand=card["brand"],
        last_four=card["last4"],
        expiry_month=card["exp_month"],
        expiry_year=card["exp_year"],
        fingerprint=card.get("fingerprint") or "",
    )
