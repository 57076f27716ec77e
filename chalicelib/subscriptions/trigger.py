"""Take the records of the streams: they only say which accounts to look at, so twice, late or out of order is no harm.

An account that cannot be looked at holds up no other: its record goes back to the stream with all that follow it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from chalicelib.auto_pay.trigger import account_id_of, differs
from chalicelib.catalog.catalog import Catalog
from chalicelib.log import log
from chalicelib.subscriptions import table
from chalicelib.subscriptions.follow import follow
from chalicelib.subscriptions.subscription import OWING, Subscription

Record = Mapping[str, Any]

GIVEN_UP: Final = frozenset({"failed", "canceled"})


def payments_moved(records: Sequence[Record], catalog: Catalog) -> list[str]:
    """Follow the subscriptions whose payments have moved on; return where to go on from, if one could not be."""
    for record in records:
        image = record["dynamodb"].get("NewImage") or {}
        if image.get("kind", {}).get("S") == "subscription" and differs(record, "state"):
            try:
                followed = follow(account_id_of(record), catalog, payment_id=image["payment_id"]["S"])
            except Exception:  # noqa: BLE001 - the record goes back to its stream, which keeps it for a day
                return _back(record)
            check_brought_something(record, followed)
    return []


def cards_moved(records: Sequence[Record], catalog: Catalog) -> list[str]:
    """Try another card at once where a period is owed; return where to go on from, if that could not be done."""
    changed = [record for record in records if differs(record, "card", "stripe_customer_id")]
    found = table.find_many(map(account_id_of, changed)) if changed else {}
    for record in changed:
        subscription = found.get(account_id_of(record))
        if subscription and subscription.status in OWING:
            try:
                follow(subscription.account_id, catalog)
            except Exception:  # noqa: BLE001 - as above
                return _back(record)
    return []


def _back(record: Record) -> list[str]:
    log().exception("a subscription could not be followed", account_id=account_id_of(record))
    return [str(record["dynamodb"]["SequenceNumber"])]


def check_brought_something(record: Record, followed: Subscription | None) -> None:
    """Say loudly when money moved for a payment that had been given up, and brought nothing: it is to be refunded."""
    before = record["dynamodb"].get("OldImage", {}).get("state", {}).get("S")
    image = record["dynamodb"]["NewImage"]
    is_late = before in GIVEN_UP and image["state"]["S"] == "succeeded"
    if is_late and (followed is None or followed.paid_payment_id != image["payment_id"]["S"]):
        log().error(
            "a payment succeeded after it was given up, and brought nothing; refund it",
            account_id=account_id_of(record),
            payment_id=image["payment_id"]["S"],
        )
