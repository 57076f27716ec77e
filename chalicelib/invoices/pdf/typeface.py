"""The typefaces that documents are set in: Noto, which has a design for every script, from two PyPI packages.

`manimgx-fonts` holds Noto Sans for some twenty scripts in all weights, `noto-cjk-sans-otc` the characters of Chinese,
Japanese and Korean in one collection. Both are under the SIL Open Font License 1.1, which lets documents embed them.
Files are mapped into memory, so only the parts that a document needs are read. HarfBuzz does the shaping.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import repeat
from pathlib import Path
from typing import Any, Final

import manimgx_fonts
import noto_cjk_sans_otc
import uharfbuzz

REGULAR: Final = 400
BOLD: Final = 700

FOLDER: Final = Path(manimgx_fonts.__file__).parent
MAIN: Final = "NotoSans[wght].ttf"
LAST: Final = ("NotoSansSymbols[wght].ttf", "NotoEmoji[wght].ttf")
CJK: Final = Path(str(noto_cjk_sans_otc.FONT_PATH))
JAPANESE, KOREAN, SIMPLIFIED, TRADITIONAL, HONG_KONG = range(5)
"""Indexes of the designs in the collection: a character may look different in each."""

CJK_LOCALES: Final = (
    ("ja", JAPANESE),
    ("ko", KOREAN),
    ("zh-hk", HONG_KONG),
    ("zh-tw", TRADITIONAL),
    ("zh-hant", TRADITIONAL),
)
AS_PICTURE: Final = "\ufe0f"
"""Follows a character that has a text form and a picture form, and selects the picture (UTS 51)."""

JOINING: Final = frozenset(f"\u200c\u200d\ufe0e{AS_PICTURE}")
MARKS: Final = frozenset({"Mn", "Mc", "Me"})
WIDEST_SPACE: Final = 500


@dataclass(frozen=True)
class Typeface:
    """One face of one file in one weight."""

    path: Path
    index: int
    weight: int

    @cached_property
    def face(self) -> Any:
        """Return HarfBuzz's face."""
        return uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(self.path)), self.index)

    @cached_property
    def font(self) -> Any:
        """Return HarfBuzz's font, at this weight if the file has more than one."""
        font = uharfbuzz.Font(self.face)
        if self.varies:
            font.set_variations({"wght": self.weight})
        return font

    @cached_property
    def varies(self) -> bool:
        """Tell whether the file holds all weights."""
        return any(axis.tag == "wght" for axis in self.face.axis_infos)

    @cached_property
    def has_curves_of_postscript(self) -> bool:
        """Tell whether the outlines are in a `CFF ` table rather than in `glyf`."""
        return "CFF " in self.face.table_tags

    @property
    def lacks_weight(self) -> bool:
        """Tell whether bold has to be made from regular."""
        return self.weight > REGULAR and not self.varies

    def per_mille(self, units: float) -> float:
        """Convert a length from the font's design units to thousandths of the size."""
        return float(units * 1000 / self.face.upem)

    def covers(self, character: str) -> bool:
        """Tell whether it has a glyph for a character."""
        return self.font.get_nominal_glyph(ord(character)) is not None

    @cached_property
    def parts_words(self) -> bool:
        """Tell whether its space is narrow enough to separate words: in a face of pictures it is a picture wide."""
        space = self.font.get_nominal_glyph(ord(" "))
        return space is not None and self.per_mille(self.font.get_glyph_h_advance(space)) <= WIDEST_SPACE

    def reach(self, glyph_id: int) -> tuple[float, float]:
        """Return how far a glyph reaches above and below the baseline, in thousandths of the size."""
        if glyph_id not in self._reaches:
            extents = self.font.get_glyph_extents(glyph_id)
            top = extents.y_bearing
            self._reaches[glyph_id] = self.per_mille(top), -self.per_mille(top + extents.height)
        return self._reaches[glyph_id]

    @cached_property
    def _reaches(self) -> dict[int, tuple[float, float]]:
        return {}


@cache
def main(weight: int) -> Typeface:
    """Return the face of Latin, Greek and Cyrillic, which is used for every character that it has."""
    return Typeface(FOLDER / MAIN, 0, weight)


@cache
def others(weight: int, cjk: int) -> tuple[Typeface, ...]:
    """Return all other faces, in the order in which they are searched for a character."""
    named = sorted(
        path.name
        for path in FOLDER.glob("NotoSans*.ttf")
        if path.name not in {MAIN, *LAST} and "Italic" not in path.name
    )
    faces = [Typeface(FOLDER / name, 0, weight) for name in named]
    last = [Typeface(FOLDER / name, 0, weight) for name in LAST]
    return (*faces, Typeface(CJK, cjk, weight), *last)


@lru_cache(maxsize=8192)
def face_for(character: str, weight: int, cjk: int) -> Typeface:
    """Return the first face that has a character; if none has, the main one, which then shows its empty box."""
    for face in (main(weight), *others(weight, cjk)):
        if face.covers(character):
            return face
    return main(weight)


def cjk_design(text: str, locale: str) -> int:
    """Return the design of Chinese characters for a text: by its kana or hangul if it has any, else by the locale."""
    for character in text:
        if "\u3040" <= character <= "\u30ff":
            return JAPANESE
        if "\uac00" <= character <= "\ud7a3":
            return KOREAN
    wanted = locale.replace("_", "-").lower()
    return next((design for prefix, design in CJK_LOCALES if wanted.startswith(prefix)), SIMPLIFIED)


def faces_of(text: str, weight: int, locale: str) -> Iterator[Typeface]:
    """Yield the face of each character. Marks and spaces keep the face of the character before, if it has them."""
    current = main(weight)
    if text.isascii():
        yield from repeat(current, len(text))
        return
    cjk = cjk_design(text, locale)
    pictures = others(weight, cjk)[-1]
    for character, following in zip(text, f"{text[1:]} ", strict=True):
        if following == AS_PICTURE and pictures.covers(character):
            current = pictures
        elif not (_may_stay(character, current) and current.covers(character)):
            current = face_for(character, weight, cjk)
        yield current


def _may_stay(character: str, face: Typeface) -> bool:
    """Tell whether a character keeps the face of the character before it, rather than the first face that has it."""
    if character == " ":
        return face.parts_words
    return character in JOINING or unicodedata.category(character) in MARKS
