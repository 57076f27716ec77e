"""History: two weeks of it at a time, usage grouped by day and meter from the daily totals, single events on demand.

So a wallet with a million events is shown with as little work as one with ten.
"""

from datetime import date, timedelta
from typing import Any, Final

import msgspec
from chalice.app import Response

from chalicelib import clock
from chalicelib.accounts import transaction_csv
from chalicelib.accounts.transaction_routes import HistoryFilter
from chalicelib.accounts.transaction_view import TransactionView, view
from chalicelib.ledger import statement
from chalicelib.ledger.statement import Filter
from chalicelib.ledger.table import read_days
from chalicelib.money import format_micros
from chalicelib.portal import chart, forms, render
from chalicelib.portal.policy import PAGE_HEADERS
from chalicelib.portal.timeline import only_meter, parts, timeline
from chalicelib.portal.visit import Visit

CHART_DAYS: Final = 31
LONGEST_CHART: Final = 366
WINDOW_DAYS: Final = 14
EVENTS: Final = 50
MOST_SINGLES: Final = 500
ROWS_FOR_SINGLES: Final = 1_000
"""Rows of a CSV file left for what is not counted by day: credits and the like."""

TYPES: Final = ("credit", "debit")


class Choice(msgspec.Struct, frozen=True):
    """What the address asks for: filters, the two weeks that are listed of it, and the group that is open.

    The chart begins at `span_first`: with the filter, or a month before the last day.
    """

    type: str | None
    meter: str | None
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
    day, _, meter = query.get("open", "").partition(".")
    return Choice(
        type=forms.one_of(query, "type", TYPES),
        meter=forms.one_of(query, "meter", visit.catalog.meters),
        start=start,
        end=end,
        span_first=min(first, max(start or _back(last, CHART_DAYS), _back(last, LONGEST_CHART))),
        first=first,
        last=last,
        opened=(day, meter) if meter and forms.day({"day": day}, "day") else None,
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
    usage = {} if choice.type == "credit" else only_meter(days, choice.meter)
    listed = {day: meters for day, meters in usage.items() if day >= choice.first}
    singles = _singles(visit, choice) if choice.meter is None and choice.first <= choice.last else []
    created = clock.day_of(visit.account.created_at_ms)
    order = list(visit.catalog.meters)
    return render.page(
        visit,
        "history.html",
        here="history",
        choice=choice,
        days=timeline(listed, singles, order),
        chart=chart.build(usage, choice.span_first, choice.last, order) if usage else None,
        earlier=_earlier(visit, choice, created),
        later=_later(visit, choice),
        events=_events(visit, choice) if choice.opened else None,
        micros=format_micros,
    )


def _singles(visit: Visit, choice: Choice) -> list[TransactionView]:
    span = HistoryFilter(type=choice.type, start=choice.first, end=choice.last).wanted()  # type: ignore[arg-type]
    wanted = msgspec.structs.replace(span, no_usage=True)
    found = statement.history(visit.account.account_id, wanted, limit=MOST_SINGLES)
    return [view(each) for each in found.transactions]


def _earlier(visit: Visit, choice: Choice, created: str) -> str | None:
    """Return the address of what is older, if there may be anything in it."""
    if choice.first <= (choice.start or created):
        return None
    until = (date.fromisoformat(choice.first) - timedelta(days=1)).isoformat()
    return visit.path("history", **choice.filters, until=until)


def _later(visit: Visit, choice: Choice) -> str | None:
    """Return the address of the newest, if that is not what is shown."""
    return visit.path("history", **choice.filters) if "until" in visit.query else None


def _events(visit: Visit, choice: Choice) -> dict[str, Any]:
    """Return the single events of the group that is open, and where to go on."""
    day, meter = choice.opened or ("", "")
    wanted = HistoryFilter(meter=meter, start=day, end=day).wanted()
    found = statement.history(visit.account.account_id, wanted, limit=EVENTS, cursor=choice.cursor)
    return {"rows": [view(each) for each in found.transactions], "next_cursor": found.next_cursor}


def download(visit: Visit) -> Response:
    """Show the files that hold exactly what is filtered, or give one of them. Raises InvalidRequest, InvalidCursor."""
    choice = choice_of(visit)
    if "file" in visit.query:
        return _file(visit, choice)
    first = choice.start or min(clock.day_of(visit.account.created_at_ms), choice.last)
    days = read_days(visit.account.account_id, first, choice.last) if first <= choice.last else {}
    most = transaction_csv.MAXIMUM_ROWS - ROWS_FOR_SINGLES
    counted = {} if choice.type == "credit" else only_meter(days, choice.meter)
    return render.page(
        visit, "history_csv.html", here="history", choice=choice, parts=parts(counted, first, choice.last, most)
    )


def _file(visit: Visit, choice: Choice) -> Response:
    text, cursor = transaction_csv.write(visit.account.account_id, choice.wanted(), choice.cursor)
    span = "-".join(filter(None, [visit.account.account_id, choice.start, choice.end]))
    headers = {
        **PAGE_HEADERS,
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f'attachment; filename="transactions-{span}.csv"',
    }
    return Response(text, {**headers, **({"Next-Cursor": cursor} if cursor else {})}, 200)
