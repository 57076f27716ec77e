"""The tables of documents: numbers are aligned by their decimal sign, and every page has the headings."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from chalicelib.invoices.invoice import Invoice, Line
from chalicelib.invoices.pdf.layout import BODY, LABEL, Column, Row, Sheet, Style, height_of
from chalicelib.invoices.words import Words

PADDING: Final = 4.5
GAP: Final = 20.0
HEADING: Final = Style(size=8, weight=700, color=LABEL.color)
LEAST_DESCRIPTION: Final = 0.38
"""The least fraction of the width for descriptions: numbers that would leave less are set smaller."""


@dataclass(frozen=True)
class Numbers:
    """A column of numbers, aligned by their decimal sign. `scale` makes the whole column smaller."""

    heading: str
    texts: Sequence[str]
    sign: str
    sheet: Sheet
    scale: float = 1

    @cached_property
    def width(self) -> float:
        """Return how wide the column is."""
        return max(self._heading.width, max(self._heads, default=0) + max(self._tails, default=0))

    def head(self, right: float) -> Column:
        """Return the heading of the column that ends at `right`."""
        return Column(right, [self._heading], flush_right=True)

    def number(self, place: int, right: float) -> Column:
        """Return the number of a line, aligned, in the column that ends at `right`."""
        parts = self._heads if self.sheet.from_right else self._tails  # digits are written to the right on either paper
        x = right - max(parts) + parts[place]
        return Column(x, [self._rows[place]], flush_right=True)

    @cached_property
    def _heading(self) -> Row:
        return self.sheet.row(self.heading, replace(HEADING, size=HEADING.size * self.scale))

    @cached_property
    def _rows(self) -> list[Row]:
        return [self.sheet.row(text, self._style) for text in self.texts]

    @cached_property
    def _style(self) -> Style:
        return replace(BODY, size=BODY.size * self.scale)

    @cached_property
    def _tails(self) -> list[float]:
        """Return how wide the numbers are from the decimal sign on."""
        heads = [self.sheet.row(text.rpartition(self.sign)[0] or text, self._style) for text in self.texts]
        return [row.width - head.width for row, head in zip(self._rows, heads, strict=True)]

    @cached_property
    def _heads(self) -> list[float]:
        """Return how wide the numbers are before the decimal sign."""
        return [row.width - tail for row, tail in zip(self._rows, self._tails, strict=True)]


@dataclass(frozen=True)
class Table:
    """A table: a column of texts, and columns of numbers, each with its heading."""

    sheet: Sheet
    heading: str
    texts: Sequence[Sequence[tuple[str, Style]]]
    """The texts of each line, below each other."""

    columns: Sequence[tuple[str, Sequence[str]]]
    """The heading of each column of numbers, and its number in each line."""

    sign: str
    accent: str

    @cached_property
    def numbers(self) -> list[Numbers]:
        """Return the columns of numbers, set smaller if the texts need the room."""
        room = self.sheet.width * (1 - LEAST_DESCRIPTION)
        wide = [Numbers(heading, texts, self.sign, self.sheet) for heading, texts in self.columns]
        gaps = GAP * len(wide)
        scale = min(1, (room - gaps) / sum(each.width for each in wide))
        return wide if scale == 1 else [replace(each, scale=scale) for each in wide]

    @cached_property
    def text_width(self) -> float:
        """Return the width that the numbers leave for the texts."""
        return self.sheet.width - sum(each.width + GAP for each in self.numbers)

    @cached_property
    def rights(self) -> list[float]:
        """Return where the columns of numbers end."""
        right, found = self.sheet.right, []
        for each in reversed(self.numbers):
            found.append(right)
            right -= each.width + GAP
        return found[::-1]

    def put(self) -> None:
        """Put the table on the sheet, with its headings on each page."""
        sheet = self.sheet
        rows = [self._columns(place) for place in range(len(self.texts))]
        sheet.keep(sum(height_of(*columns) + 2 * PADDING for columns in (self._heads(), *rows[:1])))
        self._put_headings()
        sheet.heads.append(self._put_headings)
        for columns in rows:
            sheet.keep(height_of(*columns) + 2 * PADDING)
            sheet.y -= PADDING
            sheet.put(*columns)
            sheet.y -= PADDING
            sheet.rule(sheet.left, sheet.y, sheet.width)
        sheet.heads.pop()

    def _put_headings(self) -> None:
        sheet = self.sheet
        sheet.put(*self._heads())
        sheet.y -= 3.6
        sheet.rule(sheet.left, sheet.y, sheet.width, self.accent, 1.2)

    def _heads(self) -> list[Column]:
        numbers = (each.head(right) for each, right in zip(self.numbers, self.rights, strict=True))
        return [Column(self.sheet.left, self.sheet.rows(self.heading, self.text_width, HEADING)), *numbers]

    def _columns(self, place: int) -> list[Column]:
        texts = [row for text, style in self.texts[place] for row in self.sheet.rows(text, self.text_width, style)]
        numbers = (each.number(place, right) for each, right in zip(self.numbers, self.rights, strict=True))
        return [Column(self.sheet.left, texts), *numbers]


def lines_table(sheet: Sheet, invoice: Invoice, words: Words, accent: str) -> Table:
    """Return the table of a document's lines. A period that all of them have is shown above the table."""
    lines, say, currency, shared = invoice.lines, words.say, invoice.currency, invoice.period

    def price(micros: int | None) -> str:
        return "" if micros is None else words.plain_amount(micros, currency)

    def texts(line: Line) -> list[tuple[str, Style]]:
        period = [] if line.period is None or shared else [(words.period(line.period), LABEL)]
        return [(line.description, BODY), *period]

    def quantity(line: Line) -> str:
        return "" if line.quantity_micros is None else words.quantity(line.quantity_micros)

    columns = [
        (say("Quantity"), [quantity(line) for line in lines]),
        (say("Unit price"), [price(line.unit_price_micros) for line in lines]),
        (say("Amount") + f" ({currency.upper()})", [price(line.amount_micros) for line in lines]),
    ]
    return Table(sheet, say("Description"), [texts(line) for line in lines], columns, words.decimal_sign, accent)
