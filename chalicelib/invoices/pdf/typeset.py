"""Typesetting: from characters in reading order to glyphs in visual order.

The direction of each part follows the Unicode Bidirectional Algorithm (UAX 9); HarfBuzz gives the shapes and positions
of the glyphs. Lengths are in thousandths of the size.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby
from typing import Final, NamedTuple

import uharfbuzz

from chalicelib.invoices.pdf.bidi import base_level_of, in_visual_order, levels_of
from chalicelib.invoices.pdf.graphemes import graphemes, stacked
from chalicelib.invoices.pdf.own_text import DIRECTING, OwnText
from chalicelib.invoices.pdf.typeface import REGULAR, Typeface, faces_of

FEATURES: Final = {"liga": False, "clig": False}
"""Optional ligatures are off, so that a search for `fi` finds it. Those that a script needs, like lam-alef, stay on."""

ELLIPSIS: Final = "\u2026"

MIRRORED: Final = str.maketrans("()[]{}<>\u00ab\u00bb\u2039\u203a", ")(][}{><\u00bb\u00ab\u203a\u2039")
"""The shapes of brackets in right-to-left text. PDF readers go by the shape."""

WIDE: Final = "\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
PIECES: Final = re.compile(rf"[{WIDE}]\s*|[^\s{WIDE}]+?(?:-+|\s+|$|(?=[{WIDE}]))")
"""Where a row may end: after any Chinese, Japanese or Korean character; in all other text after spaces and hyphens."""


class Glyph(NamedTuple):
    """One glyph: its id in the face, its advance, its offset, and the text that it represents.

    If several glyphs show one character, one of them has the text and the others have none.
    """

    id: int
    advance: float
    shift: tuple[float, float]
    text: str


@dataclass(frozen=True, slots=True)
class Run:
    """Glyphs of one face, from left to right."""

    face: Typeface
    glyphs: tuple[Glyph, ...]


@dataclass(frozen=True)
class TypesetRow:
    """One row, from left to right, and its width."""

    runs: tuple[Run, ...]
    width: float

    def points(self, size: float) -> float:
        """Return the width at a size."""
        return self.width * size / 1000

    @cached_property
    def reach(self) -> tuple[float, float]:
        """Return how far its glyphs reach above and below the baseline."""
        reaches = [
            (above + up, below - up)
            for run in self.runs
            for glyph_id, up in {(glyph.id, glyph.shift[1]) for glyph in run.glyphs}
            for above, below in [run.face.reach(glyph_id)]
        ]
        return max((above for above, _ in reaches), default=0), max((below for _, below in reaches), default=0)


def clean(text: str) -> str:
    """Clean a text for a row: single spaces, no control characters; if it is external, none that change the direction.

    Every mark has a base, and no base has more marks than a row has room for.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    dropped = frozenset[str]() if isinstance(text, OwnText) else DIRECTING
    kept = (" " if unicodedata.category(each) == "Cc" else each for each in text if each not in dropped)
    return stacked(" ".join(unicodedata.normalize("NFC", "".join(kept)).split()))


@lru_cache(maxsize=4096, typed=True)
def typeset_row(text: str, weight: int = REGULAR, locale: str = "en") -> TypesetRow:
    """Set a text on one row."""
    text = clean(text)
    return _set_row(text, weight, locale, base_level_of(text))


@lru_cache(maxsize=4096)
def _set_row(text: str, weight: int, locale: str, base_level: int) -> TypesetRow:
    """Set a clean text, or a part of one, on one row. `base_level` is 1 if the whole text is right-to-left."""
    directed = zip(text, levels_of(text, base_level), strict=True)
    seen = [(character, level) for character, level in directed if character not in DIRECTING]
    text = "".join(character for character, _ in seen)
    parts = zip(text, (level for _, level in seen), faces_of(text, weight, locale), strict=True)
    shaped: list[tuple[int, Run]] = []
    for (level, face), part in groupby(parts, key=lambda each: each[1:]):
        characters = "".join(each for each, _, _ in part)
        shaped.append((level, Run(face, tuple(_shape_run(characters, face, level % 2)))))
    runs = tuple(shaped[place][1] for place in in_visual_order([level for level, _ in shaped]))
    return TypesetRow(runs, sum(glyph.advance for run in runs for glyph in run.glyphs))


def _shape_run(text: str, face: Typeface, from_right: int) -> Iterator[Glyph]:
    buffer = uharfbuzz.Buffer()
    buffer.add_str(text)
    buffer.direction = "rtl" if from_right else "ltr"
    buffer.cluster_level = uharfbuzz.BufferClusterLevel.MONOTONE_CHARACTERS
    buffer.guess_segment_properties()
    uharfbuzz.shape(face.font, buffer, FEATURES)
    placed = list(zip(buffer.glyph_infos, buffer.glyph_positions, strict=True))
    ends = dict(zip(starts := sorted({info.cluster for info, _ in placed}), [*starts[1:], len(text)], strict=True))
    meaning = text.translate(MIRRORED) if from_right else text
    widest: dict[int, int] = {}
    for number, (info, position) in enumerate(placed):
        before = widest.setdefault(info.cluster, number)
        if position.x_advance > placed[before][1].x_advance:
            widest[info.cluster] = number
    for number, (info, position) in enumerate(placed):
        yield Glyph(
            info.codepoint,
            face.per_mille(position.x_advance),
            (face.per_mille(position.x_offset), face.per_mille(position.y_offset)),
            meaning[info.cluster : ends[info.cluster]] if widest[info.cluster] == number else "",
        )


def wrap(text: str, width: float, weight: int = REGULAR, locale: str = "en") -> list[TypesetRow]:
    """Set a text on as many rows of a width as it needs; a word that is longer than a row is broken."""
    whole = typeset_row(text, weight, locale)
    if whole.width <= width:
        return [whole]
    set_part = _part_setter(text, weight, locale)

    def fits(part: str) -> bool:
        return set_part(part).width <= width

    return [set_part(each) for each in _fill_rows(_break_pieces(clean(text), fits), fits)]


def shorten(text: str, width: float, weight: int = REGULAR, locale: str = "en") -> TypesetRow:
    """Set a text on one row of a width; an ellipsis replaces what does not fit."""
    whole = typeset_row(text, weight, locale)
    if whole.width <= width:
        return whole
    set_part, parts = _part_setter(text, weight, locale), list(graphemes(clean(text)))

    def cut(length: int) -> TypesetRow:
        return set_part(f"{''.join(parts[:length]).rstrip()}{ELLIPSIS}")

    fitting = bisect_right(range(len(parts)), width, key=lambda length: cut(length).width)
    return cut(max(fitting - 1, 0))


def _part_setter(text: str, weight: int, locale: str) -> Callable[[str], TypesetRow]:
    """Return what sets a part of a text on a row, in the direction of the whole."""
    kind, base_level = type(text), base_level_of(clean(text))
    return lambda part: _set_row(clean(kind(part)), weight, locale, base_level)


def _break_pieces(text: str, fits: Callable[[str], bool]) -> Iterator[str]:
    """Yield the parts of a text after which a row may end, none of them wider than a row."""
    for piece in PIECES.findall(text):
        if fits(piece):
            yield piece
        else:
            parts = (part for each in graphemes(piece) for part in ((each,) if fits(each) else each))
            yield from _fill_rows(parts, fits)


def _fill_rows(parts: Iterable[str], fits: Callable[[str], bool]) -> Iterator[str]:
    """Yield rows, each of as many parts as fit."""
    joined = ""
    for part in parts:
        if joined and not fits(joined + part):
            yield joined
            joined = ""
        joined += part
    yield joined
