"""The table of what was sold: amounts stand under each other by their decimal sign, and every page has the headings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from chalicelib.invoices.figures import Figures
from chalicelib.invoices.invoice import Invoice, Line
from chalicelib.invoices.sheet import BODY, LABEL, Sheet, Style
from chalicelib.invoices.typeset import Line as SetLine
from chalicelib.invoices.words import Words

PADDING: Final = 4.5
GAP: Final = 20.0
SMALL: Final = LABEL
HEADING: Final = Style(size=8, weight=700, color=LABEL.color)
LEAST_DESCRIPTION: Final = 0.38
"""Of the width: so much a description has even beside the longest amounts."""


@dataclass(frozen=True)
class Column:
    """A column of numbers: how wide it is, and where in it the decimal sign is."""

    heading: str
    texts: Sequence[str]
    sign: str
    sheet: Sheet

    @cached_property
    def tail(self) -> float:
        """Return the width of the longest part from the decimal sign on."""
        return max((self._tail(text) for text in self.texts), default=0)

    @cached_property
    def width(self) -> float:
        """Return how wide the column is."""
        heads = (self._width(text) - self._tail(text) for text in self.texts)
        heading = self.sheet.set(self.heading, HEADING).points(HEADING.size)
        return max(heading, max(heads, default=0) + self.tail)

    def put(self, row: int, right: float, y: float) -> None:
        """Put the number of a row, aligned, in the column that ends at `right`."""
        text = self.texts[row]
        self.sheet.put_right(text, right - self.tail + self._tail(text), y, BODY)

    def _width(self, text: str) -> float:
        return self.sheet.set(text, BODY).points(BODY.size)

    def _tail(self, text: str) -> float:
        head, sign, _ = text.rpartition(self.sign)
        return self._width(text) - self._width(head) if sign else 0


class LinesTable:
    """The table of one document."""

    def __init__(self, sheet: Sheet, invoice: Invoice, words: Words, figures: Figures, accent: str) -> None:
        self.sheet, self.invoice, self.words, self.figures, self.accent = sheet, invoice, words, figures, accent
        currency, labels = invoice.currency, words.labels

        def column(label: str, text_of: Callable[[Line], str]) -> Column:
            return Column(label, [text_of(line) for line in invoice.lines], figures.decimal_sign, sheet)

        def price(micros: int | None) -> str:
            return "" if micros is None else figures.plain_amount(micros, currency)

        self.columns = (
            column(labels["quantity"], lambda line: self._quantity(line.quantity_micros)),
            column(labels["unit_price"], lambda line: price(line.unit_price_micros)),
            column(f"{labels['amount']} ({currency.upper()})", lambda line: price(line.amount_micros)),
        )

    def _quantity(self, quantity_micros: int | None) -> str:
        return "" if quantity_micros is None else self.figures.quantity(quantity_micros)

    @cached_property
    def description_width(self) -> float:
        """Return what the numbers leave."""
        numbers = sum(column.width + GAP for column in self.columns)
        return max(self.sheet.width - numbers, self.sheet.width * LEAST_DESCRIPTION)

    def put(self, new_page: Callable[[], None]) -> None:
        """Put the table on the sheet; `new_page` begins a page when one is full."""
        self._headings()
        for row, line in enumerate(self.invoice.lines):
            described = self.sheet.wrap(line.description, self.description_width, BODY)
            dated = self._period(line)
            height = len(described) * BODY.leading + len(dated) * SMALL.leading + 2 * PADDING
            if not self.sheet.has_room(height):
                new_page()
                self._headings()
            self._row(row, described, dated)
            self.sheet.y -= height
            self.sheet.rule(self.sheet.left, self.sheet.y, self.sheet.width)

    def _headings(self) -> None:
        sheet = self.sheet
        sheet.y -= HEADING.leading
        sheet.put_left(self.words.labels["description"], sheet.left, sheet.y + 4, HEADING)
        for column, right in self._rights():
            sheet.put_right(column.heading, right, sheet.y + 4, HEADING)
        sheet.y -= 2
        sheet.rule(sheet.left, sheet.y, sheet.width, self.accent, 1.2)

    def _rights(self) -> list[tuple[Column, float]]:
        right = self.sheet.right
        found = []
        for column in reversed(self.columns):
            found.append((column, right))
            right -= column.width + GAP
        return found[::-1]

    def _period(self, line: Line) -> list[SetLine]:
        if line.period is None or self.invoice.period:
            return []
        return self.sheet.wrap(self.figures.period(line.period), self.description_width, SMALL)

    def _row(self, row: int, described: Sequence[SetLine], dated: Sequence[SetLine]) -> None:
        top = self.sheet.y - PADDING
        below = self.sheet.put_block(described, self.sheet.left, top, BODY)
        self.sheet.put_block(dated, self.sheet.left, below, SMALL)
        baseline = top - BODY.leading + BODY.size * 0.3
        for column, right in self._rights():
            column.put(row, right, baseline)
