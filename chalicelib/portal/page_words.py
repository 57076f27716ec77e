"""The words of a page: days, moments and amounts as elements, each with its exact value. The script adds local times.

A page has hundreds of them: they are put together here, which takes a tenth of the time of macros of a template.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import count
from typing import Final

from markupsafe import Markup, escape

from chalicelib.portal.words import Amount, Words

MINUS: Final = "\u2212"

WIDE: Final = 12
"""An amount with more characters is written smaller where there is no room for it."""


class PageWords(Words):
    """Words for a page's text. In an attribute, where no element can be, code writes moments with its own words.

    A text that an element is filled into is HTML itself: what else is in it is escaped. In a column of amounts `places`
    keeps the decimal points below each other (`Words.places`).
    """

    def say(self, text: str, /, **values: object) -> str:
        """Translate a text and fill in its `%(names)s`, which may be elements."""
        return _filled(super().say(text), values)

    def plural(self, forms: tuple[str, str], number: int, /, **values: object) -> str:
        """Translate a text that depends on a number and fill in its `%(names)s`, which may be elements."""
        return _filled(self.translations.ngettext(*forms, number), values)

    def amount(self, amount_micros: int, currency: str) -> str:
        """Write an amount with its currency, below zero with the minus sign that pages put before debits."""
        return super().amount(amount_micros, currency).replace("-", MINUS)

    def _in_coins(self, rounded: int, micros: int, currency: str) -> str:
        return super()._in_coins(rounded, micros, currency).replace("-", MINUS)

    def day(self, moment: str) -> Markup:
        """Write the day of a moment or a day, in UTC, in one piece."""
        return _time_element(moment[:10], super().day(moment))

    def moment(self, moment: str) -> Markup:
        """Write a moment with its day, in UTC."""
        return _time_element(moment, super().moment(moment))

    def time(self, moment: str) -> Markup:
        """Write the time of a moment, in UTC, to the second."""
        return _time_element(moment, super().time(moment))

    def cells(self, row: Iterable[int], currency: str, *, zero: str = "") -> Markup:
        """Write totals as a row's cells; `zero` stands for nothing."""
        cells = str(escape("\n".join(self.totals(row, currency, zero=zero)))).replace("\n", "</td><td>")
        return Markup(f"<td>{cells}</td>")  # noqa: S704 - escaped above

    def exact_amount(self, amount: Amount, currency: str, sign: str = "", places: int = 0) -> Markup:
        """Write an amount with all its decimals."""
        return self._number(self.money(amount, currency), sign, places)

    def total_amount(self, amount: Amount, currency: str, sign: str = "", places: int = 0) -> Markup:
        """Write a total in the currency's own decimals."""
        return self._rounded(self.total(amount, currency), amount, currency, sign, places)

    def balance_amount(self, amount: Amount, currency: str, places: int = 0) -> Markup:
        """Write a balance in the currency's own decimals, rounded down."""
        return self._rounded(self.balance(amount, currency), amount, currency, places=places)

    def _rounded(self, text: str, amount: Amount, currency: str, sign: str = "", places: int = 0) -> Markup:
        """Write an amount that may be rounded: pressing it tells the exact amount, without JavaScript, too."""
        exact, number = self.money(amount, currency), self._number(text, sign, places)
        if text == exact:
            return number
        told = escape(self.say("Exactly %(amount)s", amount=self.signed(sign, exact)))
        name = f"exact-{next(self._numbers)}"
        return Markup(  # noqa: S704 - of elements and escaped texts
            f'<button type="button" class="exact" popovertarget="{name}" aria-describedby="{name}">{number}</button>'
            f'<span id="{name}" popover>{told}</span>'
        )

    def _number(self, text: str, sign: str, places: int) -> Markup:
        """Write an amount in one piece, which may break after its groups of digits only if it is very long."""
        digits, missing, rest = self.aligned(self.signed(sign, text), places)
        wide = ' class="long"' if len(text) > WIDE else ""
        groups = "<wbr>".join(map(escape, self.groups(digits)))
        space = f'<span data-missing="{escape(missing)}"></span>' if missing else ""
        return Markup(f"<bdi{wide}>{groups}{space}{escape(rest)}</bdi>")  # noqa: S704 - escaped texts

    @cached_property
    def _numbers(self) -> "count[int]":
        """Count the page's rounded amounts, whose ids are numbers."""
        return count(1)


def _filled(text: str, values: Mapping[str, object]) -> str:
    if any(hasattr(value, "__html__") for value in values.values()):
        return escape(text) % values
    return text % values if values else text


def _time_element(moment: str, text: str) -> Markup:
    return Markup(f'<time datetime="{escape(moment)}">{escape(text)}</time>')  # noqa: S704 - escaped
