"""What documents say around their data, in a language."""

from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from chalicelib.typed import read_toml

FOLDER: Final = Path(__file__).with_name("text")
DEFAULT: Final = "en"


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All texts of a language, with placeholders."""

    titles: dict[str, str]
    purposes: dict[str, str]
    labels: dict[str, str]
    refund_of: str
    refund_returned: str
    paid_on: str
    refunded_on: str
    due: str
    card: str
    tax_added: str
    tax_included: str
    page: str
    utc: str


def language_of(locale: str) -> str:
    """Return the language that a locale's documents are written in: its own if it is spoken here, else English."""
    language = locale.replace("_", "-").partition("-")[0]
    return language if language in languages() else DEFAULT


def words(locale: str) -> Words:
    """Return the words for an account's locale."""
    return texts(language_of(locale))


@cache
def languages() -> frozenset[str]:
    """Return the languages that have texts: a file each."""
    return frozenset(path.stem for path in FOLDER.glob("*.toml"))


@cache
def texts(language: str) -> Words:
    """Return the texts of a language."""
    return read_toml((FOLDER / f"{language}.toml").read_bytes(), Words)
