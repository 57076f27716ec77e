"""Take the records of the streams: they only say which accounts to look at, so twice, late or out of order is no harm.

An account that cannot be looked at stops no other: it is marked as due, and the schedule comes to it. Only when even
that fails, or when nobody can tell which account a record is about, does the record go back to its stream.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from chalicelib import clock
from chalicelib.auto_pay import table
from chalicelib.auto_pay.auto_pay import AutoPay
from chalicelib.auto_pay.evaluate import evaluate_account
from chalicelib.batches import Record, each, each_record, sequence_number
from chalicelib.catalog.catalog import Catalog
from chalicelib.log import log

TOLD: Final = ("state", "refunded_micros", "dispute_status", "fraud_warning")
"""What of a payment matters to auto-pay."""

ACCOUNTS_AT_ONCE: Final = 8
"""Threads that look at accounts: they wait for DynamoDB most of the time."""

Worth = Callable[[AutoPay], bool]
"""Tells of an account's auto-pay, as it is now, whether what a record said makes the account worth a look."""


def wallets_moved(records: Sequence[Record], catalog: Catalog) -> list[str]:
    """Look at the accounts whose balance has fallen to auto-pay's threshold or below it.

    Only the last record of a wallet counts: a batch of a thousand is one look. A record may be late, but then the one
    of the change that it does not know of is still to come.
    """
    return _look(records, _fallen, catalog)


def payments_moved(records: Sequence[Record], catalog: Catalog) -> list[str]:
    """Look at the accounts of which a payment has moved on, or was refunded or disputed."""
    return _look(records, lambda record: _awake if differs(record, *TOLD) else None, catalog)


def accounts_moved(records: Sequence[Record], catalog: Catalog) -> list[str]:
    """Look at the accounts of which the card, or the customer at Stripe, is another one now."""
    return _look(records, lambda record: _awake if differs(record, "card", "stripe_customer_id") else None, catalog)


def account_id_of(record: Record) -> str:
    """Return the account that a record is about."""
    return str(record["dynamodb"]["Keys"]["account_id"]["S"])


def balance_of(record: Record) -> int:
    """Return the balance that a wallet's record tells of; a wallet that is gone has none."""
    image = record["dynamodb"].get("NewImage")
    return int(image["balance_micros"]["N"]) if image else 0


def differs(record: Record, *attributes: str) -> bool:
    """Tell whether a record tells of a change of any of these attributes."""
    before, now = (record["dynamodb"].get(name) or {} for name in ("OldImage", "NewImage"))
    return any(before.get(name) != now.get(name) for name in attributes)


def _fallen(record: Record) -> Worth:
    balance_micros = balance_of(record)
    return lambda auto_pay: auto_pay.enabled and balance_micros <= auto_pay.threshold_micros


def _awake(auto_pay: AutoPay) -> bool:
    return not auto_pay.is_idle


def _look(records: Sequence[Record], read: Callable[[Record], Worth | None], catalog: Catalog) -> list[str]:
    """Look at the accounts that records are about; return the sequence numbers of those that must come again."""
    worth: dict[str, Worth] = {}
    last: dict[str, Record] = {}

    def note(record: Record) -> None:
        account_id, told = account_id_of(record), read(record)
        if told:
            worth[account_id], last[account_id] = told, record

    unread = each_record(records, note, message="auto-pay could not read a record of a stream")
    lost = _look_at(_worth_a_look(worth), catalog)
    return unread + [sequence_number(last[account_id]) for account_id in lost]


def _worth_a_look(worth: dict[str, Worth]) -> list[str]:
    """Return the accounts to look at. It only saves looks: where auto-pay cannot be read in bulk, each is looked at."""
    try:
        found = table.find_many(worth)
    except Exception:  # noqa: BLE001 - one row that cannot be read is its account's alone, which is looked at by itself
        log().exception("auto-pay could not be read in bulk", accounts=len(worth))
        return list(worth)
    return [account_id for account_id, auto_pay in found.items() if worth[account_id](auto_pay)]


def _look_at(account_ids: Iterable[str], catalog: Catalog) -> list[str]:
    """Look at accounts side by side; return those that could not be looked at, nor at least be marked as due."""
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
