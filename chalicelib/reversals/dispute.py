"""A dispute, what Stripe says about it, and what it does to the wallet. Pure.

A dispute moves money when Stripe's own balance is moved, and not before: an inquiry (`warning_...`) moves none, a
dispute takes it while it lasts, a dispute that is won gives it back. Which of it happened is in the dispute's balance
transactions, so it does not matter which webhook tells of it, nor in which order.
"""

from typing import Any, Final

import msgspec
from msgspec.structs import replace

from chalicelib.ledger.posting import CREDIT, DEBIT, Posting, one_leg
from chalicelib.money import from_card_amount
from chalicelib.payments.lifecycle import next_rare_check_ms
from chalicelib.payments.payment import DAY_MS, Payment

SOURCE: Final = "/disputes"

RANKS: Final = {
    "warning_needs_response": 0,
    "warning_under_review": 1,
    "warning_closed": 2,
    "needs_response": 3,
    "under_review": 4,
    "lost": 5,
    "won": 6,
    "prevented": 7,
}
"""Statuses in the order in which they come: an inquiry may become a dispute, never the other way. One that Stripe
overturns is won after it was lost. https://docs.stripe.com/api/disputes/object#dispute_object-status"""

CLOSED: Final = frozenset({"warning_closed", "lost", "won", "prevented"})

UNPOSTED_LOOK_MS: Final = 3 * 60 * 1000
FIRST_LOOK_MS: Final = 60 * 60 * 1000
MAY_MOVE_FOR_DAYS: Final = 256
"""How long after it was opened a closed dispute may still move: a closed inquiry becomes a dispute, a lost one is
overturned, a won one goes to arbitration. Each step takes weeks (docs.stripe.com/disputes/how-disputes-work)."""


class BalanceMovement(msgspec.Struct, frozen=True):
    """A movement of Stripe's balance for a dispute, in minor units: below zero when the money was taken."""

    id: str
    at_ms: int
    amount_minor: int
    currency: str


class Movement(msgspec.Struct, frozen=True):
    """What a dispute does to the wallet: below zero a debit. Decided once, with its time, then posted."""

    at_ms: int
    amount_micros: int


class StripeDispute(msgspec.Struct, frozen=True, kw_only=True):
    """A dispute's facts, in our words. https://docs.stripe.com/api/disputes/object."""

    id: str
    status: str
    amount_minor: int
    currency: str
    reason: str
    created_at_ms: int
    payment_intent_id: str | None
    due_by_ms: int | None = None
    moved: tuple[BalanceMovement, ...] = ()
    stripe_account: str | None = None


class Dispute(msgspec.Struct, frozen=True, kw_only=True):
    """A dispute of a payment.

    `moved` is what Stripe's balance went through, `movements` what follows for the wallet, of which the ledger is known
    to have the first `posted`.
    """

    account_id: str
    payment_id: str
    dispute_id: str
    amount_micros: int
    currency: str
    reason: str
    status: str
    opened_at_ms: int
    updated_at_ms: int
    moves_wallet: bool
    due_by_ms: int | None = None
    stripe_account: str | None = None
    moved: tuple[BalanceMovement, ...] = ()
    movements: tuple[Movement, ...] = ()
    posted: int = 0
    checks: int = 0

    @property
    def closed(self) -> bool:
        """Tell whether it is decided, and the money is where it then belongs."""
        return self.status in CLOSED and not (self.status == "won" and self.taken_micros)

    @property
    def blocks_refunds(self) -> bool:
        """Tell whether the payment cannot be refunded because of it: the bank has the money, or is about to take it."""
        return self.taken_micros > 0 or self.status in {"needs_response", "under_review", "lost"}

    @property
    def taken_micros(self) -> int:
        """Return what Stripe's balance lacks because of it now."""
        return taken_micros(self.moved, self.amount_micros, self.currency)

    @property
    def debited_micros(self) -> int:
        """Return what it has taken from the wallet, all movements together."""
        return -sum(each.amount_micros for each in self.movements)

    def postings(self) -> list[Posting]:
        """Return what the ledger gets of it, made only of what never changes."""
        return [self._posting(number, each) for number, each in enumerate(self.movements, start=1)]

    def _posting(self, number: int, movement: Movement) -> Posting:
        debited = movement.amount_micros < 0
        return one_leg(
            self.account_id,
            occurred_at_ms=movement.at_ms,
            source=SOURCE,
            event_id=f"{self.dispute_id}/{number}",
            type=DEBIT if debited else CREDIT,
            kind="dispute" if debited else "dispute_reversal",
            amount_micros=abs(movement.amount_micros),
            description="Payment disputed with the bank" if debited else "Disputed payment given back",
            payment_id=self.payment_id,
            actor="stripe",
        )


def taken_micros(moved: tuple[BalanceMovement, ...], amount_micros: int, currency: str) -> int:
    """Return what a balance lacks after some movements for a dispute: never more than the dispute's amount.

    The balance may be kept in another currency than the charge's; then only whether it is gone can be told.
    """
    if all(each.currency == currency for each in moved):
        gone = -sum(from_card_amount(each.amount_minor, currency) for each in moved)
        return max(0, min(gone, amount_micros))
    signs = sum(1 if each.amount_minor < 0 else -1 for each in moved)
    return amount_micros if signs > 0 else 0


def dispute_of(found: dict[str, Any], stripe_account: str | None) -> StripeDispute:
    """Read a dispute from Stripe's JSON, of an answer or of a webhook."""
    intent = found.get("payment_intent")
    due_by = (found.get("evidence_details") or {}).get("due_by")
    return StripeDispute(
        id=found["id"],
        status=found["status"],
        amount_minor=found["amount"],
        currency=found["currency"],
        reason=found.get("reason") or "general",
        created_at_ms=found["created"] * 1000,
        payment_intent_id=intent["id"] if isinstance(intent, dict) else intent,
        due_by_ms=due_by * 1000 if due_by else None,
        moved=tuple(
            BalanceMovement(each["id"], each["created"] * 1000, each["amount"], each["currency"])
            for each in found.get("balance_transactions") or ()
        ),
        stripe_account=stripe_account,
    )


def opened(payment: Payment, found: StripeDispute, now_ms: int) -> Dispute:
    """Return the dispute of one that Stripe tells of for the first time."""
    return Dispute(
        account_id=payment.account_id,
        payment_id=payment.payment_id,
        dispute_id=found.id,
        amount_micros=from_card_amount(found.amount_minor, found.currency),
        currency=found.currency,
        reason=found.reason,
        status=found.status,
        opened_at_ms=found.created_at_ms,
        updated_at_ms=now_ms,
        moves_wallet=payment.fills_wallet,
        due_by_ms=found.due_by_ms,
        stripe_account=found.stripe_account,
        moved=_in_order(found.moved),
    )


def advance(dispute: Dispute, found: StripeDispute) -> Dispute:
    """Move a dispute by a piece of news: the furthest status holds, and all balance transactions ever told of count.

    A status that is not known here is taken as it comes.
    """
    unknown = len(RANKS)
    later = RANKS.get(found.status, unknown) > RANKS.get(dispute.status, unknown)
    return replace(
        dispute,
        status=found.status if later else dispute.status,
        amount_micros=from_card_amount(found.amount_minor, found.currency) if later else dispute.amount_micros,
        due_by_ms=found.due_by_ms if later else dispute.due_by_ms,
        moved=_in_order({each.id: each for each in (*dispute.moved, *found.moved)}.values()),
    )


def _in_order(moved: Any) -> tuple[BalanceMovement, ...]:
    return tuple(sorted(moved, key=lambda each: (each.at_ms, each.id)))


def debiting(dispute: Dispute, wanted_micros: int, now_ms: int) -> Dispute:
    """Return the dispute with the movement that is missing until it debits just what is wanted.

    A movement has the time of the balance transaction that it follows, or the present if another refund or dispute of
    the payment is its cause. A time is never before the one of the movement before.
    """
    missing = dispute.debited_micros - wanted_micros
    if missing == 0 or not dispute.moves_wallet:
        return dispute
    last = dispute.movements[-1].at_ms if dispute.movements else 0
    caused = dispute.moved[-1].at_ms if len(dispute.moved) > len(dispute.movements) else now_ms
    return replace(dispute, movements=(*dispute.movements, Movement(max(last, caused), missing)))


def check_at_ms(dispute: Dispute) -> int | None:
    """Return when the sweeper should look; None when nothing more can come.

    What the ledger lacks is looked at after 3 minutes; an open dispute after an hour and ever later, up to a day; a
    closed one 1, 2, 4, ... days after it was opened.
    """
    if dispute.posted < len(dispute.movements):
        return dispute.updated_at_ms + UNPOSTED_LOOK_MS
    if dispute.closed:
        return next_rare_check_ms(dispute.opened_at_ms, dispute.updated_at_ms, MAY_MOVE_FOR_DAYS)
    return dispute.updated_at_ms + min(DAY_MS, FIRST_LOOK_MS << min(dispute.checks, 10))
