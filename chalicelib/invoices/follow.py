"""Take the messages that say which payments have succeeded, and the records that say which refunds have moved on.

Each gets its paper, without anyone asking.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from chalicelib.auto_pay.trigger import account_id_of, differs
from chalicelib.catalog.catalog import Catalog
from chalicelib.invoices.credit import issue_credit_notes
from chalicelib.invoices.issue import issue_for
from chalicelib.log import log
from chalicelib.payments import table as payments

Record = Mapping[str, Any]


class PaidDetail(msgspec.Struct, frozen=True):
    """What is read of a `payment.succeeded` event."""

    account_id: str
    payment_id: str


class Paid(msgspec.Struct, frozen=True):
    """An event as EventBridge puts it on the queue."""

    detail: PaidDetail


def issue_all(records: Sequence[Record], catalog: Catalog) -> list[str]:
    """Issue the invoices of payments; return the ids of the messages to be delivered again, and in the end parked."""
    return [record["messageId"] for record in records if not _issued(record, catalog)]


def _issued(record: Record, catalog: Catalog) -> bool:
    try:
        paid = msgspec.json.decode(record["body"], type=Paid).detail
        issue_for(paid.account_id, paid.payment_id, catalog)
    except Exception:  # noqa: BLE001 - one bad message never holds up the others; it ends in the dead-letter queue
        log().exception("an invoice could not be issued", message_id=record["messageId"])
        return False
    return True


def credit_all(records: Sequence[Record], catalog: Catalog) -> list[str]:
    """Issue the credit notes of refunds that went out, and take back those of refunds that came back.

    A record only says which payment to look at, so it may come twice, late or out of order. One that fails holds up no
    other; the sequence numbers of those that did are returned, and Lambda delivers again from the first of them.
    """
    return [str(record["dynamodb"]["SequenceNumber"]) for record in records if not _credited(record, catalog)]


def _credited(record: Record, catalog: Catalog) -> bool:
    image = record["dynamodb"].get("NewImage") or {}
    if "refund_id" not in image or not differs(record, "state", "stripe_refund_id"):
        return True
    account_id, payment_id = account_id_of(record), image["payment_id"]["S"]
    try:
        issue_credit_notes(payments.get(account_id, payment_id), catalog)
    except Exception:  # noqa: BLE001 - as above; in the end the record is put aside, with an alarm
        log().exception("a credit note could not be issued", account_id=account_id, payment_id=payment_id)
        return False
    return True
