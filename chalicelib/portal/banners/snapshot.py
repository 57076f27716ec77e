"""What the rules of the banners look at: an account as it was read for one page."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from chalicelib.access.view import ShownReason
from chalicelib.cards.card import Card
from chalicelib.cards.payer import Payer
from chalicelib.catalog.currency_limits import CurrencyLimits
from chalicelib.payments.payment import Payment
from chalicelib.portal.budget_rows import BudgetRow
from chalicelib.subscriptions.subscription import Subscription


class AutoPayStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What auto-pay does. `problem` says in words what keeps it from charging, or is empty."""

    status: Literal["off", "on", "suspended"] = "off"
    is_refilling: bool = False
    has_failed: bool = False
    is_at_limit: bool = False
    problem: str = ""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """An account as it was read.

    `payments` are those of the last 35 days, `disputed` those of the last 180 days that were refunded or disputed, both
    newest first. `renewal_micros` is what the subscription's next period costs, or the one that it owes; None if
    nothing more is charged. `access_end_ms` is when access ends if nobody pays what is owed.
    `connection_problem` says why a workspace's clients cannot pay, in a text to translate.
    """

    now_ms: int
    payer: Payer
    provider: str
    limits: CurrencyLimits
    balance_micros: int
    is_new: bool
    auto_pay: AutoPayStatus
    payments: Sequence[Payment] = ()
    disputed: Sequence[Payment] = ()
    subscription: Subscription | None = None
    renewal_micros: int | None = None
    access_end_ms: int | None = None
    scheduled_plan: str = ""
    closed_by: ShownReason | None = None
    connection_problem: str | None = None
    budgets: Sequence[BudgetRow] = ()

    @property
    def card(self) -> Card | None:
        """Return the card on file."""
        return self.payer.card

    @property
    def is_archived(self) -> bool:
        """Tell whether the account is closed for good, which every page says."""
        return self.payer.account.standing == "archived"
