"""Refunds as they are written, and the stream's records of them."""

from typing import Any

from msgspec.structs import asdict, replace

from chalicelib.payments.payment import Payment
from chalicelib.reversals import table as reversal_table
from chalicelib.reversals.refund import Refund
from chalicelib.reversals.reversal import Reversals
from tests.notices.records import record as stream_record

Record = dict[str, Any]


def written(refund: Refund, payment: Payment) -> Refund:
    """Write a refund of a payment, in place of what it was before; return it."""

    def rule(seen: Reversals) -> Reversals:
        others = (each for each in seen.refunds if each.refund_id != refund.refund_id)
        return replace(seen, refunds=(*others, refund))

    reversal_table.change(payment, rule)
    return refund


def record(before: Refund | None, after: Refund | None) -> Record:
    """Return the record of a refund's row that was one thing and is another."""
    keys = ("account_id", "reversal_key")
    return stream_record(_image(before), _image(after), keys=keys)


def _image(refund: Refund | None) -> dict[str, Any] | None:
    if refund is None:
        return None
    row = {name: value for name, value in asdict(refund).items() if value is not None and name != "failure"}
    return {**row, "reversal_key": f"{refund.payment_id}#refund#{refund.refund_id}"}
