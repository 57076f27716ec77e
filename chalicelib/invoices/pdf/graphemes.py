"""What a reader takes for one character, though Unicode has several for it: a letter with its marks, a flag. Pure."""

import unicodedata
from collections.abc import Iterator
from typing import Final

from chalicelib.invoices.pdf.typeface import JOINING, MARKS

JOINER: Final = "\u200d"
VIRAMA: Final = 9
"""The combining class of what joins two consonants of India to one sign."""

VOWELS: Final = frozenset("\u0e33\u0eb3")
"""The vowels am of Thai and Lao: letters by their category, a mark and a letter by their looks."""

HIGHEST_STACK: Final = 8
"""Marks on one letter: more than any language needs. Unicode lets them be any number, which no line has room for."""

CIRCLE: Final = "\u25cc"
"""What a mark is shown on that stands on nothing (The Unicode Standard, 2.11)."""

_STANDING: Final = frozenset({"Mn", "Me"})


def graphemes(text: str) -> Iterator[str]:
    """Yield the parts of a text that are read as one character (UAX 29, in short): no line ends within them."""
    part = ""
    for character in text:
        if part and not _belongs_to(part, character):
            yield part
            part = ""
        part += character
    if part:
        yield part


def stacked(text: str) -> str:
    """Return a text whose marks all stand on something, at most so many of them on each other."""
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
    """Tell whether a character is the colour of a hand, a part of a flag's name, or the second letter of a flag."""
    if _is_flag_letter(character):
        return len(part) == 1 and _is_flag_letter(part)
    return "\U0001f3fb" <= character <= "\U0001f3ff" or "\U000e0020" <= character <= "\U000e007f"


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
