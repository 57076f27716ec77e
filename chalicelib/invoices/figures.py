"""Amounts, numbers and dates as the readers of a document's language write them."""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from typing import Final, Literal

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent, get_decimal_symbol

from chalicelib.clock import from_ms
from chalicelib.invoices.invoice import Period
from chalicelib.invoices.words import DEFAULT, languages
from chalicelib.money import MICROS, decimals_of, format_micros

EN_DASH: Final = " \u2013 "
BRANDS: Final = {"amex": "American Express", "diners": "Diners Club", "jcb": "JCB", "unionpay": "UnionPay"}
"""Names of card brands that are not their code with a capital."""


@dataclass(frozen=True)
class Figures:
    """How a locale writes. Everything is exact: as many places as an amount has, at least the currency's own."""

    locale: Locale

    def amount(self, amount_micros: int, currency: str) -> str:
        """Write an amount with its currency's sign, or its code with a space where there is no sign."""
        written = format_currency(
            Decimal(amount_micros) / MICROS,
            currency.upper(),
            format=_with_places(self.locale.currency_formats["standard"].pattern, _places(amount_micros, currency)),
            locale=self.locale,
            currency_digits=False,
        )
        return re.sub(r"([A-Z]{3})(?=\d)", r"\1 ", written)

    def plain_amount(self, amount_micros: int, currency: str) -> str:
        """Write an amount without its currency, for a column that names it once."""
        return self._decimal(amount_micros, _places(amount_micros, currency))

    def quantity(self, quantity_micros: int) -> str:
        """Write a quantity with the places that it has."""
        return self._decimal(quantity_micros, _places(quantity_micros))

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

    def _decimal(self, micros: int, places: int) -> str:
        pattern = _with_places(self.locale.decimal_formats[None].pattern, places)
        return format_decimal(Decimal(micros) / MICROS, format=pattern, locale=self.locale)


@lru_cache(maxsize=256)
def _day(moment_ms: int, length: Literal["medium", "long"], locale: Locale) -> str:
    return format_date(from_ms(moment_ms).date(), length, locale=locale)


def _places(micros: int, currency: str | None = None) -> int:
    written = format_micros(micros, decimals_of(currency) if currency else 0)
    return len(written.partition(".")[2])


def _with_places(pattern: str, places: int) -> str:
    """Return a locale's pattern with exactly so many places: a document shows what was charged, never a rounding."""
    return re.sub(r"0(\.[0#]+)?(?=[^0#.]|$)", "0" + ("." + "0" * places if places else ""), pattern)


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
