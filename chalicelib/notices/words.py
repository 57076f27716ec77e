"""The mails' texts in a language, and amounts and dates as its readers write them. Pure."""

import unicodedata
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
from babel import Locale, UnknownLocaleError
from babel.dates import format_date

from chalicelib import money_text
from chalicelib.clock import from_ms
from chalicelib.notices.detail import PaidWith
from chalicelib.typed import read_toml

FOLDER: Final = Path(__file__).with_name("text")
DEFAULT: Final = "en"
DIRECTING: Final = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the direction of what follows: a name with one could make a mail read differently."""

BRANDS: Final = {"amex": "American Express", "diners": "Diners Club", "jcb": "JCB", "unionpay": "UnionPay"}
"""Names of card brands that are not their code with a capital."""


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The text of one mail, with placeholders."""

    subject: str
    paragraphs: list[str]
    action: str


class Texts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All texts of a language."""

    greeting: str
    where: str
    footer: list[str]
    labels: dict[str, str]
    purposes: dict[str, str]
    reasons: dict[str, str]
    messages: dict[str, Message]


class Words(msgspec.Struct, frozen=True):
    """How to speak to somebody: the texts of the language, and the locale by which numbers and dates are written."""

    texts: Texts
    locale: Locale

    def amount(self, amount_micros: int, currency: str) -> str:
        """Write an amount, with as many places as it has and at least the currency's own."""
        return money_text.amount(amount_micros, currency, self.locale)

    def date(self, moment_ms: int) -> str:
        """Write the UTC day of a moment."""
        return format_date(from_ms(moment_ms).date(), "long", locale=self.locale)

    def card(self, card: PaidWith) -> str:
        """Write a card."""
        brand = BRANDS.get(card.brand, card.brand.capitalize())
        return one_line(f"{brand} •••• {card.last_four}")

    def reason(self, code: str | None) -> str:
        """Say why a card was declined."""
        return self.texts.reasons.get(code or "", self.texts.reasons["default"])


def words(locale: str) -> Words:
    """Return the words for an account's locale; English where its language is not spoken here.

    Numbers and dates follow the text: an English text is not filled with amounts that its readers write otherwise.
    """
    try:
        found = Locale.parse(locale.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        found = Locale(DEFAULT)
    if found.language not in languages():
        found = Locale(DEFAULT)
    return Words(texts(found.language), found)


@cache
def languages() -> frozenset[str]:
    """Return the languages that have texts: a file each."""
    return frozenset(path.stem for path in FOLDER.glob("*.toml"))


@cache
def texts(language: str) -> Texts:
    """Return the texts of a language."""
    return read_toml((FOLDER / f"{language}.toml").read_bytes(), Texts)


def one_line(text: str) -> str:
    """Return a text from outside as it may stand in a subject, a name or a line: no control or directing characters."""
    kept = (" " if unicodedata.category(each) == "Cc" else each for each in text if each not in DIRECTING)
    return " ".join("".join(kept).split())
