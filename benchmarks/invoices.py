"""Drawing invoices, compared with two other libraries that draw the same content. Run as a process; prints JSON.

All are measured warm, in CPU time of the process; each figure is the median of its rounds. The others use fonts from
the same files, and lay out only what is required: a heading, both parties, a table with repeated headings, totals.
"""

import html
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from importlib.util import find_spec
from itertools import count
from typing import Any

from fpdf import FPDF
from msgspec.structs import replace

from chalicelib.invoices.invoice import Invoice
from chalicelib.invoices.pdf.document import draw
from chalicelib.invoices.pdf.typeface import FOLDER, MAIN
from chalicelib.invoices.words import Words
from tests.invoices.documents import arabic, invoice, many_lines, note, yen

SIZES = (1, 200)
ROUNDS = 7
_numbers = count(1)
HEADINGS = ("Description", "Quantity", "Unit price", "Amount")


def examples() -> list[Invoice]:
    """Return the five documents that are shown in docs/invoices.md."""
    return [invoice(), invoice(lines=many_lines(200)), arabic(), yen(), note()]


def digests() -> list[str]:
    """Return the hashes of the drawn examples."""
    return [sha256(draw(each, None)).hexdigest() for each in examples()]


def another(size: int) -> Invoice:
    """Return an invoice with lines that no other has, so that no library is measured on what it has cached."""
    number = next(_numbers)
    lines = tuple(replace(line, description=f"{line.description}, case {number}") for line in many_lines(size))
    return invoice(lines=lines, number=f"ACME-{number:06d}")


def cpu_ms(paint: Callable[[Invoice], bytes], size: int) -> float:
    """Return the median CPU time of drawing some invoices of a size, after a first one."""
    taken = []
    for each in [another(size) for _ in range(ROUNDS + 1)]:
        start = time.process_time()
        paint(each)
        taken.append((time.process_time() - start) * 1000)
    return round(statistics.median(taken[1:]), 2)


def rows(document: Invoice) -> list[tuple[str, str, str, str]]:
    """Return the table's texts."""
    write, currency = Words(document.locale), document.currency
    return [
        (
            line.description,
            write.quantity(line.quantity_micros or 0),
            write.plain_amount(line.unit_price_micros or 0, currency),
            write.plain_amount(line.amount_micros, currency),
        )
        for line in document.lines
    ]


def around(document: Invoice) -> tuple[list[str], list[str]]:
    """Return the texts above the table and below it."""
    total = Words(document.locale).amount(document.total_micros, document.currency)
    paid = document.paid
    above = [document.number, document.seller.name, *document.seller.address, document.buyer.name]
    below = [f"Total {total}", document.cause]
    return [*above, *document.buyer.address], [*below, *(each for each in (paid and paid.charge_id,) if each)]


def with_fpdf2(document: Invoice) -> bytes:
    """Draw with fpdf2."""
    pdf = FPDF(format="A4")
    for style in ("", "B"):
        pdf.add_font("Noto", style=style, fname=FOLDER / MAIN)
    pdf.set_font("Noto", size=9)
    pdf.add_page()
    above, below = around(document)
    for text in above:
        pdf.cell(text=text, new_x="LMARGIN", new_y="NEXT")
    with pdf.table(col_widths=(50, 15, 15, 20), first_row_as_headings=True) as table:
        table.row(HEADINGS)
        for each in rows(document):
            table.row(each)
    for text in below:
        pdf.cell(text=text, new_x="LMARGIN", new_y="NEXT")
    return bytes(pdf.output())


def with_weasyprint(document: Invoice) -> bytes:
    """Draw with WeasyPrint."""
    from weasyprint import HTML  # noqa: PLC0415 - loads the system's libraries, which may not be there

    above, below = ("".join(f"<p>{html.escape(text)}</p>" for text in part) for part in around(document))
    cells = "".join(
        "<tr>" + "".join(f"<td>{html.escape(text)}</td>" for text in each) + "</tr>" for each in rows(document)
    )
    heads = "".join(f"<th>{text}</th>" for text in HEADINGS)
    style = (
        f"@font-face {{font-family: Noto; src: url('{(FOLDER / MAIN).as_uri()}')}}"
        "@page {size: A4} body {font: 9pt Noto} table {width: 100%} td + td, th + th {text-align: right}"
    )
    page = (
        f"<html lang='en'><style>{style}</style>{above}"
        f"<table><thead><tr>{heads}</tr></thead>{cells}</table>{below}</html>"
    )
    drawn: bytes = HTML(string=page).write_pdf()
    return drawn


def weasyprint_works() -> bool:
    """Tell whether WeasyPrint finds Pango, which it needs from the system."""
    try:
        return find_spec("weasyprint") is not None and bool(with_weasyprint(invoice()))
    except OSError:
        return False


def measure() -> dict[str, Any]:
    """Take all figures."""
    peers: dict[str, Callable[[Invoice], bytes]] = {"reportlab": lambda each: draw(each, None), "fpdf2": with_fpdf2}
    if weasyprint_works():
        peers["weasyprint"] = with_weasyprint
    milliseconds = {name: {str(size): cpu_ms(paint, size) for size in SIZES} for name, paint in peers.items()}
    kilobytes = {
        name: {str(size): round(len(paint(another(size))) / 1000, 1) for size in SIZES} for name, paint in peers.items()
    }
    others = [
        json.loads(
            subprocess.run([sys.executable, "-m", __spec__.name, "digests"], capture_output=True, check=True).stdout
        )
        for _ in range(2)
    ]
    return {
        "invoice_pdf_ms": milliseconds.pop("reportlab"),
        "invoice_pdf_ms_of_others": {**milliseconds, **({} if "weasyprint" in peers else {"weasyprint": None})},
        "invoice_pdf_kilobytes": kilobytes,
        "invoice_pdf_bytes_equal": others[0] == others[1] == digests(),
        "invoice_pdf_peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


if __name__ == "__main__":
    json.dump(digests() if sys.argv[1:] else measure(), sys.stdout)
