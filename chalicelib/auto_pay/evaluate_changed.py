"""Evaluate the accounts that stream records are about. Records delivered twice, late or out of order are harmless.

If an account cannot be evaluated, the others still are. It is marked as due, and the schedule evaluates it. A record is
delivered again only if marking fails as well, or if the record's account cannot be read.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

from chalicelib import clock
from chalicelib.auto_pay import table
from chalicelib.auto_pay.auto_pay import AutoPay
from chalicelib.auto_pay.evaluate import evaluate_account
from chalicelib.batches import each, each_record
from chalicelib.cards.card import is_card_changed
from chalicelib.cards.table import read_card_image
from chalicelib.catalog.catalog import Catalog
from chalicelib.ledger.table import read_wallet_image
from chalicelib.log import log
from chalicelib.payments import table as payments
from chalicelib.payments.payment import Payment
from chalicelib.streams import Change, MalformedRecord, Record, sequence_number

ValueT = TypeVar("ValueT")

ACCOUNTS_AT_ONCE: Final = 8
"""Threads that evaluate accounts: they wait for DynamoDB most of the time."""

NeedsEvaluation = Callable[[AutoPay], bool]
"""Takes an account's current auto-pay; returns whether the account needs evaluating because of a record."""

Read = Callable[[Record], tuple[str, NeedsEvaluation | None]]
"""Reads a record: its account, and a check of whether it needs evaluating; None if not, whatever its auto-pay is."""


def evaluate_changed_wallets(records: Sequence[Record], catalog: Catalog) -> list[str]:
    """Evaluate the accounts whose balance is at or below auto-pay's threshold.

    Only the last record of a wallet in a batch counts: a thousand records of one wallet are one evaluation. The record
    may be out of date, but then the record of the newer change is still to be delivered.
    """
    return _evaluate(records, _read_wallet, catalog)


def evaluate_changed_payments(records: Sequence[Record], catalog: Catalog) -> list[str]:
    """Evaluate the accounts with a payment that changed its state, or was refunded or disputed."""
    return _evaluate(records, _read_payment, catalog)


def evaluate_changed_cards(records: Sequence[Record], catalog: Catalog) -> list[str]:
    """Evaluate the accounts whose card or Stripe customer has changed."""
    return _evaluate(records, _read_card, catalog)


def _read_wallet(record: Record) -> tuple[str, NeedsEvaluation]:
    change = Change(record, read_wallet_image)
    balance_micros = change.after.balance_micros if change.after else 0
    return change.account_id, lambda auto_pay: auto_pay.enabled and balance_micros <= auto_pay.threshold_micros


def _read_payment(record: Record) -> tuple[str, NeedsEvaluation | None]:
    change = Change(record, payments.read_image)
    return change.account_id, _is_active if _may_have_changed(change, _has_changed) else None


def _read_card(record: Record) -> tuple[str, NeedsEvaluation | None]:
    change = Change(record, read_card_image)
    return change.account_id, _is_active if _may_have_changed(change, is_card_changed) else None


def _may_have_changed(change: Change[ValueT], differs: Callable[[ValueT | None, ValueT | None], bool]) -> bool:
    """Tell whether a row has changed. True if it cannot be read, so that its account is evaluated."""
    try:
        return differs(change.before, change.after)
    except MalformedRecord:
        log().exception("a row in a stream cannot be read; its account is evaluated", keys=change.keys)
        return True


def _has_changed(before: Payment | None, after: Payment | None) -> bool:
    """Tell whether a payment changed in a way that matters to auto-pay."""
    if before is None or after is None:
        return before is not after
    was = (before.state, before.refunded_micros, before.dispute_status, before.fraud_warning)
    return was != (after.state, after.refunded_micros, after.dispute_status, after.fraud_warning)


def _is_active(auto_pay: AutoPay) -> bool:
    return not auto_pay.is_idle


def _evaluate(records: Sequence[Record], read: Read, catalog: Catalog) -> list[str]:
    """Evaluate the accounts that records are about; return the sequence numbers of those to deliver again."""
    conditions: dict[str, NeedsEvaluation] = {}
    last: dict[str, Record] = {}

    def note(record: Record) -> None:
        account_id, condition = read(record)
        if condition:
            conditions[account_id], last[account_id] = condition, record

    unread = each_record(records, note, message="auto-pay could not read a record of a stream")
    lost = _evaluate_accounts(_select_accounts(conditions), catalog)
    return unread + [sequence_number(last[account_id]) for account_id in lost]


def _select_accounts(conditions: dict[str, NeedsEvaluation]) -> list[str]:
    """Return the accounts that need evaluating. It only saves work: if auto-pay cannot be read in bulk, return all."""
    try:
        found = table.find_many(conditions)
    except Exception:  # noqa: BLE001 - one unreadable row must not stop the others: each account is read by itself
        log().exception("auto-pay could not be read in bulk", accounts=len(conditions))
        return list(conditions)
    return [account_id for account_id, auto_pay in found.items() if conditions[account_id](auto_pay)]


def _evaluate_accounts(account_ids: Iterable[str], catalog: Catalog) -> list[str]:
    """Evaluate accounts in parallel; return those that could be neither evaluated nor marked as due."""
    missed = each(
        account_ids,
        lambda account_id: evaluate_account(account_id, catalog),
        message="auto-pay could not evaluate an account",
        about=_about,
        at_once=ACCOUNTS_AT_ONCE,
    )
    lost = each(
        [failure.item for failure in missed],
        lambda account_id: table.mark_due(account_id, clock.now_ms()),
        message="auto-pay could not mark an account as due",
        about=_about,
        at_once=ACCOUNTS_AT_ONCE,
    )
    return [failure.item for failure in lost]


def _about(account_id: str) -> dict[str, object]:
    return {"account_id": account_id}
