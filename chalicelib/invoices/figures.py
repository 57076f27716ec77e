"""Amounts, numbers and dates as the readers of a document's language write them."""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from typing import Final, Literal

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_percent, get_decimal_symbol

from chalicelib import money_text
from chalicelib.clock import from_ms
from chalicelib.invoices.invoice import Period
from chalicelib.invoices.words import DEFAULT, languages
from chalicelib.money import MICROS

EN_DASH: Final = " \u2013 "
BRANDS: Final = {"amex": "American Express", "diners": "Diners Club", "jcb": "JCB", "unionpay": "UnionPay"}
"""Names of card brands that are not their code with a capital."""


@dataclass(frozen=True)
class Figures:
    """How a locale writes. Everything is exact: as many places as an amount has, at least the currency's own."""

    locale: Locale

    def amount(self, amount_micros: int, currency: str) -> str:
        """Write an amount with its currency's sign, or its code where there is no sign."""
        return money_text.amount(amount_micros, currency, self.locale)

    def plain_amount(self, amount_micros: int, currency: str) -> str:
        """Write an amount without its currency, for a column that names it once."""
        return money_text.plain_amount(amount_micros, currency, self.locale)

    def quantity(self, quantity_micros: int) -> str:
        """Write a quantity with the places that it has."""
        return money_text.number(quantity_micros, self.locale)

    def rate(self, rate_micros: int) -> str:
        """Write a tax rate: 190,000 millionths are 19%."""
        return format_percent(Decimal(rate_micros) / MICROS, format=_percent_pattern(self.locale), locale=self.locale)

    def date(self, moment_ms: int) -> str:
        """Write the UTC day of a moment."""
        return _day(moment_ms, "long", self.locale)

    def period(self, period: Period) -> str:
        """Write a period by its first and its last day, in UTC."""
        last_ms = max(period.start_ms, period.end_ms - 1)
        written = [_day(moment_ms, "medium", self.locale) for moment_ms in (period.start_ms, last_ms)]
        return EN_DASH.join(dict.fromkeys(written))

    @property
    def decimal_sign(self) -> str:
        """Return what stands between whole digits and places."""
        return get_decimal_symbol(self.locale)


@lru_cache(maxsize=256)
def _day(moment_ms: int, length: Literal["medium", "long"], locale: Locale) -> str:
    return format_date(from_ms(moment_ms).date(), length, locale=locale)


def _percent_pattern(locale: Locale) -> str:
    return re.sub(r"0(?=[^0#.]|$)", "0.####", locale.percent_formats[None].pattern)


@cache
def figures(locale: str) -> Figures:
    """Return how a document's locale writes: the account's if its language is spoken here, else English's.

    An English text is not filled with amounts that its readers write otherwise.
    """
    try:
        found = Locale.parse(locale.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        found = Locale(DEFAULT)
    return Figures(found if found.language in languages() else Locale(DEFAULT))


def brand(code: str) -> str:
    """Return a card brand's name."""
    return BRANDS.get(code, code.capitalize())
