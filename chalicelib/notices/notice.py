"""The mail that an event triggers, depending on the state when the mail is about to be sent. Pure.

A mail is sent some time after its event, so that a problem which is solved in between (auto-pay refills the wallet, the
customer confirms the payment in the browser) causes no mail.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec.structs import replace

from chalicelib.auto_pay.auto_pay import AutoPay, SuspendedReason
from chalicelib.budgets.budget import Budget, Period
from chalicelib.cards.payer import Payer
from chalicelib.ledger.wallet import Wallet
from chalicelib.money import parse_micros
from chalicelib.notices import detail
from chalicelib.notices.choice import Kind
from chalicelib.notices.event import Thresholds
from chalicelib.payments.payment import Failure, Payment
from chalicelib.reversals.dispute import CLOSED, INQUIRIES, Dispute
from chalicelib.subscriptions.dunning import needs_authentication
from chalicelib.subscriptions.renewal import Renewal
from chalicelib.subscriptions.subscription import Subscription

SUSPENDED: Final[Mapping[SuspendedReason, tuple[Kind, str]]] = {
    "declines": ("auto_pay_suspended", "suspended_declines"),
    "card_unusable": ("auto_pay_suspended", "suspended_card_unusable"),
    "authentication": ("verification_needed", "verification_auto_pay"),
}
"""The kind of mail and its text, for each reason why auto-pay is suspended."""


class CurrentState(msgspec.Struct, frozen=True, kw_only=True):
    """The current state of what an event is about. `disputes` are the payment's, the oldest first.

    `upcoming` is what the subscription is charged next, if there is a reminder of it, and `payer` who pays for it.
    `meter_name` is that of the meter which `budget` is for, and an account that does not pay itself spends nothing.
    """

    wallet: Wallet
    thresholds: Thresholds
    now_ms: int
    auto_pay: AutoPay | None = None
    payment: Payment | None = None
    disputes: tuple[Dispute, ...] = ()
    subscription: Subscription | None = None
    upcoming: Renewal | None = None
    payer: Payer | None = None
    budget: Budget | None = None
    meter_name: str | None = None
    pays_itself: bool = True

    @property
    def suspended(self) -> SuspendedReason | None:
        """Return why auto-pay is suspended, if it is on and suspended."""
        return self.auto_pay.suspended_reason if self.auto_pay and self.auto_pay.enabled else None


class BudgetName(msgspec.Struct, frozen=True):
    """What a budget is for: the name of a meter, or None for all usage, and the period."""

    meter: str | None
    period: Period


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """The content of a mail. Each `mark` gets one mail; `facts` are the names of the facts listed below the text.

    `amounts_micros`, `dates_ms`, `card`, `reason`, `purpose`, `percent` and `budget` are the values of the text's
    placeholders. `page` is the page of the portal to act on: its path below the account's home, empty for the first.
    """

    kind: Kind
    mark: str
    message: str
    occurred_at: str
    amounts_micros: Mapping[str, int]
    facts: tuple[str, ...]
    dates_ms: Mapping[str, int] = {}
    page: str = ""
    card: detail.PaidWith | None = None
    reason: str | None = None
    purpose: str | None = None
    reference: str | None = None
    percent: int | None = None
    budget: BudgetName | None = None


def low_balance(event: detail.Wallet, current: CurrentState) -> Notice | None:
    """Report a low balance, unless it is refilled by now, or used up, which has a mail of its own."""
    if current.thresholds.level(current.wallet.balance_micros) != "low":
        return None
    with_auto_pay = current.auto_pay is not None and current.auto_pay.enabled
    return _balance_notice(
        "low_balance", "low_balance_with_auto_pay" if with_auto_pay else "low_balance", event, current
    )


def balance_exhausted(event: detail.Wallet, current: CurrentState) -> Notice | None:
    """Report that a balance is used up, if it still is."""
    if current.thresholds.level(current.wallet.balance_micros) != "exhausted":
        return None
    return _balance_notice("balance_exhausted", "balance_exhausted", event, current)


def _balance_notice(kind: Kind, message: str, event: detail.Wallet, current: CurrentState) -> Notice:
    # The day of the event, not of sending: a message that is delivered again after midnight is still the same mail.
    return Notice(
        kind=kind,
        mark=f"{kind}/{event.occurred_at[:10]}",
        message=message,
        occurred_at=event.occurred_at,
        amounts_micros={"balance": current.wallet.balance_micros, "threshold": current.thresholds.threshold_micros},
        facts=("account", "balance"),
    )


def receipt(event: detail.Payment, current: CurrentState) -> Notice:
    """Confirm a payment, and link to its page with its invoice, which is issued on request if it is missing."""
    facts = ("amount", "date", "card", "purpose", "reference", "account", "balance")
    return replace(_payment_notice("receipt", "receipt", event, current, facts), page=f"payments/{event.payment_id}")


def auto_pay_failed(event: detail.Payment, current: CurrentState) -> Notice | None:
    """Report that auto-pay's charge was declined, unless it is off by now, or suspended, which has a mail of its own.

    Nor if auto-pay has counted no failure: it is paid since, or the backup is being charged.
    A customer who adds balance by hand sees the outcome at once and needs no mail.
    """
    if event.kind != "auto_pay" or current.auto_pay is None or not current.auto_pay.enabled or current.suspended:
        return None
    if current.payment and current.payment.state != "failed":
        return None
    if not current.auto_pay.failures and current.auto_pay.in_flight_payment_id != event.payment_id:
        return None
    return _payment_notice("auto_pay_failed", "auto_pay_failed", event, current, ("account", "card", "balance"))


def verification_payment(event: detail.Payment, current: CurrentState) -> Notice | None:
    """Ask for the confirmation of a payment, if it still waits for it."""
    if current.payment is None or current.payment.state != "requires_action":
        return None
    return _payment_notice("verification_needed", "verification_payment", event, current, ("account", "amount", "card"))


def _payment_notice(
    kind: Kind, message: str, event: detail.Payment, current: CurrentState, facts: tuple[str, ...]
) -> Notice:
    return Notice(
        kind=kind,
        mark=f"{kind}/{event.id}",
        message=message,
        occurred_at=event.occurred_at,
        amounts_micros={"amount": parse_micros(event.amount), "balance": current.wallet.balance_micros},
        facts=facts,
        card=event.card,
        reason=_failure_code(event.failure),
        purpose=event.kind,
        reference=event.payment_id,
    )


def dispute_opened(event: detail.Dispute, current: CurrentState) -> Notice | None:
    """Report a dispute that is not decided, or a bank's inquiry; each once, also where one becomes the other."""
    payment = current.payment
    dispute = next((each for each in reversed(current.disputes) if _is_undecided(each)), None)
    if payment is None or dispute is None:
        return None
    is_inquiry = dispute.status in INQUIRIES and not dispute.withdrawn_micros
    return Notice(
        kind="dispute_opened",
        mark=f"dispute_opened/{dispute.dispute_id}{'/inquiry' if is_inquiry else ''}",
        message="dispute_inquiry" if is_inquiry else "dispute_opened",
        occurred_at=event.occurred_at,
        amounts_micros={"amount": dispute.amount_micros},
        facts=("amount", "paid", "card", "purpose", "reference", "account"),
        dates_ms={"paid": payment.created_at_ms},
        page=f"payments/{payment.payment_id}",
        card=detail.PaidWith(payment.card_brand, payment.card_last_four),
        purpose=payment.kind,
        reference=payment.payment_id,
    )


def _is_undecided(dispute: Dispute) -> bool:
    return dispute.status not in CLOSED and dispute.closed_at_break_ms is None


def _failure_code(failure: Failure | None) -> str | None:
    return (failure.decline_code or failure.code) if failure else None


def auto_pay_suspended(event: detail.AutoPay, current: CurrentState) -> Notice | None:
    """Report that auto-pay is suspended, if it still is; if the bank requires authentication, ask for that."""
    if current.suspended != event.reason:
        return None
    kind, message = SUSPENDED[event.reason]
    return Notice(
        kind=kind,
        mark=f"{kind}/{event.id}",
        message=message,
        occurred_at=event.occurred_at,
        amounts_micros={"balance": current.wallet.balance_micros},
        facts=("account", "balance"),
    )


def subscription_past_due(event: detail.Subscription, current: CurrentState) -> Notice | None:
    """Report that a renewal is owed, if it still is, and what is next: a new attempt, or a confirmation at the bank."""
    subscription = current.subscription
    if subscription is None or subscription.status != "past_due":
        return None
    if needs_authentication(subscription.failure):
        return _subscription_notice("subscription_past_due_confirm", event, subscription, {})
    # While an attempt is in progress, `due_at_ms` is when that one is checked.
    tries_again_ms = None if subscription.pending else subscription.due_at_ms
    return _subscription_notice("subscription_past_due", event, subscription, {"next_attempt": tries_again_ms})


def subscription_unpaid(event: detail.Subscription, current: CurrentState) -> Notice | None:
    """Report that a renewal is no longer tried, and when access closes, if it is still unpaid."""
    subscription = current.subscription
    if subscription is None or subscription.status != "unpaid" or subscription.access_until_ms is None:
        return None
    return _subscription_notice("subscription_unpaid", event, subscription, {"until": subscription.access_until_ms})


def _subscription_notice(
    message: str, event: detail.Subscription, subscription: Subscription, dates_ms: Mapping[str, int | None]
) -> Notice:
    known = {name: each for name, each in dates_ms.items() if each is not None}
    return Notice(
        kind="subscription_past_due",
        mark=f"subscription_past_due/{event.id}",
        message=message,
        occurred_at=event.occurred_at,
        amounts_micros={},
        facts=("account", "reason", *known),
        dates_ms=known,
        page="plan",
        reason=_failure_code(subscription.failure),
    )
