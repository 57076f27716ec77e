"""The words of templates: a day or a moment is an element with its exact time. The script adds local times."""

from collections.abc import Iterable
from typing import Final

from markupsafe import Markup, escape

from chalicelib.portal.words import Words

ELEMENT: Final = Markup('<time datetime="{}">{}</time>')

CELLS: Final = Markup("<td>{}</td>")
BETWEEN_CELLS: Final = Markup("</td><td>")


class PageWords(Words):
    """Words for a page's text. In an attribute, where no element can be, code writes moments with its own words."""

    def day(self, moment: str) -> Markup:
        """Write the day of a moment or a day, in UTC, in one piece."""
        return ELEMENT.format(moment[:10], super().day(moment))

    def moment(self, moment: str) -> Markup:
        """Write a moment with its day, in UTC."""
        return ELEMENT.format(moment, super().moment(moment))

    def cells(self, row: Iterable[int], currency: str, *, zero: str = "") -> Markup:
        """Write totals as a row's cells; `zero` stands for nothing."""
        written = escape("\n".join(self.totals(row, currency, zero=zero)))
        return CELLS.format(written.replace("\n", BETWEEN_CELLS))

    def time(self, moment: str) -> Markup:
        """Write the time of a moment, in UTC, to the second."""
        return ELEMENT.format(moment, super().time(moment))
