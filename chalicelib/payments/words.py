"""What portal and mails say of payments: what each kind is called, and why one failed. Pure."""

from typing import Final

import msgspec

from chalicelib.i18n.texts import mark

KINDS: Final[dict[str, str]] = {
    "top_up": mark("Balance added"),
    "auto_pay": mark("Auto-pay"),
    "subscription": mark("Subscription"),
}


class Decline(msgspec.Struct, frozen=True):
    """Why a payment failed: `reason` within a sentence, and as `advice` a sentence of its own that says what to do.

    `owed_advice` says it of a payment for a subscription, whose amount nobody chooses, where that is something else.
    """

    reason: str = mark("the bank declined the card")
    advice: str = mark("Your bank declined the card. Use another card or ask your bank.")
    owed_advice: str | None = None


DECLINED: Final = Decline()

DECLINES: Final = {
    "authentication_required": Decline(
        mark("the bank needs you to confirm the payment"),
        mark("Your bank needs to verify it's you. Add balance yourself and confirm it."),
        mark("Your bank needs to verify it's you. Pay it yourself and confirm it."),
    ),
    "expired_card": Decline(mark("the card has expired"), mark("The card has expired. Use another card.")),
    "incorrect_cvc": Decline(
        mark("the card's security code is wrong"), mark("The card's security code is wrong. Save the card again.")
    ),
    "insufficient_funds": Decline(
        mark("the card has insufficient funds"),
        mark("The card has insufficient funds. Use another card or a smaller amount."),
        mark("The card has insufficient funds. Use another card."),
    ),
    "processing_error": Decline(
        mark("the bank couldn't process the card just then"),
        mark("The bank couldn't process the card just now. Try again in a few minutes."),
    ),
    "lost_card": DECLINED,  # what only the bank and the thief should know is told like any other decline
    "stolen_card": DECLINED,
    "card_disputed": Decline(
        mark("a payment with this card is disputed, so we don't charge it automatically"),
        mark(
            "A payment with this card is disputed, so we don't charge it automatically. Pay now, or save another card."
        ),
    ),
    "card_missing": Decline(mark("there's no card on file"), mark("There's no card on file. Save a card.")),
    "card_needed_again": Decline(
        mark("your provider now takes payments through another account, and your card isn't saved there"),
        mark("Save a card again."),
    ),
    "incorrect_number": Decline(
        mark("the card's number is wrong"), mark("The card's number is wrong. Save the card again.")
    ),
    "abandoned": Decline(advice=mark("It wasn't verified in time. Nothing was charged.")),
    "closed_at_break": Decline(
        mark("the seller's payment account was disconnected"),
        mark(
            "The seller's payment account was disconnected before the outcome was known. If your card was charged, "
            "please contact the seller."
        ),
    ),
    "amount_too_large": Decline(
        advice=mark("Your card can't be charged that much. Choose a smaller amount."),
        owed_advice=mark("Your card can't be charged that much. Use another card or ask your bank."),
    ),
    "amount_too_small": Decline(
        advice=mark("Your card can't be charged that little. Choose a larger amount."),
        owed_advice=mark("Your card can't be charged that little."),
    ),
    "card_velocity_exceeded": Decline(
        advice=mark("The card's limit is reached. Use another card or ask your bank."),
    ),
    "monthly_limit_reached": Decline(
        advice=mark("It would have exceeded the monthly limit of auto-pay. Nothing was charged."),
    ),
    "not_found": Decline(advice=mark("It didn't reach the payment provider. Nothing was charged.")),
    "outdated": Decline(advice=mark("It was no longer needed when its turn came. Nothing was charged.")),
    "payment_intent_authentication_failure": Decline(
        advice=mark("The verification failed. Try again, or use another card."),
    ),
}
"""By Stripe's code, or ours where nothing was sent to Stripe."""


def decline_of(*codes: str | None) -> Decline:
    """Return what to say of a failure, by the first of its codes that is known."""
    return next((DECLINES[code] for code in codes if code in DECLINES), DECLINED)
