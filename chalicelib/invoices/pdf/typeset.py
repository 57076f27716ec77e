"""Setting text: from characters in reading order to glyphs in the order in which they stand on the line.

The direction of each part follows the Unicode Bidirectional Algorithm (UAX 9), the shapes and places of the glyphs are
HarfBuzz's. Lengths are in thousandths of the size.
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
from chalicelib.invoices.pdf.typeface import REGULAR, Typeface, faces_of

FEATURES: Final = {"liga": False, "clig": False}
"""Optional ligatures are off: a search for `fi` should find it. What a script needs, such as lam-alef, stays on."""

ELLIPSIS: Final = "\u2026"

DIRECTING: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the direction of what follows: with one, a name could make a document read differently."""

MIRRORED: Final = str.maketrans("()[]{}<>\u00ab\u00bb\u2039\u203a", ")(][}{><\u00bb\u00ab\u203a\u2039")
"""What brackets look like where they are read from the right. Readers of a PDF go by the looks."""

WIDE: Final = "\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
PIECES: Final = re.compile(rf"[{WIDE}]\s*|[^\s{WIDE}]+?(?:-+|\s+|$|(?=[{WIDE}]))")
"""Where a line may end: behind any Chinese, Japanese or Korean character; in all else behind spaces and hyphens."""


class Glyph(NamedTuple):
    """One glyph: its number in the face, how far it moves on, where it is drawn, and the text that it stands for.

    Where several glyphs show one character, one of them has the text and the others none.
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
    """One line, from left to right, and its width."""

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
    """Return a text from outside as it may stand on a line: one space each, no control or directing characters.

    Marks have something to stand on, and no more of them stand on each other than a line is made for.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    kept = (" " if unicodedata.category(each) == "Cc" else each for each in text if each not in DIRECTING)
    return stacked(" ".join(unicodedata.normalize("NFC", "".join(kept)).split()))


@lru_cache(maxsize=4096)
def typeset_row(text: str, weight: int = REGULAR, locale: str = "en", base_level: int | None = None) -> TypesetRow:
    """Set a text on one line. `base_level` is 1 for a part of a text that begins from the right."""
    text = clean(text)
    levels = levels_of(text, base_level_of(text) if base_level is None else base_level)
    parts = zip(text, levels, faces_of(text, weight, locale), strict=True)
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
    """Set a text on as many lines as it needs in a width; a word that is longer than a line is broken."""
    text = clean(text)
    whole = typeset_row(text, weight, locale)
    if whole.width <= width:
        return [whole]
    base_level = base_level_of(text)

    def fits(part: str) -> bool:
        return typeset_row(part, weight, locale, base_level).width <= width

    return [typeset_row(each, weight, locale, base_level) for each in _fill_rows(_break_pieces(text, fits), fits)]


def shorten(text: str, width: float, weight: int = REGULAR, locale: str = "en") -> TypesetRow:
    """Set a text on one line of a width; what has no room there is left out, and an ellipsis says so."""
    text = clean(text)
    whole = typeset_row(text, weight, locale)
    if whole.width <= width:
        return whole
    base_level = base_level_of(text)

    def cut(length: int) -> TypesetRow:
        return typeset_row(f"{''.join(parts[:length]).rstrip()}{ELLIPSIS}", weight, locale, base_level)

    parts = list(graphemes(text))
    fitting = bisect_right(range(len(parts)), width, key=lambda length: cut(length).width)
    return cut(max(fitting - 1, 0))


def _break_pieces(text: str, fits: Callable[[str], bool]) -> Iterator[str]:
    """Yield the parts of a text behind which a line may end, none of them wider than a line."""
    for piece in PIECES.findall(text):
        if fits(piece):
            yield piece
        else:
            parts = (part for each in graphemes(piece) for part in ((each,) if fits(each) else each))
            yield from _fill_rows(parts, fits)


def _fill_rows(parts: Iterable[str], fits: Callable[[str], bool]) -> Iterator[str]:
    """Yield as many parts at a time as fit together."""
    joined = ""
    for part in parts:
        if joined and not fits(joined + part):
            yield joined
            joined = ""
        joined += part
    yield joined
