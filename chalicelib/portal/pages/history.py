"""History: two weeks at a time, with usage grouped by day and meter from the daily totals, and single events on demand.

So showing a wallet with a million events takes as little work as one with ten.
"""

from datetime import date, timedelta
from typing import Final

import msgspec
from chalice.app import Response

from chalicelib import clock
from chalicelib.dates import read_day
from chalicelib.history import transaction_csv
from chalicelib.history.routes import HistoryFilter
from chalicelib.history.spreadsheet import sheet
from chalicelib.history.view import TransactionLineView, TransactionView, view
from chalicelib.ledger import statement
from chalicelib.ledger.statement import Filter
from chalicelib.ledger.table import read_days
from chalicelib.money import format_micros
from chalicelib.portal import chart, forms, render
from chalicelib.portal.policy import PAGE_HEADERS
from chalicelib.portal.request import PortalRequest
from chalicelib.portal.timeline import only_meters, parts, timeline

CHART_DAYS: Final = 31
LONGEST_CHART: Final = 366
WINDOW_DAYS: Final = 14
EVENTS: Final = 50
MOST_SINGLES: Final = 500
ROWS_OF_A_FILE: Final = 5_000
"""Counted rows of one CSV file: half of an answer's maximum. The rest is for credits, which daily totals do not count,
and for long texts."""

TYPES: Final = ("credit", "debit")


class Selection(msgspec.Struct, frozen=True):
    """What the address selects: filters, the two weeks of it that are listed, and the group that is open.

    The chart begins at `span_first`: with the filter, or a month before the last day. `of_receipts` means that the
    chosen meter counts receipts, which are not in the daily totals: its receipts are listed instead.
    """

    type: str | None
    meter: str | None
    of_receipts: bool
    start: str | None
    end: str | None
    span_first: str
    first: str
    last: str
    opened: tuple[str, str] | None
    cursor: str | None

    @property
    def filters(self) -> dict[str, str | None]:
        """Return the filters as query parameters."""
        return {"type": self.type, "meter": self.meter, "from_": self.start, "to": self.end}

    @property
    def is_filtered(self) -> bool:
        """Tell whether anything is filtered out."""
        return any(self.filters.values())

    def ledger_filter(self) -> Filter:
        """Return the same filters for the ledger."""
        return HistoryFilter(type=self.type, meter=self.meter, start=self.start, end=self.end).wanted()  # type: ignore[arg-type]


def read_selection(request: PortalRequest) -> Selection:
    """Read the address. Raises InvalidRequest."""
    query = request.query
    start, end = forms.day(query, "from"), forms.day(query, "to")
    newest = clock.day_of(clock.now_ms() + request.catalog.usage.maximum_future_ms)
    last = min(forms.day(query, "until") or newest, end or newest)
    first = max(_first_of(last, WINDOW_DAYS), start or "")
    day, _, opened = query.get("open", "").partition(".")
    meter = forms.one_of(query, "meter", request.catalog.meters)
    return Selection(
        type=forms.one_of(query, "type", TYPES),
        meter=meter,
        of_receipts=meter is not None and bool(request.catalog.meters[meter].parts),
        start=start,
        end=end,
        span_first=min(first, max(start or _first_of(last, CHART_DAYS), _first_of(last, LONGEST_CHART))),
        first=first,
        last=last,
        opened=(read_day(day, "open"), opened) if opened else None,
        cursor=query.get("cursor"),
    )


def _first_of(last: str, days: int) -> str:
    """Return the first of a number of days that end with `last`."""
    return (date.fromisoformat(last) - timedelta(days=days - 1)).isoformat()


def show(request: PortalRequest) -> Response:
    """Show two weeks, and the chart of a month or the filtered span. Raises InvalidRequest, InvalidCursor."""
    selection = read_selection(request)
    account_id = request.account.account_id
    days = read_days(account_id, selection.span_first, selection.last) if selection.first <= selection.last else {}
    usage = {} if selection.type == "credit" else only_meters(days, {selection.meter} if selection.meter else None)
    listed = {day: meters for day, meters in usage.items() if day >= selection.first}
    singles = _singles(request, selection)
    created = clock.day_of(request.account.created_at_ms)
    order = list(request.catalog.meters)
    day, meter = selection.opened or ("", "")
    return render.page(
        request,
        "history.html",
        here="history",
        selection=selection,
        days=timeline(listed, singles.rows, order),
        chart=chart.build(usage, selection.span_first, selection.last, order) if usage else None,
        earlier=_earlier(request, selection, created),
        later=_later(request, selection),
        next_cursor=singles.next_cursor,
        group=_open_group(request, selection, day, meter) if meter in listed.get(day, {}) else None,
        micros=format_micros,
    )


class SingleRows(msgspec.Struct, frozen=True):
    """The transactions that are listed singly, and the cursor of the next ones."""

    rows: list[TransactionView]
    next_cursor: str | None = None


def _singles(request: PortalRequest, selection: Selection) -> SingleRows:
    """Return what is not in the daily totals: all that is not usage, or the receipts that are selected."""
    if selection.first > selection.last or (selection.meter and not selection.of_receipts):
        return SingleRows([])
    span = HistoryFilter(type=selection.type, meter=selection.meter, start=selection.first, end=selection.last).wanted()  # type: ignore[arg-type]
    if selection.of_receipts:
        return _read(request, span, EVENTS, selection.cursor)
    return SingleRows(_read(request, msgspec.structs.replace(span, non_usage_only=True), MOST_SINGLES, None).rows)


def _read(request: PortalRequest, wanted: Filter, limit: int, cursor: str | None) -> SingleRows:
    found = statement.read_history(request.account.account_id, wanted, limit=limit, cursor=cursor)
    return SingleRows([view(each, request.viewer) for each in found.transactions], found.next_cursor)


def _earlier(request: PortalRequest, selection: Selection, created: str) -> str | None:
    """Return the address of what is older, if there may be anything in it."""
    if selection.first <= (selection.start or created):
        return None
    until = (date.fromisoformat(selection.first) - timedelta(days=1)).isoformat()
    return request.path("history", **selection.filters, until=until)


def _later(request: PortalRequest, selection: Selection) -> str | None:
    """Return the address of the newest, if that is not what is shown."""
    return request.path("history", **selection.filters) if "until" in request.query else None


class OpenGroup(msgspec.Struct, frozen=True):
    """The lines of the group that is open, each with its transaction, and the cursor of the next ones."""

    rows: list[tuple[TransactionView, TransactionLineView]]
    next_cursor: str | None


def _open_group(request: PortalRequest, selection: Selection, day: str, meter: str) -> OpenGroup:
    """Return a day's usage of a meter: of a receipt, only the lines of that meter."""
    wanted = HistoryFilter(meter=meter, start=day, end=day).wanted()
    found = _read(request, wanted, EVENTS, selection.cursor)
    rows = [(each, line) for each in found.rows for line in each.priced_lines if line.meter == meter]
    return OpenGroup(rows, found.next_cursor)


def download(request: PortalRequest) -> Response:
    """Show the files that hold what is filtered, or return one of them. Raises InvalidRequest, InvalidCursor."""
    selection = read_selection(request)
    if "file" in request.query:
        return _file(request, selection)
    first = selection.start or min(clock.day_of(request.account.created_at_ms), selection.last)
    days = read_days(request.account.account_id, first, selection.last) if first <= selection.last else {}
    counted = {} if selection.type == "credit" else only_meters(days, _counted(request, selection))
    return render.page(
        request,
        "history_csv.html",
        here="history",
        selection=selection,
        parts=parts(counted, first, selection.last, ROWS_OF_A_FILE),
        line_amount=sheet(str(request.words.locale)).names["line_amount"],
    )


def _counted(request: PortalRequest, selection: Selection) -> set[str] | None:
    """Return the meters whose rows are in the files; None for all. Receipts have no more rows than their parts."""
    if selection.meter is None:
        return None
    return set(request.catalog.meters[selection.meter].parts) or {selection.meter}


def _file(request: PortalRequest, selection: Selection) -> Response:
    found = sheet(str(request.words.locale))
    text, cursor = transaction_csv.write_csv(request.allowed, selection.ledger_filter(), selection.cursor, sheet=found)
    span = "-".join(filter(None, [request.account.account_id, selection.start, selection.end]))
    headers = {
        **PAGE_HEADERS,
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f'attachment; filename="transactions-{span}.csv"',
    }
    return Response(text, {**headers, **({"Next-Cursor": cursor} if cursor else {})}, 200)
