"""Issue the credit notes of refunds that the stream says have moved on; take back those of refunds that came back."""

from collections.abc import Sequence

from chalicelib.batches import each_record
from chalicelib.catalog.catalog import Catalog
from chalicelib.invoices.issue_credit_note import issue_credit_notes
from chalicelib.payments import table as payments
from chalicelib.reversals.refund import Refund
from chalicelib.reversals.table import read_refund_image
from chalicelib.streams import Change, Record


def credit_changed_refunds(records: Sequence[Record], catalog: Catalog) -> list[str]:
    """Issue what the refunds of payments lack; return the sequence numbers of what must come again.

    A record only says which payment to look at, so it may come twice, late or out of order. One that fails stops no
    other. In the end it is put aside, with an alarm.
    """

    def handle(record: Record) -> None:
        change = Change(record, read_refund_image)
        if change.after and _progress(change.before) != _progress(change.after):
            issue_credit_notes(payments.get(change.account_id, change.after.payment_id), catalog)

    return each_record(records, handle, message="a credit note could not be issued")


def _progress(refund: Refund | None) -> tuple[object, ...]:
    """Return what of a refund decides whether it has a credit note."""
    return (refund.state, refund.stripe_refund_id) if refund else ()
