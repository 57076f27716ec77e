"""The door to Stripe for customers and cards, on a given Stripe account. Values in, values out."""

from typing import TYPE_CHECKING, Any

from chalicelib.accounts.account import Account
from chalicelib.cards.card_setup import CardSetup, CardSetupRequest, CardSetupState, SavedCard
from chalicelib.idempotency import content_hash
from chalicelib.log import log
from chalicelib.stripe_api.client import ask, idempotency_options, or_none
from chalicelib.stripe_api.deployment import metadata
from chalicelib.stripe_api.errors import StripeRefused, StripeUnavailable
from chalicelib.stripe_api.stripe_account import StripeAccount
from chalicelib.text import WrongText, ascii_email

if TYPE_CHECKING:
    from stripe.params import CustomerCreateParams


def create_customer(account: Account, stripe_account: StripeAccount, *, instead_of: str | None) -> str:
    """Create the account's customer, or find the one that was just created; return its id.

    `instead_of` is a customer that was deleted at Stripe: with its idempotency key Stripe would return it again. Raises
    StripeUnavailable, DetailsRefused.
    """
    ids = metadata(account_id=account.account_id)
    email = _email(account)
    key = content_hash([ids, account.name, email.get("email"), account.created_at_ms, instead_of])
    options = idempotency_options(f"customer-{key}")
    return ask(
        "create_customer",
        stripe_account,
        lambda v1: str(v1.customers.create({"name": account.name, "metadata": ids, **email}, options).id),
    )


def _email(account: Account) -> "CustomerCreateParams":
    """Return the account's e-mail address as Stripe accepts it, or none: a customer needs none to save a card.

    An address that Stripe would refuse was stored before such addresses were refused here.
    """
    try:
        return {"email": ascii_email(account.email)}
    except WrongText as wrong:
        log().error("Stripe would refuse an address", account_id=account.account_id, because=wrong.reason)
        return {}


def create_card_setup(asked: CardSetupRequest, stripe_account: StripeAccount, customer_id: str) -> CardSetup:
    """Create a SetupIntent for later charges, on or off session.

    Only for cards: these come at once, through a wallet or not. What a bank
    confirms days later is not offered.
    Raises CustomerGone, CardRefused, StripeUnavailable.
    """
    found = ask(
        "create_card_setup",
        stripe_account,
        lambda v1: v1.setup_intents.create(
            {
                "customer": customer_id,
                "usage": "off_session",
                "allowed_payment_method_types": ["card"],
                "metadata": metadata(**asked.metadata),
            }
        ),
    )
    return CardSetup(str(found.id), str(found.client_secret), stripe_account)


def find_card_setup(setup_intent_id: str, stripe_account: StripeAccount) -> CardSetupState | None:
    """Return a SetupIntent with its card; None when Stripe does not have it. Raises StripeUnavailable."""
    found = or_none(
        "find_card_setup",
        stripe_account,
        lambda v1: v1.setup_intents.retrieve(setup_intent_id, {"expand": ["payment_method"]}).to_dict(),
    )
    if found is None:
        return None
    method = found.get("payment_method")
    card = _saved_card(method) if method and found["status"] == "succeeded" else None
    return CardSetupState(
        setup_intent_id=found["id"],
        client_secret=found["client_secret"],
        status=found["status"],
        customer_id=found.get("customer"),
        metadata=dict(found.get("metadata") or {}),
        card=card,
    )


def find_card(payment_method_id: str, stripe_account: StripeAccount) -> SavedCard | None:
    """Return a card as it is at Stripe now; None when there is no such card. Raises StripeUnavailable."""
    found = or_none(
        "find_card",
        stripe_account,
        lambda v1: v1.payment_methods.retrieve(payment_method_id, {"expand": ["customer"]}).to_dict(),
    )
    return _saved_card(found) if found else None


def account_of_customer(customer_id: str, stripe_account: StripeAccount) -> str | None:
    """Return the account that a customer was made for; None when there is none. Raises StripeUnavailable."""
    found = or_none("account_of_customer", stripe_account, lambda v1: v1.customers.retrieve(customer_id).to_dict())
    return (found.get("metadata") or {}).get("account_id") if found else None


def detach(payment_method_id: str, stripe_account: StripeAccount) -> None:
    """Detach a card at Stripe, if it is still attached there. Raises StripeUnavailable, StripeRefused."""
    or_none("detach", stripe_account, lambda v1: v1.payment_methods.detach(payment_method_id).to_dict())


def detach_if_possible(payment_method_id: str, stripe_account: StripeAccount) -> None:
    """Detach a card at Stripe if that works now. Off file, it is detached before anything that names it is sent again.

    So a card that stays attached there is not charged.
    """
    try:
        detach(payment_method_id, stripe_account)
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
        wallet=(card.get("wallet") or {}).get("type"),
    )
