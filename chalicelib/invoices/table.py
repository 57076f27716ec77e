"""The door to the table `invoices`.

An account's rows: `counter` holds its last number; `document#...` is a document; `cause#...` says which document was
issued for a payment or a refund; `brand` is how a workspace's documents for its clients look. All rows of a new
document are written in one transaction, so a cause has one document and the numbers have no gaps, even with concurrent
requests that are cut off at any point.
"""

import zlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.transactions import TransactWrite

from chalicelib.catalog.seller import DEFAULT_COLOR
from chalicelib.conflicts import conditional_transaction
from chalicelib.cursor import InvalidCursor, read_base64, write_base64
from chalicelib.invoices.invoice import Brand, Invoice
from chalicelib.tables import Keys, Rows, Table, TableMeta, image_reader, read_rows, set_or_remove
from chalicelib.typed import json_decoder

FORMAT: Final = 1
SEQUENCE_DIGITS: Final = 12
COUNTER: Final = "counter"
DOCUMENTS: Final = "document#"
CAUSES: Final = "cause#"
BRAND: Final = "brand"


class InvoiceRow(Table):
    """One row of an account; its key determines which attributes it has.

    Beside its `body`, a document has the attributes that readers of the table's stream need. A cause has the document's
    sequence and, for an invoice, the amounts that credit notes have taken back since.
    """

    class Meta(metaclass=TableMeta):
        setting = "invoices_table"

    account_id = UnicodeAttribute(hash_key=True)
    document = UnicodeAttribute(range_key=True)
    sequence = NumberAttribute()
    number = UnicodeAttribute(null=True)
    kind = UnicodeAttribute(null=True)
    cause = UnicodeAttribute(null=True)
    payment_id = UnicodeAttribute(null=True)
    total_micros = NumberAttribute(null=True)
    currency = UnicodeAttribute(null=True)
    issued_at_ms = NumberAttribute(null=True)
    format = NumberAttribute(null=True)
    body = BinaryAttribute(null=True, legacy_encoding=False)
    credited_micros = NumberAttribute(null=True)
    credited_tax_micros = NumberAttribute(null=True)


class BrandRow(Table):
    """A workspace's brand."""

    class Meta(metaclass=TableMeta):
        setting = "invoices_table"

    account_id = UnicodeAttribute(hash_key=True)
    document = UnicodeAttribute(range_key=True)
    color = UnicodeAttribute(null=True)
    logo = UnicodeAttribute(null=True)


class CreditedAmount(msgspec.Struct, frozen=True):
    """The total that credit notes have taken back of an invoice."""

    micros: int = 0
    tax_micros: int = 0


class State(msgspec.Struct, frozen=True):
    """An account's last number, and the sequence and the credited amounts of each cause that has a document."""

    last: int
    sequences: dict[str, int]
    credited: dict[str, CreditedAmount]


def read(account_id: str, *causes: str) -> State:
    """Read an account's last number and some causes, strongly consistent, with one call."""
    keys = [(account_id, COUNTER), *((account_id, CAUSES + cause) for cause in causes)]
    rows = {row.document: row for row in InvoiceRow.batch_get(keys, consistent_read=True)}
    found = {cause: rows[CAUSES + cause] for cause in causes if CAUSES + cause in rows}
    return State(
        last=int(rows[COUNTER].sequence) if COUNTER in rows else 0,
        sequences={cause: int(row.sequence) for cause, row in found.items()},
        credited={cause: _credited(row) for cause, row in found.items()},
    )


def _credited(row: InvoiceRow) -> CreditedAmount:
    return CreditedAmount(int(row.credited_micros or 0), int(row.credited_tax_micros or 0))


def add(
    invoice: Invoice, *, crediting: str = "", before: CreditedAmount | None = None, after: CreditedAmount | None = None
) -> bool:
    """Write a document with its number and its cause, all or nothing; False when a concurrent write came first.

    A credit note raises the credited amount of the invoice that was issued for `crediting` from `before` to `after`; a
    document that takes back a credit note lowers it.
    """

    def add_writes(transaction: TransactWrite) -> None:
        add_to(transaction, invoice)
        if before and after:
            _move(transaction, invoice.account_id, crediting, before, after)

    return conditional_transaction(add_writes)


def add_to(transaction: TransactWrite, invoice: Invoice) -> None:
    """Add a document with its number and its cause to a transaction; it fails if the number or the cause is taken."""
    last = invoice.sequence - 1
    unmoved = InvoiceRow.sequence == last if last else InvoiceRow.sequence.does_not_exist()
    cause = InvoiceRow(invoice.account_id, CAUSES + invoice.cause, sequence=invoice.sequence, number=invoice.number)
    transaction.save(InvoiceRow(**_attributes(invoice)), condition=InvoiceRow.document.does_not_exist())
    transaction.save(cause, condition=InvoiceRow.document.does_not_exist())
    counter = InvoiceRow(invoice.account_id, COUNTER)
    transaction.update(counter, [InvoiceRow.sequence.set(invoice.sequence)], condition=unmoved)


def _move(
    transaction: TransactWrite, account_id: str, cause: str, before: CreditedAmount, after: CreditedAmount
) -> None:
    column = InvoiceRow.credited_micros
    nothing = column.does_not_exist() | (column == 0)
    transaction.update(
        InvoiceRow(account_id, CAUSES + cause),
        [column.set(after.micros), InvoiceRow.credited_tax_micros.set(after.tax_micros)],
        condition=column == before.micros if before.micros else nothing,
    )


def find(account_id: str, sequence: int) -> Invoice | None:
    """Read a document, strongly consistent; None if the sequence number is not used yet."""
    try:
        return invoice_of(InvoiceRow.get(account_id, _document(sequence), consistent_read=True))
    except InvoiceRow.DoesNotExist:
        return None


def get(account_id: str, sequence: int) -> Invoice:
    """Read a document that is known to exist, strongly consistent."""
    return invoice_of(InvoiceRow.get(account_id, _document(sequence), consistent_read=True))


def change_brand(account_id: str, changes: Mapping[str, str | None]) -> None:
    """Write the given attributes of a workspace's brand, and no others; None clears an attribute."""
    actions = [set_or_remove(getattr(BrandRow, name), value) for name, value in changes.items()]
    if actions:
        BrandRow(account_id, BRAND).update(actions)


def find_brand(account_id: str) -> Brand | None:
    """Read a workspace's brand; None when it was never written."""
    return find_brand_in(read_rows(brand_keys(account_id)), account_id)


def brand_keys(account_id: str) -> Keys:
    """Return the row of a workspace's brand."""
    return {BrandRow: [(account_id, BRAND)]}


def find_brand_in(rows: Rows, account_id: str) -> Brand | None:
    """Find a workspace's brand among rows that were read; None when it was never written."""
    row = rows.find(BrandRow, (account_id, BRAND))
    return Brand(row.color or DEFAULT_COLOR, row.logo) if row else None


class InvoiceBatch(msgspec.Struct, frozen=True):
    """One batch of a list. `next_cursor` is None at the end."""

    invoices: list[Invoice]
    next_cursor: str | None


def newest(account_id: str, *, limit: int, cursor: str | None = None) -> InvoiceBatch:
    """List an account's documents, newest first. Raises InvalidCursor."""
    below = _decoded(cursor) if cursor else _document(10**SEQUENCE_DIGITS - 1)
    rows = InvoiceRow.query(
        account_id,
        InvoiceRow.document.between(DOCUMENTS, below),
        scan_index_forward=False,
        limit=limit + 1,
        page_size=limit + 1,
        consistent_read=True,
    )
    found = [invoice_of(row) for row in rows]
    more = len(found) > limit
    return InvoiceBatch(found[:limit], _encoded(found[limit].sequence) if more else None)


def cursor_at(sequence: int) -> str:
    """Return the cursor of a list that begins with a document."""
    return _encoded(sequence)


def _document(sequence: int) -> str:
    return f"{DOCUMENTS}{sequence:0{SEQUENCE_DIGITS}d}"


def _encoded(sequence: float) -> str:
    return write_base64(str(int(sequence)).encode())


def _decoded(cursor: str) -> str:
    try:
        sequence = read_base64(cursor).decode()
        if len(sequence) > SEQUENCE_DIGITS or _encoded(int(sequence)) != cursor:
            raise ValueError
    except ValueError:
        raise InvalidCursor from None
    return _document(int(sequence))


def _attributes(invoice: Invoice) -> dict[str, Any]:
    """Return a document's attributes."""
    named = ("account_id", "sequence", "number", "kind", "cause", "payment_id", "total_micros", "currency")
    return {
        **{name: getattr(invoice, name) for name in (*named, "issued_at_ms")},
        "document": _document(invoice.sequence),
        "format": FORMAT,
        "body": zlib.compress(msgspec.json.encode(invoice), level=9),
    }


def invoice_of(row: InvoiceRow) -> Invoice:
    """Return the document of a row."""
    return json_decoder(Invoice).decode(zlib.decompress(row.body or b""))


read_image: Final = image_reader(InvoiceRow, invoice_of)
