"""Which change of a row is which event. Pure: the same record gives the same events, to the letter."""

from collections.abc import Callable
from typing import Any, Final, get_args

import msgspec

from chalicelib.batches import Record
from chalicelib.clock import iso
from chalicelib.money import format_amount
from chalicelib.notices import detail
from chalicelib.notices.detail import Level
from chalicelib.notices.image import (
    AutoPayImage,
    InvoiceImage,
    PaymentImage,
    RepeatImage,
    SubscriptionImage,
    WalletImage,
)
from chalicelib.notices.stream import MalformedRecord, change_of, key_of
from chalicelib.payments.payment import Failure
from chalicelib.subscriptions.dunning import needs_authentication
from chalicelib.subscriptions.subscription import Status
from chalicelib.typed import json_decoder

LEVELS: Final[tuple[Level, ...]] = ("exhausted", "low", "normal")
"""From the worst to the best."""

TOLD_STATES: Final = frozenset(get_args(detail.State))
"""States of a payment that make an event; the others are steps on the way."""

TOLD_STATUSES: Final = frozenset[Status]({"past_due", "unpaid", "canceled"})
"""Statuses of a subscription that make an event when it comes to them."""

DOCUMENTS: Final = "document#"
"""How the keys of documents begin in the table of invoices, which holds other rows too."""


class Event(msgspec.Struct, frozen=True):
    """An event to put on the bus."""

    type: str
    at_ms: int
    detail: detail.Detail


class Lines(msgspec.Struct, frozen=True):
    """The lines that matter to a wallet: below `threshold_micros` it is low, at `floor_micros` exhausted."""

    threshold_micros: int
    floor_micros: int

    def level(self, balance_micros: int) -> Level:
        """Say where a balance stands."""
        if balance_micros <= self.floor_micros:
            return "exhausted"
        return "low" if balance_micros < self.threshold_micros else "normal"


def wallet_events(record: Record, lines_of: Callable[[WalletImage], Lines]) -> list[Event]:
    """Return an event for each line that the balance crossed downwards, or one for its rise. Raises MalformedRecord.

    A new wallet is empty, and nobody needs to be told.
    """
    change = change_of(record, WalletImage)
    before, after = change.before, change.after
    if before is None or after is None:
        return []
    lines = lines_of(after)
    old, new = lines.level(before.balance_micros), lines.level(after.balance_micros)
    if LEVELS.index(new) > LEVELS.index(old):
        types = ["wallet.restored"]
    else:
        types = [f"wallet.{level}" for level in _reached(old, new, lines)]
    about: dict[str, Any] = {
        "account_id": after.account_id,
        "occurred_at": iso(change.at_ms),
        "balance": format_amount(after.balance_micros, after.currency),
        "currency": after.currency,
        "threshold": format_amount(lines.threshold_micros, after.currency),
        "floor": format_amount(lines.floor_micros, after.currency),
        "level": new,
        "previous_level": old,
        "sequence": after.sequence,
    }
    return [_event(detail.Wallet, each, after.sequence, change.at_ms, about) for each in types]


def _reached(old: Level, new: Level, lines: Lines) -> list[Level]:
    """Return the levels that a falling balance reached, the first one first; `low` only where there is room for it."""
    below = [level for level in LEVELS if LEVELS.index(new) <= LEVELS.index(level) < LEVELS.index(old)]
    has_low = lines.threshold_micros > lines.floor_micros
    return [level for level in reversed(below) if level != "low" or has_low]


def payment_events(record: Record) -> list[Event]:
    """Return the events of a payment: a state that somebody waits for, a dispute that moved. Raises MalformedRecord."""
    change = change_of(record, PaymentImage)
    before, after = change.before, change.after
    if after is None:
        return []
    told = []
    about = _about_payment(after)
    if after.state in TOLD_STATES and (before is None or before.state != after.state):
        more = {
            "state": after.state,
            "description": after.description,
            "card": detail.PaidWith(after.card_brand, after.card_last_four),
            "failure": _failure(after.failure),
        }
        number, name = after.payment_id, f"payment.{after.state}"
        told.append(_event(detail.Payment, name, number, after.updated_at_ms, about | more))
    if after.dispute_status and (before is None or before.dispute_status != after.dispute_status):
        more = {"status": after.dispute_status, "sequence": after.version}
        number = f"{after.payment_id}:{after.version}"
        told.append(_event(detail.Dispute, "payment.disputed", number, after.updated_at_ms, about | more))
    return told


def _about_payment(row: PaymentImage) -> dict[str, Any]:
    names = ("account_id", "payment_id", "kind", "currency", "payment_intent_id", "charge_id", "stripe_account")
    return {
        **{name: getattr(row, name) for name in names},
        "occurred_at": iso(row.updated_at_ms),
        "amount": format_amount(row.amount_micros, row.currency),
    }


def _failure(written: str | None) -> Failure | None:
    try:
        return json_decoder(Failure).decode(written) if written else None
    except msgspec.DecodeError as error:
        raise MalformedRecord(f"a failure cannot be read: {error}") from error


def auto_pay_events(record: Record) -> list[Event]:
    """Return the event of an auto-pay that was suspended, or for another reason than before. Raises MalformedRecord."""
    change = change_of(record, AutoPayImage)
    before, after = change.before, change.after
    if after is None or not after.suspended_reason or (before and before.suspended_reason == after.suspended_reason):
        return []
    about: dict[str, Any] = {
        "account_id": after.account_id,
        "occurred_at": iso(change.at_ms),
        "reason": after.suspended_reason,
        "failures": after.failures,
    }
    return [_event(detail.AutoPay, "auto_pay.suspended", after.version, change.at_ms, about)]


def subscription_events(record: Record) -> list[Event]:
    """Return the events of a subscription: its next period first, then a status that it came to.

    A new row only awaits its first payment. Raises MalformedRecord.
    """
    change = change_of(record, SubscriptionImage)
    before, after = change.before, change.after
    if before is None or after is None:
        return []
    renewed = after.renews(before)
    types = ["subscription.renewed"] if renewed else []
    if after.status in TOLD_STATUSES and after.status != before.status:
        types.append(f"subscription.{after.status}")
    paid = after.paid_payment_id if renewed and after.paid_payment_id != before.paid_payment_id else None
    return [
        _event(detail.Subscription, each, after.version, after.updated_at_ms, _about_subscription(after, paid))
        for each in types
    ]


def _about_subscription(row: SubscriptionImage, payment_id: str | None) -> dict[str, Any]:
    failure = _failure(row.failure)
    tries_again = row.status == "past_due" and not row.pending and not needs_authentication(failure)
    return {
        **{name: getattr(row, name) for name in ("account_id", "status", "plan", "currency")},
        "occurred_at": iso(row.updated_at_ms),
        "add_ons": _add_ons(row.add_ons),
        "period_start": iso(row.period_start_ms),
        "period_end": iso(row.period_end_ms),
        "payment_id": payment_id,
        "failure": failure,
        "next_attempt_at": _time(row.next_attempt_ms if tries_again else None),
        "access_until": _time(row.access_until_ms),
        "sequence": row.version,
    }


def _add_ons(written: str) -> dict[str, int]:
    try:
        return json_decoder(dict[str, int]).decode(written)
    except msgspec.DecodeError as error:
        raise MalformedRecord(f"a subscription's add-ons cannot be read: {error}") from error


def _time(moment_ms: int | None) -> str | None:
    return None if moment_ms is None else iso(moment_ms)


def invoice_events(record: Record) -> list[Event]:
    """Return the event of a new document; of the other rows of its table there is none. Raises MalformedRecord."""
    if not (key_of(record, "document") or "").startswith(DOCUMENTS):
        return []
    change = change_of(record, InvoiceImage)
    after = change.after
    if change.before or after is None:
        return []
    about: dict[str, Any] = {
        **{name: getattr(after, name) for name in ("account_id", "number", "kind", "currency")},
        **{name: getattr(after, name) for name in ("payment_id", "cause", "sequence")},
        "occurred_at": iso(after.issued_at_ms),
        "total": format_amount(after.total_micros, after.currency),
    }
    return [_event(detail.Invoice, "invoice.issued", after.sequence, after.issued_at_ms, about)]


def repeat_events(record: Record) -> list[Event]:
    """Return the event of a repeat that was found. Raises MalformedRecord."""
    change = change_of(record, RepeatImage)
    after = change.after
    if change.before or after is None:
        return []
    about: dict[str, Any] = {
        **{name: getattr(after, name) for name in ("account_id", "transaction_id", "source", "event_id", "currency")},
        "occurred_at": iso(after.found_at_ms),
        "original_transaction_id": after.original_transaction_id,
        "time": iso(after.occurred_at_ms),
        "original_time": iso(after.original_occurred_at_ms),
        "amount": format_amount(after.amount_micros, after.currency),
        "gives_back": after.state != "found",
    }
    return [_event(detail.Repeat, "usage.repeated", after.transaction_id, after.found_at_ms, about)]


def _event(kind: type[detail.Detail], name: str, number: object, at_ms: int, about: dict[str, Any]) -> Event:
    """Make an event. `number` tells this change of the account from all others of its type."""
    return Event(name, at_ms, kind(id=f"{name}:{about['account_id']}:{number}", version=detail.VERSION, **about))
