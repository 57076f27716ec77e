"""Serve a statement as a PDF: drawn when it is asked for, and reached by a link valid for minutes."""

from chalicelib.accounts.account import Account
from chalicelib.catalog.catalog import Catalog
from chalicelib.invoices import archive
from chalicelib.invoices.invoice import buyer_of
from chalicelib.invoices.issue import seller_of
from chalicelib.statements.month_statement import MonthStatement


def download_link(statement: MonthStatement, account: Account, catalog: Catalog) -> str:
    """Return a link to a statement as a PDF, from whoever sold to the account at its end."""
    # Imported here: drawing loads ReportLab, HarfBuzz and Babel, which no other API request should wait for.
    from chalicelib.statements.statement_pdf import DrawnStatement  # noqa: PLC0415

    seller = seller_of(account.workspace_at(statement.last_ms), catalog)
    drawn = DrawnStatement(
        statement,
        catalog.meters,
        seller=seller,
        buyer=buyer_of(account),
        logo=archive.logo(seller.logo) if seller.logo else None,
        locale=account.locale,
    )
    return archive.keep_statement(account.account_id, statement.month.name, drawn.draw())
