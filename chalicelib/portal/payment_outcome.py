"""What a payment's page says of it: each state its own truth, in the payer's words, with what happens next. Pure.

A payment that succeeded stays succeeded; what refunds and disputes made of it comes before that. A dispute is lost when
the bank gives the money back to the card, and won when the payment stands.
"""

from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from chalicelib.clock import iso
from chalicelib.i18n.texts import mark
from chalicelib.payments.card_name import card_name
from chalicelib.payments.payment import CLOSED_AT_BREAK, Failure, Payment
from chalicelib.portal.refusals import why_failed
from chalicelib.portal.words import Words
from chalicelib.reversals.dispute import INQUIRIES, Dispute
from chalicelib.reversals.refund import RETURNED, Refund
from chalicelib.reversals.reversal import Reversals

Tone = Literal["good", "open", "bad", "quiet"]

DISPUTES: Final = {
    "warning_needs_response": mark("The bank is asking"),
    "warning_under_review": mark("The bank is asking"),
    "warning_closed": mark("Question closed"),
    "needs_response": mark("With the bank"),
    "under_review": mark("With the bank"),
    "won": mark("Payment stands"),
    "lost": mark("Money returned to the card"),
    "prevented": mark("Settled early"),
}
"""Stripe's statuses of disputes, as the payer sees them. Any other is a dispute that goes on."""

SAYS_NOT_CHARGED: Final = frozenset({"abandoned", "not_found", "monthly_limit_reached", "outdated"})
"""Failures whose text says by itself that nothing was charged."""


class Outcome(msgspec.Struct, frozen=True):
    """What has become of a payment: a heading, and sentences that say what that means and what happens next."""

    tone: Tone
    heading: str
    sentences: tuple[str, ...] = ()

    @property
    def is_success(self) -> bool:
        """Tell whether the money was paid and is where it should be."""
        return self.tone == "good"


def outcome_of(found: Reversals, words: Words) -> Outcome:
    """Say what has become of a payment."""
    payment = found.payment
    amount = words.amount(payment.amount_micros, payment.currency)
    if payment.state == "succeeded":
        return _paid(found, amount, words)
    if payment.state in {"failed", "canceled"}:
        return _failed(payment, words)
    return _open(payment, amount, words)


def _open(payment: Payment, amount: str, words: Words) -> Outcome:
    if payment.state == "requires_action":
        text = words.say(
            "Verify your payment of %(amount)s with your bank. You won't be charged until you do.", amount=amount
        )
        return Outcome("open", words.say("Your bank needs to verify it's you"), (text,))
    if payment.state == "processing":
        text = words.say("Your payment of %(amount)s is on its way. This usually takes a few minutes.", amount=amount)
        return Outcome("open", words.say("Your bank is processing this payment"), (text,))
    text = words.say(
        "We don't know yet whether your payment of %(amount)s went through. Please don't pay again.", amount=amount
    )
    return Outcome("open", words.say("This payment isn't confirmed yet"), (text,))


def _failed(payment: Payment, words: Words) -> Outcome:
    failure = payment.failure or Failure("canceled")
    code = failure.code
    why = why_failed(code, failure.decline_code, words, fills_wallet=payment.fills_wallet)
    if code == CLOSED_AT_BREAK:
        heading = words.say("We couldn't find out how this payment ended")
        return Outcome("bad", heading, (why,))
    if payment.state == "canceled":
        known = () if code == "canceled" else (why,)
        return Outcome("quiet", words.say("This payment was canceled"), (*known, *_not_charged(payment, code, words)))
    is_declined = code not in {"processing_error", "payment_intent_authentication_failure"}
    heading = words.say("Your card was declined") if is_declined else words.say("This payment didn't go through")
    return Outcome("bad", heading, (why, *_not_charged(payment, code, words)))


def _not_charged(payment: Payment, code: str, words: Words) -> Iterator[str]:
    if code in SAYS_NOT_CHARGED:
        return
    if payment.fills_wallet:
        yield words.say("Nothing was charged, and your balance hasn't changed.")
    else:
        yield words.say("Nothing was charged.")


def _paid(found: Reversals, amount: str, words: Words) -> Outcome:
    """Say what a payment that succeeded is now: by its disputes, else by its refunds, else as paid."""
    refunds = tuple(text for each in found.refunds for text in _of_refund(each, found.payment, words))
    disputes = tuple(text for each in found.disputes for text in _of_dispute(each, words))
    sentences = (*disputes, *refunds)
    for dispute in reversed(found.disputes):
        if head := _disputed_heading(dispute, words):
            return Outcome(*head, sentences)
    refunded_micros = found.refunded_micros
    if refunded_micros:
        refunded = words.amount(refunded_micros, found.payment.currency)
        if refunded_micros >= found.payment.amount_micros:
            return Outcome("quiet", words.say("%(amount)s refunded", amount=refunded), sentences)
        heading = words.say("%(refunded)s of %(amount)s refunded", refunded=refunded, amount=amount)
        return Outcome("quiet", heading, sentences)
    return _simply_paid(found.payment, amount, sentences, words)


def _simply_paid(payment: Payment, amount: str, sentences: tuple[str, ...], words: Words) -> Outcome:
    if payment.fills_wallet:
        return Outcome("good", words.say("%(amount)s added", amount=amount), sentences)
    heading = words.say("%(amount)s paid", amount=amount)
    if payment.is_parked or payment.late == "undecided":
        late = words.say(
            "This payment came through after it had already failed, so it hasn't paid for anything. It will be "
            "refunded, or you'll hear from us."
        )
        return Outcome("open", heading, (late, *sentences))
    return Outcome("good", heading, (*_paid_for(payment, words), *sentences))


def _paid_for(payment: Payment, words: Words) -> Iterator[str]:
    if payment.period_start_ms and payment.period_end_ms:
        first, last = words.day(iso(payment.period_start_ms)), words.day(iso(payment.period_end_ms))
        yield words.say("Your subscription from %(first)s to %(last)s.", first=first, last=last)
    else:
        yield words.say("For your subscription.")


def _disputed_heading(dispute: Dispute, words: Words) -> tuple[Tone, str] | None:
    """Return the heading of a dispute; None if the payment stands."""
    stage = _stage_of(dispute)
    if stage == "unknown":
        return "quiet", words.say("This payment was disputed")
    if stage == "asked":
        return "open", words.say("The bank is asking about this payment")
    if stage in {"lost", "settled"}:
        return "bad", words.say("The bank returned this payment")
    if stage == "undecided":
        return "bad", words.say("This payment is disputed")
    return ("open", words.say("The dispute is decided: this payment stands")) if dispute.withdrawn_micros else None


def _stage_of(dispute: Dispute) -> Literal["unknown", "asked", "answered", "undecided", "lost", "settled", "stands"]:
    """Return how far a dispute is: by where the money is, and by Stripe's status where that says no more.

    Of what was lost and given back all the same, the payment stands; a question about which money moved is a dispute.
    """
    has_money, has_moved = dispute.withdrawn_micros > 0, bool(dispute.balance_movements)
    if dispute.closed_at_break_ms:
        return "unknown"
    if dispute.status in INQUIRIES:
        return "undecided" if has_money else "asked"
    if dispute.status in {"warning_closed", "prevented"}:
        return "settled" if has_money else "answered"
    if dispute.status == "lost":
        return "lost" if has_money or not has_moved else "stands"
    return "stands" if dispute.status == "won" else "undecided"


def _of_dispute(dispute: Dispute, words: Words) -> Iterator[str]:
    """Say what a dispute does to the money, what comes next, and what the payer can do."""
    held, stage = words.amount(dispute.debited_micros, dispute.currency), _stage_of(dispute)
    if stage == "unknown":
        yield words.say("We can't find out how the dispute ended. Please ask your bank.")
        yield from _held(dispute, held, words)
    elif stage == "asked":
        yield words.say("It's only a question so far: nothing has been taken back.")
        yield words.say("If you recognize this payment, tell your bank.")
    elif stage == "answered":
        yield words.say("The bank asked about this payment, and has closed the question. Nothing was taken back.")
    elif stage == "undecided":
        yield from _undecided(dispute, held, words)
    elif stage == "stands":
        yield from _stands(dispute, held, words)
    else:
        yield from _lost(dispute, held, words, is_decided=stage == "lost")


def _undecided(dispute: Dispute, held: str, words: Words) -> Iterator[str]:
    yield words.say("The cardholder disputed it, and the bank will decide. That can take two to three months.")
    if dispute.withdrawn_micros == 0:
        yield words.say("Nothing has been taken back so far.")
    yield from _held(dispute, held, words)
    yield words.say("If the dispute is a mistake, ask your bank to withdraw it.")


def _held(dispute: Dispute, held: str, words: Words) -> Iterator[str]:
    if dispute.debited_micros:
        yield words.say(
            "%(amount)s is held back from your balance. You'll get it back if the payment stands.", amount=held
        )
    elif dispute.withdrawn_micros:
        yield words.say("The bank holds the money until then. Your balance is not affected.")


def _lost(dispute: Dispute, held: str, words: Words, *, is_decided: bool) -> Iterator[str]:
    if is_decided:
        yield words.say("The bank decided the dispute for the cardholder, and the money goes back to the card.")
    else:
        yield words.say("The dispute was settled before the bank had to decide: the money goes back to the card.")
    if dispute.debited_micros:
        yield words.say("%(amount)s was taken off your balance.", amount=held)


def _stands(dispute: Dispute, held: str, words: Words) -> Iterator[str]:
    yield words.say("This payment was disputed, and the bank decided that it stands.")
    if dispute.debited_micros:
        yield words.say("We'll add %(amount)s back to your balance as soon as the bank returns it.", amount=held)
    elif dispute.wallet_movements:
        yield words.say("What was held back is back in your balance.")


def _of_refund(refund: Refund, payment: Payment, words: Words) -> Iterator[str]:
    """Say where the money of a refund is."""
    amount = words.amount(refund.amount_micros, refund.currency)
    card, day = card_name(words, payment.card_brand, payment.card_last_four), words.day(iso(refund.created_at_ms))
    if refund.state in RETURNED:
        if refund.stripe_refund_id is not None:
            yield words.say("A refund of %(amount)s didn't reach %(card)s.", amount=amount, card=card)
            if refund.moves_wallet:
                yield words.say("It's back in your balance.")
    elif not refund.accepted_by_stripe:
        yield words.say("A refund of %(amount)s is being made.", amount=amount)
    else:
        yield words.say(
            "%(amount)s went back to %(card)s on %(day)s. Banks take up to ten days to show it.",
            amount=amount,
            card=card,
            day=day,
        )
        if refund.moves_wallet:
            yield words.say("It was taken off your balance.")


def name_dispute(status: str, words: Words) -> str:
    """Name the status of a dispute."""
    return words.say(DISPUTES.get(status, DISPUTES["needs_response"]))
