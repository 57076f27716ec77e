"""Statements over HTTP: as JSON, and with `.pdf` or `.csv` behind the month as a file."""

import msgspec
from chalice.app import Response

from chalicelib import clock
from chalicelib.accounts.permission import REFUSALS, Right, allow
from chalicelib.catalog.catalog import catalog
from chalicelib.history.routes import Reader
from chalicelib.history.spreadsheet import sheet
from chalicelib.statements.download import download_link
from chalicelib.statements.month_statement import File, StatementBusy, StatementNotFound, read_file_name, read_month
from chalicelib.statements.read_statement import read_statement
from chalicelib.statements.statement_csv import csv_headers, write_statement
from chalicelib.statements.view import StatementView, view
from chalicelib.web import HEADERS, Call, Routes

routes = Routes(__name__, "Statements", "A wallet's month: its balance before and after, and what moved it.")


class StatementQuery(msgspec.Struct, forbid_unknown_fields=True):
    """Who reads the file. Only `.csv` differs by it."""

    reader: Reader = msgspec.field(default="program", name="for")


@routes.operation(
    "GET",
    "/v1/accounts/{account_id}/statements/{month}",
    summary="Show the statement of a month; with .csv behind the month as CSV, with .pdf 303 to a link",
    description=(
        "The balance when the month (`2026-11`, in UTC) began, the credits and the debits by kind and meter, and the "
        "balance when it ended, or now. Everything counts in the month in which it happened. With `.csv` behind the "
        "month it is a file, with a row for each line. With `.pdf` it answers 303: follow `Location` within five "
        "minutes, without your token."
    ),
    status=(200, 303),
    query=StatementQuery,
    gives=StatementView,
    refuses=(*REFUSALS, StatementNotFound, StatementBusy),
)
def get_statement(call: Call[None, StatementQuery], account_id: str, month: str) -> StatementView | Response:
    account, query = allow(call, account_id, Right.READ).account, call.query
    name, file = read_file_name(month)
    statement = read_statement(account, read_month(name, account, clock.now_ms()))
    if file is File.PDF:
        return Response("", {**HEADERS, "Location": download_link(statement, account, catalog())}, 303)
    if file is File.CSV:
        written = write_statement(statement, sheet(account.locale) if query.reader == "spreadsheet" else None)
        return Response(written, {**HEADERS, **csv_headers(statement)}, 200)
    return view(statement)
