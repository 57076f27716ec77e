"""Issue the credit notes of refunds that the stream reports as changed; take back those of returned refunds."""

from collections.abc import Sequence

from chalicelib.batches import each_record
from chalicelib.catalog.catalog import Catalog
from chalicelib.invoices.issue_credit_note import issue_credit_notes
from chalicelib.payments import table as payments
from chalicelib.reversals.refund import Refund
from chalicelib.reversals.table import read_refund_image
from chalicelib.streams import Change, Record


def credit_changed_refunds(records: Sequence[Record], catalog: Catalog) -> list[str]:
    """Issue the missing documents of refunds; return the sequence numbers of the records to be delivered again.

    A record only identifies the payment to check, so it may be delivered twice, late or out of order. A record that
    fails does not stop the others; after its last delivery it is put aside, with an alarm.
    """

    def handle(record: Record) -> None:
        change = Change(record, read_refund_image)
        if change.after and _progress(change.before) != _progress(change.after):
            issue_credit_notes(payments.get(change.account_id, change.after.payment_id), catalog)

    return each_record(records, handle, message="a credit note could not be issued")


def _progress(refund: Refund | None) -> tuple[object, ...]:
    """Return the fields of a refund that decide whether it has a credit note."""
    return (refund.state, refund.stripe_refund_id) if refund else ()
