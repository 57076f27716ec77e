"""The history as CSV: the wallet's transactions, and the payments of the subscription between them."""

from collections.abc import Iterator
from typing import Final

from chalice.app import Response

from chalicelib import clock
from chalicelib.clock import iso
from chalicelib.history import transaction_csv
from chalicelib.history.spreadsheet import sheet
from chalicelib.history.transaction_csv import OtherRow
from chalicelib.ledger.statement import Cursor
from chalicelib.ledger.table import read_days
from chalicelib.money import format_amount
from chalicelib.payments.payment import Payment
from chalicelib.portal import render
from chalicelib.portal.csv_files import divide
from chalicelib.portal.names import Names
from chalicelib.portal.policy import PAGE_HEADERS
from chalicelib.portal.read_timeline import card_payments
from chalicelib.portal.request import PortalRequest
from chalicelib.portal.selection import Selection, errors_of, read_selection
from chalicelib.portal.timeline import only_meters, place_of_day

ROWS_OF_A_FILE: Final = 5_000
"""Counted rows of one CSV file: half of an answer's maximum. The rest is for credits, which daily totals do not count,
and for long texts."""


def download(request: PortalRequest) -> Response:
    """Show the files that hold what is filtered, or return one of them. Raises InvalidRequest, InvalidCursor."""
    selection = read_selection(request)
    if errors_of(request, selection):
        return request.go("history", **selection.filters)
    if "file" in request.query:
        return _file(request, selection)
    first = selection.start or min(clock.day_of(request.account.created_at_ms), selection.last)
    has_usage = selection.type in {None, "debit"} and first <= selection.last
    days = read_days(request.account.account_id, first, selection.last) if has_usage else {}
    return render.page(
        request,
        "history_csv.html",
        here="history",
        selection=selection,
        parts=divide(only_meters(days, _counted(request, selection)), first, selection.last, ROWS_OF_A_FILE),
        line_amount=sheet(str(request.words.locale)).names["line_amount"],
    )


def _counted(request: PortalRequest, selection: Selection) -> set[str] | None:
    """Return the meters whose rows are in the files; None for all. Receipts have no more rows than their parts."""
    if selection.meter is None:
        return None
    return set(request.catalog.meters[selection.meter].parts) or {selection.meter}


def _file(request: PortalRequest, selection: Selection) -> Response:
    found, names = sheet(str(request.words.locale)), Names(request.words, request.catalog, request.session)
    text, cursor = transaction_csv.write_csv(
        request.allowed,
        selection.ledger_filter() if selection.has_transactions else None,
        selection.cursor,
        sheet=found,
        others=_card_rows(request, selection, names) if selection.has_card_payments else (),
        name=names.in_file,
    )
    of = (selection.client or request.account).account_id
    span = "-".join(filter(None, [of, selection.start, selection.end]))
    headers = {
        **PAGE_HEADERS,
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f'attachment; filename="transactions-{span}.csv"',
    }
    return Response(text, {**headers, **({"Next-Cursor": cursor} if cursor else {})}, 200)


def _card_rows(request: PortalRequest, selection: Selection, names: Names) -> Iterator[OtherRow]:
    """Yield the rows of the subscription's payments that have succeeded, from where this file begins."""
    from_ms = place_of_day(selection.start).time_ms if selection.start else 0
    to_ms = place_of_day(selection.last).time_ms + clock.DAY_MS - 1
    if selection.cursor:
        to_ms = min(to_ms, Cursor.decode(selection.cursor).occurred_at_ms)
    for entry in card_payments(request.account.account_id, from_ms, to_ms):
        payment = entry.content
        if isinstance(payment, Payment) and payment.state == "succeeded":
            yield OtherRow(entry.place.time_ms, _cells(request, payment, names))


def _cells(request: PortalRequest, payment: Payment, names: Names) -> dict[str, str]:
    """Return a payment's cells. The balance is not changed, and the line's amount is of the wallet alone: left out."""
    return {
        "id": payment.payment_id,
        "type": "card",
        "kind": payment.kind,
        "amount": format_amount(payment.amount_micros, payment.currency),
        "currency": payment.currency,
        "occurred_at": iso(payment.created_at_ms),
        "description": payment.description,
        "payment_id": payment.payment_id,
        "actor": names.in_file(request.viewer.name_of(payment.actor, payment.created_at_ms)),
    }
