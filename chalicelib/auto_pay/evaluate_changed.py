"""Evaluate the accounts that streams say have changed: records that come twice, late or out of order do no harm.

An account that cannot be evaluated stops no other: it is marked as due, and the schedule comes to it. Only when even
that fails, or when nobody can tell which account a record is about, does the record go back to its stream.
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

Worth = Callable[[AutoPay], bool]
"""Tells of an account's auto-pay, as it is now, whether what a record said makes the account worth a look."""

Read = Callable[[Record], tuple[str, Worth | None]]
"""Reads a record: its account, and whether that is worth a look; None where it is not, whatever its auto-pay is."""


def evaluate_changed_wallets(records: Sequence[Record], catalog: Catalog) -> list[str]:
    """Evaluate the accounts whose balance has fallen to auto-pay's threshold or below it.

    Only the last record of a wallet counts: a batch of a thousand is one look. A record may be late, but then the one
    of the change that it does not know of is still to come.
    """
    return _evaluate(records, _read_wallet, catalog)


def evaluate_changed_payments(records: Sequence[Record], catalog: Catalog) -> list[str]:
    """Evaluate the accounts of which a payment has moved on, or was refunded or disputed."""
    return _evaluate(records, _read_payment, catalog)


def evaluate_changed_cards(records: Sequence[Record], catalog: Catalog) -> list[str]:
    """Evaluate the accounts of which the card, or the customer at Stripe, is another one now."""
    return _evaluate(records, _read_card, catalog)


def _read_wallet(record: Record) -> tuple[str, Worth]:
    change = Change(record, read_wallet_image)
    balance_micros = change.after.balance_micros if change.after else 0
    return change.account_id, lambda auto_pay: auto_pay.enabled and balance_micros <= auto_pay.threshold_micros


def _read_payment(record: Record) -> tuple[str, Worth | None]:
    change = Change(record, payments.read_image)
    return change.account_id, _is_awake if _may_differ(change, _is_moved) else None


def _read_card(record: Record) -> tuple[str, Worth | None]:
    change = Change(record, read_card_image)
    return change.account_id, _is_awake if _may_differ(change, is_card_changed) else None


def _may_differ(change: Change[ValueT], differs: Callable[[ValueT | None, ValueT | None], bool]) -> bool:
    """Tell whether a row differs from what it was. One that cannot be read may: its account is evaluated."""
    try:
        return differs(change.before, change.after)
    except MalformedRecord:
        log().exception("a row in a stream cannot be read; its account is evaluated", keys=change.keys)
        return True


def _is_moved(before: Payment | None, after: Payment | None) -> bool:
    """Tell whether a payment differs in what matters to auto-pay."""
    if before is None or after is None:
        return before is not after
    was = (before.state, before.refunded_micros, before.dispute_status, before.fraud_warning)
    return was != (after.state, after.refunded_micros, after.dispute_status, after.fraud_warning)


def _is_awake(auto_pay: AutoPay) -> bool:
    return not auto_pay.is_idle


def _evaluate(records: Sequence[Record], read: Read, catalog: Catalog) -> list[str]:
    """Evaluate the accounts that records are about; return the sequence numbers of those that must come again."""
    worth: dict[str, Worth] = {}
    last: dict[str, Record] = {}

    def note(record: Record) -> None:
        account_id, is_worth_it = read(record)
        if is_worth_it:
            worth[account_id], last[account_id] = is_worth_it, record

    unread = each_record(records, note, message="auto-pay could not read a record of a stream")
    lost = _evaluate_accounts(_worth_a_look(worth), catalog)
    return unread + [sequence_number(last[account_id]) for account_id in lost]


def _worth_a_look(worth: dict[str, Worth]) -> list[str]:
    """Return the accounts to look at. It only saves looks: where auto-pay cannot be read in bulk, each is looked at."""
    try:
        found = table.find_many(worth)
    except Exception:  # noqa: BLE001 - one row that cannot be read is its account's alone, which is looked at by itself
        log().exception("auto-pay could not be read in bulk", accounts=len(worth))
        return list(worth)
    return [account_id for account_id, auto_pay in found.items() if worth[account_id](auto_pay)]


def _evaluate_accounts(account_ids: Iterable[str], catalog: Catalog) -> list[str]:
    """Evaluate accounts side by side; return those that could not be, nor at least be marked as due."""
    missed = each(
        account_ids,
        lambda account_id: evaluate_account(account_id, catalog),
        message="auto-pay could not look at an account",
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
