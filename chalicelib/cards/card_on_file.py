"""The card on file: set it up, keep it, remove it, and keep it true when Stripe says that it changed.

Card numbers never come here. The newest change wins, by the time at which it was asked for, in any order.
"""

import msgspec

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account, Card
from chalicelib.cards import gateway
from chalicelib.cards.card_setup import CardSetup, FinishedSetup
from chalicelib.errors import Refusal
from chalicelib.stripe_api.errors import CustomerGone
from chalicelib.text import Text


class SetupIntentId(Text):
    """Stripe's id of a SetupIntent. It becomes a part of an address, so nothing else may."""

    __slots__ = ()
    pattern = "seti_[A-Za-z0-9]{1,100}"
    example = "seti_1Q2w3E"
    must = f"must be the id of a SetupIntent, such as {example}"


class CardSetupUnknown(Refusal):
    """No SetupIntent of this account."""

    status = 422
    type = "card-setup-unknown"
    title = "No such card setup"

    def __init__(self, setup_intent_id: str) -> None:
        super().__init__(
            f"{setup_intent_id[:60]!r} is not a setup of this account whose card can be kept; start with a new one",
            field="setup_intent_id",
        )


class CardSetupUnfinished(Refusal):
    """The browser has not brought the SetupIntent to its end."""

    status = 409
    type = "card-setup-unfinished"
    title = "The card setup is not finished"

    def __init__(self, setup: FinishedSetup) -> None:
        super().__init__(f"the setup is {setup.status!r}; let the browser confirm it first", setup_status=setup.status)


class CardSuperseded(Refusal):
    """A newer change of the card was made; it stays."""

    status = 409
    type = "card-superseded"
    title = "The card was changed since"

    def __init__(self) -> None:
        super().__init__("a newer change of the card was made after this setup was started; that one stays")


def start_setup(account: Account) -> CardSetup:
    """Start saving a card: make the account's customer if it has none, and a SetupIntent.

    Raises DetailsRefused, CardRefused, StripeUnavailable.
    """
    customer_id = account.stripe_customer_id or _new_customer(account)
    try:
        return gateway.create_card_setup(account.account_id, customer_id, clock.now_ms())
    except CustomerGone:
        accounts.forget_customer(account.account_id, customer_id)
        replacement = _new_customer(account, instead_of=customer_id)
        # Asked for after the customer was forgotten, or that would be the newer change of the card.
        return gateway.create_card_setup(account.account_id, replacement, clock.now_ms())


def _new_customer(account: Account, instead_of: str | None = None) -> str:
    made = gateway.create_customer(account, instead_of=instead_of)
    return accounts.keep_customer(account.account_id, made)


def keep(account: Account, setup_intent_id: str) -> Card:
    """Put the card of a finished SetupIntent on file, once or again, and let Stripe forget the one that it replaces.

    Raises CardSetupUnknown, CardSetupUnfinished, CardSuperseded, StripeUnavailable.
    """
    setup = gateway.find_card_setup(setup_intent_id) if SetupIntentId.fits(setup_intent_id) else None
    if setup is None or not belongs(setup, account):
        raise CardSetupUnknown(setup_intent_id)
    if setup.card is None:
        raise CardSetupUnfinished(setup)
    if setup.card.customer_id is None:
        raise CardSetupUnknown(setup_intent_id)
    card = setup.card.on_file(int(setup.metadata["requested_at_ms"]))
    if not accounts.put_card(account.account_id, card):
        _detach_unless_on_file(account.account_id, card)
        raise CardSuperseded
    if account.card and account.card.payment_method_id != card.payment_method_id:
        gateway.detach(account.card.payment_method_id)
    return card


def belongs(setup: FinishedSetup, account: Account) -> bool:
    """Tell whether a SetupIntent was made here for the account and its present customer."""
    return (
        setup.metadata.get("account_id") == account.account_id
        and setup.metadata.get("requested_at_ms", "").isdigit()
        and setup.customer_id is not None
        and setup.customer_id == account.stripe_customer_id
    )


def _detach_unless_on_file(account_id: str, card: Card) -> None:
    current = accounts.get(account_id).card
    if current is None or current.payment_method_id != card.payment_method_id:
        gateway.detach(card.payment_method_id)


def remove(account: Account) -> None:
    """Take the card off file, then let Stripe forget it. Without a card nothing happens.

    A payment that is not resolved does not hold it up: a person can always take a card away. Such a payment ends as
    Stripe knows it, or fails for want of the card.
    """
    current: Account | None = account
    while current and current.card:
        if accounts.remove_card(current.account_id, current.card.payment_method_id):
            gateway.detach(current.card.payment_method_id)
            return
        # It is gone, and the answer was lost; or another took its place: whoever wants no card on file means that, too.
        _detach_unless_on_file(current.account_id, current.card)
        current = accounts.find(current.account_id)


def refresh(payment_method_id: str) -> bool:
    """Make the card on file what Stripe keeps now, such as with a new expiry; tell whether the card is on file here.

    Raises StripeUnavailable.
    """
    found = gateway.find_card(payment_method_id)
    account = accounts.find(found.account_id) if found and found.account_id else None
    if found is None or account is None or account.card is None or account.card.payment_method_id != payment_method_id:
        return False
    card = found.on_file(account.card.set_up_at_ms)
    return card == account.card or accounts.put_card(account.account_id, card)


def forget(payment_method_id: str, customer_id: str) -> bool:
    """Take a card off file that was detached at Stripe; tell whether it was on file here. Raises StripeUnavailable."""
    account_id = gateway.account_of_customer(customer_id)
    return account_id is not None and accounts.remove_card(account_id, payment_method_id)


class CardRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What putting a card on file takes: the SetupIntent that the browser has brought to its end."""

    setup_intent_id: SetupIntentId
