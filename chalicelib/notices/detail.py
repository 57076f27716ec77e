"""What an event says: the `detail` of each type. These types are the schemas in docs/events.md."""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from chalicelib.auto_pay.auto_pay import SuspendedReason
from chalicelib.payments.payment import Failure, Kind

SOURCE: Final = "billing-portal"
VERSION: Final = 1
"""Of every detail. It rises when a field goes or changes its meaning; new fields may come at any time."""

Level = Literal["normal", "low", "exhausted"]
State = Literal["requires_action", "canceled", "failed", "succeeded"]
Amount = Annotated[str, Meta(description="A decimal string; it may be negative.", examples=["12.50"])]
Time = Annotated[str, Meta(description="ISO 8601 in UTC, with milliseconds.", examples=["2026-11-23T20:41:05.120Z"])]
Id = Annotated[
    str,
    Meta(description="The same whenever the same change is told again: drop an event whose id you have seen."),
]


class Detail(msgspec.Struct, frozen=True, kw_only=True):
    """What every event says."""

    id: Id
    version: Literal[1]
    account_id: str
    occurred_at: Time


class Wallet(Detail, frozen=True, kw_only=True):
    """A wallet's balance crossed a line: `threshold` (below it is `low`) or `floor` (at or below it is `exhausted`).

    `sequence` is how many transactions the wallet had then: a higher one is later.
    """

    balance: Amount
    currency: str
    threshold: Amount
    floor: Amount
    level: Level
    previous_level: Level
    sequence: int


class PaidWith(msgspec.Struct, frozen=True):
    """The card."""

    brand: str
    last_four: str


class Payment(Detail, frozen=True, kw_only=True):
    """A payment came to a new state. `failure` tells why it failed or was canceled."""

    payment_id: str
    kind: Kind
    state: State
    amount: Amount
    currency: str
    description: str
    card: PaidWith
    failure: Failure | None
    payment_intent_id: str | None
    charge_id: str | None
    stripe_account: str | None


class AutoPay(Detail, frozen=True, kw_only=True):
    """Auto-pay was suspended: it charges nothing until a person acts. `failures` counts the declines in a row."""

    reason: SuspendedReason
    failures: int


DETAILS: Final[dict[str, Any]] = {
    "wallet.low": Wallet,
    "wallet.exhausted": Wallet,
    "wallet.restored": Wallet,
    "payment.succeeded": Payment,
    "payment.failed": Payment,
    "payment.canceled": Payment,
    "payment.requires_action": Payment,
    "auto_pay.suspended": AutoPay,
}
"""Every type of event there is, with its detail. A new type is a line here, and a rule in `event`."""

MEANINGS: Final = {
    "wallet.low": "The balance fell below the account's threshold: auto-pay's if that is on, else the catalog's.",
    "wallet.exhausted": "The balance fell to its floor or below it: access now says no.",
    "wallet.restored": "The balance rose over one of the two lines; `level` tells how far. From `exhausted` to either "
    "of the others, access says yes again.",
    "payment.succeeded": "The money has moved and is in the wallet.",
    "payment.failed": "The card was declined, or the payment failed otherwise. Very rarely it still succeeds.",
    "payment.canceled": "Nothing will be charged: it was not verified in time, or was canceled at Stripe.",
    "payment.requires_action": "The customer's bank wants to see the customer, in the portal.",
    "auto_pay.suspended": "Auto-pay gave up after declines, or at once where the bank wants to see the customer.",
}
"""What each type of event means, for docs/events.md."""
