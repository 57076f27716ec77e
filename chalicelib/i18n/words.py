"""The texts of a language, and amounts, numbers and dates as its readers write them."""

from contextlib import suppress
from functools import cached_property, lru_cache
from typing import Literal

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_percent, get_decimal_symbol, get_group_symbol

from chalicelib.clock import from_ms
from chalicelib.i18n import amounts
from chalicelib.i18n.language import SOURCE_LANGUAGE, Surface, language_of
from chalicelib.i18n.number_style import NumberStyle
from chalicelib.i18n.texts import Texts
from chalicelib.money import MICROS


class Words(Texts):
    """The texts of a surface, with the amounts, numbers and dates of the locale that was chosen for them."""

    def __init__(self, surface: Surface, *preferred: str) -> None:
        super().__init__(surface, *preferred)
        self.locale = parse_locale(self.locale_name)
        self._styles: dict[str, NumberStyle] = {}  # a babel locale is slow to find in a cache

    def count(self, one: str, many: str, number: int, /, **values: object) -> str:
        """Translate a text that depends on a number, which is filled in as `%(number)s`."""
        return self.plural((one, many), number, number=self.quantity(number * MICROS), **values)

    def percent(self, fraction: float) -> str:
        """Write a fraction as a percentage."""
        return format_percent(fraction, "#,##0%", self.locale)

    def amount(self, amount_micros: int, currency: str) -> str:
        """Write an amount with its currency: all its decimals, at least the currency's own."""
        style = self._styles.get(currency)
        if style is None:
            style = self._styles[currency] = amounts.amount_style(currency.upper(), self.locale)
        return style.write(amount_micros, amounts.least_places(amount_micros, currency))

    def plain_amount(self, amount_micros: int, currency: str) -> str:
        """Write an amount without its currency, for a column that names it once."""
        return amounts.plain_amount(amount_micros, currency, self.locale)

    def quantity(self, quantity_micros: int) -> str:
        """Write a number of millionths, with the decimals that it has."""
        return amounts.number(quantity_micros, self.locale)

    def date(self, moment_ms: int, length: Literal["medium", "long"] = "long") -> str:
        """Write the UTC day of a moment: November 23, 2026, or Nov 23, 2026."""
        return _date(moment_ms, length if length == "long" else brief_length(self.locale), self.locale)

    @cached_property
    def decimal_sign(self) -> str:
        """Return the decimal separator."""
        return get_decimal_symbol(self.locale)

    @cached_property
    def group_sign(self) -> str:
        """Return the separator of groups of digits."""
        return get_group_symbol(self.locale)


def brief_length(locale: Locale) -> Literal["medium", "long"]:
    """Return the length of a brief date: digits and slashes are hard to read in a text that is read from the right."""
    return "long" if locale.text_direction == "rtl" else "medium"


def decimal_sign(locale: str) -> str:
    """Return the decimal separator of a locale, whatever language its texts are in."""
    return get_decimal_symbol(parse_locale(locale))


@lru_cache(maxsize=256)
def _date(moment_ms: int, length: Literal["medium", "long"], locale: Locale) -> str:
    return format_date(from_ms(moment_ms).date(), length, locale=locale)


@lru_cache(maxsize=64)  # browsers may ask for any region
def parse_locale(name: str) -> Locale:
    """Return a locale: without its region if that is unknown, English if its language is unknown."""
    for each in (name.replace("-", "_"), language_of(name)):
        with suppress(UnknownLocaleError, ValueError):
            return Locale.parse(each)
    return Locale(SOURCE_LANGUAGE)
