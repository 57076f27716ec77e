"""Make the pictures of docs/invoices.md anew: `python -m tests.invoices.pictures`."""

from pathlib import Path

from PIL import Image
from pypdfium2 import PdfDocument

from chalicelib.invoices.invoice import Invoice
from chalicelib.invoices.pdf.document import draw
from tests.invoices.documents import arabic, invoice, many_lines, note, yen

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "images"
SCALE = 1.1
GAP = 16
COLORS = 128
GREY = "#c4cad2"


def documents() -> dict[str, Invoice]:
    """Return what is shown, by the name of its picture."""
    return {
        "invoice-one-line": invoice(),
        "invoice-200-lines": invoice(lines=many_lines(200)),
        "invoice-arabic": arabic(),
        "invoice-yen": yen(),
        "credit-note": note(),
    }


def picture(document: Invoice) -> Image.Image:
    """Return the first page, and beside it the last one if that is another."""
    pdf = PdfDocument(draw(document, None))
    shown = [pdf[place].render(scale=SCALE).to_pil() for place in sorted({0, len(pdf) - 1})]
    width = sum(page.width + GAP for page in shown) + GAP
    sheet = Image.new("RGB", (width, shown[0].height + 2 * GAP), GREY)
    left = GAP
    for page in shown:
        sheet.paste(page, (left, GAP))
        left += page.width + GAP
    return sheet.quantize(COLORS)


def main() -> None:
    """Write all pictures."""
    FOLDER.mkdir(exist_ok=True)
    for name, document in documents().items():
        picture(document).save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
