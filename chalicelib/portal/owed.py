"""What pages say of a renewal that is owed: a charge in progress, until when access lasts, and what follows. Pure."""

from collections.abc import Iterable
from typing import Final

import msgspec

from chalicelib.cards.payer import Payer
from chalicelib.clock import iso
from chalicelib.payments.card_name import card_name
from chalicelib.payments.payment import Payment
from chalicelib.portal.words import Words
from chalicelib.subscriptions.dunning import charge_again_ms, needs_authentication
from chalicelib.subscriptions.new_card import is_tried_at_once
from chalicelib.subscriptions.subscription import OWING, Subscription

AT_ONCE_MS: Final = 10 * 60 * 1000
"""How long a charge is said to happen now. If it takes longer, nobody knows how it ends."""


class ChargeNow(msgspec.Struct, frozen=True):
    """That what is owed is being charged, or is about to be: then there is no payment yet."""

    text: str
    payment: Payment | None = None


def find_charge_now(
    found: Subscription, payer: Payer, payments: Iterable[Payment], owed_micros: int, words: Words, *, now_ms: int
) -> ChargeNow | None:
    """Return the automatic charge of what is owed that is in progress, if there is one.

    Nothing is promised where the bank may object to the card: the same card may have been saved again.
    """
    if found.status not in OWING:
        return None
    if found.pending is None:
        card = payer.chargeable_card
        if card is None or not owed_micros or _is_disputed(found) or not is_tried_at_once(found, payer):
            return None
        return ChargeNow(_charging(owed_micros, found.currency, card.brand, card.last_four, words))
    awaited = found.pending if found.pending.automatic else None
    payment = next((each for each in payments if awaited and each.payment_id == awaited.payment_id), None)
    if payment is None or payment.state not in {"created", "processing"}:
        return None
    if now_ms - payment.created_at_ms > AT_ONCE_MS:
        return None
    text = _charging(payment.amount_micros, payment.currency, payment.card_brand, payment.card_last_four, words)
    return ChargeNow(text, payment)


def _is_disputed(found: Subscription) -> bool:
    return found.failure is not None and found.failure.code == "card_disputed"


def _charging(amount_micros: int, currency: str, brand: str, last_four: str, words: Words) -> str:
    return words.say(
        "We're charging %(amount)s to %(card)s now to renew your subscription.",
        amount=words.amount(amount_micros, currency),
        card=card_name(words, brand, last_four),
    )


def until_when(access_end_ms: int | None, now_ms: int, words: Words) -> str:
    """Say until when access lasts if nobody pays; nothing if that is not known."""
    if access_end_ms is None:
        return ""
    if access_end_ms <= now_ms:
        return words.say("Access is off until it's paid.")
    return words.say("Pay before %(day)s to keep your access.", day=words.day(iso(access_end_ms)))


def tried_again(found: Subscription, payer: Payer, words: Words) -> str:
    """Say when the card is tried again, or that the bank has to be asked in person; nothing if neither is so."""
    if found.status != "past_due" or found.pending or found.held:
        return ""
    if needs_authentication(found.failure):
        return words.say("We won't try this card again automatically.")
    again_ms = charge_again_ms(found) if payer.card else None
    return words.say("We'll try your card again on %(day)s.", day=words.day(iso(again_ms))) if again_ms else ""
