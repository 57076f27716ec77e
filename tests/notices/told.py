"""Which events a stream's record is, read as `publish` reads it."""

from collections.abc import Callable
from typing import Any

from chalicelib.audit.table import read_repeat_image
from chalicelib.auto_pay import table as auto_pay
from chalicelib.budgets import table as budgets
from chalicelib.checks.findings_table import read_finding_image
from chalicelib.invoices import table as invoices
from chalicelib.ledger.table import read_wallet_image
from chalicelib.ledger.wallet import Wallet
from chalicelib.notices import budget_event, difference_event, event
from chalicelib.notices.event import Event, Thresholds
from chalicelib.payments import table as payments
from chalicelib.streams import Change
from chalicelib.subscriptions import table as subscriptions

Record = dict[str, Any]


def wallet_events(record: Record, thresholds_of: Callable[[Wallet], Thresholds]) -> list[Event]:
    return event.wallet_events(Change(record, read_wallet_image), thresholds_of)


def budget_events(record: Record) -> list[Event]:
    return budget_event.budget_events(Change(record, budgets.read_image))


def payment_events(record: Record) -> list[Event]:
    return event.payment_events(Change(record, payments.read_image))


def auto_pay_events(record: Record) -> list[Event]:
    return event.auto_pay_events(Change(record, auto_pay.read_image))


def subscription_events(record: Record) -> list[Event]:
    return event.subscription_events(Change(record, subscriptions.read_image))


def invoice_events(record: Record) -> list[Event]:
    return event.invoice_events(Change(record, invoices.read_image))


def repeat_events(record: Record) -> list[Event]:
    return event.repeat_events(Change(record, read_repeat_image))


def difference_events(record: Record) -> list[Event]:
    return difference_event.difference_events(Change(record, read_finding_image))
