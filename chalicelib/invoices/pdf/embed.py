"""Embedding typefaces in a PDF: only the glyphs that a document uses, with the text that they represent.

ReportLab embeds TrueType fonts by character, so it cannot address a glyph that represents several characters or a part
of one. This module adds composite fonts (ISO 32000-1, 9.7) by glyph, through ReportLab's own objects. HarfBuzz makes
the subset, and at the same time turns a variable font into one of a fixed weight.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from itertools import groupby
from typing import Any, Final

import uharfbuzz
from reportlab.pdfbase import pdfdoc

from chalicelib.invoices.pdf.typeface import Typeface
from chalicelib.invoices.pdf.typeset import Glyph

LAYOUT_TABLES: Final = frozenset(
    {"GSUB", "GPOS", "GDEF", "BASE", "STAT", "name", "OS/2", "post", "cmap", "VORG", "vhea", "vmtx"}
)
"""Tables for shaping and naming, which are not needed once the glyphs are known."""

CMAP_PART: Final = 100
"""The most entries in one section of a CMap (Adobe Technical Note 5014)."""

SYMBOLIC: Final = 4
"""The flag of a font whose codes are not those of Standard Latin (ISO 32000-1, table 123)."""

SYSTEM: Final = {"Registry": pdfdoc.PDFString("Adobe"), "Ordering": pdfdoc.PDFString("Identity"), "Supplement": 0}


class EmbeddedFont:
    """A typeface in one document. Codes are assigned as glyphs are drawn; ReportLab calls `addObjects` last.

    One glyph may represent different texts (several Arabic letters have the same body), so with TrueType outlines each
    pair of glyph and text has a code of its own. In a CFF font of this kind, a glyph's code must be its number.
    """

    def __init__(self, face: Typeface, name: str) -> None:
        self.face = face
        self.name = name
        self.codes: dict[tuple[int, str], int] = {}
        self._advances: dict[int, float] = {}

    def code(self, glyph: Glyph) -> int:
        """Return the code of a glyph with its text."""
        if self.face.has_curves_of_postscript:
            self.codes.setdefault((glyph.id, glyph.text), glyph.id)
            return glyph.id
        return self.codes.setdefault((glyph.id, glyph.text), len(self.codes) + 1)

    def width(self, glyph: Glyph) -> float:
        """Return the glyph's own advance, rounded as the PDF states it."""
        if glyph.id not in self._advances:
            advance = self.face.per_mille(self.face.font.get_glyph_h_advance(glyph.id))
            self._advances[glyph.id] = round(advance, 2)
        return self._advances[glyph.id]

    def addObjects(self, doc: Any) -> None:  # noqa: N802 - ReportLab's name
        """Add the complete font to the document."""
        glyphs = sorted({glyph_id for glyph_id, _ in self.codes})
        subset, numbers = _subset(self.face, glyphs)
        tag = "".join(chr(ord("A") + each % 26) for each in sha256(subset).digest()[:6])
        base = pdfdoc.PDFName(f"{tag}+{self._family}")
        descriptor = self._descriptor(doc, base, subset)
        descendant: dict[str, Any] = {
            "Type": pdfdoc.PDFName("Font"),
            "Subtype": pdfdoc.PDFName("CIDFontType0" if self.face.has_curves_of_postscript else "CIDFontType2"),
            "BaseFont": base,
            "CIDSystemInfo": pdfdoc.PDFDictionary(dict(SYSTEM)),
            "FontDescriptor": doc.Reference(descriptor, f"descriptor:{self.name}"),
            "DW": 0,
            "W": pdfdoc.PDFArray(list(self._widths())),
        }
        if not self.face.has_curves_of_postscript:
            places = [0] * (len(self.codes) + 1)
            for (glyph_id, _), code in self.codes.items():
                places[code] = numbers[glyph_id]
            table = struct.pack(f">{len(places)}H", *places)
            descendant["CIDToGIDMap"] = doc.Reference(_stream(table), f"glyphs:{self.name}")
        font = pdfdoc.PDFDictionary(
            {
                "Type": pdfdoc.PDFName("Font"),
                "Subtype": pdfdoc.PDFName("Type0"),
                "BaseFont": base,
                "Encoding": pdfdoc.PDFName("Identity-H"),
                "DescendantFonts": pdfdoc.PDFArray(
                    [doc.Reference(pdfdoc.PDFDictionary(descendant), f"descendant:{self.name}")]
                ),
                "ToUnicode": doc.Reference(_stream(to_unicode(self._texts())), f"text:{self.name}"),
            }
        )
        doc.idToObject["BasicFonts"].dict[self.name] = doc.Reference(font, f"font:{self.name}")

    @property
    def _family(self) -> str:
        weight = "Bold" if self.face.weight > 400 else "Regular"
        return f"{self.face.path.name.partition('.')[0].partition('[')[0].partition('-')[0]}-{weight}"

    def _texts(self) -> dict[int, str]:
        texts: dict[int, str] = {}
        for (_, text), code in self.codes.items():
            texts[code] = texts.get(code) or text
        return texts

    def _widths(self) -> Iterator[Any]:
        """Yield the entries of `W`: the first code of each run of consecutive codes, and their widths."""
        widths = {code: self.width(Glyph(glyph_id, 0, (0, 0), "")) for (glyph_id, _), code in self.codes.items()}
        for _, row in groupby(enumerate(sorted(widths)), key=lambda each: each[1] - each[0]):
            codes = [code for _, code in row]
            yield codes[0]
            yield pdfdoc.PDFArray([widths[code] for code in codes])

    def _descriptor(self, doc: Any, base: Any, subset: bytes) -> Any:
        file = _stream(subset)
        if self.face.has_curves_of_postscript:
            file.dictionary["Subtype"] = pdfdoc.PDFName("CIDFontType0C")
        else:
            file.dictionary["Length1"] = len(subset)
        head = bytes(self.face.face.reference_table("head").data)
        extents = self.face.font.get_font_extents("ltr")
        return pdfdoc.PDFDictionary(
            {
                "Type": pdfdoc.PDFName("FontDescriptor"),
                "FontName": base,
                "Flags": SYMBOLIC,
                "FontBBox": pdfdoc.PDFArray(
                    [round(self.face.per_mille(each)) for each in struct.unpack(">4h", head[36:44])]
                ),
                "ItalicAngle": 0,
                "Ascent": round(self.face.per_mille(extents.ascender)),
                "Descent": round(self.face.per_mille(extents.descender)),
                "CapHeight": 714,
                "StemV": 120 if self.face.weight > 400 else 80,
                "FontFile3" if self.face.has_curves_of_postscript else "FontFile2": doc.Reference(
                    file, f"file:{self.name}"
                ),
            }
        )


def _subset(face: Typeface, glyphs: Iterable[int]) -> tuple[bytes, Mapping[int, int]]:
    """Return the subset of a face for some glyphs, at its weight, and their numbers in it."""
    wanted = uharfbuzz.SubsetInput()
    wanted.glyph_set.update(glyphs)
    wanted.drop_table_tag_set.update(int.from_bytes(tag.encode(), "big") for tag in LAYOUT_TABLES)
    wanted.flags = uharfbuzz.SubsetFlags.NO_HINTING | uharfbuzz.SubsetFlags.NOTDEF_OUTLINE
    if face.varies:
        wanted.pin_axis_location(face.face, "wght", face.weight)
    plan = uharfbuzz.SubsetPlan(face.face, wanted)
    subset = plan.execute()
    numbers = dict(plan.old_to_new_glyph_mapping)
    if face.has_curves_of_postscript:
        return bytes(subset.reference_table("CFF ").data), numbers
    return bytes(subset.blob.data), numbers


def to_unicode(texts: Mapping[int, str]) -> bytes:
    """Write the CMap that maps each code to its text (ISO 32000-1, 9.10.3)."""
    entries = [f"<{code:04X}> <{text.encode('utf-16-be').hex().upper()}>" for code, text in sorted(texts.items())]
    parts = [entries[start : start + CMAP_PART] for start in range(0, len(entries), CMAP_PART)]
    sections = "".join(f"{len(part)} beginbfchar\n" + "\n".join(part) + "\nendbfchar\n" for part in parts)
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"
        f"{sections}endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode("ascii")


def _stream(content: bytes) -> Any:
    stream = pdfdoc.PDFStream()
    stream.content = content
    stream.filters = [pdfdoc.PDFZCompress]
    return stream
