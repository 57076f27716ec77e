"""What pages write in a locale: amounts and quantities from decimal strings, days and moments from ISO strings."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from functools import cache, cached_property, lru_cache
from typing import Final
from unicodedata import combining, normalize

from babel import Locale
from babel.dates import format_date, format_interval, format_skeleton, format_time, get_datetime_format
from babel.numbers import get_minus_sign_symbol

from chalicelib.i18n import amounts, words
from chalicelib.i18n.language import languages, own_name
from chalicelib.i18n.number_style import TO_LEFT, TO_RIGHT
from chalicelib.money import MICROS, parse_signed_micros, round_estimate
from chalicelib.text import COUNTRIES

DIRECTIONS: Final = TO_RIGHT + TO_LEFT

LONG_NUMBER: Final = 20
"""Characters of a number that fit beside nothing else on the smallest phone."""

Amount = str | int
"""A decimal string, as views have it, or micros."""

_RANGE: Final = re.compile(r"\s*([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)\s*(?:;\s*q=([0-9.]{1,5}))?\s*")


def accepted_locales(accept_language: str) -> list[str]:
    """Return the locales of an Accept-Language header, the best first (RFC 9110, section 12.5.4)."""
    found = [_RANGE.fullmatch(part) for part in accept_language.split(",")[:20]]
    by_weight = [(_weight(match[2]), match[1]) for match in found if match]
    return [name for weight, name in sorted(by_weight, key=lambda each: -each[0]) if weight > 0]


def _weight(text: str | None) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0


@cache
def language_names() -> list[tuple[str, str]]:
    """Return the codes of the portal's languages, and their names in themselves."""
    return [(code, own_name(code)) for code in sorted(languages("portal"))]


class Words(words.Words):
    """The portal's texts, amounts and dates in the first of several locales that it supports."""

    def __init__(self, *preferred: str) -> None:
        super().__init__("portal", *preferred)

    def money(self, amount: Amount, currency: str) -> str:
        """Write an amount with all its decimals, at least the currency's own: $0.0015 is never shown as $0.00."""
        return self.amount(_micros(amount), currency)

    def total(self, amount: Amount, currency: str) -> str:
        """Write a total in the currency's own decimals, rounded half up; below the smallest coin "<$0.01"."""
        return self._total(_micros(amount), currency)

    def totals(self, row: Iterable[int], currency: str, *, zero: str = "") -> list[str]:
        """Write several totals at once, for a chart or a table; `zero` stands for nothing."""
        return [self._total(each, currency) if each or not zero else zero for each in row]

    def estimate(self, amount_micros: int, currency: str) -> str:
        """Write what is only about right: $412."""
        return self.brief(round_estimate(amount_micros, currency), currency)

    def brief(self, amount_micros: int, currency: str) -> str:
        """Write an amount without decimals where it is whole: $400, but $0.50."""
        written = self.amount(amount_micros, currency)
        return written if amount_micros % MICROS else re.sub(rf"{re.escape(self.decimal_sign)}0+", "", written)

    def balance(self, amount: Amount, currency: str) -> str:
        """Write a balance in the currency's own decimals, rounded down; below the smallest coin "<$0.01"."""
        micros = _micros(amount)
        return self._in_coins(amounts.rounded_balance(micros, currency), micros, currency)

    def margin(self, currency: str, price_micros: int, *costs_micros: int) -> int:
        """Return what totals that are shown leave of a shown price, so that they add up as everybody reads them.

        If only parts below the smallest coin are left, it is one millionth of them: "<$0.01".
        """
        shown = [amounts.rounded_total(each, currency) for each in (price_micros, *costs_micros)]
        left_micros = price_micros - sum(costs_micros)
        return shown[0] - sum(shown[1:]) or (left_micros > 0) - (left_micros < 0)

    def _total(self, micros: int, currency: str) -> str:
        return self._in_coins(amounts.rounded_total(micros, currency), micros, currency)

    def _in_coins(self, rounded: int, micros: int, currency: str) -> str:
        if rounded or not micros:
            return self.amount(rounded, currency)
        smallest = self.amount(amounts.smallest_unit(currency), currency)
        less = self.signed("<", smallest) if self.is_from_right else self.say("<%(amount)s", amount=smallest)
        return less if micros > 0 else self.signed(get_minus_sign_symbol(self.locale), less)

    @cached_property
    def is_from_right(self) -> bool:
        """Tell whether the language is read from right to left."""
        return self.locale.text_direction == "rtl"

    def signed(self, sign: str, written: str) -> str:
        """Put a sign before a written amount; on the left of its digits, too, where text is read from the right."""
        if not sign or not self.is_from_right:
            return f"{sign}{written}"
        digits = written.lstrip(DIRECTIONS)
        end = _end_of_digits(digits)
        before = written[: len(written) - len(digits)]
        return f"{before}{TO_RIGHT}{sign.strip(DIRECTIONS)}{digits[:end]}{TO_LEFT}{digits[end:]}"

    def places(self, column: Iterable[Amount | None], currency: str) -> int:
        """Return the most decimal places that an amount of a column is written with."""
        return max((self._places(self.money(each, currency)) for each in column if each is not None), default=0)

    def aligned(self, written: str, places: int) -> tuple[str, str, str]:
        """Split a written amount where decimals up to `places` are missing, which are the middle part."""
        end, missing = _end_of_digits(written), places - self._places(written)
        point = self.decimal_sign if missing == places else ""
        return written[:end], point + "0" * missing if missing > 0 else "", written[end:]

    def groups(self, digits: str) -> list[str]:
        """Split a long number after each group of digits: it may break there, and nowhere else."""
        *pieces, last = digits.split(self.group_sign) if len(digits) > LONG_NUMBER else [digits]
        return [*(piece + self.group_sign for piece in pieces), last]

    def _places(self, written: str) -> int:
        return len(written[: _end_of_digits(written)].partition(self.decimal_sign)[2])

    def number(self, value: str | int) -> str:
        """Write a number with all its decimals."""
        return self.quantity(value * MICROS if isinstance(value, int) else parse_signed_micros(value))

    def day(self, moment: str) -> str:
        """Write the day of a moment or a day (`2026-11-23...`), in UTC: Nov 23, 2026."""
        return _day(moment[:10], self.locale)

    def long_day(self, day: str) -> str:
        """Write a day with its weekday: Monday, November 23, 2026."""
        return _long_day(day[:10], self.locale)

    def short_day(self, day: str) -> str:
        """Write a day without its year, such as for the axis of a chart."""
        return _short_day(day[:10], self.locale)

    def month(self, day: str) -> str:
        """Write the month of a day: November 2026."""
        return format_date(date.fromisoformat(day[:10]), "MMMM y", self.locale)

    def span(self, first: str, last: str) -> str:
        """Write a span by its first and last day: Nov 1 to 30, 2026."""
        days = date.fromisoformat(first[:10]), date.fromisoformat(last[:10])
        return format_interval(*days, "yMMMd", locale=self.locale)

    def time(self, moment: str) -> str:
        """Write the time of a moment, in UTC, to the second."""
        return _time(_in_utc(moment).time(), self.locale)

    def moment(self, moment: str) -> str:
        """Write a moment with its day, in UTC."""
        found = _in_utc(moment)
        day = _day(str(found.date()), self.locale)
        pattern = str(get_datetime_format("medium", self.locale)).replace("'", "").replace("{1}", day)
        return pattern.replace("{0}", _time(found.time(), self.locale)) + " UTC"

    @property
    def browser_locale(self) -> str:
        """Return the locale for what the browser writes: its digits are Latin, as those of all pages."""
        return f"{self.locale}-u-nu-latn".replace("_", "-")

    def country(self, code: str) -> str:
        """Write the name of a country."""
        return str(self.locale.territories.get(code, code))

    def countries(self) -> list[tuple[str, str]]:
        """Return the codes and names of all countries, by their names."""
        return sorted(((code, self.country(code)) for code in COUNTRIES), key=lambda each: _sort_key(each[1]))

    def to_type(self, amount: str | None, currency: str) -> str:
        """Write an amount as a person types it in this locale, for a form's field."""
        if amount is None:
            return ""
        micros = _micros(amount)
        least = amounts.least_places(micros, currency) if micros % MICROS else 0
        return amounts.number(micros, self.locale, least, grouped=False)


@lru_cache(maxsize=1024)  # a page has each of its days several times
def _day(day: str, locale: Locale) -> str:
    return format_date(date.fromisoformat(day), words.brief_length(locale), locale)


@lru_cache(maxsize=1024)
def _long_day(day: str, locale: Locale) -> str:
    return format_date(date.fromisoformat(day), "full", locale)


def _in_utc(moment: str) -> datetime:
    found = datetime.fromisoformat(moment).replace(microsecond=0)
    return found.astimezone(UTC) if found.tzinfo else found


@lru_cache(maxsize=1024)  # a list has each of its times twice
def _time(moment: time, locale: Locale) -> str:
    return format_time(moment, "medium", locale=locale)


@lru_cache(maxsize=1024)
def _short_day(day: str, locale: Locale) -> str:
    return format_skeleton("MMMd", datetime.fromisoformat(day), locale=locale)


def _sort_key(name: str) -> str:
    """Return a name without accents: Österreich stands with O."""
    return "".join(each for each in normalize("NFD", name.casefold()) if not combining(each))


def _end_of_digits(written: str) -> int:
    return next(place for place in range(len(written), 0, -1) if written[place - 1].isdigit())


def _micros(amount: Amount) -> int:
    return amount if isinstance(amount, int) else parse_signed_micros(amount)
