"""Graphemes: several Unicode characters that are read as one, such as a letter with its marks, or a flag. Pure."""

import unicodedata
from collections.abc import Iterator
from typing import Final

from chalicelib.invoices.pdf.typeface import JOINING, MARKS

JOINER: Final = "\u200d"
VIRAMA: Final = 9
"""The combining class of the sign that joins two consonants in the scripts of India."""

VOWELS: Final = frozenset("\u0e33\u0eb3")
"""The vowels am of Thai and Lao: their category is letter, but they are shown as a mark and a letter."""

HIGHEST_STACK: Final = 8
"""The most marks on one letter: more than any language needs. Unicode allows any number, which no row has room for."""

CIRCLE: Final = "\u25cc"
"""The base that is shown for a mark without one (The Unicode Standard, 2.11)."""

_STANDING: Final = frozenset({"Mn", "Me"})


def graphemes(text: str) -> Iterator[str]:
    """Yield the parts of a text that are read as one character (UAX 29, simplified): no row ends within them."""
    part = ""
    for character in text:
        if part and not _belongs_to(part, character):
            yield part
            part = ""
        part += character
    if part:
        yield part


def stacked(text: str) -> str:
    """Return a text in which every mark has a base, and no base has more than `HIGHEST_STACK` marks."""
    return text if text.isascii() else "".join(_stacked(text))


def _stacked(text: str) -> Iterator[str]:
    height = HIGHEST_STACK
    for character in text:
        category = unicodedata.category(character)
        if character in JOINING or category == "Cf":
            yield character
            continue
        if category not in _STANDING:
            height = HIGHEST_STACK if character == " " else 0
        elif height < HIGHEST_STACK:
            height += 1
        else:
            yield CIRCLE
            height = 1
        yield character


def _belongs_to(part: str, character: str) -> bool:
    return (
        unicodedata.category(character) in MARKS
        or character in JOINING
        or character in VOWELS
        or part[-1] == JOINER
        or unicodedata.combining(part[-1]) == VIRAMA
        or _is_of_emoji(part, character)
    )


def _is_of_emoji(part: str, character: str) -> bool:
    """Tell whether a character is a skin tone, a part of a flag's name, or the second letter of a flag."""
    if _is_flag_letter(character):
        return len(part) == 1 and _is_flag_letter(part)
    return "\U0001f3fb" <= character <= "\U0001f3ff" or "\U000e0020" <= character <= "\U000e007f"


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
