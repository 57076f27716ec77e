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
    "account-archived": mark("This account is closed and can't take payments anymore."),
    "account-not-found": mark("This page doesn't exist, or you don't have access to it."),
    "account-busy": mark("Someone else is making a change right now. Please try again in a moment."),
    "add-on-in-use": mark("%(in_use)s of these are in use. Release some first."),
    "already-canceled": mark("It's already canceled."),
    "already-connected": mark("Another Stripe account is connected. Disconnect it first, then connect this one."),
    "amount-too-large": mark("Enter an amount up to %(maximum)s."),
    "amount-not-chargeable": mark("Cards can be charged in steps of %(step)s. Please change the amount."),
    "auto-pay-busy": mark("Someone else is making a change right now. Please try again in a moment."),
    "auto-pay-changed": mark("Someone else changed auto-pay in the meantime. To keep what you entered, save again."),
    "billing-details-changed": mark(
        "Someone else changed these details in the meantime. To keep what you entered, save again."
    ),
    "budget-invalid": mark("Enter an amount above zero."),
    "budget-not-found": mark("This kind of usage can't have a budget."),
    "budgets-busy": mark("Someone else is making a change right now. Please try again in a moment."),
    "card-is-default": mark("This is your default card. Make another card the default first."),
    "card-not-found": mark("This card is no longer on file."),
    "cards-busy": mark("Someone else is making a change right now. Please try again in a moment."),
    "too-many-cards": mark("You've reached the limit of saved cards. Remove one first."),
    "card-declined": mark("Your bank declined the card. You weren't charged."),
    "card-missing": mark("There's no card on file. Add a card first."),
    "card-setup-unfinished": mark("The card wasn't confirmed. Please try again."),
    "card-setup-unknown": mark("We couldn't save the card. Please try again."),
    "card-superseded": mark("Another card was saved in the meantime, so we kept that one."),
    "forbidden": mark("You can view this account's billing, but only its owner can make changes."),
    "adjustment-empty": mark("Enter an amount above zero."),
    "client-id-invalid": mark(
        "This ID can't be used. Choose a short one with letters, numbers, dashes or underscores, and no dots."
    ),
    "idempotency-conflict": mark(
        "This form was already sent with different values. Nothing changed this time. If you still want this change, "
        "send the form again."
    ),
    "invalid-cursor": mark("We can't find this page of the list. Please start from the beginning."),
    "invalid-decimal": mark("Enter an amount in %(currency)s, like %(example)s."),
    "address-unusable": mark("We can't send email to the client's address. Correct it first."),
    "invitation-unconfirmed": mark(
        "The email may not have been sent. You can safely send another; it replaces this one."
    ),
    "invitations-busy": mark("Someone else is making a change right now. Please try again in a moment."),
    "mails-off": mark(
        "Email isn't set up here, so nothing can be sent. Please contact the people who run this service."
    ),
    "too-many-invitations": mark("Several invitations were sent in the last hour. Please try again later."),
    "invitation-expired": mark("Invitations are valid for a week. Ask %(workspace)s for a new one at %(contact)s."),
    "invitation-opened": mark(
        "An invitation works once. If you didn't open it, or need another one, ask %(workspace)s at %(contact)s."
    ),
    "invitation-replaced": mark("We sent you a newer one. Open the latest email, or ask %(workspace)s at %(contact)s."),
    "invitation-void": mark(
        "The billing contact or the provider has changed since it was sent. If you still need access, ask "
        "%(workspace)s at %(contact)s."
    ),
    "invitation-unknown": mark(
        "This link is incomplete. Open it from the email again, or ask the person who invited you."
    ),
    "invoice-not-found": mark("We can't find this invoice."),
    "invoices-busy": mark("Someone else is making a change right now. Please try again in a moment."),
    "ledger-busy": mark("Someone else is making a change right now. Please try again in a moment."),
    "balance-not-agreed": mark(
        "Nothing was changed, because what happens to the balance isn't what you were shown. Please review "
        "the request again."
    ),
    "balance-grown": mark(
        "Nothing was changed, because the client's balance is now %(balance)s. Please review the request again."
    ),
    "move-blocked": mark("Nothing was changed. Something still prevents this client from being moved."),
    "move-busy": mark("Someone else is making a change right now. Please try again in a moment."),
    "move-changed": mark(
        "Nothing was changed, because the request has changed since you opened it. Please review it again."
    ),
    "move-not-found": mark(
        "We can't find this request to move a client. The client may have been offered to another workspace."
    ),
    "move-not-open": mark("Nothing was changed. This request can no longer be answered or withdrawn."),
    "low-balance-invalid": mark("Enter an amount above zero. To stop these emails, turn off “Low balance”."),
    "notices-busy": mark("Someone else is making a change right now. Please try again in a moment."),
    "notices-changed": mark("Someone else changed these alerts in the meantime. To keep what you entered, save again."),
    "negative-amount": mark("Enter an amount without a minus sign, like %(example)s."),
    "no-places": mark("%(currency)s has no decimals. Enter a whole amount, like %(example)s."),
    "not-found": mark("This page doesn't exist. Check the address, or the page may have moved."),
    "not-canceled": mark("It isn't canceled or paused, so there's nothing to take back."),
    "not-pausable": mark("This subscription can't be paused right now."),
    "pause-date-invalid": mark("Choose a day from %(earliest)s to %(latest)s."),
    "pause-scheduled": mark(
        "Your subscription is about to be paused, and the pause doesn't fit this change. Take the pause back first."
    ),
    "nothing-owed": mark("Nothing is due."),
    "mailing-unconfirmed": mark("The email may not have arrived. Ask the recipient before you send it again."),
    "mailings-busy": mark("Someone else is making a change right now. Please try again in a moment."),
    "too-many-mailings": mark("Many invoices were emailed in the last hour. Please try again later."),
    "payment-busy": mark("Someone else is making a change right now. Please try again in a moment."),
    "payment-canceled": mark("The payment was canceled. You weren't charged."),
    "payment-not-found": mark("We can't find this payment."),
    "payment-not-invoiceable": mark("The invoice will be available once the payment succeeds."),
    "rebilling-busy": mark("Someone else is making a change right now. Please try again in a moment."),
    "product-retired": mark("This is no longer sold. You can keep what you have, or reduce it."),
    "quote-changed": mark(
        "The price has changed since you looked. Nothing was changed or charged. Please review it again."
    ),
    "renewal-held": mark("Your provider has to fix something before your renewal can be charged."),
    "renewal-not-chargeable": mark("%(amount)s a period can't be charged to a card. Please choose something else."),
    "bundle-not-found": mark("There are no invoices for this year."),
    "bundle-not-ready": mark("The ZIP file isn't ready yet, or was removed after a week. Please prepare it again."),
    "statement-busy": mark("Your balance is changing right now. Please try again in a moment."),
    "statement-not-found": mark("There's no statement for this month."),
    "statement-unavailable": mark("We can't show your statements right now. Please contact %(contact)s."),
    "keys-unavailable": mark("Billing isn't available right now. It's safe to try again in a minute."),
    "stripe-unavailable": mark("Our payment provider isn't responding. It's safe to try again in a minute."),
    "subscription-busy": mark("Someone else is making a change right now. Please try again in a moment."),
    "subscription-not-found": mark("There's no subscription."),
    "subscription-past-due": mark("Your last renewal wasn't paid. Pay it before you change your plan."),
    "subscription-pending": mark("A payment for your subscription isn't finished yet. Finish or check it first."),
    "subscription-renewing": mark("Your subscription is renewing right now. Please try again in a minute."),
    "too-many-price-changes": mark(
        "These prices have been changed too many times recently. Set a default instead of many prices, or "
        "wait a few days."
    ),
    "quantity-invalid": mark("Enter a whole number up to %(most)s."),
    "too-many-of-add-on": mark("You can have at most %(most)s of these."),
    "too-many-places": mark("Use at most %(places)s decimals, like %(example)s."),
    "top-up-out-of-limits": mark("Choose an amount from %(minimum)s to %(maximum)s."),
    "transaction-not-found": mark("We can't find this transaction."),
    "too-many-budgets": mark("You've reached the limit of %(maximum)s budgets. Remove one first."),
    "unknown-product": mark("This is no longer sold. Please choose again."),
    "page-not-found": mark("This page doesn't exist. Check the address, or the page may have moved."),
    "payments-unavailable": mark("Payments aren't available right now. Your card is fine. Please try again later."),
    "stripe-refused": mark("Our payment provider refused this. Please try again, or contact us."),
    "card-refused": mark("Your bank declined the card. You weren't charged."),
    "connected-elsewhere": mark(
        "This Stripe account belongs to another workspace. Disconnect it there first, or connect a different one."
    ),
    "connection-busy": mark("Someone else is making a change right now. Please try again in a moment."),
    "connection-code-invalid": mark("Stripe no longer accepts this. Go back to Billing and start again."),
    "connection-of-wrong-mode": mark(
        "You chose a Stripe test account for real payments, or a live account for tests. Choose another account."
    ),
    "connection-other-browser": mark(
        "You started connecting in a different browser, or this one doesn't keep cookies. Nothing was "
        "connected. Open Billing in this browser and start again with your own Stripe account."
    ),
    "connection-refused": mark(
        "The connection was declined by you or by Stripe. Nothing was connected. You can start again in Billing."
    ),
    "connection-state-invalid": mark(
        "Nothing was changed. This link has expired or wasn't created here. Go back to Billing and start again."
    ),
    "connection-state-used": mark(
        "Nothing was changed. Go back to Billing, and start again if no account is connected."
    ),
    "connection-unanswered": mark(
        "Stripe didn't respond, so nothing was connected. Go back to Billing and start again."
    ),
    "details-refused": mark(
        "Our payment provider rejected part of your billing details. Please check the name and email address."
    ),
    "portal-link-unusable": mark(
        "Links work once, for a few minutes. Go back to where you came from and open Billing again."
    ),
    "portal-client-moved": mark(
        "This account now belongs to another workspace, so you can't open it from yours anymore."
    ),
    "portal-session-ended": mark(
        "For your security, we sign you out after an hour without activity. Go back to where you came from and open "
        "Billing again. If an email brought you here, ask its sender for a new link."
    ),
    "portal-form-not-sent": mark(
        "You were signed out before this was sent, so nothing was changed or charged. Open Billing again from where "
        "you came from, and repeat the last step."
    ),
    "portal-form-outdated": mark("Nothing was changed or charged. Go back, reload the page, and send the form again."),
    "workspace-not-connected": mark(
        "%(workspace)s can't take payments right now. You weren't charged. Please contact %(workspace)s."
    ),
    "invalid-request": mark("Something in the address or the form isn't valid."),
    "internal-error": mark("Something went wrong on our end. It's safe to try again: you won't be charged twice."),
}

LIMITS: Final = {
    ("auto-pay-invalid", "amount"): mark("Choose an amount from %(minimum)s to %(maximum)s."),
    ("auto-pay-invalid", "threshold"): mark("The threshold can't be more than %(maximum)s."),
    ("auto-pay-invalid", "monthly_limit"): mark("The monthly limit must be at least one refill, %(minimum)s."),
    ("rebilling-invalid", "price"): mark(
        "Enter a price per unit, such as %(example)s. To charge nothing, choose “Free for the client”."
    ),
    ("rebilling-invalid", "markup"): mark(
        "Enter the multiple of your cost that the client pays, up to 1,000 and with up to four decimals. "
        "For example, %(multiple)s is 50%% more than your cost."
    ),
    ("rebilling-invalid", "from"): mark("Choose a day in the future, or leave this empty."),
    ("rebilling-invalid", "allowance"): mark("An allowance can't be more than %(maximum)s a month."),
}

NEEDED: Final = mark("This field is required.")

TITLES: Final = {
    "address-unusable": mark("We can't send email to the client's address. Correct it first."),
    "invitation-unconfirmed": mark(
        "The email may not have been sent. You can safely send another; it replaces this one."
    ),
    "invitations-busy": mark("Someone else is making a change right now. Please try again in a moment."),
    "mails-off": mark(
        "Email isn't set up here, so nothing can be sent. Please contact the people who run this service."
    ),
    "too-many-invitations": mark("Several invitations were sent in the last hour. Please try again later."),
    "invitation-expired": mark("This invitation has expired"),
    "invitation-opened": mark("This invitation was already used"),
    "invitation-replaced": mark("There's a newer invitation"),
    "invitation-unknown": mark("This link can't be opened"),
    "invitation-void": mark("This invitation is no longer valid"),
    "portal-link-unusable": mark("This link can't be used anymore"),
    "portal-session-ended": mark("Your session has ended"),
    "portal-form-not-sent": mark("Your session has ended"),
    "portal-client-moved": mark("Your session has ended"),
    "portal-form-outdated": mark("This form is out of date"),
    "already-connected": mark("Your Stripe account isn't connected"),
    "connected-elsewhere": mark("Your Stripe account isn't connected"),
    "connection-busy": mark("Your Stripe account isn't connected"),
    "connection-code-invalid": mark("Your Stripe account isn't connected"),
    "connection-of-wrong-mode": mark("Your Stripe account isn't connected"),
    "connection-other-browser": mark("Your Stripe account isn't connected"),
    "connection-refused": mark("Your Stripe account isn't connected"),
    "connection-state-invalid": mark("This link can't be used anymore"),
    "connection-state-used": mark("This link can't be used anymore"),
    "connection-unanswered": mark("Your Stripe account isn't connected"),
    "not-found": mark("Page not found"),
    "page-not-found": mark("Page not found"),
    "account-not-found": mark("Page not found"),
    "forbidden": mark("You can't make changes here"),
    "internal-error": mark("Something went wrong"),
}

AMOUNTS: Final = ("minimum", "maximum", "step", "amount", "balance")
NUMBERS: Final = ("most",)
DAYS: Final = ("earliest", "latest")
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
    return words.say(TITLES.get(refusal.type) or mark("This didn't work"))


def why_failed(code: str, decline_code: str | None, words: Words, *, fills_wallet: bool = True) -> str:
    """Say why a payment failed, from its codes, and what to do."""
    found = decline_of(decline_code, code)
    return words.say(found.advice if fills_wallet else found.owed_advice or found.advice)


def _about(about: Mapping[str, object], words: Words, currency: str) -> dict[str, object]:
    amounts = {name: words.money(str(about[name]), currency) for name in AMOUNTS if name in about}
    numbers = {name: words.number(str(about[name])) for name in NUMBERS if name in about}
    days = {name: words.day(str(about[name])) for name in DAYS if name in about}
    return {
        "currency": currency.upper(),
        **about,
        **amounts,
        **numbers,
        **days,
        "example": words.to_type(EXAMPLE[places_of(currency) == 0], currency),
        "multiple": words.number(MULTIPLE),
    }
