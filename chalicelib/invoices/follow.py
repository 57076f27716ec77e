"""Take the messages that say which payments have succeeded, and the records that say which refunds have moved on.

Each gets its paper, without anyone asking.
"""

from collections.abc import Sequence

import msgspec

from chalicelib.auto_pay.trigger import account_id_of, differs
from chalicelib.batches import Record, each_message, each_record
from chalicelib.catalog.catalog import Catalog
from chalicelib.invoices.issue import issue_for
from chalicelib.invoices.issue_credit_note import issue_credit_notes
from chalicelib.payments import table as payments
from chalicelib.typed import json_decoder


class PaidDetail(msgspec.Struct, frozen=True):
    """What is read of a `payment.succeeded` event."""

    account_id: str
    payment_id: str


class Paid(msgspec.Struct, frozen=True):
    """An event as EventBridge puts it on the queue."""

    detail: PaidDetail


def issue_all(records: Sequence[Record], catalog: Catalog) -> list[str]:
    """Issue the invoices of payments; return the ids of the messages to be delivered again, and in the end parked."""

    def handle(record: Record) -> None:
        paid = json_decoder(Paid).decode(record["body"]).detail
        issue_for(paid.account_id, paid.payment_id, catalog)

    return each_message(records, handle, message="an invoice could not be issued")


def credit_all(records: Sequence[Record], catalog: Catalog) -> list[str]:
    """Issue the credit notes of refunds that went out, and take back those of refunds that came back.

    A record only says which payment to look at, so it may come twice, late or out of order. One that fails stops no
    other; the sequence numbers of those that did are returned. In the end they are put aside, with an alarm.
    """

    def handle(record: Record) -> None:
        image = record["dynamodb"].get("NewImage") or {}
        if image.get("refund_id") is not None and differs(record, "state", "stripe_refund_id"):
            issue_credit_notes(payments.get(account_id_of(record), image["payment_id"]["S"]), catalog)

    return each_record(records, handle, message="a credit note could not be issued")
