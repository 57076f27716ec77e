"""Take the messages that say which payments have succeeded: each gets its invoice, without anyone asking."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from chalicelib.catalog.catalog import Catalog
from chalicelib.invoices.issue import issue_for
from chalicelib.log import log


class PaidDetail(msgspec.Struct, frozen=True):
    """What is read of a `payment.succeeded` event."""

    account_id: str
    payment_id: str


class Paid(msgspec.Struct, frozen=True):
    """An event as EventBridge puts it on the queue."""

    detail: PaidDetail


def issue_all(records: Sequence[Mapping[str, Any]], catalog: Catalog) -> list[str]:
    """Issue the invoices of payments; return the ids of the messages to be delivered again, and in the end parked."""
    return [record["messageId"] for record in records if not _issued(record, catalog)]


def _issued(record: Mapping[str, Any], catalog: Catalog) -> bool:
    try:
        paid = msgspec.json.decode(record["body"], type=Paid).detail
        issue_for(paid.account_id, paid.payment_id, catalog)
    except Exception:  # noqa: BLE001 - one bad message never holds up the others; it ends in the dead-letter queue
        log().exception("an invoice could not be issued", message_id=record["messageId"])
        return False
    return True
