"""Drawing a document as a PDF. The same data gives the same bytes."""

from collections.abc import Iterator
from functools import partial
from typing import Final

from chalicelib.invoices.invoice import Invoice
from chalicelib.invoices.pdf.canvas import PdfCanvas
from chalicelib.invoices.pdf.frame import COLUMN_GAP, Frame
from chalicelib.invoices.pdf.layout import INK, LABEL, STRONG, Column, Row, Style, height_of
from chalicelib.invoices.pdf.lines_table import lines_table
from chalicelib.invoices.pdf.totals import Totals, amounts_of
from chalicelib.invoices.pdf.typeface import BOLD
from chalicelib.invoices.words import TITLES
from chalicelib.payments.card_name import card_name

PAID: Final = "#187a4a"
REFUNDED: Final = "#8a5300"
STAMP: Final = 20.0
STAMP_PADDING: Final = 9.0


def draw(invoice: Invoice, logo: bytes | None) -> bytes:
    """Draw an invoice or a credit note as a PDF."""
    return Document(invoice, logo).draw()


class Document(Frame):
    """One document while it is drawn."""

    def __init__(self, invoice: Invoice, logo: bytes | None) -> None:
        self.invoice = invoice
        self.is_credit = invoice.kind == "credit_note"
        super().__init__(
            invoice.seller,
            invoice.buyer,
            logo,
            title=TITLES[invoice.kind],
            number=invoice.number,
            locale=invoice.locale,
            at_ms=invoice.issued_at_ms,
        )

    def put_content(self) -> None:
        """Put the dates, the parties, the lines with their totals, and how the money moved."""
        self._dates()
        self.put_parties(self.words.say("Bill to"))
        self._summary()
        lines_table(self.sheet, self.invoice, self.words, self.accent).put()
        Totals(self.sheet, [*amounts_of(self.invoice, self.words)]).put()
        self._details()

    def _dates(self) -> None:
        words, say, invoice = self.words, self.words.say, self.invoice
        pairs: list[tuple[str, str]] = [(say("Date of issue"), words.date(invoice.issued_at_ms))]
        if invoice.paid:
            label = say("Date refunded") if self.is_credit else say("Date paid")
            pairs.append((label, words.date(invoice.paid.at_ms)))
        if invoice.credits:
            label = say("Credits invoice") if self.is_credit else say("Takes back credit note")
            pairs.append((label, invoice.credits))
        if invoice.period:
            pairs.append((say("Period"), words.period(invoice.period)))
        self.put_columns(pairs)

    def _summary(self) -> None:
        """Put a sentence that sums up the document, with a stamp unless the total is due."""
        sheet, stamp = self.sheet, self._stamp()
        beside = stamp.width + 2 * STAMP_PADDING + COLUMN_GAP if stamp else 0
        said = Column(sheet.left, sheet.rows(self._summary_text(), sheet.width - beside, Style(14, BOLD)))
        sheet.keep(max(STAMP, height_of(said)))
        at, top = sheet.place
        if stamp:
            self._put_stamp(stamp, top)
        sheet.put(said)
        sheet.go_below((at, top - STAMP))
        sheet.y -= 20

    def _summary_text(self) -> str:
        say, paid = self.words.say, self.invoice.paid
        amount = self.words.amount(self.invoice.total_micros, self.invoice.currency)
        if paid is None:
            return say("%(amount)s due", amount=amount)
        date = self.words.date(paid.at_ms)
        if self.is_credit:
            return say("%(amount)s refunded on %(date)s", amount=amount, date=date)
        return say("%(amount)s paid on %(date)s", amount=amount, date=date)

    def _stamp(self) -> Row | None:
        if self.invoice.paid is None:
            return None
        text = self.words.say("REFUNDED") if self.is_credit else self.words.say("PAID")
        return self.sheet.row(text, Style(10, BOLD, REFUNDED if self.is_credit else PAID))

    def _put_stamp(self, stamp: Row, top: float) -> None:
        width = stamp.width + 2 * STAMP_PADDING
        x, y, color = self.sheet.right - width, top - STAMP, stamp.style.color
        self.sheet.mark(partial(PdfCanvas.frame, x=x, y=y, width=width, height=STAMP, color=color))
        self.sheet.put_row(stamp, x + STAMP_PADDING, y + 6.4)

    def _details(self) -> None:
        sheet = self.sheet
        labels = [(sheet.row(label, LABEL), text) for label, text in self._facts() if text]
        width = max(label.width for label, _ in labels) + 14
        fact = Style(LABEL.size, color=INK)
        heading = Column(sheet.left, [sheet.row(self.words.say("Payment details"), STRONG)])
        facts = [
            (Column(sheet.left, [label]), Column(sheet.left + width, sheet.rows(text, sheet.width - width, fact)))
            for label, text in labels
        ]
        zone = Column(sheet.left, sheet.rows(self.words.say("All dates are in UTC."), sheet.width, LABEL))
        sheet.keep(height_of(heading) + 3 + sum(height_of(*each) + 1.5 for each in facts) + 4.5 + height_of(zone))
        sheet.put(heading)
        sheet.y -= 3
        for columns in facts:
            sheet.put(*columns)
            sheet.y -= 1.5
        sheet.y -= 4.5
        sheet.put(zone)

    def _facts(self) -> Iterator[tuple[str, str | None]]:
        invoice, say = self.invoice, self.words.say
        if invoice.paid:
            card = card_name(self.words, invoice.paid.brand, invoice.paid.last_four)
            yield say("Refunded to") if self.is_credit else say("Paid with"), card
        yield say("Reason"), invoice.reason
        yield say("Reference"), invoice.payment_id
        if invoice.paid:
            yield say("Stripe payment"), invoice.paid.payment_intent_id
            yield say("Stripe charge"), invoice.paid.charge_id
            yield say("Stripe refund"), invoice.paid.refund_id
