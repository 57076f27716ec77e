"""The texts that a person sees when a verb refuses: the API's own texts are for programs."""

import re
from collections.abc import Mapping
from typing import Final

from chalicelib.errors import Refusal
from chalicelib.i18n.texts import mark
from chalicelib.money import places_of
from chalicelib.payments.words import decline_of
from chalicelib.portal.words import Words

TEXTS: Final = {
    "account-archived": mark("This account is closed. Nothing can be paid for it any more."),
    "account-not-found": mark("There is nothing here that you could see."),
    "account-busy": mark("Somebody else is changing this right now. Please try again."),
    "add-on-in-use": mark("%(in_use)s of these are in use. Release some first."),
    "already-canceled": mark("It's already canceled."),
    "already-connected": mark("Another Stripe account is connected. Disconnect it first, then connect this one."),
    "amount-not-chargeable": mark("Cards can be charged in steps of %(step)s. Please change the amount."),
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
    "adjustment-empty": mark("Enter an amount above zero."),
    "client-id-invalid": mark(
        "This id cannot be used. Please choose a short one of letters, digits, dashes and underscores, without dots."
    ),
    "idempotency-conflict": mark(
        "This form was sent before with something else in it, and that was done. Nothing was done now. If you still "
        "want this, send the form again."
    ),
    "invalid-cursor": mark("This page of the list cannot be found. Please start again from its beginning."),
    "invalid-decimal": mark("Enter an amount in %(currency)s, like %(example)s."),
    "address-unusable": mark("Mails cannot be sent to the client's address. Correct it first."),
    "invitation-unconfirmed": mark(
        "The mail may not have been sent. See whether it arrives; sending another one is safe, and makes this one void."
    ),
    "invitations-busy": mark("Somebody else is changing this right now. Please try again."),
    "mails-off": mark("Mails are not set up here, so nobody can be invited. Please ask whoever runs this service."),
    "too-many-invitations": mark("Several invitations were sent within the hour. Please wait a while."),
    "invitation-expired": mark("It was valid for a week. Please ask %(workspace)s for a new one, at %(contact)s."),
    "invitation-opened": mark(
        "An invitation opens the billing page once. If you were not the one who opened it, or need another one, please "
        "ask %(workspace)s, at %(contact)s."
    ),
    "invitation-replaced": mark(
        "A newer one was sent to you. Please open the newest mail, or ask %(workspace)s, at %(contact)s."
    ),
    "invitation-void": mark(
        "The billing contact or the provider has changed since it was sent. If you still need one, please ask "
        "%(workspace)s, at %(contact)s."
    ),
    "invitation-unknown": mark(
        "The address is not complete. Please open the link in the mail again, or ask whoever invited you."
    ),
    "invoice-not-found": mark("There is no such invoice."),
    "invoices-busy": mark("Somebody else is changing this right now. Please try again."),
    "ledger-busy": mark("Somebody else is changing this right now. Please try again."),
    "balance-not-agreed": mark(
        "Nothing was changed: what becomes of the balance is not what you were shown. Please look at the request again."
    ),
    "balance-grown": mark(
        "Nothing was changed: the client's balance is %(balance)s by now. Please look at the request again."
    ),
    "move-blocked": mark("Nothing was changed: something still keeps the client from being moved."),
    "move-busy": mark("Somebody else is changing this right now. Please try again."),
    "move-changed": mark(
        "Nothing was changed: the request is another one than you were shown. Please look at it again."
    ),
    "move-not-found": mark(
        "There is no such request to move a client. Whoever asked may ask another workspace by now."
    ),
    "move-not-open": mark("Nothing was changed: the request cannot be answered or withdrawn any more."),
    "negative-amount": mark("Enter an amount without a minus sign, like %(example)s."),
    "no-places": mark("%(currency)s has no decimals. Enter a whole amount, like %(example)s."),
    "not-found": mark("This page does not exist. The address may be mistyped, or the page has moved."),
    "not-canceled": mark("It isn't canceled, so there's nothing to take back."),
    "nothing-owed": mark("Nothing is due."),
    "payment-busy": mark("Somebody else is changing this right now. Please try again."),
    "payment-canceled": mark("The payment was canceled. Nothing was charged."),
    "payment-not-found": mark("There is no such payment."),
    "payment-not-invoiceable": mark("Its invoice is there as soon as the payment has succeeded."),
    "rebilling-busy": mark("Somebody else is changing this right now. Please try again."),
    "product-retired": mark("This is no longer sold. You can keep what you have, or reduce it."),
    "quote-changed": mark(
        "The price has changed since you looked. Nothing was changed or charged. Please review it again."
    ),
    "renewal-held": mark("Your provider has to fix something before your renewal can be charged."),
    "renewal-not-chargeable": mark("%(amount)s a period can't be charged to a card. Please choose something else."),
    "stripe-unavailable": mark("The payment provider does not answer. Trying again in a minute is safe."),
    "subscription-busy": mark("Somebody else is changing this right now. Please try again."),
    "subscription-not-found": mark("There's no subscription."),
    "subscription-past-due": mark("Your last renewal wasn't paid. Pay it before you change your plan."),
    "subscription-pending": mark("A payment for your subscription isn't finished yet. Finish or check it first."),
    "subscription-renewing": mark("Your subscription is renewing right now. Please try again in a minute."),
    "too-many-price-changes": mark(
        "These prices were changed so often that no more changes fit for now. Set the default instead of many prices, "
        "or wait some days."
    ),
    "quantity-invalid": mark("Enter a whole number up to %(most)s."),
    "too-many-of-add-on": mark("You can have at most %(most)s of these."),
    "too-many-places": mark("Use at most %(places)s decimals, like %(example)s."),
    "top-up-out-of-limits": mark("Please choose an amount from %(minimum)s to %(maximum)s."),
    "transaction-not-found": mark("There is no such transaction."),
    "unknown-product": mark("This is no longer sold. Please choose again."),
    "page-not-found": mark("This page does not exist. The address may be mistyped, or the page has moved."),
    "payments-unavailable": mark(
        "Payments are not possible at the moment; your card is fine. Please try again in a while."
    ),
    "stripe-refused": mark("The payment provider refuses this. Please try again, or ask us."),
    "card-refused": mark("Your bank declined the card. Nothing was charged."),
    "connected-elsewhere": mark(
        "This Stripe account belongs to another workspace. Disconnect it there first, or connect another one."
    ),
    "connection-busy": mark("Somebody else is changing this right now. Please try again."),
    "connection-code-invalid": mark("Stripe does not take this any more. Go back to Billing and begin again."),
    "connection-of-wrong-mode": mark(
        "A test account of Stripe was chosen where real payments are made, or the reverse. Choose another account."
    ),
    "connection-other-browser": mark(
        "This is not the browser in which the connection was begun, or it keeps no cookies. Nothing was connected. "
        "Open Billing in this browser and begin again, with your own Stripe account."
    ),
    "connection-refused": mark("You, or Stripe, said no. Nothing was connected; you can begin again in Billing."),
    "connection-state-invalid": mark(
        "Nothing was changed. This address is too old, or it was not made here. Go back to Billing and begin again."
    ),
    "connection-state-used": mark("Nothing was changed. Go back to Billing; if nothing is connected, begin again."),
    "connection-unanswered": mark(
        "Stripe did not answer, and nothing is connected here. Go back to Billing and begin again."
    ),
    "details-refused": mark(
        "The payment provider does not take a part of your billing details. Please check name and e-mail address."
    ),
    "portal-link-unusable": mark(
        "Links work once, and for a few minutes. Go back to where you came from and open Billing again."
    ),
    "portal-client-moved": mark(
        "This account belongs to another workspace now, so it cannot be opened from yours any more."
    ),
    "portal-session-ended": mark(
        "For your security, we sign you out after an hour without activity. Go back to where you came from and open "
        "Billing again. If an email brought you here, ask its sender for a new link."
    ),
    "portal-form-not-sent": mark(
        "You were signed out before this was sent, so nothing was changed or charged. Open Billing again from where "
        "you came from, and repeat the last step."
    ),
    "portal-form-outdated": mark(
        "Nothing was changed and nothing was charged. Go back, load the page again, and send the form once more."
    ),
    "workspace-not-connected": mark(
        "%(workspace)s cannot take payments at the moment. Nothing was charged. Please contact %(workspace)s."
    ),
    "invalid-request": mark("Something in the address or in the form is not valid."),
    "internal-error": mark("Something went wrong on our side. Trying again is safe: nothing is charged twice."),
}

LIMITS: Final = {
    ("auto-pay-invalid", "amount"): mark("Please choose an amount from %(minimum)s to %(maximum)s."),
    ("auto-pay-invalid", "threshold"): mark("With this amount, the threshold can be at most %(maximum)s."),
    ("auto-pay-invalid", "monthly_limit"): mark("The monthly limit must be at least one refill: %(minimum)s."),
    ("rebilling-invalid", "price"): mark(
        "Please type a price for one unit, such as %(example)s. To charge nothing, choose “Free for the client”."
    ),
    ("rebilling-invalid", "markup"): mark(
        "Please type how many times the cost the client pays, at most a thousand times and with at most four decimals: "
        "%(multiple)s is 50 %% more than the cost."
    ),
    ("rebilling-invalid", "from"): mark("Please choose a day in the future, or leave it empty."),
    ("rebilling-invalid", "allowance"): mark("An allowance is at most %(maximum)s a month."),
}

NEEDED: Final = mark("Please fill this in.")

TITLES: Final = {
    "address-unusable": mark("Mails cannot be sent to the client's address. Correct it first."),
    "invitation-unconfirmed": mark(
        "The mail may not have been sent. See whether it arrives; sending another one is safe, and makes this one void."
    ),
    "invitations-busy": mark("Somebody else is changing this right now. Please try again."),
    "mails-off": mark("Mails are not set up here, so nobody can be invited. Please ask whoever runs this service."),
    "too-many-invitations": mark("Several invitations were sent within the hour. Please wait a while."),
    "invitation-expired": mark("This invitation has expired"),
    "invitation-opened": mark("This invitation was used"),
    "invitation-replaced": mark("There is a newer invitation"),
    "invitation-unknown": mark("This link cannot be opened"),
    "invitation-void": mark("This invitation is no longer valid"),
    "portal-link-unusable": mark("This link cannot be opened any more"),
    "portal-session-ended": mark("Your session has ended"),
    "portal-form-not-sent": mark("Your session has ended"),
    "portal-client-moved": mark("Your session has ended"),
    "portal-form-outdated": mark("This form is out of date"),
    "already-connected": mark("Your Stripe account is not connected"),
    "connected-elsewhere": mark("Your Stripe account is not connected"),
    "connection-busy": mark("Your Stripe account is not connected"),
    "connection-code-invalid": mark("Your Stripe account is not connected"),
    "connection-of-wrong-mode": mark("Your Stripe account is not connected"),
    "connection-other-browser": mark("Your Stripe account is not connected"),
    "connection-refused": mark("Your Stripe account is not connected"),
    "connection-state-invalid": mark("This link cannot be opened any more"),
    "connection-state-used": mark("This link cannot be opened any more"),
    "connection-unanswered": mark("Your Stripe account is not connected"),
    "not-found": mark("Page not found"),
    "page-not-found": mark("Page not found"),
    "account-not-found": mark("Page not found"),
    "forbidden": mark("You may not do this"),
    "internal-error": mark("Something went wrong"),
}

AMOUNTS: Final = ("minimum", "maximum", "step", "amount", "balance")
NUMBERS: Final = ("most",)
EXAMPLE: Final = {True: "2500", False: "25.50"}
"""An example of a typed amount, in a currency without decimals or with them."""

MULTIPLE: Final = "1.5"
"""An example of a markup."""

PLACE: Final = re.compile(r"%\((\w+)\)")
"""A placeholder in a text."""


def explain(refusal: Refusal, words: Words, currency: str) -> str:
    """Say what a refusal means, with its amounts in the account's currency."""
    about = _about(refusal.about, words, currency)
    field = str(refusal.about.get("field")).rpartition(".")[2]
    text = LIMITS.get((refusal.type, field)) or TEXTS.get(refusal.type)
    if text is None or not set(PLACE.findall(text)) <= set(about):
        text = TEXTS["invalid-decimal" if refusal.type == "auto-pay-invalid" else "invalid-request"]
    return words.say(text, **about)


def title_of(refusal: Refusal, words: Words) -> str:
    """Return the heading of the page that shows a refusal."""
    return words.say(TITLES.get(refusal.type) or mark("This could not be done"))


def why_failed(code: str, decline_code: str | None, words: Words) -> str:
    """Say why a payment failed, from its codes, and what to do."""
    return words.say(decline_of(decline_code, code).advice)


def _about(about: Mapping[str, object], words: Words, currency: str) -> dict[str, object]:
    amounts = {name: words.money(str(about[name]), currency) for name in AMOUNTS if name in about}
    numbers = {name: words.number(str(about[name])) for name in NUMBERS if name in about}
    return {
        "currency": currency.upper(),
        **about,
        **amounts,
        **numbers,
        "example": words.to_type(EXAMPLE[places_of(currency) == 0], currency),
        "multiple": words.number(MULTIPLE),
    }
