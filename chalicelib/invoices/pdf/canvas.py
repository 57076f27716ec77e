"""Drawing on a PDF's pages: rows of text, rules, boxes and pictures. The door to ReportLab.

Positions are in points from the lower left corner. The same drawing gives the same bytes: nothing in the file depends
on when or where it is made.
"""

from collections.abc import Iterator
from io import BytesIO
from itertools import groupby
from typing import Final

from reportlab.lib.colors import HexColor
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from chalicelib.clock import from_ms
from chalicelib.invoices.pdf.embed import EmbeddedFont
from chalicelib.invoices.pdf.outline import outline
from chalicelib.invoices.pdf.typeface import Typeface
from chalicelib.invoices.pdf.typeset import Glyph, Run, TypesetRow

BOLDER: Final = 0.028
"""How far to the right a glyph is drawn again, as a fraction of the size, if its face has no bold of its own."""

PRODUCER: Final = "billing-portal"

Placed = tuple[float, float, Glyph]
"""The x position and the rise of a glyph, in points, and the glyph."""


class PdfCanvas:
    """A PDF that is being drawn. If it is read `from_right`, it is mirrored: positions are those from the right."""

    def __init__(
        self,
        page: tuple[float, float],
        *,
        title: str,
        author: str,
        language: str,
        at_ms: int,
        from_right: bool = False,
    ) -> None:
        self._file, self._page_width, self._from_right = BytesIO(), page[0], from_right
        self._canvas = Canvas(self._file, pagesize=page, pageCompression=1, invariant=1, lang=language)
        self._canvas.setTitle(title)
        self._canvas.setAuthor(author)
        self._canvas.setSubject(title)
        self._canvas.setCreator(PRODUCER)
        self._canvas.setProducer(PRODUCER)
        self._canvas.setViewerPreference("DisplayDocTitle", "true")
        self._canvas._doc._timeStamp.YMDhms = from_ms(at_ms).timetuple()[:6]
        # ReportLab begins each page in Helvetica, which is not embedded and not used here.
        self._canvas._preamble = "1 0 0 1 0 0 cm"
        self._canvas._doc.idToObject["BasicFonts"].dict.clear()
        self._fonts: dict[Typeface, EmbeddedFont] = {}

    def finish(self) -> bytes:
        """End the document and return its bytes."""
        self._canvas.save()
        return self._file.getvalue()

    def end_page(self) -> None:
        """End a page and begin the next."""
        self._canvas.showPage()

    def row(self, row: TypesetRow, x: float, y: float, size: float, color: str) -> None:
        """Draw a row of text that begins at `x`, on the baseline `y`."""
        red, green, blue = (f"{each:.4g}" for each in HexColor(color).rgb())
        x = self._left(x, row.points(size))
        self._canvas._code.append(f"{red} {green} {blue} rg")
        for run in row.runs:
            placed = list(_place_glyphs(run, x, size))
            texts = [each for each in placed if each[2].text]
            if texts:
                self._texts(run.face, texts, y, size)
            self._canvas._code += [_shape(run.face, each, y, size) for each in _shapes(run.face, placed, size)]
            x += sum(glyph.advance for glyph in run.glyphs) * size / 1000

    def _left(self, x: float, width: float) -> float:
        """Return where something begins on the left."""
        return self._page_width - x - width if self._from_right else x

    def _texts(self, face: Typeface, placed: list[Placed], y: float, size: float) -> None:
        font = self._font(face)
        shown = " ".join(_text_operators(font, placed, y, size))
        self._canvas._code.append(f"BT /{font.name} {size:g} Tf {shown} 0 Ts ET")

    def rule(self, x: float, y: float, width: float, color: str, thickness: float = 0.5) -> None:
        """Draw a horizontal rule."""
        self._canvas.setStrokeColor(HexColor(color))
        self._canvas.setLineWidth(thickness)
        x = self._left(x, width)
        self._canvas.line(x, y, x + width, y)

    def box(self, x: float, y: float, width: float, height: float, color: str) -> None:
        """Fill a box."""
        self._canvas.setFillColor(HexColor(color))
        self._canvas.rect(self._left(x, width), y, width, height, stroke=0, fill=1)

    def frame(self, x: float, y: float, width: float, height: float, color: str) -> None:
        """Draw a frame with round corners."""
        self._canvas.setStrokeColor(HexColor(color))
        self._canvas.setLineWidth(1.2)
        self._canvas.roundRect(self._left(x, width), y, width, height, 3.5, stroke=1, fill=0)

    def picture(self, png: bytes, x: float, y: float, width: float, height: float) -> None:
        """Draw a picture in a box: as large as fits, at the top, where lines begin."""
        image, x, corner = ImageReader(BytesIO(png)), self._left(x, width), "ne" if self._from_right else "nw"
        self._canvas.drawImage(
            image, x, y, width, height, mask="auto", preserveAspectRatio=True, anchor=corner, anchorAtXY=False
        )

    def _font(self, face: Typeface) -> EmbeddedFont:
        if face not in self._fonts:
            font = EmbeddedFont(face, f"N{len(self._fonts) + 1}")
            self._canvas._doc.delayedFonts.append(font)
            self._fonts[face] = font
        return self._fonts[face]


def _text_operators(font: EmbeddedFont, placed: list[Placed], y: float, size: float) -> Iterator[str]:
    """Yield the operators that show glyphs, including raised ones, as one continuous text."""
    at = placed[0][0]
    yield f"1 0 0 1 {at:.3f} {y:.3f} Tm"
    for up, group in groupby(placed, key=lambda each: each[1]):
        codes = []
        for left, _, glyph in group:
            off = round((at - left) * 1000 / size, 1)
            codes.append(f"{off:g}<{font.code(glyph):04X}>" if off else f"<{font.code(glyph):04X}>")
            at += (font.width(glyph) - off) * size / 1000
        yield f"{up:g} Ts [{''.join(codes)}] TJ"


def _shapes(face: Typeface, placed: list[Placed], size: float) -> Iterator[Placed]:
    """Yield what is drawn as shapes: glyphs without text, and if bold is made from regular, the others again."""
    for left, up, glyph in placed:
        if not glyph.text:
            yield left, up, glyph
        elif face.lacks_weight:
            yield left + size * BOLDER, up, glyph


def _shape(face: Typeface, placed: Placed, y: float, size: float) -> str:
    """Return the operators that draw a glyph as a shape."""
    left, up, glyph = placed
    scale = f"{size / 1000:.5f}"
    return f"q {scale} 0 0 {scale} {left:.3f} {y + up:.3f} cm {outline(face, glyph.id)} f Q"


def _place_glyphs(run: Run, x: float, size: float) -> Iterator[Placed]:
    """Yield each glyph with its x position and its rise, in points."""
    for glyph in run.glyphs:
        across, up = glyph.shift
        yield x + across * size / 1000, round(up * size / 1000, 3), glyph
        x += glyph.advance * size / 1000
