"""What to tell a person when a verb has refused: the API's own words are for programs."""

import re
from collections.abc import Mapping
from typing import Final

from chalicelib.errors import Refusal
from chalicelib.money import places_of
from chalicelib.portal.words import Words, mark

TEXTS: Final = {
    "account-not-found": mark("There is nothing here that you could see."),
    "account-busy": mark("Somebody else is changing this right now. Please try again."),
    "add-on-in-use": mark("%(in_use)s are in use at the moment. Release some of them first."),
    "already-canceled": mark("It was canceled already."),
    "amount-not-chargeable": mark("Cards take multiples of %(step)s. Please change the amount."),
    "auto-pay-busy": mark("Somebody else is changing this right now. Please try again."),
    "billing-details-changed": mark(
        "Somebody else has changed these details meanwhile. Save them again if they shall be as they stand here."
    ),
    "card-declined": mark("Your bank declined the card. Nothing was charged."),
    "card-missing": mark("There is no card on file. Save a card first."),
    "card-setup-unfinished": mark("The card was not confirmed. Please try again."),
    "card-setup-unknown": mark("The card could not be saved. Please try again."),
    "card-superseded": mark("Another card was saved in the meantime; that one stays."),
    "forbidden": mark("You may look at this account's billing, but not change it. Ask its owner."),
    "invalid-cursor": mark("This page of the list cannot be found. Please start again from its beginning."),
    "invalid-decimal": mark("Please type an amount such as %(example)s."),
    "invoice-not-found": mark("There is no such invoice."),
    "invoices-busy": mark("Somebody else is changing this right now. Please try again."),
    "no-places": mark("Amounts in %(currency)s have no decimals. Please type an amount such as %(example)s."),
    "not-found": mark("This page does not exist. The address may be mistyped, or the page has moved."),
    "not-canceled": mark("There is no cancellation to take back."),
    "nothing-owed": mark("Nothing is owed."),
    "payment-busy": mark("Somebody else is changing this right now. Please try again."),
    "payment-canceled": mark("The payment was canceled. Nothing was charged."),
    "payment-not-found": mark("There is no such payment."),
    "payment-not-invoiceable": mark("Its invoice is there as soon as the payment has succeeded."),
    "product-retired": mark("This is not sold any more. You can keep what you have, or have less of it."),
    "quote-changed": mark("The price has changed since you looked. Please look at it again."),
    "renewal-held": mark("The renewal waits for your provider. Nothing is charged until then."),
    "renewal-not-chargeable": mark("No card could pay %(amount)s for each period. Please choose something else."),
    "stripe-unavailable": mark("The payment provider does not answer. Trying again in a minute is safe."),
    "subscription-busy": mark("Somebody else is changing this right now. Please try again."),
    "subscription-not-found": mark("There is no subscription."),
    "subscription-past-due": mark("The last renewal was not paid. Pay it before you change the plan."),
    "subscription-pending": mark("A payment for the subscription is still open. Finish or check it first."),
    "subscription-renewing": mark("The subscription is being renewed right now. Please try again in a minute."),
    "too-many-places": mark(
        "Amounts in %(currency)s have at most %(places)s decimals. Please type an amount such as %(example)s."
    ),
    "top-up-out-of-limits": mark("Please choose an amount from %(minimum)s to %(maximum)s."),
    "transaction-not-found": mark("There is no such transaction."),
    "unknown-product": mark("This is not sold any more. Please choose again."),
    "page-not-found": mark("This page does not exist. The address may be mistyped, or the page has moved."),
    "payments-unavailable": mark(
        "Payments are not possible at the moment; your card is fine. Please try again in a while."
    ),
    "stripe-refused": mark("The payment provider refuses this. Please try again, or ask us."),
    "card-refused": mark("Your bank declined the card. Nothing was charged."),
    "details-refused": mark(
        "The payment provider does not take a part of your billing details. Please check name and e-mail address."
    ),
    "portal-link-unusable": mark(
        "Links work once, and for a few minutes. Go back to where you came from and open Billing again."
    ),
    "portal-session-ended": mark(
        "For your safety you are signed out after an hour without activity. Go back to where you came from and open "
        "Billing again."
    ),
    "portal-form-outdated": mark(
        "Nothing was changed and nothing was charged. Go back, load the page again, and send the form once more."
    ),
    "invalid-request": mark("Something in the address or in the form is not valid."),
    "internal-error": mark("Something went wrong on our side. Trying again is safe: nothing is charged twice."),
}

LIMITS: Final = {
    ("auto-pay-invalid", "amount"): mark("Please choose an amount from %(minimum)s to %(maximum)s."),
    ("auto-pay-invalid", "threshold"): mark("The threshold can be at most %(maximum)s."),
    ("auto-pay-invalid", "monthly_limit"): mark("The monthly limit must leave room for one refill of %(minimum)s."),
}

NEEDED: Final = mark("Please fill this in.")

TITLES: Final = {
    "portal-link-unusable": mark("This link cannot be opened any more"),
    "portal-session-ended": mark("Your session has ended"),
    "portal-form-outdated": mark("This form is out of date"),
    "not-found": mark("Page not found"),
    "page-not-found": mark("Page not found"),
    "account-not-found": mark("Page not found"),
    "forbidden": mark("You may not do this"),
    "internal-error": mark("Something went wrong"),
}

DECLINES: Final = {
    "insufficient_funds": mark("The card has insufficient funds. Use another card or a smaller amount."),
    "expired_card": mark("The card has expired. Use another card."),
    "incorrect_cvc": mark("The card's security code is wrong. Save the card again."),
    "lost_card": mark("Your bank declined the card. Use another card or ask your bank."),
    "stolen_card": mark("Your bank declined the card. Use another card or ask your bank."),
    "card_velocity_exceeded": mark("The card's limit is reached. Use another card or ask your bank."),
    "processing_error": mark("The bank could not process the card just now. Try again in a few minutes."),
    "amount_too_small": mark("Your card cannot be charged so small an amount. Choose a larger one."),
    "amount_too_large": mark("Your card cannot be charged so large an amount. Choose a smaller one."),
    "authentication_required": mark("Your bank wants to see that it is you. Add balance by hand and confirm it."),
    "payment_intent_authentication_failure": mark("The verification failed. Try again, or use another card."),
    "abandoned": mark("It was not verified in time. Nothing was charged."),
    "outdated": mark("It was no longer needed when its turn came. Nothing was charged."),
    "monthly_limit_reached": mark("It would have exceeded the monthly limit of auto-pay. Nothing was charged."),
    "not_found": mark("It did not reach the payment provider. Nothing was charged."),
}
AMOUNTS: Final = ("minimum", "maximum", "step", "amount")
EXAMPLE: Final = {True: "2500", False: "25.50"}
"""An amount to show how one is typed, in a currency without decimals or with them."""

PLACE: Final = re.compile(r"%\((\w+)\)")
"""What a text is filled in with."""


def told(refusal: Refusal, words: Words, currency: str) -> str:
    """Say what a refusal means, with its amounts in the account's currency."""
    about = _about(refusal.about, words, currency)
    text = LIMITS.get((refusal.type, str(refusal.about.get("field")))) or TEXTS.get(refusal.type)
    if text is None or not set(PLACE.findall(text)) <= set(about):
        text = NEEDED if refusal.type == "auto-pay-invalid" else TEXTS["invalid-request"]
    return words.say(text, **about)


def title_of(refusal: Refusal, words: Words) -> str:
    """Return the heading of the page that shows a refusal."""
    return words.say(TITLES.get(refusal.type) or mark("This could not be done"))


def why_failed(code: str, decline_code: str | None, words: Words) -> str:
    """Say why a payment came to nothing, from Stripe's codes."""
    text = (
        DECLINES.get(decline_code or "")
        or DECLINES.get(code)
        or mark("Your bank declined the card. Use another card or ask your bank.")
    )
    return words.say(text)


def _about(about: Mapping[str, object], words: Words, currency: str) -> dict[str, object]:
    amounts = {name: words.money(str(about[name]), currency) for name in AMOUNTS if name in about}
    return {**about, **amounts, "example": words.to_type(EXAMPLE[places_of(currency) == 0], currency)}
