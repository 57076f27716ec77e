"""Payments that wait for the customer or the bank, failed lately, or are disputed."""

from collections.abc import Iterator
from typing import Final

from chalicelib.clock import iso
from chalicelib.payments.payment import CLOSED_AT_BREAK, DAY_MS, NOT_FOUND, Payment
from chalicelib.portal.banners.banner import Action, Banner, Unresolved
from chalicelib.portal.banners.snapshot import Snapshot
from chalicelib.portal.owed import find_charge_now
from chalicelib.portal.refusals import why_failed
from chalicelib.portal.words import Words
from chalicelib.reversals.dispute import INQUIRIES
from chalicelib.subscriptions.subscription import OWING

TOLD_FOR_MS: Final = 7 * DAY_MS
"""How long a payment that failed is told of, unless a later one succeeds."""

UNINTENDED: Final = frozenset({"abandoned", NOT_FOUND, CLOSED_AT_BREAK})
"""Why a payment was canceled without anybody having wanted that."""

OPEN_DISPUTES: Final = frozenset({"needs_response", "under_review"})


def find_unresolved(seen: Snapshot, words: Words) -> Iterator[Banner]:
    """Tell of payments that have not ended. A refill of auto-pay needs nobody, unless the bank asks."""
    for payment in seen.payments:
        amount = words.amount(payment.amount_micros, payment.currency)
        if payment.state == "requires_action":
            text = words.say(
                "Your bank needs to verify it's you before it pays %(amount)s. You won't be charged until you do.",
                amount=amount,
            )
            action = Action(words.say("Verify payment"), ("payments", payment.payment_id))
            yield Banner("bad", words.say("Verification needed"), text, (action,), _unresolved(payment))
        elif not payment.ended and payment.kind != "auto_pay" and not _is_said_to_be_charged(payment, seen, words):
            yield _unconfirmed(payment, amount, words)


def _is_said_to_be_charged(payment: Payment, seen: Snapshot, words: Words) -> bool:
    """Tell whether a payment is the one that an overdue subscription says is being charged."""
    found = seen.subscription
    if found is None:
        return False
    charge = find_charge_now(found, seen.payer, seen.payments, seen.renewal_micros or 0, words, now_ms=seen.now_ms)
    return charge is not None and charge.payment == payment


def _unconfirmed(payment: Payment, amount: str, words: Words) -> Banner:
    if payment.state == "processing":
        title = words.say("Your bank is processing a payment")
        text = words.say("Your payment of %(amount)s is on its way. Please don't pay again.", amount=amount)
    else:
        title = words.say("A payment isn't confirmed yet")
        text = words.say(
            "We don't know yet whether your payment of %(amount)s went through. Please don't pay again.", amount=amount
        )
    return Banner("warn", title, text, unresolved=_unresolved(payment))


def _unresolved(payment: Payment) -> Unresolved:
    return Unresolved(payment.payment_id, payment.state)


def find_failed(seen: Snapshot, words: Words) -> Iterator[Banner]:
    """Tell of the last payment for the wallet and for the subscription, if it failed in the last days.

    What auto-pay and an overdue subscription say of their payments themselves is left out, and so is what failed before
    another default card was saved.
    """
    for fills_wallet in (True, False):
        ended = [each for each in seen.payments if each.fills_wallet == fills_wallet and _is_news(each)]
        last = max(ended, key=lambda each: each.state_at_ms, default=None)
        if last is None or last.state == "succeeded" or seen.now_ms - last.state_at_ms > TOLD_FOR_MS:
            continue
        if not _is_told_elsewhere(last, seen) and not _is_answered(last, seen):
            yield _failed(last, words)


def _is_news(payment: Payment) -> bool:
    """Tell whether a payment has ended otherwise than by being taken back, which needs no telling."""
    code = payment.failure.code if payment.failure else ""
    return payment.ended and not (payment.state == "canceled" and code not in UNINTENDED)


def _is_told_elsewhere(payment: Payment, seen: Snapshot) -> bool:
    if payment.kind == "auto_pay":
        return seen.auto_pay.status != "off"
    if payment.kind == "subscription":
        return seen.subscription is not None and seen.subscription.status in OWING
    return False


def _is_answered(payment: Payment, seen: Snapshot) -> bool:
    return seen.card is not None and seen.card.set_up_at_ms > payment.state_at_ms


def _failed(payment: Payment, words: Words) -> Banner:
    failure = payment.failure
    text = words.say(
        "Your payment of %(amount)s on %(day)s failed.",
        amount=words.amount(payment.amount_micros, payment.currency),
        day=words.day(iso(payment.created_at_ms)),
    )
    if failure:
        why = why_failed(failure.code, failure.decline_code, words, fills_wallet=payment.fills_wallet)
    else:
        why = words.say("Nothing was charged.")
    action = Action(words.say("See payment"), ("payments", payment.payment_id), "see")
    return Banner("warn", words.say("A payment didn't go through"), f"{text} {why}", (action,))


def find_disputed(seen: Snapshot, words: Words) -> Iterator[Banner]:
    """Tell of payments about which a bank asks, or whose money it has taken back until it decides."""
    for payment in seen.disputed:
        if payment.dispute_status in INQUIRIES:
            title, text = words.say("Your bank is asking about a payment"), _asks(payment, words)
        elif payment.dispute_status in OPEN_DISPUTES:
            title, text = words.say("A payment is disputed"), _is_disputed(payment, words)
        else:
            continue
        action = Action(words.say("See payment"), ("payments", payment.payment_id), "see")
        yield Banner("warn", title, text, (action,))


def _asks(payment: Payment, words: Words) -> str:
    return words.say(
        "It's about your payment of %(amount)s on %(day)s. Nothing has been taken back.", **_about(payment, words)
    )


def _is_disputed(payment: Payment, words: Words) -> str:
    if not payment.fills_wallet:
        return words.say(
            "Your payment of %(amount)s on %(day)s was disputed with the bank. Your balance is not affected.",
            **_about(payment, words),
        )
    return words.say(
        "Your payment of %(amount)s on %(day)s was disputed with the bank. If the bank takes money back, we deduct it "
        "from your balance until it decides.",
        **_about(payment, words),
    )


def _about(payment: Payment, words: Words) -> dict[str, str]:
    amount = words.amount(payment.amount_micros, payment.currency)
    return {"amount": amount, "day": words.day(iso(payment.created_at_ms))}
