"""History: two weeks at a time, with usage grouped by day and meter from the daily totals, and single events on demand.

So showing a wallet with a million events takes as little work as one with ten.
"""

from datetime import date, timedelta
from typing import Any, Final

import msgspec
from chalice.app import Response

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account, AccountNotFound
from chalicelib.accounts.permission import check_own_client
from chalicelib.clients.client import sum_meters
from chalicelib.dates import read_day
from chalicelib.history import transaction_csv
from chalicelib.history.routes import HistoryFilter
from chalicelib.history.spreadsheet import sheet
from chalicelib.history.view import TransactionLineView, TransactionView, view
from chalicelib.ledger import statement
from chalicelib.ledger.client_usage_table import find_client_months
from chalicelib.ledger.statement import Filter
from chalicelib.ledger.table import read_days
from chalicelib.money import format_micros
from chalicelib.portal import chart, forms, render
from chalicelib.portal.pairs import ShownPair, show_pairs
from chalicelib.portal.policy import PAGE_HEADERS
from chalicelib.portal.request import PortalRequest
from chalicelib.portal.timeline import only_meters, parts, timeline
from chalicelib.text import AccountId

CHART_DAYS: Final = 31
LONGEST_CHART: Final = 366
WINDOW_DAYS: Final = 14
EVENTS: Final = 50
MOST_SINGLES: Final = 500
MOST_CHOICES: Final = 100
"""Clients to choose from; of more, one is named by its id."""
ROWS_OF_A_FILE: Final = 5_000
"""Counted rows of one CSV file: half of an answer's maximum. The rest is for credits, which daily totals do not count,
and for long texts."""

TYPES: Final = ("credit", "debit")


class Selection(msgspec.Struct, frozen=True):
    """What the address selects: filters, the two weeks of it that are listed, and the group that is open.

    The chart begins at `span_first`: with the filter, or a month before the last day. `of_receipts` means that the
    chosen meter counts receipts, which are not in the daily totals: its receipts are listed instead. So is the usage
    of a `client`, which the daily totals of its workspace do not tell apart.
    """

    type: str | None
    meter: str | None
    client: Account | None
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
        client_id = self.client.account_id if self.client else None
        return {"type": self.type, "meter": self.meter, "client": client_id, "from_": self.start, "to": self.end}

    @property
    def is_filtered(self) -> bool:
        """Tell whether anything is filtered out."""
        return any(self.filters.values())

    @property
    def lists_events(self) -> bool:
        """Tell whether single events are listed, instead of the daily totals."""
        return self.of_receipts or self.client is not None

    def ledger_filter(self) -> Filter:
        """Return the same filters for the ledger."""
        return self._filter(self.start, self.end)

    def listed_filter(self) -> Filter:
        """Return the filters for the ledger, of the two weeks that are listed."""
        return self._filter(self.first, self.last)

    def _filter(self, start: str | None, end: str | None) -> Filter:
        client_id = self.client and AccountId(self.client.account_id)
        return HistoryFilter(type=self.type, meter=self.meter, client=client_id, start=start, end=end).wanted()  # type: ignore[arg-type]


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
        client=_chosen_client(request),
        of_receipts=meter is not None and bool(request.catalog.meters[meter].parts),
        start=start,
        end=end,
        span_first=min(first, max(start or _first_of(last, CHART_DAYS), _first_of(last, LONGEST_CHART))),
        first=first,
        last=last,
        opened=(read_day(day, "open"), opened) if opened else None,
        cursor=query.get("cursor"),
    )


def _chosen_client(request: PortalRequest) -> Account | None:
    """Return the client that is chosen. Raises AccountNotFound, also for a client, which has none."""
    client_id = request.query.get("client")
    if client_id is None:
        return None
    if request.account.kind != "workspace":
        raise AccountNotFound(client_id)
    return check_own_client(request.allowed, client_id)


def _first_of(last: str, days: int) -> str:
    """Return the first of a number of days that end with `last`."""
    return (date.fromisoformat(last) - timedelta(days=days - 1)).isoformat()


def show(request: PortalRequest) -> Response:
    """Show two weeks, and the chart of a month or the filtered span. Raises InvalidRequest, InvalidCursor."""
    selection = read_selection(request)
    account_id = request.account.account_id
    has_totals = selection.client is None and selection.first <= selection.last
    days = read_days(account_id, selection.span_first, selection.last) if has_totals else {}
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
        pairs=singles.pairs,
        **_of_clients(request, selection),
    )


def _of_clients(request: PortalRequest, selection: Selection) -> dict[str, Any]:
    """Return the clients to choose from, if they are not too many, and what the chosen one used in the month."""
    workspace_id = request.account.account_id
    is_workspace = request.account.kind == "workspace"
    clients = accounts.clients_after(workspace_id, None, MOST_CHOICES + 1) if is_workspace else []
    month, used = selection.last[: len("2026-11")], None
    if selection.client:
        client_id = selection.client.account_id
        used = sum_meters(find_client_months(workspace_id, month, [client_id]).get(client_id, {}))
    return {"clients": clients, "may_choose": len(clients) <= MOST_CHOICES, "month": f"{month}-01", "used": used}


class SingleRows(msgspec.Struct, frozen=True):
    """The transactions that are listed singly, and the cursor of the next ones."""

    rows: list[TransactionView]
    pairs: dict[str, ShownPair] = {}
    next_cursor: str | None = None


def _singles(request: PortalRequest, selection: Selection) -> SingleRows:
    """Return what is not in the daily totals: all that is not usage, or the events that are selected."""
    if selection.first > selection.last or (selection.meter and not selection.lists_events):
        return SingleRows([])
    span = selection.listed_filter()
    if selection.lists_events:
        return _read(request, span, EVENTS, selection.cursor)
    return SingleRows(_read(request, msgspec.structs.replace(span, non_usage_only=True), MOST_SINGLES, None).rows)


def _read(request: PortalRequest, wanted: Filter, limit: int, cursor: str | None) -> SingleRows:
    found = statement.read_history(request.account.account_id, wanted, limit=limit, cursor=cursor)
    rows = [view(each, request.viewer) for each in found.transactions]
    return SingleRows(rows, show_pairs(request.words, found.transactions), found.next_cursor)


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
    """The lines of the group that is open, each with its transaction and its pair, and the cursor of the next ones."""

    rows: list[tuple[TransactionView, TransactionLineView, str]]
    next_cursor: str | None


def _open_group(request: PortalRequest, selection: Selection, day: str, meter: str) -> OpenGroup:
    """Return a day's usage of a meter: of a receipt, only the lines of that meter."""
    wanted = HistoryFilter(meter=meter, start=day, end=day).wanted()
    found = _read(request, wanted, EVENTS, selection.cursor)
    rows = [
        (each, line, brief)
        for each in found.rows
        for line, brief in zip(each.priced_lines, _line_briefs(found, each), strict=True)
        if line.meter == meter
    ]
    return OpenGroup(rows, found.next_cursor)


def _line_briefs(found: SingleRows, row: TransactionView) -> tuple[str, ...]:
    pair = found.pairs.get(row.id)
    return pair.line_briefs if pair else ("",) * len(row.priced_lines)


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
    of = (selection.client or request.account).account_id
    span = "-".join(filter(None, [of, selection.start, selection.end]))
    headers = {
        **PAGE_HEADERS,
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f'attachment; filename="transactions-{span}.csv"',
    }
    return Response(text, {**headers, **({"Next-Cursor": cursor} if cursor else {})}, 200)
