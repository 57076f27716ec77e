"""Take the records of the streams: they only say which accounts to look at, so twice, late or out of order is no harm.

An account that cannot be looked at holds up no other: it is marked as due, and the schedule comes to it. Only when even
that fails does the record go back to its stream.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from chalicelib import clock
from chalicelib.auto_pay import table
from chalicelib.auto_pay.refill import consider
from chalicelib.catalog.catalog import Catalog
from chalicelib.log import log

Record = Mapping[str, Any]

TOLD: Final = ("state", "refunded_micros", "dispute_status", "fraud_warning")
"""What of a payment matters to auto-pay."""

ACCOUNTS_AT_ONCE: Final = 8
"""Threads that look at accounts: they wait for DynamoDB most of the time."""


def wallets_moved(records: Sequence[Record], catalog: Catalog) -> list[str]:
    """Look at the accounts whose balance has fallen to auto-pay's threshold or below it.

    Only the last record of a wallet counts: a batch of a thousand is one look. A record may be late, but then the one
    of the change that it does not know of is still to come.
    """
    last = {account_id_of(record): record for record in records}
    found = table.find_many(last)
    fallen = {
        account_id
        for account_id, auto_pay in found.items()
        if auto_pay.enabled and balance_of(last[account_id]) <= auto_pay.threshold_micros
    }
    return _look(records, fallen, catalog)


def payments_moved(records: Sequence[Record], catalog: Catalog) -> list[str]:
    """Look at the accounts of which a payment has moved on, or was refunded or disputed."""
    return _look(records, _with_auto_pay(records, *TOLD), catalog)


def accounts_moved(records: Sequence[Record], catalog: Catalog) -> list[str]:
    """Look at the accounts of which the card, or the customer at Stripe, is another one now."""
    return _look(records, _with_auto_pay(records, "card", "stripe_customer_id"), catalog)


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


def _with_auto_pay(records: Iterable[Record], *attributes: str) -> set[str]:
    changed = {account_id_of(record) for record in records if differs(record, *attributes)}
    return {account_id for account_id, auto_pay in table.find_many(changed).items() if not auto_pay.at_rest}


def _look(records: Sequence[Record], account_ids: set[str], catalog: Catalog) -> list[str]:
    """Look at some accounts; return the sequence number to go on from, if any of them could not even be marked."""
    if not account_ids:
        return []
    with ThreadPoolExecutor(min(ACCOUNTS_AT_ONCE, len(account_ids))) as pool:
        looked = dict(zip(account_ids, pool.map(_looker(catalog), account_ids), strict=True))
    lost = [record for record in records if not looked.get(account_id_of(record), True)]
    return [str(record["dynamodb"]["SequenceNumber"]) for record in lost[:1]]


def _looker(catalog: Catalog) -> Callable[[str], bool]:
    """Return a function that looks at an account and tells whether that, or at least marking it as due, was done."""

    def look(account_id: str) -> bool:
        try:
            consider(account_id, catalog)
        except Exception:  # noqa: BLE001 - one bad account never holds up the others; the schedule fails over it
            log().exception("auto-pay could not look at an account", account_id=account_id)
            return _marked(account_id)
        return True

    return look


def _marked(account_id: str) -> bool:
    try:
        table.mark_due(account_id, clock.now_ms())
    except Exception:  # noqa: BLE001 - the record goes back to the stream, which keeps it for a day
        log().exception("auto-pay could not mark an account as due", account_id=account_id)
        return False
    return True
