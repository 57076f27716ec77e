"""When a card on file expires, and when its owner is warned of that: 30 and 7 days ahead. Pure.

Only the default and the backup matter: no other card is charged automatically.
"""

from collections.abc import Iterable
from typing import Final, Literal, get_args

from chalicelib.cards.card import Card, CardsOnFile
from chalicelib.clock import DAY_MS, end_of_month_ms

Notice = Literal[30, 7]
"""The days before a card expires on which that is told."""

NOTICES: Final[tuple[Notice, ...]] = get_args(Notice)
MONTHS: Final = range(1, 13)
YEARS: Final = range(1970, 9999)


def expires_at_ms(card: Card) -> int | None:
    """Return the moment from which a card is no longer valid: the end of its month (UTC). None if it has no date."""
    if card.expiry_month not in MONTHS or card.expiry_year not in YEARS:
        return None
    return end_of_month_ms(f"{card.expiry_year}-{card.expiry_month:02d}")


def notice_of(card: Card, now_ms: int) -> Notice | None:
    """Return the notice that is due of a card: the shortest that has begun. None if it is early, or has expired."""
    expires_ms = expires_at_ms(card)
    if expires_ms is None or expires_ms <= now_ms:
        return None
    return min((days for days in NOTICES if expires_ms - days * DAY_MS <= now_ms), default=None)


def notice_at_ms(card: Card, days: Notice) -> int:
    """Return when a notice begins. Raises ValueError for a card without a date."""
    expires_ms = expires_at_ms(card)
    if expires_ms is None:
        raise ValueError(f"a card expires in month {card.expiry_month} of {card.expiry_year}")
    return expires_ms - days * DAY_MS


def due_at_ms(cards: CardsOnFile, now_ms: int) -> int | None:
    """Return when to look at cards: since the notice that is due, or else at the next one. None if there is none."""
    begun = [notice_at_ms(card, days) for card, days in expiring(watched(cards), now_ms)]
    return min(begun, default=None) or next_notice_ms(cards, now_ms)


def next_notice_ms(cards: CardsOnFile, now_ms: int) -> int | None:
    """Return when the next notice begins."""
    dated = (each for each in watched(cards) if expires_at_ms(each))
    return min((at for each in dated for days in NOTICES if (at := notice_at_ms(each, days)) > now_ms), default=None)


def expiring(cards: Iterable[Card], now_ms: int) -> list[tuple[Card, Notice]]:
    """Return the cards that are about to expire, each with the notice that is due."""
    return [(each, days) for each in cards if (days := notice_of(each, now_ms))]


def watched(cards: CardsOnFile) -> Iterable[Card]:
    """Return the cards that are charged automatically."""
    return [each for each in (cards.card, cards.backup) if each]
