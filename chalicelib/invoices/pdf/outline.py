"""Glyphs as shapes: for glyphs without text of their own, such as the dots of an Arabic letter beside its body.

As shapes they look the same, and programs that read the text do not see them.
"""

from functools import cache, lru_cache
from typing import Any, Final

import uharfbuzz

from chalicelib.invoices.pdf.typeface import Typeface

Point = tuple[float, float]
CLOSED: Final = "h"


class Pen:
    """Collects the outline of one glyph as PDF operators, in thousandths of the size."""

    def __init__(self, scale: float) -> None:
        self.scale = scale
        self.operators: list[str] = []
        self.at: Point = (0, 0)

    def go(self, operator: str, *points: Point) -> None:
        """Add an operator with its points."""
        self.at = points[-1]
        numbers = " ".join(f"{x * self.scale:.1f} {y * self.scale:.1f}" for x, y in points)
        self.operators.append(f"{numbers} {operator}")

    def curve(self, control: Point, end: Point) -> None:
        """Add a quadratic curve as a cubic one: a PDF has only cubic curves."""
        (x0, y0), (x1, y1), (x2, y2) = self.at, control, end
        first = (x0 + 2 * (x1 - x0) / 3, y0 + 2 * (y1 - y0) / 3)
        second = (x2 + 2 * (x1 - x2) / 3, y2 + 2 * (y1 - y2) / 3)
        self.go("c", first, second, end)


@lru_cache(maxsize=512)
def outline(face: Typeface, glyph_id: int) -> str:
    """Return the PDF operators for the path of a glyph, in thousandths of the size."""
    pen = Pen(1000 / face.face.upem)
    face.font.draw_glyph(glyph_id, _functions(), pen)
    return " ".join(pen.operators)


@cache
def _functions() -> Any:
    functions = uharfbuzz.DrawFuncs()
    functions.set_move_to_func(lambda x, y, pen: pen.go("m", (x, y)))
    functions.set_line_to_func(lambda x, y, pen: pen.go("l", (x, y)))
    functions.set_quadratic_to_func(lambda x1, y1, x2, y2, pen: pen.curve((x1, y1), (x2, y2)))
    functions.set_cubic_to_func(lambda x1, y1, x2, y2, x3, y3, pen: pen.go("c", (x1, y1), (x2, y2), (x3, y3)))
    functions.set_close_path_func(lambda pen: pen.operators.append(CLOSED))
    return functions
