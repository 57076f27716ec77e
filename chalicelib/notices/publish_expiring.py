"""Publish the cards that are about to expire to EventBridge.

A row is postponed before it is looked at, and due for its next notice once its events are published. If that is cut off
in between, they are published again, with the same ids.
"""

from typing import Final

from chalicelib import clock
from chalicelib.batches import each, within
from chalicelib.cards import expiry_index
from chalicelib.cards.card import Card
from chalicelib.cards.expiry import expiring
from chalicelib.cards.refresh_card import refresh_card
from chalicelib.cards.table import find_payer
from chalicelib.log import log
from chalicelib.notices import bus
from chalicelib.notices.event import Event, card_event
from chalicelib.runs import Run, end_run
from chalicelib.stripe_api.errors import AccessGone
from chalicelib.stripe_api.stripe_account import StripeAccount

PER_SHARD: Final = 100
BUDGET_SECONDS: Final = 240
"""After this time a run starts no further card; the next run starts within the hour."""

RETRY_AFTER_MS: Final = 60 * 60 * 1000
"""When a card that could not be told of is due again."""


class ExpiringRun(Run):
    """How many events a run published."""

    published: int = 0


class NotPublished(Exception):
    """The bus did not accept an event."""


def publish_expiring_cards() -> ExpiringRun:
    """Publish the cards whose expiry is to be told now. Raises RunIncomplete at the end if one of them failed."""
    run, now_ms = ExpiringRun(), clock.now_ms()

    def publish_due(due: tuple[str, str, int]) -> None:
        account_id, stripe_account, due_ms = due
        claimed_ms = now_ms + RETRY_AFTER_MS
        if expiry_index.claim(account_id, stripe_account, due_ms, again_at_ms=claimed_ms):
            run.published += publish_expiring(account_id, stripe_account, now_ms)
            expiry_index.finish(account_id, stripe_account, claimed_ms, now_ms)

    failures = each(
        within(BUDGET_SECONDS, expiry_index.due(now_ms, PER_SHARD)),
        publish_due,
        message="the expiry of a card could not be told",
        about=lambda due: {"account_id": due[0]},
    )
    return end_run(run, failures, summary="the expiry of cards was told")


def publish_expiring(account_id: str, stripe_account: str, now_ms: int) -> int:
    """Publish the cards of an account that are about to expire, if it pays on this Stripe account; return how many.

    Stripe is asked first: the bank may have renewed a card, and the webhook been lost. Raises StripeUnavailable,
    NotPublished.
    """
    payer = find_payer(account_id)
    if payer is None or payer.stripe_account is None or payer.stripe_account.key != stripe_account:
        return 0
    known = _refresh([card for card, _ in expiring(payer.charged_cards, now_ms)], payer.stripe_account)
    payer = find_payer(account_id) if known else None
    if payer is None:
        return 0
    found = expiring(payer.charged_cards, now_ms)
    events = [card_event(payer, card, days) for card, days in found if card.payment_method_id in known]
    _put(events)
    return len(events)


def _refresh(found: list[Card], stripe_account: StripeAccount) -> set[str]:
    """Update cards to what Stripe has now, and return the ids of those that it has."""
    try:
        return {each.payment_method_id for each in found if refresh_card(each.payment_method_id, stripe_account)}
    except AccessGone:
        return set()


def _put(events: list[Event]) -> None:
    answer = bus.put(events)
    if answer.unfit or answer.done < len(events):
        raise NotPublished(f"the bus took {answer.done} of {len(events)} events; unfit: {answer.unfit}")
    for event in events:
        log().info("event published", type=event.type, event_id=event.detail.id, account_id=event.detail.account_id)
