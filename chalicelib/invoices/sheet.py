"""Pages that are filled from top to bottom: where the pen is, what still fits, and what was put where."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from chalicelib.invoices.ink import Ink
from chalicelib.invoices.typeface import BOLD, REGULAR
from chalicelib.invoices.typeset import Line, line, wrapped

A4: Final = (595.276, 841.89)
LETTER: Final = (612.0, 792.0)
LETTER_COUNTRIES: Final = frozenset("BZ CA CL CO CR GT MX NI PA PH PR SV US VE".split())
"""Where paper is of the size Letter: Unicode CLDR, supplemental data, measurementData/paperSize."""

MARGIN: Final = 51.0
TOP: Final = 54.0
BOTTOM: Final = 66.0
LEADING: Final = 1.4
"""From one baseline to the next, in sizes: room for the marks above and below Arabic and Thai."""

INK: Final = "#1d2733"
MUTED: Final = "#5b6675"
FAINT: Final = "#d8dee6"

Mark = Callable[[Ink], None]


@dataclass(frozen=True)
class Style:
    """How a text looks."""

    size: float = 9.5
    weight: int = REGULAR
    color: str = INK

    @property
    def leading(self) -> float:
        """Return the distance from one line to the next."""
        return self.size * LEADING


BODY: Final = Style()
STRONG: Final = Style(weight=BOLD)
LABEL: Final = Style(size=8, color=MUTED)


@dataclass
class Sheet:
    """The pages so far. `y` is how far down the last one is filled; `at` is the one that is being marked."""

    page: tuple[float, float]
    locale: str
    y: float = 0
    at: int = -1
    pages: list[list[Mark]] = field(default_factory=lambda: [[]])

    def __post_init__(self) -> None:
        self.y = self.page[1] - TOP

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

    def has_room(self, height: float) -> bool:
        """Tell whether so much still fits on the page."""
        return self.y - height >= BOTTOM

    def new_page(self) -> None:
        """Begin the next page."""
        self.pages.append([])
        self.y = self.page[1] - TOP

    def turn_to(self, number: int) -> None:
        """Turn to a page by its number, to mark it once more."""
        self.at = number - 1

    def mark(self, mark: Mark) -> None:
        """Put something on the present page."""
        self.pages[self.at].append(mark)

    def set(self, text: str, style: Style) -> Line:
        """Set a text on one line."""
        return line(text, style.weight, self.locale)

    def wrap(self, text: str, width: float, style: Style) -> list[Line]:
        """Set a text on lines of a width."""
        return wrapped(text, width * 1000 / style.size, style.weight, self.locale)

    def put(self, set_line: Line, x: float, y: float, style: Style) -> None:
        """Put a line on the page, its baseline at `y`."""
        self.mark(partial(Ink.line, line=set_line, x=x, y=y, size=style.size, color=style.color))

    def put_left(self, text: str, x: float, y: float, style: Style) -> None:
        """Put a text that begins at `x`."""
        self.put(self.set(text, style), x, y, style)

    def put_right(self, text: str, x: float, y: float, style: Style) -> None:
        """Put a text that ends at `x`."""
        set_line = self.set(text, style)
        self.put(set_line, x - set_line.points(style.size), y, style)

    def put_block(self, lines: Sequence[Line], x: float, y: float, style: Style) -> float:
        """Put lines below each other, the first one's top at `y`; return where the last one ends."""
        for set_line in lines:
            y -= style.leading
            self.put(set_line, x, y + style.size * (LEADING - 1) / 2 + style.size * 0.1, style)
        return y

    def rule(self, x: float, y: float, width: float, color: str = FAINT, thickness: float = 0.5) -> None:
        """Put a rule on the page."""
        self.mark(partial(Ink.rule, x=x, y=y, width=width, color=color, thickness=thickness))


def page_for(country: str | None, locale: str) -> tuple[float, float]:
    """Return the size of paper in the buyer's country; where that is not known, in the locale's."""
    territory = locale.replace("_", "-").rpartition("-")[2].upper()
    return LETTER if (country or territory) in LETTER_COUNTRIES else A4


def readable(color: str) -> str:
    """Return a colour for text on white: the seller's own if it is dark enough (WCAG 2.2, 1.4.3), else plain ink."""
    channels = (int(color[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    luminance = sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    return color if 1.05 / (luminance + 0.05) >= 4.5 else INK
