"""The door to Stripe: with `refund_gateway` the only file that knows the `stripe` library. Values in, values out.

A refusal is definite: the card was declined, or the request can never succeed. `StripeUnavailable` (a timeout, a cut,
429, 5xx, a key in use) is not: the effect may or may not be. Whatever else the library raises, a wrong key above all,
is a bug, goes up and is loud.

The library takes 200 ms to import, so it is imported where it is used: functions that call no Stripe do not pay for it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from chalicelib.accounts.account import Account
from chalicelib.idempotency import content_hash
from chalicelib.log import log
from chalicelib.money import to_card_amount
from chalicelib.payments.intent import Intent, failure_of, intent_of, outcome_of
from chalicelib.payments.payment import RANKS, Failure, Payment
from chalicelib.payments.saved_card import CardSetup, FinishedSetup, SavedCard
from chalicelib.payments.stripe_errors import StripeRefused, StripeUnavailable
from chalicelib.settings import settings
from chalicelib.text import WrongText, ascii_email

if TYPE_CHECKING:
    from stripe import RequestOptions, StripeClient
    from stripe.params import CustomerCreateParams, PaymentIntentCreateParams

API_VERSION: Final = "2026-10-28.endive"
"""Pinned: what the code was written and tested against (docs.stripe.com/api/versioning)."""

CONNECT_SECONDS: Final = 2
CHARGE_SECONDS: Final = 8
LOOK_SECONDS: Final = 4
RETRIES: Final = 1
"""Timeouts of one call that moves money, and of one that looks. The library repeats either once, with the same key.
A look and a charge, both repeated, end within the 29 seconds of API Gateway."""

SKEW_SECONDS: Final = 5 * 60
"""How far Stripe's clock may be from ours."""


class _Declined(Exception):
    """The card was declined; `details` is the `error` object of Stripe's answer."""

    def __init__(self, details: dict[str, Any]) -> None:
        super().__init__(details.get("message"))
        self.details = details


class CustomerGone(Exception):
    """The customer was deleted at Stripe."""


def charge(payment: Payment) -> Intent | Failure:
    """Create and confirm the payment's PaymentIntent. Raises StripeUnavailable.

    Everything sent is made from the payment alone, so a repeat is the same request to Stripe.
    """
    try:
        with reached("charge"):
            found = stripe_client(CHARGE_SECONDS).v1.payment_intents.create(
                _confirmed_at_once(payment), options(payment.stripe_account, key=payment.stripe_key)
            )
    except _Declined as error:
        declined = error.details.get("payment_intent")
        return intent_of(declined, payment.stripe_account) if declined else failure_of(error.details)
    except StripeRefused as error:
        log().error("Stripe refused a payment", payment_id=payment.payment_id, code=error.code, reason=str(error))
        return Failure(error.code, None, "The card on file can no longer be used. Save a card again.")
    return intent_of(found.to_dict(), payment.stripe_account)


def _confirmed_at_once(payment: Payment) -> "PaymentIntentCreateParams":
    params: PaymentIntentCreateParams = {
        "amount": to_card_amount(payment.amount_micros, payment.currency),
        "currency": payment.currency,
        "customer": payment.customer_id,
        "payment_method": payment.payment_method_id,
        "allowed_payment_method_types": ["card"],
        "confirm": True,
        "description": payment.description,
        "metadata": {"account_id": payment.account_id, "payment_id": payment.payment_id},
    }
    if payment.off_session:
        # Nobody is there: a bank that wants to see the customer declines (`authentication_required`) and does not wait.
        params["off_session"] = True
    else:
        params["use_stripe_sdk"] = True
    return params


def retrieve(payment: Payment) -> Intent:
    """Return the payment's PaymentIntent as it is now. Raises StripeUnavailable."""
    intents, intent_id = stripe_client(LOOK_SECONDS).v1.payment_intents, str(payment.payment_intent_id)
    with reached("retrieve"):
        found = intents.retrieve(intent_id, {}, options(payment.stripe_account))
    return intent_of(found.to_dict(), payment.stripe_account)


def find(payment: Payment) -> Intent | None:
    """Look for the payment's PaymentIntent among the customer's: a list is never behind, unlike a search.

    Of several, the one that is furthest. Raises StripeUnavailable.
    """
    oldest = payment.created_at_ms // 1000 - SKEW_SECONDS
    with reached("find"):
        listed = stripe_client(LOOK_SECONDS).v1.payment_intents.list(
            {"customer": payment.customer_id, "created": {"gte": oldest}, "limit": 100},
            options(payment.stripe_account),
        )
        found = [intent_of(each.to_dict(), payment.stripe_account) for each in listed.auto_paging_iter()]
    ours = [each for each in found if each.metadata.get("payment_id") == payment.payment_id]
    return max(ours, key=lambda each: RANKS[outcome_of(each).state], default=None)


def cancel(payment: Payment) -> Intent:
    """Cancel the payment's PaymentIntent, and return it as it then is: succeeded, if that came first.

    Raises StripeUnavailable.
    """
    intents, intent_id = stripe_client(LOOK_SECONDS).v1.payment_intents, str(payment.payment_intent_id)
    try:
        with reached("cancel"):
            found = intents.cancel(intent_id, {"cancellation_reason": "abandoned"}, options(payment.stripe_account))
    except StripeRefused as error:
        if error.code != "payment_intent_unexpected_state":
            raise
        return retrieve(payment)
    return intent_of(found.to_dict(), payment.stripe_account)


def create_customer(account: Account, *, instead_of: str | None) -> str:
    """Make the account's customer, or find the one made a moment ago; return its id. Raises StripeUnavailable.

    `instead_of` is a customer that was deleted at Stripe, whose key would only bring it back.
    """
    metadata, email = {"account_id": account.account_id}, _email(account)
    key = content_hash([metadata, account.name, email.get("email"), account.created_at_ms, instead_of])
    with reached("create_customer"):
        found = stripe_client(LOOK_SECONDS).v1.customers.create(
            {"name": account.name, "metadata": metadata, **email},
            options(None, key=f"customer-{account.account_id}-{key}"),
        )
    return str(found.id)


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
    """Make a SetupIntent for later charges, with or without the customer. Raises CustomerGone, StripeUnavailable."""
    try:
        with reached("create_card_setup"):
            found = stripe_client(LOOK_SECONDS).v1.setup_intents.create(
                {
                    "customer": customer_id,
                    "usage": "off_session",
                    "allowed_payment_method_types": ["card"],
                    "metadata": {"account_id": account_id, "requested_at_ms": str(requested_at_ms)},
                }
            )
    except StripeRefused as error:
        if (error.code, error.param) == ("resource_missing", "customer"):
            raise CustomerGone(customer_id) from error
        raise
    return CardSetup(str(found.id), str(found.client_secret))


def find_card_setup(setup_intent_id: str) -> FinishedSetup | None:
    """Return a SetupIntent with its card; None when Stripe has no such one. Raises StripeUnavailable."""
    client = stripe_client(LOOK_SECONDS).v1.setup_intents
    found = or_none(lambda: client.retrieve(setup_intent_id, {"expand": ["payment_method"]}).to_dict())
    if found is None:
        return None
    method = found.get("payment_method")
    card = _saved_card(method) if method and found["status"] == "succeeded" else None
    return FinishedSetup(found["id"], found["status"], found.get("customer"), dict(found.get("metadata") or {}), card)


def find_card(payment_method_id: str) -> SavedCard | None:
    """Return a card as Stripe keeps it now; None when there is no such card. Raises StripeUnavailable."""
    client = stripe_client(LOOK_SECONDS).v1.payment_methods
    found = or_none(lambda: client.retrieve(payment_method_id, {"expand": ["customer"]}).to_dict())
    return _saved_card(found) if found else None


def account_of_customer(customer_id: str) -> str | None:
    """Return the account that a customer was made for; None when there is none. Raises StripeUnavailable."""
    found = or_none(lambda: stripe_client(LOOK_SECONDS).v1.customers.retrieve(customer_id).to_dict())
    return (found.get("metadata") or {}).get("account_id") if found else None


def or_none(look: Callable[[], dict[str, Any]]) -> dict[str, Any] | None:
    """Return what a look finds, or None when Stripe has no such object."""
    try:
        with reached("look"):
            return look()
    except StripeRefused as error:
        if error.code != "resource_missing":
            raise
        return None


def detach(payment_method_id: str) -> None:
    """Make Stripe forget a card, as far as possible: one that stays is never charged, for no account knows it."""
    try:
        with reached("detach"):
            stripe_client(LOOK_SECONDS).v1.payment_methods.detach(payment_method_id)
    except (StripeUnavailable, StripeRefused) as error:
        log().warning("a card was not detached", payment_method_id=payment_method_id, reason=str(error))


@contextmanager
def reached(doing: str) -> Iterator[None]:
    """Turn the library's errors into ours."""
    import stripe  # noqa: PLC0415 - see above

    try:
        yield
    except stripe.CardError as error:
        raise _Declined(_details(error)) from error
    except stripe.InvalidRequestError as error:
        raise StripeRefused(error.code or "invalid_request", error.param, str(error)) from error
    except (stripe.APIConnectionError, stripe.APIError, stripe.RateLimitError, stripe.IdempotencyError) as error:
        # The library raises APIError for every status that it has no class for: 409 (the key is in use) and 5xx.
        remembered = str((error.headers or {}).get("Idempotent-Replayed", "")).lower() == "true"
        log().warning("Stripe did not answer clearly", doing=doing, reason=str(error), remembered=remembered)
        raise StripeUnavailable(str(error), remembered=remembered) from error


def stripe_client(seconds: int) -> "StripeClient":
    """Return the client whose calls take so many seconds at most."""
    return _made_client(settings().stripe_secret_key, settings().stripe_api_base, seconds)


@cache
def _made_client(secret_key: str, api_base: str | None, seconds: int) -> "StripeClient":
    import stripe  # noqa: PLC0415 - see above

    return stripe.StripeClient(
        secret_key,
        stripe_version=API_VERSION,
        base_addresses={"api": api_base} if api_base else {},
        max_network_retries=RETRIES,
        http_client=stripe.RequestsClient(timeout=(CONNECT_SECONDS, seconds)),
    )


def options(stripe_account: str | None, key: str | None = None) -> "RequestOptions":
    """Return what a call needs besides its parameters."""
    return {"stripe_account": stripe_account, "idempotency_key": key}


def _details(error: Any) -> dict[str, Any]:
    """Return the `error` object of the answer behind an exception."""
    body = error.json_body
    return dict(body["error"]) if isinstance(body, dict) and isinstance(body.get("error"), dict) else {}


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
