"""Which events a change of a row gives. Pure: the same record gives exactly the same events."""

from collections.abc import Callable
from typing import Any, Final, get_args

import msgspec

from chalicelib.audit.repeats import Repeat
from chalicelib.auto_pay.auto_pay import AutoPay, LimitUse
from chalicelib.cards.card import Card
from chalicelib.cards.expiry import Notice as NoticeDays
from chalicelib.cards.expiry import notice_at_ms
from chalicelib.cards.payer import Payer
from chalicelib.clock import DAY_MS, iso
from chalicelib.invoices.invoice import Invoice
from chalicelib.ledger.wallet import Wallet
from chalicelib.money import format_amount
from chalicelib.notices import detail
from chalicelib.notices.detail import Level
from chalicelib.payments.payment import Payment
from chalicelib.streams import Change
from chalicelib.subscriptions.dunning import retry_at_ms
from chalicelib.subscriptions.subscription import Status, Subscription

LEVELS: Final[tuple[Level, ...]] = ("exhausted", "low", "normal")
"""From the worst to the best."""

PUBLISHED_STATES: Final = frozenset(get_args(detail.State))
"""States of a payment that are published; the others are intermediate."""

PUBLISHED_STATUSES: Final = frozenset[Status]({"paused", "past_due", "unpaid", "canceled"})
"""Statuses of a subscription that are published when it changes to them."""

DOCUMENTS: Final = "document#"
"""The prefix of the keys of documents in the table of invoices, which holds other rows too."""


class Event(msgspec.Struct, frozen=True):
    """An event to put on the bus."""

    type: str
    at_ms: int
    detail: detail.Detail


class Thresholds(msgspec.Struct, frozen=True):
    """The thresholds of a wallet: below `threshold_micros` it is low, at `floor_micros` exhausted."""

    threshold_micros: int
    floor_micros: int

    def level(self, balance_micros: int) -> Level:
        """Return the level of a balance."""
        if balance_micros <= self.floor_micros:
            return "exhausted"
        return "low" if balance_micros < self.threshold_micros else "normal"


def wallet_events(change: Change[Wallet], thresholds_of: Callable[[Wallet], Thresholds]) -> list[Event]:
    """Return an event for each level that the balance fell to, or one for its rise. Raises MalformedRecord.

    A new wallet is empty and gives no event.
    """
    before, after = change.before, change.after
    if before is None or after is None:
        return []
    thresholds = thresholds_of(after)
    old, new = thresholds.level(before.balance_micros), thresholds.level(after.balance_micros)
    if LEVELS.index(new) > LEVELS.index(old):
        types = ["wallet.restored"]
    else:
        types = [f"wallet.{level}" for level in _crossed_levels(old, new, thresholds)]
    about: dict[str, Any] = {
        "account_id": after.account_id,
        "occurred_at": iso(change.at_ms),
        "balance": format_amount(after.balance_micros, after.currency),
        "currency": after.currency,
        "threshold": format_amount(thresholds.threshold_micros, after.currency),
        "floor": format_amount(thresholds.floor_micros, after.currency),
        "level": new,
        "previous_level": old,
        "sequence": after.sequence,
    }
    return [_event(detail.Wallet, each, after.sequence, change.at_ms, about) for each in types]


def _crossed_levels(old: Level, new: Level, thresholds: Thresholds) -> list[Level]:
    """Return the levels that a falling balance reached, in order; `low` only if the threshold is above the floor."""
    below = [level for level in LEVELS if LEVELS.index(new) <= LEVELS.index(level) < LEVELS.index(old)]
    has_low = thresholds.threshold_micros > thresholds.floor_micros
    return [level for level in reversed(below) if level != "low" or has_low]


def payment_events(change: Change[Payment]) -> list[Event]:
    """Return the events of a payment: a new state that is published, a changed dispute. Raises MalformedRecord."""
    before, after = change.before, change.after
    if after is None:
        return []
    events = []
    about = _about_payment(after)
    if after.state in PUBLISHED_STATES and (before is None or before.state != after.state):
        more = {
            "state": after.state,
            "description": after.description,
            "card": detail.PaidWith(after.card_brand, after.card_last_four),
            "failure": after.failure,
        }
        event_key, name = after.payment_id, f"payment.{after.state}"
        events.append(_event(detail.Payment, name, event_key, after.updated_at_ms, about | more))
    if after.dispute_status and (before is None or before.dispute_status != after.dispute_status):
        more = {"status": after.dispute_status, "sequence": after.version}
        event_key = f"{after.payment_id}:{after.version}"
        events.append(_event(detail.Dispute, "payment.disputed", event_key, after.updated_at_ms, about | more))
    return events


def _about_payment(row: Payment) -> dict[str, Any]:
    return {
        "account_id": row.account_id,
        "payment_id": row.payment_id,
        "kind": row.kind,
        "currency": row.currency,
        "payment_intent_id": row.payment_intent_id,
        "charge_id": row.charge_id,
        "stripe_account": row.stripe_account,
        "occurred_at": iso(row.updated_at_ms),
        "amount": format_amount(row.amount_micros, row.currency),
    }


def auto_pay_events(change: Change[AutoPay]) -> list[Event]:
    """Return the events of auto-pay: suspensions, and how much of its limit is charged. Raises MalformedRecord."""
    before, after = change.before, change.after
    if after is None:
        return []
    events, about = [], {"account_id": after.account_id, "occurred_at": iso(change.at_ms)}
    if after.suspended_reason and (before is None or before.suspended_reason != after.suspended_reason):
        more: dict[str, Any] = {"reason": after.suspended_reason, "failures": after.failures}
        events.append(_event(detail.AutoPay, "auto_pay.suspended", after.version, change.at_ms, about | more))
    if after.limit_use and (before is None or before.limit_use != after.limit_use):
        events.append(_limit_event(after.limit_use, change.at_ms, about))
    return events


def _limit_event(use: LimitUse, at_ms: int, about: dict[str, Any]) -> Event:
    more = {
        "month": use.month,
        "percent": use.percent,
        "charged": format_amount(use.charged_micros, use.currency),
        "monthly_limit": format_amount(use.limit_micros, use.currency),
        "currency": use.currency,
    }
    name = "auto_pay.limit_reached" if use.percent == 100 else "auto_pay.limit_near"
    return _event(detail.AutoPayLimit, name, f"{use.month}:{use.limit_micros}", at_ms, about | more)


def card_event(payer: Payer, card: Card, days: NoticeDays) -> Event:
    """Return the event of a card that is about to expire, of the notice that is due."""
    begun_ms = notice_at_ms(card, days)
    about: dict[str, Any] = {
        "account_id": payer.account_id,
        "occurred_at": iso(begun_ms),
        "payment_method_id": card.payment_method_id,
        "stripe_account": payer.stripe_account.id if payer.stripe_account else None,
        "card": detail.PaidWith(card.brand, card.last_four),
        "role": "default" if card == payer.card else "backup",
        "notice_days": days,
        "expires_at": iso(begun_ms + days * DAY_MS),
    }
    event_key = f"{card.payment_method_id}:{card.expiry_year}-{card.expiry_month:02d}:{days}"
    return _event(detail.ExpiringCard, "card.expiring", event_key, begun_ms, about)


def subscription_events(change: Change[Subscription]) -> list[Event]:
    """Return the events of a subscription: that its pause is over, its next period, its new status, a reminder.

    A new row gives none: it only awaits its first payment. Raises MalformedRecord.
    """
    before, after = change.before, change.after
    if before is None or after is None:
        return []
    renewed = _is_renewed(before, after)
    types = ["subscription.resumed"] if _is_resumed(before, after) else []
    types += ["subscription.renewed"] if renewed else []
    if after.status in PUBLISHED_STATUSES and after.status != before.status:
        types.append(f"subscription.{after.status}")
    if after.reminded_of_ms is not None and after.reminded_of_ms != before.reminded_of_ms:
        types.append("subscription.trial_ending" if after.status == "trialing" else "subscription.renewal_upcoming")
    paid = after.paid_payment_id if renewed and after.paid_payment_id != before.paid_payment_id else None
    return [
        _event(detail.Subscription, each, after.version, after.updated_at_ms, _about_subscription(after, paid))
        for each in types
    ]


def _is_resumed(before: Subscription, after: Subscription) -> bool:
    return before.status == "paused" and after.status not in {"paused", "canceled"}


def _is_renewed(before: Subscription, after: Subscription) -> bool:
    """Tell whether it is in a later period. A new start, or a change that begins a period, has another anchor.

    So has the first period after a pause that was ended by hand.
    """
    was, now = before.terms, after.terms
    is_counted_on = now.anchor_ms == was.anchor_ms or _is_resumed(before, after)
    return is_counted_on and now.period_start_ms > was.period_start_ms


def _about_subscription(row: Subscription, payment_id: str | None) -> dict[str, Any]:
    return {
        "account_id": row.account_id,
        "status": row.status,
        "plan": row.terms.contents.plan,
        "currency": row.currency,
        "occurred_at": iso(row.updated_at_ms),
        "add_ons": row.terms.contents.add_ons,
        "period_start": iso(row.terms.period_start_ms),
        "period_end": iso(row.terms.period_end_ms),
        "payment_id": payment_id,
        "failure": row.failure,
        "next_attempt_at": _time(retry_at_ms(row)),
        "access_until": _time(row.access_until_ms),
        "cancellation": _about_cancellation(row),
        "pause": detail.Pause(iso(row.pause.until_ms), row.pause.reason) if row.pause else None,
        "sequence": row.version,
    }


def _about_cancellation(row: Subscription) -> detail.Cancellation | None:
    said = row.cancellation if row.status == "canceled" else None
    return detail.Cancellation(said.reason, said.comment) if said else None


def _time(moment_ms: int | None) -> str | None:
    return None if moment_ms is None else iso(moment_ms)


def invoice_events(change: Change[Invoice]) -> list[Event]:
    """Return the event of a new document; the other rows of its table give none. Raises MalformedRecord."""
    if not change.keys.get("document", "").startswith(DOCUMENTS):
        return []
    after = change.after
    if change.before or after is None:
        return []
    about: dict[str, Any] = {
        "account_id": after.account_id,
        "number": after.number,
        "kind": after.kind,
        "currency": after.currency,
        "payment_id": after.payment_id,
        "cause": after.cause,
        "sequence": after.sequence,
        "occurred_at": iso(after.issued_at_ms),
        "total": format_amount(after.total_micros, after.currency),
    }
    return [_event(detail.Invoice, "invoice.issued", after.sequence, after.issued_at_ms, about)]


def repeat_events(change: Change[Repeat]) -> list[Event]:
    """Return the event of a repeat that was found. Raises MalformedRecord."""
    after = change.after
    if change.before or after is None:
        return []
    about: dict[str, Any] = {
        "account_id": after.account_id,
        "transaction_id": after.transaction_id,
        "source": after.source,
        "event_id": after.event_id,
        "currency": after.currency,
        "occurred_at": iso(after.found_at_ms),
        "original_transaction_id": after.original_transaction_id,
        "time": iso(after.occurred_at_ms),
        "original_time": iso(after.original_occurred_at_ms),
        "amount": format_amount(after.amount_micros, after.currency),
        "gives_back": after.state != "found",
    }
    return [_event(detail.Repeat, "usage.repeated", after.transaction_id, after.found_at_ms, about)]


def _event(kind: type[detail.Detail], name: str, event_key: object, at_ms: int, about: dict[str, Any]) -> Event:
    """Make an event. `event_key` distinguishes this change of the account from all others of its type."""
    return Event(name, at_ms, kind(id=f"{name}:{about['account_id']}:{event_key}", version=detail.VERSION, **about))
