"""History: two weeks of it at a time, usage grouped by day and meter from the daily totals, single events on demand.

So a wallet with a million events is shown with as little work as one with ten.
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
from chalicelib.portal.request import Visit
from chalicelib.portal.timeline import only_meters, parts, timeline

CHART_DAYS: Final = 31
LONGEST_CHART: Final = 366
WINDOW_DAYS: Final = 14
EVENTS: Final = 50
MOST_SINGLES: Final = 500
ROWS_OF_A_FILE: Final = 5_000
"""Counted rows of one CSV file: half of what an answer takes, for credits, which no day counts, and for long texts."""

TYPES: Final = ("credit", "debit")


class Choice(msgspec.Struct, frozen=True):
    """What the address asks for: filters, the two weeks that are listed of it, and the group that is open.

    The chart begins at `span_first`: with the filter, or a month before the last day. `of_receipts` tells that the
    chosen meter is one of receipts, which no day counts: its receipts are listed instead.
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
        """Return the filters as they stand in an address."""
        return {"type": self.type, "meter": self.meter, "from_": self.start, "to": self.end}

    @property
    def is_filtered(self) -> bool:
        """Tell whether anything is filtered out."""
        return any(self.filters.values())

    def wanted(self) -> Filter:
        """Return the same filters for the ledger."""
        return HistoryFilter(type=self.type, meter=self.meter, start=self.start, end=self.end).wanted()  # type: ignore[arg-type]


def choice_of(visit: Visit) -> Choice:
    """Read the address. Raises InvalidRequest."""
    query = visit.query
    start, end = forms.day(query, "from"), forms.day(query, "to")
    newest = clock.day_of(clock.now_ms() + visit.catalog.usage.maximum_future_ms)
    last = min(forms.day(query, "until") or newest, end or newest)
    first = max(_back(last, WINDOW_DAYS), start or "")
    day, _, opened = query.get("open", "").partition(".")
    meter = forms.one_of(query, "meter", visit.catalog.meters)
    return Choice(
        type=forms.one_of(query, "type", TYPES),
        meter=meter,
        of_receipts=meter is not None and bool(visit.catalog.meters[meter].parts),
        start=start,
        end=end,
        span_first=min(first, max(start or _back(last, CHART_DAYS), _back(last, LONGEST_CHART))),
        first=first,
        last=last,
        opened=(read_day(day, "open"), opened) if opened else None,
        cursor=query.get("cursor"),
    )


def _back(last: str, days: int) -> str:
    """Return the first of so many days that end with the last."""
    return (date.fromisoformat(last) - timedelta(days=days - 1)).isoformat()


def show(visit: Visit) -> Response:
    """Show two weeks, and the chart of a month or of all that is filtered. Raises InvalidRequest, InvalidCursor."""
    choice = choice_of(visit)
    account_id = visit.account.account_id
    days = read_days(account_id, choice.span_first, choice.last) if choice.first <= choice.last else {}
    usage = {} if choice.type == "credit" else only_meters(days, {choice.meter} if choice.meter else None)
    listed = {day: meters for day, meters in usage.items() if day >= choice.first}
    singles = _singles(visit, choice)
    created = clock.day_of(visit.account.created_at_ms)
    order = list(visit.catalog.meters)
    day, meter = choice.opened or ("", "")
    return render.page(
        visit,
        "history.html",
        here="history",
        choice=choice,
        days=timeline(listed, singles.rows, order),
        chart=chart.build(usage, choice.span_first, choice.last, order) if usage else None,
        earlier=_earlier(visit, choice, created),
        later=_later(visit, choice),
        next_cursor=singles.next_cursor,
        group=_open_group(visit, choice, day, meter) if meter in listed.get(day, {}) else None,
        micros=format_micros,
    )


class Singles(msgspec.Struct, frozen=True):
    """What is listed singly, and where to go on."""

    rows: list[TransactionView]
    next_cursor: str | None = None


def _singles(visit: Visit, choice: Choice) -> Singles:
    """Return what no day counts: credits and the like, or the receipts that are asked for."""
    if choice.first > choice.last or (choice.meter and not choice.of_receipts):
        return Singles([])
    span = HistoryFilter(type=choice.type, meter=choice.meter, start=choice.first, end=choice.last).wanted()  # type: ignore[arg-type]
    if choice.of_receipts:
        return _read(visit, span, EVENTS, choice.cursor)
    return Singles(_read(visit, msgspec.structs.replace(span, non_usage_only=True), MOST_SINGLES, None).rows)


def _read(visit: Visit, wanted: Filter, limit: int, cursor: str | None) -> Singles:
    found = statement.read_history(visit.account.account_id, wanted, limit=limit, cursor=cursor)
    return Singles([view(each, visit.allowed.may_see_sibling) for each in found.transactions], found.next_cursor)


def _earlier(visit: Visit, choice: Choice, created: str) -> str | None:
    """Return the address of what is older, if there may be anything in it."""
    if choice.first <= (choice.start or created):
        return None
    until = (date.fromisoformat(choice.first) - timedelta(days=1)).isoformat()
    return visit.path("history", **choice.filters, until=until)


def _later(visit: Visit, choice: Choice) -> str | None:
    """Return the address of the newest, if that is not what is shown."""
    return visit.path("history", **choice.filters) if "until" in visit.query else None


class OpenGroup(msgspec.Struct, frozen=True):
    """The lines of the group that is open, each with the transaction that it is of, and where to go on."""

    rows: list[tuple[TransactionView, TransactionLineView]]
    next_cursor: str | None


def _open_group(visit: Visit, choice: Choice, day: str, meter: str) -> OpenGroup:
    """Return what a day has of a meter: of a receipt, the lines of that meter alone."""
    wanted = HistoryFilter(meter=meter, start=day, end=day).wanted()
    found = _read(visit, wanted, EVENTS, choice.cursor)
    rows = [(each, line) for each in found.rows for line in each.priced_lines if line.meter == meter]
    return OpenGroup(rows, found.next_cursor)


def download(visit: Visit) -> Response:
    """Show the files that hold exactly what is filtered, or give one of them. Raises InvalidRequest, InvalidCursor."""
    choice = choice_of(visit)
    if "file" in visit.query:
        return _file(visit, choice)
    first = choice.start or min(clock.day_of(visit.account.created_at_ms), choice.last)
    days = read_days(visit.account.account_id, first, choice.last) if first <= choice.last else {}
    counted = {} if choice.type == "credit" else only_meters(days, _counted(visit, choice))
    return render.page(
        visit,
        "history_csv.html",
        here="history",
        choice=choice,
        parts=parts(counted, first, choice.last, ROWS_OF_A_FILE),
        line_amount=sheet(str(visit.words.locale)).names["line_amount"],
    )


def _counted(visit: Visit, choice: Choice) -> set[str] | None:
    """Return the meters whose rows are in the files; None for all. Receipts have no more rows than their parts."""
    if choice.meter is None:
        return None
    return set(visit.catalog.meters[choice.meter].parts) or {choice.meter}


def _file(visit: Visit, choice: Choice) -> Response:
    found = sheet(str(visit.words.locale))
    text, cursor = transaction_csv.write_csv(visit.allowed, choice.wanted(), choice.cursor, sheet=found)
    span = "-".join(filter(None, [visit.account.account_id, choice.start, choice.end]))
    headers = {
        **PAGE_HEADERS,
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f'attachment; filename="transactions-{span}.csv"',
    }
    return Response(text, {**headers, **({"Next-Cursor": cursor} if cursor else {})}, 200)
