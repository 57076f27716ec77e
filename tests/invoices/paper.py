"""What stands where on drawn pages: rows of text with the ink's box as PDFium draws it, rules, frames and pictures.

What a row says is what the PDF itself says of its glyphs (its CMaps), from left to right.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, NamedTuple

from pypdf import PageObject, PdfReader
from pypdfium2 import PdfDocument, PdfPage, raw

ROW = re.compile(r" rg\n(?=BT |q )")
"""How a row begins: by its colour, unlike each further run of glyphs in it."""

SHOWN = re.compile(r"/(N\d+) [\d.]+ Tf|\[([^]]*)\] TJ")
CODE = re.compile(r"<(\w{4})>")
MAPPED = re.compile(r"<(\w{4})> <(\w*)>\n")
THIN = 3.0
"""A path that is no higher is a rule."""


class Box(NamedTuple):
    """Left, bottom, right, top, in points from the lower left corner."""

    left: float
    bottom: float
    right: float
    top: float

    def overlaps(self, other: "Box", by: float) -> bool:
        """Tell whether two boxes have more than a hair's breadth of `by` in common, both across and up."""
        across = min(self.right, other.right) - max(self.left, other.left)
        return across > by and min(self.top, other.top) - max(self.bottom, other.bottom) > by


@dataclass(frozen=True)
class Text:
    """A row of text: what it says from left to right without spaces, and where its ink is."""

    says: str
    box: Box


@dataclass(frozen=True)
class Paper:
    """A page: its size, its rows in the order of reading, and what else is drawn."""

    width: float
    height: float
    rows: list[Text]
    rules: list[Box]
    shapes: list[Box]
    pictures: list[Box]

    @property
    def foot(self) -> float:
        """Return where the foot's rule is: the lowest one."""
        return min(rule.bottom for rule in self.rules)

    @property
    def body(self) -> list[Text]:
        """Return all rows but the two of the foot, which are put last."""
        return self.rows[:-2]


def read(drawn: bytes) -> list[Paper]:
    """Return the pages of a PDF."""
    pages = zip(PdfReader(BytesIO(drawn)).pages, PdfDocument(drawn), strict=True)
    return [_page(content, page) for content, page in pages]


def _page(content: PageObject, page: PdfPage) -> Paper:
    drawn = [(each.type, Box(*each.get_bounds())) for each in page.get_objects()]
    paths = [box for kind, box in drawn if kind == raw.FPDF_PAGEOBJ_PATH][1:]
    return Paper(
        width=page.get_width(),
        height=page.get_height(),
        rows=list(_rows(content, [box for kind, box in drawn if kind == raw.FPDF_PAGEOBJ_TEXT])),
        rules=[box for box in paths if _is_rule(box)],
        shapes=[box for box in paths if not _is_rule(box)],
        pictures=[box for kind, box in drawn if kind == raw.FPDF_PAGEOBJ_IMAGE],
    )


def _is_rule(box: Box) -> bool:
    return box.top - box.bottom < THIN and box.right - box.left > 20 * THIN


def _rows(content: PageObject, boxes: list[Box]) -> Iterator[Text]:
    stream = content.get_contents()
    assert stream is not None
    resources: Any = content["/Resources"]
    texts = {name[1:]: _texts(font.get_object()) for name, font in resources["/Font"].items()}
    left = iter(boxes)
    for part in ROW.split(stream.get_data().decode("latin-1"))[1:]:
        says, found, font = "", [], ""
        for name, glyphs in SHOWN.findall(part):
            if name:
                font = name
                continue
            says += "".join(texts[font][code] for code in CODE.findall(glyphs))
            found.append(next(left))
        inked = [box for box in found if box.right > box.left and box.top > box.bottom]
        if inked:
            sides = list(zip(*inked, strict=True))
            yield Text("".join(says.split()), Box(min(sides[0]), min(sides[1]), max(sides[2]), max(sides[3])))
    assert next(left, None) is None


def _texts(font: Any) -> dict[str, str]:
    cmap = font["/ToUnicode"].get_data().decode("ascii")
    return {code: bytes.fromhex(text).decode("utf-16-be") for code, text in MAPPED.findall(cmap)}
