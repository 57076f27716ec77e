"""What the log's fields and values are called, for people. Texts only; `activity_texts` puts them together."""

from typing import Final

from chalicelib.activity.entry import Kind
from chalicelib.i18n.texts import mark

KINDS: Final[dict[Kind, str]] = {
    "account": mark("Account and billing details"),
    "card": mark("Cards"),
    "auto_pay": mark("Auto-Pay"),
    "subscription": mark("Plan"),
    "notices": mark("Email alerts"),
    "budgets": mark("Budgets"),
    "rebilling": mark("Client prices"),
    "taxes": mark("Taxes"),
    "stripe_connection": mark("Stripe account"),
    "invitation": mark("Invitations"),
}

SENTENCES: Final = {
    "account.account": (mark("Account created: %(value)s"), ""),
    "account.forgotten": (mark("Contact details removed for good"), ""),
    "account.workspace_id": ("", mark("Moved to another workspace")),
    "card.card": (mark("Card added: %(value)s"), mark("Card removed: %(value)s")),
    "card.backup": (mark("Backup card: %(value)s"), mark("No longer the backup: %(value)s")),
    "auto_pay.enabled": (mark("Turned on"), mark("Turned off")),
    "auto_pay.suspended_reason": (mark("Suspended: %(value)s"), mark("No longer suspended")),
    "subscription.cancel_at_period_end": (mark("Canceled: it ends with its period"), mark("Cancellation taken back")),
    "subscription.paused_until": (mark("Pause until %(value)s"), mark("Pause until %(value)s taken back")),
    "rebilling.enabled": (mark("Charging turned on"), mark("Charging turned off")),
    "subscription.scheduled": ("", mark("Scheduled change dropped")),
    "invitation.sent_to": (mark("Invitation sent to %(value)s"), ""),
    "invitation.opened": (mark("Invitation opened by %(value)s"), ""),
}
"""Changes that need no two values: what is said if there is a value now, and if there is none any more."""

CHARGED: Final = (mark("You're charged for your usage"), mark("You're no longer charged for your usage"))
"""Of `rebilling.enabled`, to the client itself."""

LABELS: Final = {
    "name": mark("Account name"),
    "email": mark("Email"),
    "locale": mark("Language"),
    "country": mark("Country"),
    "billing_details.name": mark("Name or company"),
    "billing_details.address": mark("Address"),
    "billing_details.country": mark("Country on invoices"),
    "billing_details.tax_id": mark("Tax or VAT number"),
    "billing_details.email": mark("Email on invoices"),
    "standing": mark("Status"),
    "standing_reason": mark("Reason"),
    "card": mark("Card updated"),
    "backup": mark("Backup card"),
    "threshold": mark("When balance drops below"),
    "amount": mark("Amount to add"),
    "monthly_limit": mark("Monthly limit"),
    "status": mark("Status"),
    "plan": mark("Plan"),
    "recipients": mark("Recipients"),
    "low_balance_threshold": mark("Low balance below"),
    "allowance": mark("Free allowance per month"),
    "state": mark("Status"),
    "stripe_account": mark("Stripe account"),
}
DEFAULTS: Final = {"card": mark("Default card"), "rebilling": mark("All other usage")}
"""What `default` is called, by kind."""

CLOSES: Final = mark("Close access at %(percent)s")
TELLS: Final = mark("Email me at")
SCHEDULED: Final = "scheduled."
NEXT: Final = mark("%(what)s from the next period")

SUSPENSIONS: Final = {
    "declines": mark("your card was declined too often"),
    "authentication": mark("your bank needs to verify it's you"),
    "card_unusable": mark("your card can't be charged"),
    "dispute": mark("a payment is disputed"),
}
PRICES: Final = {
    "at_cost": mark("At cost"),
    "absorbed": mark("Free for the client"),
    "markup": mark("%(number)s times your cost"),
}
DEFAULT_PRICES: Final = mark("Default prices")
PRICES_OF: Final = mark("Prices of %(name)s")
OWN_PRICES: Final = mark("Prices")
"""Of `rebilling`: a workspace's own, those of one of its clients, and a client's own."""

CLEARED: Final = {False: mark("Same as the default"), True: mark("Default prices")}
"""Of a price that is no longer set, by whether it was that of all meters."""
FREE: Final = mark("Free")
NEW_PRICE: Final = mark("New price")
"""Of a price, to the client itself: nothing is charged; it changed, and how much it is depends on what is used."""

TAXES: Final = {
    "inclusive": mark("%(name)s %(rate)s%%, included in prices"),
    "exclusive": mark("%(name)s %(rate)s%%, added to prices"),
}
CARD: Final = mark("%(card)s, valid through %(month)s")
NOTHING: Final = mark("None")
UNKNOWN: Final = mark("Not recorded")
ON: Final = mark("On")
OFF: Final = mark("Off")
