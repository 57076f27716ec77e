"""Process Stripe's events about cards and customers, by type."""

from collections.abc import Callable
from typing import Final

from chalicelib.cards import table
from chalicelib.cards.refresh_card import refresh_card
from chalicelib.cards.remove_card import remove_detached_card
from chalicelib.cards.save_card import CardSetupUnknown, CardSuperseded, save_card
from chalicelib.cards.start_setup import TooManyCards
from chalicelib.stripe_api.errors import AccessGone
from chalicelib.stripe_api.event import PROCESSED, StripeEvent, Verdict
from chalicelib.stripe_api.stripe_account import StripeAccount

GONE: Final = Verdict("ignored", "the Stripe account is not connected any more: its cards cannot be charged")


class UnknownAccount(Exception):
    """An event about an account that does not exist here."""


def _card_set_up(event: StripeEvent) -> Verdict:
    found = event.object
    account_id = (found.get("metadata") or {}).get("account_id")
    if not account_id:
        return Verdict("ignored", f"SetupIntent {found['id']} was not made here")
    # On the Stripe account of the event, whatever the account pays on now: another one has no such SetupIntent.
    payer = table.find_payer_on(account_id, StripeAccount(event.account))
    if event.account and (payer is None or payer.customer_id is None):
        return Verdict("ignored", f"SetupIntent {found['id']} is the workspace's own")
    if payer is None:
        raise UnknownAccount(f"SetupIntent {found['id']} is for account {account_id!r}, which is not there")
    try:
        save_card(payer, found["id"])
    except (CardSetupUnknown, CardSuperseded, TooManyCards) as refusal:
        return Verdict("processed", refusal.detail)
    return PROCESSED


def _card_changed(event: StripeEvent) -> Verdict:
    if not refresh_card(event.object["id"], StripeAccount(event.account)):
        return Verdict("ignored", "the card is on file nowhere")
    return PROCESSED


def _card_detached(event: StripeEvent) -> Verdict:
    customer_id = (event.data.get("previous_attributes") or {}).get("customer")
    stripe_account = StripeAccount(event.account)
    if not customer_id or not remove_detached_card(event.object["id"], customer_id, stripe_account):
        return Verdict("ignored", "the card is on file nowhere")
    return PROCESSED


def _customer_deleted(event: StripeEvent) -> Verdict:
    found = event.object
    account_id = (found.get("metadata") or {}).get("account_id")
    stripe_account = StripeAccount(event.account)
    if not account_id or not table.forget_customer(account_id, stripe_account, found["id"]):
        return Verdict("ignored", "the customer is no account's")
    return PROCESSED


def _if_accessible(process: Callable[[StripeEvent], Verdict]) -> Callable[[StripeEvent], Verdict]:
    """Ignore an event of an account that was disconnected since: nothing of its cards can be read."""

    def process_or_ignore(event: StripeEvent) -> Verdict:
        try:
            return process(event)
        except AccessGone:
            return GONE

    return process_or_ignore


PROCESSORS: Final[dict[str, Callable[[StripeEvent], Verdict]]] = {
    "setup_intent.succeeded": _if_accessible(_card_set_up),
    "payment_method.updated": _if_accessible(_card_changed),
    "payment_method.automatically_updated": _if_accessible(_card_changed),
    "payment_method.detached": _if_accessible(_card_detached),
    "customer.deleted": _customer_deleted,
}
