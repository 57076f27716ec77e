"""Process Stripe's events about cards and customers, by type."""

from collections.abc import Callable
from typing import Final

from chalicelib.cards import table
from chalicelib.cards.refresh_card import refresh_card
from chalicelib.cards.remove_card import remove_detached_card
from chalicelib.cards.save_card import CardSetupUnknown, CardSuperseded, save_card
from chalicelib.stripe_api.event import PROCESSED, StripeEvent, Verdict
from chalicelib.stripe_api.stripe_account import PLATFORM


class UnknownAccount(Exception):
    """An event about an account that does not exist here."""


def _card_set_up(event: StripeEvent) -> Verdict:
    found = event.object
    account_id = (found.get("metadata") or {}).get("account_id")
    if not account_id or event.account:
        return Verdict("ignored", f"SetupIntent {found['id']} was not made here")
    payer = table.find_payer(account_id)
    if payer is None:
        raise UnknownAccount(f"SetupIntent {found['id']} is for account {account_id!r}, which is not there")
    try:
        save_card(payer, found["id"])
    except (CardSetupUnknown, CardSuperseded) as refusal:
        return Verdict("processed", refusal.detail)
    return PROCESSED


def _card_changed(event: StripeEvent) -> Verdict:
    if event.account or not refresh_card(event.object["id"], PLATFORM):
        return Verdict("ignored", "the card is on file nowhere")
    return PROCESSED


def _card_detached(event: StripeEvent) -> Verdict:
    customer_id = (event.data.get("previous_attributes") or {}).get("customer")
    if event.account or not customer_id or not remove_detached_card(event.object["id"], customer_id, PLATFORM):
        return Verdict("ignored", "the card is on file nowhere")
    return PROCESSED


def _customer_deleted(event: StripeEvent) -> Verdict:
    found = event.object
    account_id = (found.get("metadata") or {}).get("account_id")
    if event.account or not account_id or not table.forget_customer(account_id, PLATFORM, found["id"]):
        return Verdict("ignored", "the customer is no account's")
    return PROCESSED


PROCESSORS: Final[dict[str, Callable[[StripeEvent], Verdict]]] = {
    "setup_intent.succeeded": _card_set_up,
    "payment_method.updated": _card_changed,
    "payment_method.automatically_updated": _card_changed,
    "payment_method.detached": _card_detached,
    "customer.deleted": _customer_deleted,
}
