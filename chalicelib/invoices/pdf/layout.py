"""Pages that are filled from top to bottom: the position of the pen, the room that is left, and the content.

Texts are put as rows, each as high as its glyphs, in columns of the width that they were wrapped for. Rows that do not
fit continue on the next page, so no text leaves the paper or overlaps another one, however long it is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from chalicelib.invoices.pdf.canvas import PdfCanvas
from chalicelib.invoices.pdf.typeface import BOLD, REGULAR
from chalicelib.invoices.pdf.typeset import TypesetRow, shorten, typeset_row, wrap

A4: Final = (595.276, 841.89)
LETTER: Final = (612.0, 792.0)
LETTER_COUNTRIES: Final = frozenset("BZ CA CL CO CR GT MX NI PA PH PR SV US VE".split())
"""Countries that use Letter paper: Unicode CLDR, supplemental data, measurementData/paperSize."""

MARGIN: Final = 51.0
TOP: Final = 54.0
HEAD: Final = 37.2
"""Where the running head begins, in points below the top of the page."""

BOTTOM: Final = 66.0
GAP: Final = 12.0
"""The smallest gap between columns of text."""

RIGHT_HALF: Final = 0.52
"""Where the right half begins, as a fraction of the width."""

WIDEST: Final = 0.62
"""The largest fraction of the width for a document's number beside the seller's name, or an amount beside its label."""

ABOVE: Final = 1.1
BELOW: Final = 0.3
"""The least room of a row above and below its baseline, as a multiple of the size: enough for most marks on letters."""

INK: Final = "#1d2733"
MUTED: Final = "#5b6675"
FAINT: Final = "#d8dee6"

Mark = Callable[[PdfCanvas], None]


@dataclass(frozen=True)
class Style:
    """How a text looks."""

    size: float = 9.5
    weight: int = REGULAR
    color: str = INK


BODY: Final = Style()
STRONG: Final = Style(weight=BOLD)
LABEL: Final = Style(size=8, color=MUTED)


@dataclass(frozen=True)
class Row:
    """A row of text with its style and its dimensions."""

    text: TypesetRow
    style: Style

    @property
    def width(self) -> float:
        """Return how wide it is."""
        return self.text.points(self.style.size)

    @property
    def above(self) -> float:
        """Return the room that it takes above its baseline."""
        return self.style.size * max(ABOVE, self.text.reach[0] / 1000)

    @property
    def below(self) -> float:
        """Return the room that it takes below its baseline."""
        return self.style.size * max(BELOW, self.text.reach[1] / 1000)


@dataclass(frozen=True)
class Column:
    """One or more rows below each other, which begin at `x`, or end there if `flush_right`."""

    x: float
    rows: Sequence[Row]
    flush_right: bool = False


Place = tuple[int, float]
"""The index of a page, and a height on it, in points above its bottom."""


@dataclass
class Sheet:
    """The pages so far. The pen is on page `at`, `y` points above its bottom; `heads` begin each further page.

    If lines are read `from_right`, the canvas mirrors the page: `left` is where lines begin, `right` where they end.
    """

    page: tuple[float, float]
    locale: str
    from_right: bool = False
    bottom: float = BOTTOM
    at: int = 0
    y: float = 0
    heads: list[Callable[[], None]] = field(default_factory=list)
    pages: list[list[Mark]] = field(default_factory=lambda: [[]])
    tops: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.y = self.page[1] - TOP
        self.tops.append(self.y)

    @property
    def left(self) -> float:
        """Return where lines begin."""
        return MARGIN

    @property
    def right(self) -> float:
        """Return where lines end."""
        return self.page[0] - MARGIN

    @property
    def width(self) -> float:
        """Return how wide lines are."""
        return self.right - self.left

    def mark(self, mark: Mark) -> None:
        """Put something on the current page."""
        self.pages[self.at].append(mark)

    def row(self, text: str, style: Style) -> Row:
        """Set a text on one row, however wide it becomes."""
        return Row(typeset_row(text, style.weight, self.locale), style)

    def rows(self, text: str, width: float, style: Style) -> list[Row]:
        """Wrap a text into rows of a width."""
        return [Row(each, style) for each in wrap(text, width * 1000 / style.size, style.weight, self.locale)]

    def shorten(self, text: str, width: float, style: Style) -> Row:
        """Set a text on one row of a width; an ellipsis replaces what does not fit."""
        return Row(shorten(text, width * 1000 / style.size, style.weight, self.locale), style)

    def fit(self, text: str, width: float, style: Style) -> Row:
        """Set a text on one row of a width, smaller if necessary: a number is never wrapped or cut."""
        wide = self.row(text, style)
        return self.row(text, replace(style, size=style.size * min(1, width / wide.width))) if wide.width else wide

    def keep(self, height: float) -> None:
        """Begin the next page unless `height` still fits on this one, or this one is empty."""
        if self.y - height < self.bottom and self.y < self.tops[self.at]:
            self.next_page()

    def next_page(self) -> None:
        """Continue on the next page."""
        self.at += 1
        if self.at == len(self.pages):
            self.pages.append([])
            self.y = self.page[1] - HEAD
            self.tops.append(self.y)
            for head in self.heads:
                head()
            self.tops[self.at] = self.y
        self.y = self.tops[self.at]

    def put(self, *columns: Column) -> None:
        """Put columns side by side, their first rows on one baseline; continue below the longest."""
        above = max(column.rows[0].above for column in columns)
        self.keep(above + max(column.rows[0].below for column in columns))
        start, ends = self.place, []
        for column in columns:
            self.at, self.y = start
            self._flow(column, above)
            ends.append(self.place)
        self.at, self.y = max(ends, key=_depth)

    @property
    def place(self) -> Place:
        """Return where the pen is."""
        return self.at, self.y

    def go_below(self, place: Place) -> None:
        """Move the pen down to a place, unless it is already below it."""
        self.at, self.y = max(self.place, place, key=_depth)

    def put_row(self, row: Row, x: float, y: float) -> None:
        """Put a row on the current page, its baseline at `y`."""
        style = row.style
        self.mark(partial(PdfCanvas.row, row=row.text, x=x, y=y, size=style.size, color=style.color))

    def rule(self, x: float, y: float, width: float, color: str = FAINT, thickness: float = 0.5) -> None:
        """Put a rule on the page."""
        self.mark(partial(PdfCanvas.rule, x=x, y=y, width=width, color=color, thickness=thickness))

    def _flow(self, column: Column, above: float) -> None:
        for place, row in enumerate(column.rows):
            height = row.above if place else above
            self.keep(height + row.below)
            self.y -= height
            self.put_row(row, column.x - row.width if column.flush_right else column.x, self.y)
            self.y -= row.below


def height_of(*columns: Column) -> float:
    """Return the height of columns side by side, on one page."""
    above = max(column.rows[0].above for column in columns)
    heights = (sum(row.above + row.below for row in column.rows) - column.rows[0].above for column in columns)
    return above + max(heights)


def _depth(place: Place) -> tuple[int, float]:
    return place[0], -place[1]


def page_for(country: str | None, locale: str) -> tuple[float, float]:
    """Return the paper size of the buyer's country or, if that is not known, of the locale's."""
    territory = locale.replace("_", "-").rpartition("-")[2].upper()
    return LETTER if (country or territory) in LETTER_COUNTRIES else A4


def readable(color: str) -> str:
    """Return a colour for text on white: the seller's own if it is dark enough (WCAG 2.2, 1.4.3), else plain ink."""
    channels = (int(color[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    luminance = sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    return color if 1.05 / (luminance + 0.05) >= 4.5 else INK
