"""Which change of a row is which event. Pure: the same record gives the same events, to the letter."""

from collections.abc import Callable
from typing import Any, Final, get_args

import msgspec

from chalicelib.auto_pay.auto_pay import SuspendedReason
from chalicelib.clock import iso
from chalicelib.money import format_amount
from chalicelib.notices import detail
from chalicelib.notices.detail import Level
from chalicelib.notices.stream import MalformedRecord, Record, change_of
from chalicelib.payments.payment import Failure, Kind

LEVELS: Final[tuple[Level, ...]] = ("exhausted", "low", "normal")
"""From the worst to the best."""

TOLD_STATES: Final = frozenset(get_args(detail.State))
"""States of a payment that make an event; the others are steps on the way."""


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
    description: str
    card_brand: str
    card_last_four: str
    failure: str | None = None
    payment_intent_id: str | None = None
    charge_id: str | None = None
    stripe_account: str | None = None


class AutoPayImage(msgspec.Struct, frozen=True):
    """What is read of the row of an account's auto-pay."""

    account_id: str
    version: int
    failures: int = 0
    suspended_reason: SuspendedReason | None = None


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
    """Return the event of a payment that came to a state that somebody waits for. Raises MalformedRecord."""
    change = change_of(record, PaymentImage)
    before, after = change.before, change.after
    if after is None or after.state not in TOLD_STATES or (before and before.state == after.state):
        return []
    about: dict[str, Any] = {
        **{name: getattr(after, name) for name in ("account_id", "payment_id", "kind", "state", "currency")},
        **{name: getattr(after, name) for name in ("description", "payment_intent_id", "charge_id", "stripe_account")},
        "occurred_at": iso(after.updated_at_ms),
        "amount": format_amount(after.amount_micros, after.currency),
        "card": detail.PaidWith(after.card_brand, after.card_last_four),
        "failure": _failure(after.failure),
    }
    return [_event(detail.Payment, f"payment.{after.state}", after.payment_id, after.updated_at_ms, about)]


def _failure(written: str | None) -> Failure | None:
    try:
        return msgspec.json.decode(written, type=Failure) if written else None
    except msgspec.DecodeError as error:
        raise MalformedRecord(f"a payment's failure cannot be read: {error}") from error


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


def _event(kind: type[detail.Detail], name: str, number: object, at_ms: int, about: dict[str, Any]) -> Event:
    """Make an event. `number` tells this change of the account from all others of its type."""
    return Event(name, at_ms, kind(id=f"{name}:{about['account_id']}:{number}", version=detail.VERSION, **about))
