"""Take Stripe's events about cards and customers, by type."""

from collections.abc import Callable
from typing import Final

from chalicelib.accounts import table as accounts
from chalicelib.cards import card_on_file
from chalicelib.cards.card_on_file import CardSetupUnknown, CardSuperseded
from chalicelib.stripe_api.event import PROCESSED, StripeEvent, Verdict


class UnknownAccount(Exception):
    """An event about an account of ours that is not there."""


def _card_set_up(event: StripeEvent) -> Verdict:
    found = event.object
    account_id = (found.get("metadata") or {}).get("account_id")
    if not account_id or event.account:
        return Verdict("ignored", f"SetupIntent {found['id']} was not made here")
    account = accounts.find(account_id)
    if account is None:
        raise UnknownAccount(f"SetupIntent {found['id']} is for account {account_id!r}, which is not there")
    try:
        card_on_file.keep(account, found["id"])
    except (CardSetupUnknown, CardSuperseded) as refusal:
        return Verdict("processed", refusal.detail)
    return PROCESSED


def _card_changed(event: StripeEvent) -> Verdict:
    if event.account or not card_on_file.refresh(event.object["id"]):
        return Verdict("ignored", "the card is on file nowhere")
    return PROCESSED


def _card_detached(event: StripeEvent) -> Verdict:
    customer_id = (event.data.get("previous_attributes") or {}).get("customer")
    if event.account or not customer_id or not card_on_file.forget(event.object["id"], customer_id):
        return Verdict("ignored", "the card is on file nowhere")
    return PROCESSED


def _customer_deleted(event: StripeEvent) -> Verdict:
    found = event.object
    account_id = (found.get("metadata") or {}).get("account_id")
    if event.account or not account_id or not accounts.forget_customer(account_id, found["id"]):
        return Verdict("ignored", "the customer is no account's")
    return PROCESSED


PROCESSORS: Final[dict[str, Callable[[StripeEvent], Verdict]]] = {
    "setup_intent.succeeded": _card_set_up,
    "payment_method.updated": _card_changed,
    "payment_method.automatically_updated": _card_changed,
    "payment_method.detached": _card_detached,
    "customer.deleted": _customer_deleted,
}
