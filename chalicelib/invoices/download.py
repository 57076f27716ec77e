"""Serve a document as a PDF: drawn on the first request, stored permanently, reached by a link valid for minutes."""

from chalicelib.invoices import archive
from chalicelib.invoices.invoice import Invoice


def download_link(invoice: Invoice) -> str:
    """Return a link to a document, and draw it first if it is not stored. A call that is cut off can be repeated."""
    if not archive.has(invoice.account_id, invoice.number):
        archive.keep(invoice.account_id, invoice.number, _draw(invoice))
    return archive.link(invoice.account_id, invoice.number)


def read_pdf(invoice: Invoice) -> bytes:
    """Return a document as it was first drawn, and draw it now if it is not stored."""
    if not archive.has(invoice.account_id, invoice.number):
        archive.keep(invoice.account_id, invoice.number, _draw(invoice))
    return archive.read(invoice.account_id, invoice.number)


def _draw(invoice: Invoice) -> bytes:
    # Imported here: drawing loads ReportLab, HarfBuzz and Babel, which no other API request should wait for.
    from chalicelib.invoices.pdf.document import draw  # noqa: PLC0415

    return draw(invoice, archive.logo(invoice.seller.logo) if invoice.seller.logo else None)
