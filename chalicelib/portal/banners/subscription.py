"""The subscription: a renewal that was not paid, a pause, and a change that is still to come."""

from collections.abc import Iterator

from chalicelib.clock import iso
from chalicelib.payments.card_name import card_name
from chalicelib.payments.payment import Payment
from chalicelib.portal.banners.banner import Action, Banner, Unresolved
from chalicelib.portal.banners.snapshot import Snapshot
from chalicelib.portal.owed import ChargeNow, find_charge_now, tried_again, until_when
from chalicelib.portal.refusals import why_failed
from chalicelib.portal.words import Words
from chalicelib.subscriptions.pause import next_period_ms
from chalicelib.subscriptions.subscription import OWING, RENEWED, Subscription


def find_overdue(seen: Snapshot, words: Words) -> Iterator[Banner]:
    """Tell that a renewal was not paid: with which card, why, how long access lasts, and what to do.

    While a card is being charged for it, that is all there is to tell, and nobody is asked to pay.
    """
    found = seen.subscription
    if found is None or found.status not in OWING:
        return
    if charge := find_charge_now(found, seen.payer, seen.payments, seen.renewal_micros or 0, words, now_ms=seen.now_ms):
        yield _being_charged(charge, words)
        return
    actions = (Action(words.say("Pay now"), ("plan",)), Action(words.say("Update Card Info"), ("card",)))
    until = until_when(seen.access_end_ms, seen.now_ms, words)
    text = " ".join(filter(None, [_what_failed(seen, found, words), until, _what_next(seen, found, words)]))
    waits = found.held or found.pending
    yield Banner("bad", words.say("Your subscription is overdue"), text, () if waits else actions)


def _being_charged(charge: ChargeNow, words: Words) -> Banner:
    title, payment = words.say("We're charging your card"), charge.payment
    if payment:
        return Banner("warn", title, charge.text, unresolved=Unresolved(payment.payment_id, payment.state))
    return Banner("warn", title, charge.text, (Action(words.say("Check again"), (), "see"),))


def _what_failed(seen: Snapshot, found: Subscription, words: Words) -> str:
    amount = words.amount(seen.renewal_micros or 0, found.currency)
    failed = next((each for each in seen.payments if _is_why(each, found)), None)
    code = found.failure.code if found.failure else ""
    why = why_failed(code, found.failure.decline_code, words, fills_wallet=False) if found.failure else ""
    if failed is None or code in {"", "card_missing", "card_needed_again"}:
        text = words.say("The last renewal of %(amount)s wasn't paid.", amount=amount)
        return f"{text} {why}".strip()
    card = card_name(words, failed.card_brand, failed.card_last_four)
    return words.say("We couldn't charge %(amount)s to %(card)s.", amount=amount, card=card) + " " + why


def _is_why(payment: Payment, found: Subscription) -> bool:
    """Tell whether a payment is why the renewal is owed: of two cards that were declined, the default's."""
    is_of_card = payment.payment_method_id == found.charged_card
    return is_of_card and payment.kind == "subscription" and payment.state == "failed"


def _what_next(seen: Snapshot, found: Subscription, words: Words) -> str:
    if found.held:
        return words.say("The renewal waits for your provider. Nothing is charged until then.")
    return tried_again(found, seen.payer, words)


def find_scheduled_change(seen: Snapshot, words: Words) -> Iterator[Banner]:
    """Tell of a change that takes effect with the next period, and where to take it back.

    Nothing is told of it once the subscription is canceled: it ends before.
    """
    found = seen.subscription
    if found is None or found.scheduled is None or found.cancel_at_period_end or found.status not in RENEWED:
        return
    day = words.day(iso(next_period_ms(found)))
    if found.scheduled.plan == found.terms.contents.plan:
        title = words.say("Your add-ons will change on %(day)s", day=day)
        text = words.say("Until then you keep what you have. You can still undo the change.")
    else:
        title = words.say("Your plan will change on %(day)s", day=day)
        text = words.say(
            "From then on you're on %(plan)s. You can still undo the change.", plan=words.say(seen.scheduled_plan)
        )
    yield Banner("quiet", title, text, (Action(words.say("Review or undo"), ("plan",), "act"),))


def find_pause(seen: Snapshot, words: Words) -> Iterator[Banner]:
    """Tell of a pause that is to come or has begun, when it ends, and what is charged then."""
    found = seen.subscription
    if found is None or found.pause is None or found.cancel_at_period_end:
        return
    until = words.day(iso(found.pause.until_ms))
    amount = words.amount(seen.renewal_micros or 0, found.currency)
    text = words.say("It continues on %(day)s, when we charge %(amount)s.", day=until, amount=amount)
    if found.status == "paused":
        title, action = words.say("Your subscription is paused"), words.say("Resume or change")
    else:
        start = words.day(iso(found.terms.period_end_ms))
        title, action = words.say("Your subscription pauses on %(day)s", day=start), words.say("Review or undo")
    yield Banner("quiet", title, text, (Action(action, ("plan",), "act"),))
