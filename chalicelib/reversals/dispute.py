"""A dispute, what Stripe says about it, and what it does to the wallet. Pure.

A dispute changes the wallet when it changes Stripe's balance, and not before: an inquiry (`warning_...`) changes
neither, a dispute withdraws the money, and a dispute that is won reinstates it. This is read from the dispute's balance
transactions, so it does not matter which webhooks arrive, nor in which order.
"""

from collections.abc import Iterable
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from chalicelib.ledger.posting import CREDIT, DEBIT, Posting, one_leg
from chalicelib.money import from_card_amount
from chalicelib.payments.payment import Payment

SOURCE: Final = "/disputes"
DISPUTE_REINSTATED: Final = "dispute_reversal"
"""The kind of the credit of a dispute whose money Stripe has reinstated."""

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
"""Statuses in their order: an inquiry may become a dispute, never the reverse. A lost dispute that is overturned is
then won. https://docs.stripe.com/api/disputes/object#dispute_object-status"""

INQUIRIES: Final = frozenset({"warning_needs_response", "warning_under_review"})
"""Statuses in which the bank only asks."""

CLOSED: Final = frozenset({"warning_closed", "lost", "won", "prevented"})


class BalanceMovement(msgspec.Struct, frozen=True):
    """A Stripe balance transaction for a dispute, in minor units: negative when the money was withdrawn."""

    id: str
    at_ms: int
    amount_minor: int
    currency: str


class WalletMovement(msgspec.Struct, frozen=True):
    """What a dispute does to the wallet: a debit if negative. Its amount and time are fixed once, and then posted."""

    at_ms: int
    amount_micros: int


class StripeDispute(msgspec.Struct, frozen=True, kw_only=True):
    """A dispute as Stripe has it. https://docs.stripe.com/api/disputes/object."""

    id: str
    status: str
    amount_minor: int
    currency: str
    reason: str
    created_at_ms: int
    payment_intent_id: str | None
    due_by_ms: int | None = None
    balance_movements: tuple[BalanceMovement, ...] = ()
    stripe_account: str | None = None


class Dispute(msgspec.Struct, frozen=True, kw_only=True):
    """A dispute of a payment.

    `wallet_movements` follow from `balance_movements` and the payment's refunds; the ledger is known to have the first
    `posted` of them. At `closed_at_break_ms` it was given up, because its Stripe account was disconnected.
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
    balance_movements: tuple[BalanceMovement, ...] = ()
    wallet_movements: tuple[WalletMovement, ...] = ()
    posted: int = 0
    closed_at_break_ms: int | None = None
    checks: int = 0

    @property
    def is_closed(self) -> bool:
        """Tell whether it is decided, and the money was reinstated if it was won."""
        return self.status in CLOSED and not (self.status == "won" and self.withdrawn_micros)

    @property
    def blocks_refunds(self) -> bool:
        """Tell whether the payment cannot be refunded because of it: the bank has the money, or is about to take it."""
        return self.withdrawn_micros > 0 or self.status in {"needs_response", "under_review", "lost"}

    @property
    def withdrawn_micros(self) -> int:
        """Return what it has withdrawn from Stripe's balance and not reinstated."""
        return withdrawn_micros(self.balance_movements, self.amount_micros, self.currency)

    @property
    def debited_micros(self) -> int:
        """Return what all its movements have debited from the wallet."""
        return -sum(each.amount_micros for each in self.wallet_movements)

    def postings(self) -> list[Posting]:
        """Return its postings for the ledger, made only of values that never change."""
        return [self._posting(number, each) for number, each in enumerate(self.wallet_movements, start=1)]

    def _posting(self, number: int, movement: WalletMovement) -> Posting:
        debited = movement.amount_micros < 0
        return one_leg(
            self.account_id,
            occurred_at_ms=movement.at_ms,
            source=SOURCE,
            event_id=f"{self.dispute_id}/{number}",
            type=DEBIT if debited else CREDIT,
            kind="dispute" if debited else DISPUTE_REINSTATED,
            amount_micros=abs(movement.amount_micros),
            description="Payment disputed with the bank" if debited else "Disputed payment given back",
            payment_id=self.payment_id,
            actor="stripe",
        )


def withdrawn_micros(movements: tuple[BalanceMovement, ...], amount_micros: int, currency: str) -> int:
    """Return what balance movements have withdrawn and not reinstated: never more than the dispute's amount.

    The balance may be in another currency than the charge. Then it is either all of the amount or nothing.
    """
    if all(each.currency == currency for each in movements):
        withdrawn = -sum(from_card_amount(each.amount_minor, currency) for each in movements)
        return max(0, min(withdrawn, amount_micros))
    open_withdrawals = sum(1 if each.amount_minor < 0 else -1 for each in movements)
    return amount_micros if open_withdrawals > 0 else 0


def parse_dispute(found: dict[str, Any], stripe_account: str | None) -> StripeDispute:
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
        balance_movements=tuple(
            BalanceMovement(each["id"], each["created"] * 1000, each["amount"], each["currency"])
            for each in found.get("balance_transactions") or ()
        ),
        stripe_account=stripe_account,
    )


def dispute_from_stripe(payment: Payment, found: StripeDispute, now_ms: int) -> Dispute:
    """Return the dispute for one that Stripe reports for the first time."""
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
        balance_movements=_in_order(found.balance_movements),
    )


def advance(dispute: Dispute, found: StripeDispute) -> Dispute:
    """Update a dispute by what Stripe says: the latest status wins, and every balance transaction ever reported counts.

    A status that is not known here is later than all known ones.
    """
    unknown = len(RANKS)
    known = (*dispute.balance_movements, *found.balance_movements)
    later = RANKS.get(found.status, unknown) > RANKS.get(dispute.status, unknown)
    return replace(
        dispute,
        status=found.status if later else dispute.status,
        amount_micros=from_card_amount(found.amount_minor, found.currency) if later else dispute.amount_micros,
        due_by_ms=found.due_by_ms if later else dispute.due_by_ms,
        balance_movements=_in_order({each.id: each for each in known}.values()),
        closed_at_break_ms=None,
    )


def _in_order(movements: Iterable[BalanceMovement]) -> tuple[BalanceMovement, ...]:
    return tuple(sorted(movements, key=lambda each: (each.at_ms, each.id)))


def with_total_debit(dispute: Dispute, debit_micros: int, now_ms: int) -> Dispute:
    """Add the wallet movement after which the dispute has debited exactly `debit_micros`, if one is missing.

    A movement has the time of the balance transaction that causes it, or the current time if another refund or dispute
    of the payment causes it. It is never earlier than the previous movement.
    """
    missing = dispute.debited_micros - debit_micros
    if missing == 0 or not dispute.moves_wallet:
        return dispute
    balance, wallet = dispute.balance_movements, dispute.wallet_movements
    last_ms = wallet[-1].at_ms if wallet else 0
    caused_ms = balance[-1].at_ms if len(balance) > len(wallet) else now_ms
    return replace(dispute, wallet_movements=(*wallet, WalletMovement(max(last_ms, caused_ms), missing)))
