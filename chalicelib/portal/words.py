"""Texts, numbers and dates in a person's language: gettext catalogs and CLDR (babel).

A language is a folder below `words/`, so adding one takes no code. Texts are written in English where they are used;
`mark` marks those that are chosen at run time.
"""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import format_date, format_datetime, format_skeleton, format_time
from babel.numbers import format_percent
from babel.support import NullTranslations, Translations

from chalicelib import money_text
from chalicelib.clock import from_ms
from chalicelib.money import MICROS

FOLDER: Final = Path(__file__).with_name("words")
DOMAIN: Final = "portal"
SOURCE_LANGUAGE: Final = "en"
_RANGE: Final = re.compile(r"\s*([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)\s*(?:;\s*q=([0-9.]{1,5}))?\s*")


def mark(text: str) -> str:
    """Mark a text for the catalogs; it is translated where it is shown."""
    return text


def mark_count(one: str, many: str) -> tuple[str, str]:
    """Mark a text that depends on a number."""
    return one, many


@cache
def languages() -> frozenset[str]:
    """Return the languages that there is a catalog for."""
    return frozenset({SOURCE_LANGUAGE, *(path.parts[-3] for path in FOLDER.glob("*/LC_MESSAGES/*.mo"))})


def asked_for(accept_language: str) -> list[str]:
    """Return the languages of an Accept-Language header, the best first (RFC 9110, section 12.5.4)."""
    found = [_RANGE.fullmatch(part) for part in accept_language.split(",")[:20]]
    weighed = [(_weight(match[2]), match[1]) for match in found if match]
    return [name for weight, name in sorted(weighed, key=lambda each: -each[0]) if weight > 0]


def _weight(text: str | None) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0


def choose(*preferred: str) -> "Words":
    """Return the words of the first locale whose language there is a catalog for, in its region where that is known."""
    for name in preferred:
        language = re.split("[-_]", name)[0].lower()
        if language in languages():
            return words(language, name.replace("-", "_"))
    return words(SOURCE_LANGUAGE, SOURCE_LANGUAGE)


@lru_cache(maxsize=64)  # browsers may ask for any region
def words(language: str, locale_name: str) -> "Words":
    """Return the words of a language, with the numbers and dates of a locale."""
    try:
        locale = Locale.parse(locale_name)
    except (UnknownLocaleError, ValueError):
        locale = Locale.parse(language)
    catalog = Translations.load(str(FOLDER), [language], DOMAIN)
    return Words(language, locale, catalog)


class Words:
    """How to say things in one language and region. Amounts and quantities are decimal strings, as in the API."""

    def __init__(self, language: str, locale: Locale, catalog: NullTranslations) -> None:
        self.language = language
        self.locale = locale
        self.catalog = catalog

    def say(self, text: str, **values: object) -> str:
        """Translate a text and fill in its `%(names)s`."""
        translated = self.catalog.ugettext(text)
        return translated % values if values else translated

    def count(self, one: str, many: str, number: int, **values: object) -> str:
        """Translate a text that depends on a number, which is filled in as `%(number)s`."""
        return self.catalog.ungettext(one, many, number) % {"number": self.number(number), **values}

    def money(self, amount: str, currency: str) -> str:
        """Write an amount: all its decimals, at least the currency's own. $0.0015 never reads $0.00."""
        return self.micros(_micros(amount), currency)

    def micros(self, amount_micros: int, currency: str) -> str:
        """Write an amount that is in micros."""
        return money_text.amount(amount_micros, currency, self.locale)

    def parts(self, amount: str, currency: str) -> tuple[str, str, str]:
        """Write an amount in three parts, of which the middle one is the decimals beyond the currency's own.

        It is empty for less than the smallest coin: nothing there is a detail.
        """
        written, least = self.money(amount, currency), money_text.least_places(_micros(amount), currency)
        if abs(Decimal(amount)) < Decimal(10) ** -least:
            return written, "", ""
        point = re.escape(self.locale.number_symbols["latn"]["decimal"])
        match = re.search(rf"{point}\d{{{least}}}(\d+)" if least else rf"{point}\d+", written)
        if match is None:
            return written, "", ""
        start = match.start(1) if least else match.start()
        return written[:start], written[start : match.end()], written[match.end() :]

    def number(self, value: str | int) -> str:
        """Write a number, all its decimals."""
        return money_text.number(_micros(value), self.locale)

    def percent(self, fraction: float) -> str:
        """Write a change as a percentage."""
        return format_percent(fraction, "#,##0%", self.locale)

    def day(self, moment: str) -> str:
        """Write the day of a moment or a day (`2026-11-23...`), in UTC: Nov 23, 2026."""
        return format_date(date.fromisoformat(moment[:10]), "medium", self.locale)

    def long_day(self, day: str) -> str:
        """Write a day with its weekday: Monday, November 23, 2026."""
        return format_date(date.fromisoformat(day[:10]), "full", self.locale)

    def short_day(self, day: str) -> str:
        """Write a day without its year, such as for the axis of a chart."""
        return format_skeleton("MMMd", datetime.fromisoformat(day[:10]), locale=self.locale)

    def month(self, day: str) -> str:
        """Write the month of a day: November 2026."""
        return format_date(date.fromisoformat(day[:10]), "MMMM y", self.locale)

    def time(self, moment: str) -> str:
        """Write the time of a moment, in UTC, to the second."""
        return format_time(datetime.fromisoformat(moment), "medium", tzinfo=UTC, locale=self.locale)

    def moment(self, moment: str) -> str:
        """Write a moment with its day, in UTC."""
        return format_datetime(datetime.fromisoformat(moment), "medium", UTC, self.locale) + " UTC"

    def day_of_ms(self, moment_ms: int) -> str:
        """Write the day of a moment in milliseconds."""
        return self.day(from_ms(moment_ms).date().isoformat())

    def to_type(self, amount: str | None, currency: str) -> str:
        """Write an amount as one would type it here, for a form's field."""
        if amount is None:
            return ""
        micros = _micros(amount)
        least = money_text.least_places(micros, currency) if micros % MICROS else 0
        return money_text.number(micros, self.locale, least, grouped=False)


def _micros(value: str | int) -> int:
    return int(Decimal(value) * MICROS)
