"""An account with auto-pay and its time, as the simulator keeps them."""

from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from chalicelib.accounts.account import Account
from chalicelib.auto_pay.auto_pay import AT_ONCE_MS, AutoPay
from chalicelib.auto_pay.decision import Charge, build_situation, decide
from chalicelib.auto_pay.evaluate import Snapshot, make_refill, next_state
from chalicelib.auto_pay.payment_outcomes import apply_payments
from chalicelib.cards.card import Card
from chalicelib.cards.payer import Payer
from chalicelib.catalog.catalog import catalog
from chalicelib.ledger.wallet import Wallet
from chalicelib.payments.payment import Payment
from chalicelib.stripe_api.stripe_account import PLATFORM
from tests.auto_pay.build import CARD, NOW_MS, auto_pay

ACCOUNT_FIELDS: dict[str, Any] = dict.fromkeys(Account.__struct_fields__)


@dataclass
class Simulated:
    """An account and its time."""

    now_ms: int = NOW_MS
    balance_micros: int = 0
    card: Card | None = CARD
    row: AutoPay = field(default_factory=lambda: auto_pay(enabled=False, version=1))
    payments: dict[str, Payment] = field(default_factory=dict)
    credited: set[str] = field(default_factory=set)
    cards: dict[str, Card | None] = field(default_factory=dict)
    """Which card each payment of auto-pay is for."""
    charged: dict[str, int] = field(default_factory=dict)
    """When Stripe charged the card for each of auto-pay's payments that it has."""

    def read(self, *, without: Payment | None = None) -> tuple[Snapshot, int]:
        """Read all, as a function does before it writes; what it writes may come much later."""
        account = Account(**{**ACCOUNT_FIELDS, "account_id": "acme", "currency": "usd"})
        payer = Payer(account, PLATFORM, "cus", self.card)
        payments = [each for each in self.payments.values() if each != without]
        row = replace(self.row, in_flight_payment_id=None) if without else self.row
        followed = apply_payments(row, payments, self.card, catalog().auto_pay)
        situation = build_situation(
            followed,
            payer=payer,
            wallet=Wallet("acme", "usd", self.balance_micros),
            payments=payments,
            catalog=catalog(),
            now_ms=self.now_ms,
        )
        return Snapshot(payer, followed, payments, situation), self.row.version

    def write(self, snapshot: Snapshot, version: int) -> tuple[Payment | None, bool]:
        """Write what was decided, if the row still is what was read.

        Return a payment that is placed with it, and whether the function looks once more: it lost the race, or the
        account is due at once.
        """
        decision = decide(snapshot.auto_pay, snapshot.situation)
        made = make_refill(snapshot, decision, catalog()) if isinstance(decision, Charge) else None
        updated = next_state(snapshot, decision, made)
        if version != self.row.version or updated == self.row:
            return None, version != self.row.version
        self.row = replace(updated, version=version + 1)
        if made:
            self.payments[made.payment_id] = made
            self.cards[made.payment_id] = snapshot.payer.card
        return made, self.row.due_at_ms == AT_ONCE_MS

    def change(self, payment: Payment, **changes: Any) -> None:
        self.payments[payment.payment_id] = replace(payment, state_at_ms=self.now_ms, **changes)

    @property
    def unresolved(self) -> list[Payment]:
        return [each for each in self.payments.values() if not each.ended]

    @property
    def in_flight(self) -> list[Payment]:
        return [each for each in self.unresolved if each.kind == "auto_pay"]
