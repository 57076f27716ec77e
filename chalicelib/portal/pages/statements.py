"""The statement of a month: shown, and as a file."""

from chalice.app import Response

from chalicelib import clock
from chalicelib.errors import Refusal
from chalicelib.history.spreadsheet import sheet
from chalicelib.log import log
from chalicelib.portal import render
from chalicelib.portal.contact import contact_of
from chalicelib.portal.policy import PAGE_HEADERS
from chalicelib.portal.request import PortalRequest, see_other
from chalicelib.statements.download import download_link
from chalicelib.statements.month_statement import File, MonthStatement, months_of, read_file_name, read_month
from chalicelib.statements.read_statement import WalletMismatch, read_statement
from chalicelib.statements.statement_csv import csv_headers, write_statement


class StatementUnavailable(Refusal):
    """The wallet's ledger is damaged, which only the operator can mend."""

    status = 500
    type = "statement-unavailable"
    title = "The wallet does not add up"


def show(request: PortalRequest) -> Response:
    """Show the statement of the month in the address, or of this month. Raises what `_read` raises."""
    months = months_of(request.account, clock.now_ms())
    statement = _read(request, request.query.get("month", months[0]))
    return render.page(request, "statement.html", here="documents", statement=statement, months=months)


def download(request: PortalRequest, month: str) -> Response:
    """Return a statement as CSV, or redirect to it as a PDF. Raises what `_read` raises."""
    name, file = read_file_name(month)
    statement = _read(request, name)
    if file is File.CSV:
        text = write_statement(statement, sheet(str(request.words.locale)))
        return Response(text, {**PAGE_HEADERS, **csv_headers(statement)}, 200)
    return see_other(download_link(statement, request.account, request.catalog))


def _read(request: PortalRequest, name: str) -> MonthStatement:
    """Read the statement of a named month. Raises StatementNotFound, StatementBusy, StatementUnavailable."""
    month = read_month(name, request.account, clock.now_ms())
    try:
        return read_statement(request.account, month)
    except WalletMismatch as mismatch:
        log().exception("no statement", account_id=request.account.account_id)
        contact = contact_of(request.account, request.catalog)
        raise StatementUnavailable("it has been logged", contact=contact.email or contact.name) from mismatch
