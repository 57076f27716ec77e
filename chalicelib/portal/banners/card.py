"""The card on file: declined, to be saved again, expired, or missing while something is charged to it."""

from collections.abc import Iterator

from chalicelib.auto_pay.decision import REASONS
from chalicelib.cards.card import Card
from chalicelib.clock import from_ms, iso
from chalicelib.payments.card_name import card_name
from chalicelib.portal.banners.banner import Action, Banner
from chalicelib.portal.banners.snapshot import Snapshot
from chalicelib.portal.words import Words
from chalicelib.subscriptions.pause import next_period_ms
from chalicelib.subscriptions.subscription import RENEWED


def find_auto_pay_trouble(seen: Snapshot, words: Words) -> Iterator[Banner]:
    """Tell that auto-pay has stopped, or that its last charge was declined."""
    if seen.auto_pay.status == "suspended":
        action = Action(words.say("Review auto-pay"), ("auto-pay",))
        yield Banner("bad", words.say("Auto-pay is suspended"), seen.auto_pay.problem, (action,))
    elif seen.auto_pay.has_failed:
        action = Action(words.say("Update Card Info"), ("card",))
        yield Banner("warn", words.say("Your card was declined"), seen.auto_pay.problem, (action,))


def find_missing_card(seen: Snapshot, words: Words) -> Iterator[Banner]:
    """Tell that a card must be saved: again, before the subscription renews, or for auto-pay."""
    if seen.payer.cards_unknown:
        return
    if seen.payer.others:
        yield from _find_missing_default(seen, words)
        return
    save = (Action(words.say("Save a card"), ("card",)),)
    if seen.payer.card_needed_again and seen.payer.unconnected is None:
        why = REASONS["card_needed_again"]
        yield Banner("warn", words.say("Please save your card again"), words.say(why), save)
    elif seen.card is None and _will_renew(seen):
        text = words.say(
            "It renews on %(day)s for %(amount)s. Save a card before then to keep it.",
            **_renewal(seen, words),
        )
        yield Banner("warn", words.say("Your subscription has no card"), text, save)
    elif seen.card is None and seen.auto_pay.status == "on":
        text = words.say("It can't refill your balance until you save a card.")
        yield Banner("warn", words.say("Auto-pay has no card"), text, save)


def _find_missing_default(seen: Snapshot, words: Words) -> Iterator[Banner]:
    """Tell that of the cards on file none is the default, if something is charged to it."""
    choose = (Action(words.say("Choose a card"), ("card",)),)
    if seen.card is not None:
        return
    if _will_renew(seen):
        text = words.say(
            "It renews on %(day)s for %(amount)s. Choose a default card before then to keep it.",
            **_renewal(seen, words),
        )
        yield Banner("warn", words.say("Your subscription has no default card"), text, choose)
    elif seen.auto_pay.status == "on":
        text = words.say("It can't refill your balance until you choose a default card.")
        yield Banner("warn", words.say("Auto-pay has no default card"), text, choose)


def _renewal(seen: Snapshot, words: Words) -> dict[str, str]:
    return {
        "day": words.day(iso(next_period_ms(seen.subscription))) if seen.subscription else "",
        "amount": words.amount(seen.renewal_micros or 0, seen.payer.account.currency),
    }


def _will_renew(seen: Snapshot) -> bool:
    found = seen.subscription
    return bool(found and found.status in RENEWED and not found.cancel_at_period_end and seen.renewal_micros)


def find_expiring_card(seen: Snapshot, words: Words) -> Iterator[Banner]:
    """Tell that the card has expired, or will within the next month."""
    card = seen.card
    if card is None:
        return
    months, name = months_left(card, seen.now_ms), card_name(words, card.brand, card.last_four)
    update = (Action(words.say("Update Card Info"), ("card",)),)
    if months < 0:
        text = words.say("%(card)s has expired and can no longer be charged.", card=name)
        yield Banner("bad", words.say("Your card has expired"), text, update)
    elif months <= 1:
        month = words.month(f"{card.expiry_year}-{card.expiry_month:02d}-01")
        text = words.say(
            "%(card)s is valid until the end of %(month)s. Add your new card before then.", card=name, month=month
        )
        yield Banner("warn", words.say("Your card expires soon"), text, update)


def months_left(card: Card, now_ms: int) -> int:
    """Return how many months after this one the card is valid; negative if it has expired."""
    now = from_ms(now_ms)
    return (card.expiry_year - now.year) * 12 + card.expiry_month - now.month
