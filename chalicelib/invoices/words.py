"""The texts, amounts and dates of documents. Amounts are exact: all their decimals, at least the currency's."""

import re
from decimal import Decimal
from typing import Final

from babel import Locale
from babel.numbers import format_percent

from chalicelib.i18n import words
from chalicelib.i18n.texts import mark
from chalicelib.invoices.invoice import Period
from chalicelib.invoices.pdf.own_text import OwnText, own_value
from chalicelib.money import MICROS

EN_DASH: Final = " \u2013 "
TITLES: Final = {"invoice": mark("Invoice"), "credit_note": mark("Credit note")}


class Words(words.Words):
    """The paper's texts, amounts and dates in a document's locale, else in English."""

    def __init__(self, locale: str) -> None:
        super().__init__("paper", locale)

    def say(self, text: str, /, **values: object) -> OwnText:
        """Translate a text and fill in its `%(names)s`."""
        return OwnText(super().say(text, **{name: own_value(value) for name, value in values.items()}))

    def plural(self, forms: tuple[str, str], number: int, /, **values: object) -> OwnText:
        """Translate a text that depends on a number and fill in its `%(names)s`."""
        return OwnText(super().plural(forms, number, **{name: own_value(value) for name, value in values.items()}))

    def amount(self, amount_micros: int, currency: str) -> OwnText:
        """Write an amount with its currency: all its decimals, at least the currency's own."""
        return OwnText(super().amount(amount_micros, currency))

    def rate(self, rate_micros: int) -> str:
        """Write a tax rate: 190,000 millionths are 19%."""
        return format_percent(Decimal(rate_micros) / MICROS, format=_percent_pattern(self.locale), locale=self.locale)

    def period(self, period: Period) -> str:
        """Write a period by its first and its last day, in UTC."""
        last_ms = max(period.start_ms, period.end_ms - 1)
        written = [self.date(moment_ms, "medium") for moment_ms in (period.start_ms, last_ms)]
        return EN_DASH.join(dict.fromkeys(written))


def _percent_pattern(locale: Locale) -> str:
    return re.sub(r"0(?=[^0#.]|$)", "0.####", locale.percent_formats[None].pattern)
