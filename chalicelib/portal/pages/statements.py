"""The statement of a month: shown, and as a file."""

from chalice.app import Response

from chalicelib import clock
from chalicelib.history.spreadsheet import sheet
from chalicelib.portal import render
from chalicelib.portal.policy import PAGE_HEADERS
from chalicelib.portal.request import PortalRequest, see_other
from chalicelib.statements.download import download_link
from chalicelib.statements.month_statement import File, MonthStatement, months_of, read_file_name, read_month
from chalicelib.statements.read_statement import read_statement
from chalicelib.statements.statement_csv import csv_headers, write_statement


def show(request: PortalRequest) -> Response:
    """Show the statement of the month in the address, or of this month. Raises StatementNotFound, StatementBusy."""
    months = months_of(request.account, clock.now_ms())
    statement = _read(request, request.query.get("month", months[0]))
    return render.page(request, "statement.html", here="documents", statement=statement, months=months)


def download(request: PortalRequest, month: str) -> Response:
    """Return a statement as CSV, or redirect to it as a PDF. Raises StatementNotFound, StatementBusy."""
    name, file = read_file_name(month)
    statement = _read(request, name)
    if file is File.CSV:
        text = write_statement(statement, sheet(str(request.words.locale)))
        return Response(text, {**PAGE_HEADERS, **csv_headers(statement)}, 200)
    return see_other(download_link(statement, request.account, request.catalog))


def _read(request: PortalRequest, name: str) -> MonthStatement:
    return read_statement(request.account, read_month(name, request.account, clock.now_ms()))
