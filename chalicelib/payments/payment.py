"""A payment: one attempt to move money on a card. Values only; how it moves is in `lifecycle`. Pure."""

from typing import Final, Literal

import msgspec

from chalicelib.accounts.account import Account
from chalicelib.cards.card import Card
from chalicelib.catalog.tax import Tax
from chalicelib.errors import Refusal
from chalicelib.ledger.posting import CREDIT, Posting, one_leg
from chalicelib.payments.line import Line
from chalicelib.stripe_api.attempt import key_of

SOURCE: Final = "/payments"
PREFIX: Final = "pay_"
DAY_MS: Final = 24 * 60 * 60 * 1000

Kind = Literal["top_up", "auto_pay", "subscription"]
State = Literal["created", "requires_action", "processing", "canceled", "failed", "succeeded"]
ENDED: Final = frozenset[State]({"canceled", "failed", "succeeded"})

LateDecision = Literal["undecided", "applied", "refunded", "parked", "kept"]
"""What is decided on a subscription's money that moved after its payment had failed or been canceled: what it was paid
for is there (`applied`), or it is not needed, and goes back (`refunded`) or waits for a person (`parked`), who may keep
it (`kept`)."""

NOT_FOUND: Final = "not_found"
"""The failure of a payment that Stripe did not have when its key was too old to be used again."""

CLOSED_AT_BREAK: Final = "closed_at_break"
"""The failure of a payment or refund whose Stripe account was disconnected before Stripe told how it ended."""


class PaymentNotFound(Refusal):
    """No such payment of this account."""

    status = 404
    type = "payment-not-found"
    title = "No such payment"

    def __init__(self, payment_id: str) -> None:
        super().__init__(f"there is no payment {payment_id[:60]!r} of this account", payment_id=payment_id[:60])


class Failure(msgspec.Struct, frozen=True):
    """Why a payment failed or was canceled: Stripe's code, the bank's code, and a sentence for the customer.

    https://docs.stripe.com/error-codes and https://docs.stripe.com/declines/codes.
    """

    code: str
    decline_code: str | None = None
    message: str = ""


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to move money on a card.

    Fixed when it is made: `workspace_id` (the workspace that a client pays; see `seller_id`), `stripe_account` (None on
    the platform's own), the operator's `application_fee_micros` on a
    connected one, `off_session` (the customer is not there), `tax` (what applied to the account then), and a
    subscription payment's lines and period.

    At Stripe: `sent_at_ms` is when a refill of auto-pay was last sent, `intent_at_ms` when its PaymentIntent was made.
    `attempt` numbers its idempotency key, and `key_exhausted_at_ms` is when that key was first seen to replay an error
    of Stripe's own. `intent_open`: the payment has ended here, but a PaymentIntent of it may still be paid.

    After success: refunds, the last dispute and a fraud warning, and `objected_at_ms`, when the bank objected. `late`
    is the decision on money that arrived after the payment had failed or been canceled.

    At `closed_at_break_ms` it was given up because its Stripe account was disconnected: how it ended is not known.

    `state_at_ms` is when it came into its state, `checks` counts the sweeper's checks, `version` the changes.
    `intent_open`, `card_fingerprint` and `objected_at_ms` are None on rows older than these attributes.
    """

    account_id: str
    payment_id: str
    kind: Kind
    amount_micros: int
    currency: str
    created_at_ms: int
    updated_at_ms: int
    state_at_ms: int
    customer_id: str
    payment_method_id: str
    card_brand: str
    card_last_four: str
    actor: str
    description: str
    card_fingerprint: str | None = None
    state: State = "created"
    workspace_id: str | None = None
    stripe_account: str | None = None
    application_fee_micros: int = 0
    off_session: bool = False
    lines: tuple[Line, ...] = ()
    tax: Tax | None = None
    period_start_ms: int | None = None
    period_end_ms: int | None = None
    payment_intent_id: str | None = None
    charge_id: str | None = None
    failure: Failure | None = None
    refunded_micros: int = 0
    dispute_status: str | None = None
    fraud_warning: str | None = None
    objected_at_ms: int | None = None
    sent_at_ms: int | None = None
    intent_at_ms: int | None = None
    attempt: int = 1
    key_exhausted_at_ms: int | None = None
    intent_open: bool | None = None
    late: LateDecision | None = None
    closed_at_break_ms: int | None = None
    checks: int = 0
    version: int = 1

    @property
    def ended(self) -> bool:
        """Tell whether it has ended here; at Stripe it may still be open (see `may_be_paid`)."""
        return self.state in ENDED

    def is_made_with(self, card: Card) -> bool:
        """Tell whether it was made with a card. A card that is saved again keeps its fingerprint."""
        if self.card_fingerprint and card.fingerprint:
            return self.card_fingerprint == card.fingerprint
        return self.payment_method_id == card.payment_method_id

    @property
    def was_never_made(self) -> bool:
        """Tell whether it was canceled because Stripe never received it: no card was tried."""
        return self.state == "canceled" and self.failure is not None and self.failure.code == NOT_FOUND

    @property
    def is_final(self) -> bool:
        """Tell whether nothing more can happen to it: it has ended here and at Stripe, and late money is decided on."""
        if self.state == "succeeded":
            return self.late != "undecided"
        if self.intent_open is None:  # an old row: a request that Stripe refused as a whole left no PaymentIntent
            return self.state == "failed" and self.payment_intent_id is None
        return self.ended and not self.intent_open

    @property
    def may_be_paid(self) -> bool:
        """Tell whether its money may still move at Stripe, also after it has ended here."""
        return self.state != "succeeded" and not self.is_final

    @property
    def is_reversed(self) -> bool:
        """Tell whether it was refunded, at least in part, or disputed or warned of."""
        return self.refunded_micros > 0 or self.dispute_status is not None or self.fraud_warning is not None

    @property
    def is_parked(self) -> bool:
        """Tell whether its money waits for a person to decide: it bought nothing and is not refunded in full."""
        return self.late == "parked" and self.refunded_micros < self.amount_micros

    @property
    def fills_wallet(self) -> bool:
        """Tell whether its money becomes balance; a subscription's payment does not."""
        return self.kind != "subscription"

    def seller_id(self, account: Account) -> str | None:
        """Return the workspace that got the money, wherever the client was moved since; None for the operator.

        A row older than the attribute belongs to the workspace of its time.
        """
        return self.workspace_id or account.workspace_at(self.created_at_ms)

    @property
    def added_tax_micros(self) -> int:
        """Return the tax charged on top of the lines; 0 for a payment without lines."""
        return self.amount_micros - sum(line.amount_micros for line in self.lines) if self.lines else 0

    @property
    def stripe_key(self) -> str:
        """Return the idempotency key of the current attempt."""
        return key_of(self.payment_id, self.attempt)

    def posting(self) -> Posting:
        """Return the credit for the ledger. It is made only of what never changes, so every path posts the same one."""
        return one_leg(
            self.account_id,
            occurred_at_ms=self.created_at_ms,
            source=SOURCE,
            event_id=self.payment_id,
            type=CREDIT,
            kind=self.kind,
            amount_micros=self.amount_micros,
            description=self.description,
            payment_id=self.payment_id,
            actor=self.actor,
        )
