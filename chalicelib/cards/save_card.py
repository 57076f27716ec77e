"""Put a card on file that the browser has set up. The change that was requested last wins, in any order of arrival."""

import msgspec

from chalicelib.cards import gateway, table
from chalicelib.cards.card import Card, dropped
from chalicelib.cards.card_setup import CardSetupState
from chalicelib.cards.payer import Payer
from chalicelib.cards.start_setup import TooManyCards
from chalicelib.errors import Refusal
from chalicelib.text import Text


class SetupIntentId(Text):
    """Stripe's id of a SetupIntent. It becomes part of a URL, so no other text is accepted."""

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
    """The browser has not completed the SetupIntent."""

    status = 409
    type = "card-setup-unfinished"
    title = "The card setup is not finished"

    def __init__(self, setup: CardSetupState) -> None:
        super().__init__(f"the setup is {setup.status!r}; let the browser confirm it first", setup_status=setup.status)


class CardSuperseded(Refusal):
    """A newer change of the card was made and is kept."""

    status = 409
    type = "card-superseded"
    title = "The card was changed since"

    def __init__(self) -> None:
        super().__init__("a newer change of the card was made after this setup was started; that one stays")


class CardRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a request to put a card on file: the SetupIntent that the browser has completed."""

    setup_intent_id: SetupIntentId


def save_card(
    payer: Payer, setup_intent_id: str, *, client_secret: str | None = None, actor: str | None = None
) -> Card:
    """Put the card of a finished SetupIntent on file, and detach those that it replaces. Safe to repeat.

    The SetupIntent says whether it is another card, or replaces the default.

    A browser that comes back from a bank's own page brings the SetupIntent's `client_secret`, which must be right.
    Without an `actor`, as in Stripe's event, who began the setup did it.
    Raises WorkspaceNotConnected, CardSetupUnknown, CardSetupUnfinished, CardSuperseded, TooManyCards,
    StripeUnavailable.
    """
    account_id, stripe_account = payer.account_id, payer.require_connected()
    is_id = SetupIntentId.fits(setup_intent_id)
    setup = gateway.find_card_setup(setup_intent_id, stripe_account) if is_id else None
    if setup is None or not is_setup_of(setup, payer) or client_secret not in {None, setup.client_secret}:
        raise CardSetupUnknown(setup_intent_id)
    if setup.card is None:
        raise CardSetupUnfinished(setup)
    # The card was detached since, so Stripe neither charges it nor takes it back; or it is another customer's.
    if setup.card.customer_id != setup.customer_id:
        raise CardSetupUnknown(setup_intent_id)
    card = setup.card.to_card(int(setup.metadata["requested_at_ms"]))
    by = actor or setup.metadata.get("actor")
    before, after = table.change(account_id, stripe_account, _rule_of(setup, card), by=by)
    if after.find(card.payment_method_id) is None:
        gateway.detach_if_possible(card.payment_method_id, stripe_account)
        raise TooManyCards if setup.adds and after.is_full else CardSuperseded
    for payment_method_id in dropped(before, after):
        gateway.detach_if_possible(payment_method_id, stripe_account)
    return card


def _rule_of(setup: CardSetupState, card: Card) -> table.Rule:
    """Return what becomes of a card that was set up: it is another one, or it replaces the default."""
    if setup.adds:
        return lambda cards: cards.with_another(card)
    return lambda cards: cards.with_default(card) if cards.accepts(card) else cards


def is_setup_of(setup: CardSetupState, payer: Payer) -> bool:
    """Tell whether a SetupIntent was created here for the account and its current customer."""
    return (
        setup.metadata.get("account_id") == payer.account_id
        and setup.metadata.get("requested_at_ms", "").isdigit()
        and setup.customer_id is not None
        and setup.customer_id == payer.customer_id
    )
