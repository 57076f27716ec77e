"""The totals below the lines of a document: labels with amounts, on the right half of the paper."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from chalicelib.invoices.invoice import Invoice
from chalicelib.invoices.pdf.layout import (
    BODY,
    GAP,
    MUTED,
    RIGHT_HALF,
    STRONG,
    WIDEST,
    Column,
    Row,
    Sheet,
    Style,
    height_of,
)
from chalicelib.invoices.pdf.typeface import BOLD
from chalicelib.invoices.words import Words


@dataclass(frozen=True)
class Totals:
    """The amounts under the table of a document's lines."""

    sheet: Sheet
    amounts: Sequence[tuple[str, str, Style]]
    """The label, amount and style of each."""

    def put(self) -> None:
        """Put them all on one page."""
        sheet = self.sheet
        rows = [
            self._pair(label, figure, style)
            for (label, _, style), figure in zip(self.amounts, self._figures, strict=True)
        ]
        sheet.keep(10 + sum(height_of(*columns) + 6 for columns in rows))
        sheet.y -= 10
        for place, columns in enumerate(rows):
            if place and columns[1].rows[0].style.weight == BOLD:
                sheet.rule(columns[0].x, sheet.y - 1, sheet.right - columns[0].x)
            sheet.y -= 4
            sheet.put(*columns)
            sheet.y -= 2
        sheet.y -= 24

    @property
    def _width(self) -> float:
        return self.sheet.width * (1 - RIGHT_HALF)

    @cached_property
    def _figures(self) -> list[Row]:
        return [self.sheet.fit(amount, self._width * WIDEST, style) for _, amount, style in self.amounts]

    def _pair(self, label: str, figure: Row, style: Style) -> tuple[Column, Column]:
        """Return the columns of a label and its amount. All amounts end at the same place on the right."""
        sheet = self.sheet
        room = max(each.width for each in self._figures) if sheet.from_right else figure.width
        named = Column(sheet.right - self._width, sheet.rows(label, self._width - room - GAP, style))
        return named, Column(sheet.right - room + figure.width, [figure], flush_right=True)


def amounts_of(invoice: Invoice, words: Words) -> Iterator[tuple[str, str, Style]]:
    """Yield the totals of an invoice or a credit note: subtotal, tax, total and balance due."""
    tax, say = invoice.tax, words.say
    is_credit = invoice.kind == "credit_note"

    def amount(micros: int) -> str:
        return words.amount(micros, invoice.currency)

    if tax and not tax.inclusive:
        yield say("Subtotal"), amount(invoice.subtotal_micros), BODY
        added = say("%(name)s %(rate)s", name=tax.name, rate=words.rate(tax.rate_micros))
        yield added, amount(tax.amount_micros), BODY
    total = say("Total credited") if is_credit else words.say_in("invoice", "Total")
    yield total, amount(invoice.total_micros), Style(11, BOLD)
    if tax and tax.inclusive:
        muted = Style(color=MUTED)
        included = say("Includes %(name)s %(rate)s", name=tax.name, rate=words.rate(tax.rate_micros))
        yield included, amount(tax.amount_micros), muted
        yield say("Net amount"), amount(invoice.total_micros - tax.amount_micros), muted
    if not is_credit:
        yield say("Amount paid"), amount(invoice.total_micros - invoice.due_micros), BODY
        yield say("Balance due"), amount(invoice.due_micros), STRONG
