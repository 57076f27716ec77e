"""Hand out a document as a PDF: drawn when somebody first asks for it, kept for ever, reached by a link for minutes."""

from chalicelib.invoices import archive
from chalicelib.invoices.invoice import Invoice


def download_link(invoice: Invoice) -> str:
    """Return a link to a document, which is drawn if it never was. Cut off anywhere, it can simply be asked again."""
    if not archive.has(invoice.account_id, invoice.number):
        # Imported here: drawing loads ReportLab, HarfBuzz and Babel, which nothing else of the API should wait for.
        from chalicelib.invoices.pdf.document import draw  # noqa: PLC0415

        logo = archive.logo(invoice.seller.logo) if invoice.seller.logo else None
        archive.keep(invoice.account_id, invoice.number, draw(invoice, logo))
    return archive.link(invoice.account_id, invoice.number)
