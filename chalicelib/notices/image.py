"""What is read of the rows whose changes are events: their images in a stream, by the rows' own names. Pure."""

import msgspec

from chalicelib.audit.repeats import State as RepeatState
from chalicelib.auto_pay.auto_pay import SuspendedReason
from chalicelib.invoices.invoice import Kind as Document
from chalicelib.payments.payment import Kind
from chalicelib.subscriptions.subscription import Status


class WalletImage(msgspec.Struct, frozen=True):
    """What is read of a wallet's row."""

    account_id: str
    currency: str
    balance_micros: int
    sequence: int


class PaymentImage(msgspec.Struct, frozen=True):
    """What is read of a payment's row."""

    account_id: str
    payment_id: str
    kind: Kind
    state: str
    amount_micros: int
    currency: str
    updated_at_ms: int
    version: int
    description: str
    card_brand: str
    card_last_four: str
    failure: str | None = None
    payment_intent_id: str | None = None
    charge_id: str | None = None
    stripe_account: str | None = None
    dispute_status: str | None = None


class AutoPayImage(msgspec.Struct, frozen=True):
    """What is read of the row of an account's auto-pay."""

    account_id: str
    version: int
    failures: int = 0
    suspended_reason: SuspendedReason | None = None


class SubscriptionImage(msgspec.Struct, frozen=True):
    """What is read of a subscription's row."""

    account_id: str
    currency: str
    status: Status
    plan: str
    add_ons: str
    anchor_ms: int
    period_start_ms: int
    period_end_ms: int
    updated_at_ms: int
    version: int
    pending: str | None = None
    paid_payment_id: str | None = None
    failure: str | None = None
    access_until_ms: int | None = None
    due_at_ms: int | None = None
    is_daily: bool | None = None
    own_due_at_ms: int | None = None

    @property
    def next_attempt_ms(self) -> int | None:
        """Return when the period that is owed is tried again: not when its subscription is looked at every day."""
        return self.own_due_at_ms if self.is_daily else self.due_at_ms

    def renews(self, before: "SubscriptionImage") -> bool:
        """Tell whether it is in a later period. One that begins anew, or by a change, has another anchor."""
        return self.anchor_ms == before.anchor_ms and self.period_start_ms > before.period_start_ms


class InvoiceImage(msgspec.Struct, frozen=True):
    """What is read of a document's row."""

    account_id: str
    sequence: int
    number: str
    kind: Document
    cause: str
    payment_id: str
    total_micros: int
    currency: str
    issued_at_ms: int


class RepeatImage(msgspec.Struct, frozen=True):
    """What is read of the row of a usage event that was charged again."""

    account_id: str
    transaction_id: str
    source: str
    event_id: str
    occurred_at_ms: int
    original_transaction_id: str
    original_occurred_at_ms: int
    amount_micros: int
    currency: str
    found_at_ms: int
    state: RepeatState
