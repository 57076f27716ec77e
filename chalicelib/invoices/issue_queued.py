"""Issue the invoices of succeeded payments: the queue gets an event for each, so no request is needed."""

from collections.abc import Sequence

import msgspec

from chalicelib.batches import Message, each_message
from chalicelib.catalog.catalog import Catalog
from chalicelib.invoices.issue import issue_for
from chalicelib.typed import json_decoder


class PaymentDetail(msgspec.Struct, frozen=True):
    """The fields that are read from a `payment.succeeded` event."""

    account_id: str
    payment_id: str


class PaymentEvent(msgspec.Struct, frozen=True):
    """An event as EventBridge puts it on the queue."""

    detail: PaymentDetail


def issue_queued(messages: Sequence[Message], catalog: Catalog) -> list[str]:
    """Issue the invoices of payments; return the ids of failed messages, to be delivered again and finally parked."""

    def handle(message: Message) -> None:
        payment = json_decoder(PaymentEvent).decode(message["body"]).detail
        issue_for(payment.account_id, payment.payment_id, catalog)

    return each_message(messages, handle, message="an invoice could not be issued")
