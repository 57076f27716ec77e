"""Issue the invoices of payments that have succeeded: the queue gets an event of each, and nobody has to ask."""

from collections.abc import Sequence

import msgspec

from chalicelib.batches import Message, each_message
from chalicelib.catalog.catalog import Catalog
from chalicelib.invoices.issue import issue_for
from chalicelib.typed import json_decoder


class PaidDetail(msgspec.Struct, frozen=True):
    """What is read of a `payment.succeeded` event."""

    account_id: str
    payment_id: str


class Paid(msgspec.Struct, frozen=True):
    """An event as EventBridge puts it on the queue."""

    detail: PaidDetail


def issue_queued(messages: Sequence[Message], catalog: Catalog) -> list[str]:
    """Issue the invoices of payments; return the ids of the messages to be delivered again, and in the end parked."""

    def handle(message: Message) -> None:
        paid = json_decoder(Paid).decode(message["body"]).detail
        issue_for(paid.account_id, paid.payment_id, catalog)

    return each_message(messages, handle, message="an invoice could not be issued")
