"""Usage: what was used in a period, by meter or by client, what it leads to, and the same as a file.

Days come from the daily totals, clients from their monthly ones, which are exact for whole months. Neither reads single
events.
"""

from itertools import islice
from typing import Any, Final

import msgspec
from chalice.app import Response

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account, AccountNotFound
from chalicelib.accounts.permission import check_own_client
from chalicelib.accounts.table import FoundClients
from chalicelib.auto_pay.view import keys_for_view, load_with_rows
from chalicelib.errors import Refusal
from chalicelib.history.spreadsheet import sheet
from chalicelib.http_input import InvalidRequest
from chalicelib.ledger.client_usage import ClientMonth
from chalicelib.ledger.client_usage_table import read_client_months, read_span
from chalicelib.ledger.daily_usage import Days
from chalicelib.ledger.table import read_days
from chalicelib.portal import chart, forms, render
from chalicelib.portal.client_shares import MonthRow, Share, costs_by_month, only_meter, own_share, shares
from chalicelib.portal.meter_totals import meter_totals
from chalicelib.portal.outlook import load_outlook
from chalicelib.portal.pace import totals_of
from chalicelib.portal.period import MOST_BARS, PRESETS, USUAL, WRONG, Period, PeriodInvalid, own_period, preset_period
from chalicelib.portal.policy import PAGE_HEADERS
from chalicelib.portal.request import PortalRequest
from chalicelib.portal.spending import day_figures, first_needed
from chalicelib.portal.timeline import only_meters
from chalicelib.portal.usage_csv import write_client_months, write_days
from chalicelib.tables import Keys
from chalicelib.threads import side_by_side

MOST_CHOICES: Final = 100
"""Clients to choose from; of more, one is named by its id."""

MOST_ROWS: Final = 5_000
"""Months of clients that are read: of more, the page asks for a shorter period."""

LISTED: Final = 25
GROUPS: Final = ("meter", "client")


class Selection(msgspec.Struct, frozen=True):
    """What the address selects. Where it is about clients, whole months are shown."""

    period: Period
    start: str | None
    end: str | None
    by_client: bool
    meter: str | None
    client: Account | None
    errors: dict[str, str]

    @property
    def is_monthly(self) -> bool:
        """Tell whether the numbers are those of whole months."""
        return self.by_client or self.client is not None

    @property
    def filters(self) -> dict[str, str | None]:
        """Return everything but the period as query parameters."""
        client_id = self.client.account_id if self.client else None
        return {"group": "client" if self.by_client else None, "meter": self.meter, "client": client_id}

    @property
    def address(self) -> dict[str, str | None]:
        """Return all of it as query parameters."""
        preset = None if self.period.preset == USUAL else self.period.preset
        return {**self.filters, "period": preset, "from_": self.start, "to": self.end}


def read_selection(request: PortalRequest, today: str) -> Selection:
    """Read the address; what is wrong with its days is in `errors`. Raises AccountNotFound."""
    query = request.query
    errors: dict[str, str] = {}
    period = preset_period(forms.one_of(query, "period", PRESETS) or USUAL, today)
    start = end = None
    try:
        start, end = forms.day(query, "from"), forms.day(query, "to")
        if start or end:
            period = own_period(start, end, today)
    except (PeriodInvalid, InvalidRequest) as refusal:
        errors = _errors(request, refusal)
    return Selection(
        period=period,
        start=start,
        end=end,
        by_client=request.account.kind == "workspace" and forms.one_of(query, "group", GROUPS) == "client",
        meter=forms.one_of(query, "meter", request.catalog.meters),
        client=_chosen_client(request),
        errors=errors,
    )


def _errors(request: PortalRequest, refusal: Refusal) -> dict[str, str]:
    field, reason = str(refusal.about.get("field")), str(refusal.about.get("reason", "day"))
    return {field: request.words.say(WRONG[reason])}


def _chosen_client(request: PortalRequest) -> Account | None:
    """Return the client that is chosen. Raises AccountNotFound, also for a client, which has none."""
    client_id = request.query.get("client")
    if client_id is None:
        return None
    if request.account.kind != "workspace":
        raise AccountNotFound(client_id)
    return check_own_client(request.allowed, client_id)


def rows_needed(account_id: str) -> Keys:
    """Return the rows that the page needs."""
    return keys_for_view(account_id)


def show(request: PortalRequest) -> Response:
    """Show the page. Raises AccountNotFound, InvalidRequest."""
    today = clock.day_of(clock.now_ms())
    selection = read_selection(request, today)
    snapshot, recent, clients, shown = side_by_side(
        lambda: load_with_rows(request.rows, request.payer, request.catalog),
        lambda: read_days(request.account.account_id, first_needed(today), today),
        lambda: _clients(request),
        lambda: _of_months(request, selection) if selection.is_monthly else {},
    )
    spending, outlook = load_outlook(request, snapshot, recent, today)
    shown = shown or _of_days(request, selection, recent, today)
    return render.page(
        request,
        "usage.html",
        status=422 if selection.errors else 200,
        here="usage",
        selection=selection,
        presets=PRESETS,
        spending=spending,
        outlook=outlook,
        clients=list(clients.accounts.values())[:MOST_CHOICES],
        may_choose=len(clients.ids) <= MOST_CHOICES,
        errors=selection.errors,
        today=today,
        **shown,
    )


def _clients(request: PortalRequest) -> FoundClients:
    if request.account.kind != "workspace":
        return FoundClients([], {})
    return accounts.clients_after(request.account.account_id, None, MOST_CHOICES + 1)


def _of_days(request: PortalRequest, selection: Selection, recent: Days, today: str) -> dict[str, Any]:
    """Return the chart of the period's days by meter, or of its months if they are many, and its figures."""
    period, order = selection.period, list(request.catalog.meters)
    days = only_meters(_days(request, period, recent, today), _wanted(selection))
    within = {day: meters for day, meters in days.items() if period.first <= day <= period.last}
    step: chart.Step = "day" if period.days <= MOST_BARS else "month"
    return {
        "chart": chart.build(within, period.first, period.last, order, step),
        "figures": day_figures(totals_of(days), period.first, period.last, today),
        "usages": meter_totals(within, order),
    }


def _days(request: PortalRequest, period: Period, recent: Days, today: str) -> Days:
    """Return the days of the period, with the recent ones if those follow on it."""
    known = first_needed(today)
    if period.first >= known:
        return recent
    return {**read_days(request.account.account_id, period.first, period.last), **recent}


def _wanted(selection: Selection) -> set[str] | None:
    return {selection.meter} if selection.meter else None


def _of_months(request: PortalRequest, selection: Selection) -> dict[str, Any]:
    """Return what clients used in the months of the period: one of them, or each with its part."""
    months = selection.period.months
    rows, unreadable, is_complete = _month_rows(request, selection)
    found, costs = shares(rows), costs_by_month(rows)
    skip, order = forms.number(request.query, "skip"), list(request.catalog.meters)
    return {
        "chart": chart.build(costs, f"{months[0]}-01", f"{months[-1]}-01", order, "month"),
        "usages": meter_totals(costs, order),
        "months": [f"{month}-01" for month in (months[0], months[-1])],
        "total": Share(None, sum(each.cost_micros for each in found), sum(each.price_micros for each in found)),
        "most_micros": found[0].cost_micros if found else 0,
        "shares": found[skip : skip + LISTED],
        "names_of_clients": _names(request, found[skip : skip + LISTED]),
        "skip": skip,
        "more": skip + LISTED if len(found) > skip + LISTED else None,
        "own": _own(request, selection, found) if is_complete and not unreadable and not selection.client else None,
        "is_complete": is_complete,
        "unreadable": sorted({client_id for _, client_id in unreadable}),
    }


def _month_rows(request: PortalRequest, selection: Selection) -> tuple[list[MonthRow], list[ClientMonth], bool]:
    """Return the months of all clients or of the chosen one, those that cannot be read, and whether these are all."""
    workspace_id, months = request.account.account_id, selection.period.months
    if selection.client:
        only = selection.client.account_id
        found = [
            ((month, client_id), meters)
            for month in months
            for client_id, meters in read_client_months(workspace_id, month, first=only, last=only)
        ]
        return only_meter(found, selection.meter), [], True
    rows = read_span(workspace_id, months[0], months[-1])
    read = list(islice(rows, MOST_ROWS))
    unreadable = [month for month, meters in read if meters is None]
    readable = [(month, meters) for month, meters in read if meters is not None]
    return only_meter(readable, selection.meter), unreadable, next(rows, None) is None


def _own(request: PortalRequest, selection: Selection, found: list[Share]) -> Share:
    """Return what the workspace used for itself in the same months."""
    months = selection.period.months
    days = read_days(request.account.account_id, f"{months[0]}-01", f"{months[-1]}-31")
    return own_share(sum(totals_of(only_meters(days, _wanted(selection))).values()), found)


def _names(request: PortalRequest, found: list[Share]) -> dict[str, str]:
    """Return the names of clients; of one that has moved to another workspace, its id alone is shown."""
    ids = [each.client_id for each in found if each.client_id]
    known = accounts.find_readable(ids)
    own = request.account.account_id
    return {each.account_id: each.name for each in known.values() if each.workspace_id == own}


def download(request: PortalRequest) -> Response:
    """Return what is shown as a file for a spreadsheet. The page says what is wrong with it. Raises AccountNotFound."""
    today = clock.day_of(clock.now_ms())
    selection = read_selection(request, today)
    if selection.errors:
        days = {"from_": request.query.get("from"), "to": request.query.get("to")}
        return request.go("usage", **{**selection.address, **days})
    period, currency = selection.period, request.currency
    file = sheet(str(request.words.locale))
    if selection.is_monthly:
        rows, unreadable, is_complete = _month_rows(request, selection)
        if not is_complete:
            return request.go("usage", **selection.address)
        text, span = write_client_months(file, rows, currency, unreadable), f"{period.months[0]}-{period.months[-1]}"
    else:
        used = read_days(request.account.account_id, period.first, period.last)
        text, span = write_days(file, only_meters(used, _wanted(selection)), currency), f"{period.first}-{period.last}"
    of = (selection.client or request.account).account_id
    headers = {
        **PAGE_HEADERS,
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f'attachment; filename="usage-{of}-{span}.csv"',
    }
    return Response(text, headers, 200)
