"""The words of templates: a moment is an element with its exact time, after which the script puts local time."""

from typing import Final

from markupsafe import Markup

from chalicelib.portal.words import Words

ELEMENT: Final = Markup('<time datetime="{}">{}</time>')


class PageWords(Words):
    """Words for a page's text. In an attribute, where no element can be, code writes moments with its own words."""

    def moment(self, moment: str) -> Markup:
        """Write a moment with its day, in UTC."""
        return ELEMENT.format(moment, super().moment(moment))

    def time(self, moment: str) -> Markup:
        """Write the time of a moment, in UTC, to the second."""
        return ELEMENT.format(moment, super().time(moment))
