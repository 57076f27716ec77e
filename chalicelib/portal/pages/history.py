"""History: what moved the wallet and what the card paid, newest first, with usage grouped by day and meter.

Usage comes from the daily totals and opens to single events on demand, so showing a wallet with a million events takes
as little work as one with ten.
"""

from typing import Any, Final

import msgspec
from chalice.app import Response

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.clients.client import sum_meters
from chalicelib.clock import day_of
from chalicelib.history.routes import HistoryFilter
from chalicelib.history.view import TransactionLineView, TransactionView, view
from chalicelib.ledger import statement
from chalicelib.ledger.client_usage_table import find_client_months
from chalicelib.ledger.daily_usage import Usage
from chalicelib.ledger.statement import Cursor, Filter
from chalicelib.ledger.transaction import Transaction
from chalicelib.payments.payment import Payment
from chalicelib.payments.view import PaymentView, view_payment
from chalicelib.portal import render
from chalicelib.portal.invoice_list import shown_status
from chalicelib.portal.pairs import ShownPair, show_pairs
from chalicelib.portal.read_timeline import Wanted, read_timeline
from chalicelib.portal.request import PortalRequest
from chalicelib.portal.selection import Selection, errors_of, read_selection
from chalicelib.portal.timeline import Batch, DayUsage, Entry, by_day, place_of_transaction

EVENTS: Final = 50
MOST_CHOICES: Final = 100
"""Clients to choose from; of more, one is named by its id."""

NOTHING: Final = Batch([], None)


class ShownDay(msgspec.Struct, frozen=True):
    """A day as the page shows it: each single entry is a transaction or a card payment."""

    day: str
    singles: list[tuple[TransactionView | None, PaymentView | None]]
    usages: list[tuple[str, Usage]]
    spent_micros: int

    @property
    def amounts(self) -> list[str]:
        """Return the amounts that stand below each other, for their decimal points."""
        return [shown.amount for pair in self.singles for shown in pair if shown]


def show(request: PortalRequest) -> Response:
    """Show a batch of the history. Raises InvalidRequest, InvalidCursor, AccountNotFound."""
    selection = read_selection(request)
    errors = errors_of(request, selection)
    if errors:
        return _page(request, selection, NOTHING, errors=errors, status=422)
    if selection.lists_events and selection.has_transactions:
        return _list_events(request, selection)
    batch = read_timeline(request.account.account_id, _wanted(selection))
    group = _open_group(request, selection, batch)
    return _page(request, selection, batch, older=_older(request, selection, batch), group=group)


def _wanted(selection: Selection) -> Wanted:
    """Return what is to be read: of a meter, its days with usage alone."""
    has_singles = selection.has_transactions and selection.meter is None
    return Wanted(
        singles=msgspec.structs.replace(selection.ledger_filter(), non_usage_only=True) if has_singles else None,
        has_usage=selection.type in {None, "debit"},
        meters={selection.meter} if selection.meter else None,
        has_card_payments=selection.has_card_payments,
        first=selection.start,
        last=selection.last,
        below=selection.below,
    )


def _page(request: PortalRequest, selection: Selection, batch: Batch, *, status: int = 200, **shown: Any) -> Response:
    contents = [entry.content for entry in batch.entries]
    nothing: dict[str, Any] = {"older": None, "group": None, "looked_until": None, "errors": {}}
    return render.page(
        request,
        "history.html",
        status=status,
        here="history",
        selection=selection,
        days=_days(request, batch.entries),
        newest=request.path("history", **selection.filters),
        pairs=show_pairs(request.words, [each for each in contents if isinstance(each, Transaction)]),
        refunded={each.payment_id for each in contents if isinstance(each, Payment) and each.refunded_micros},
        became={each.payment_id: shown_status(each) for each in contents if isinstance(each, Payment)},
        open_day=_open_day(selection, batch),
        **nothing | _of_clients(request, selection, batch.entries) | shown,
    )


def _open_day(selection: Selection, batch: Batch) -> str | None:
    """Return the day whose usage is not folded: the one with the group that is open, or the newest with usage."""
    if selection.opened:
        return selection.opened[0]
    days = [each.content.day for each in batch.entries if isinstance(each.content, DayUsage)]
    return days[0] if days and selection.below is None else None


def _days(request: PortalRequest, entries: list[Entry]) -> list[ShownDay]:
    return [
        ShownDay(each.day, [_single(request, single) for single in each.singles], each.usages, each.spent_micros)
        for each in by_day(entries, list(request.catalog.meters))
    ]


def _single(request: PortalRequest, single: Transaction | Payment) -> tuple[TransactionView | None, PaymentView | None]:
    if isinstance(single, Payment):
        return None, view_payment(single, request.viewer)
    return view(single, request.viewer), None


def _older(request: PortalRequest, selection: Selection, batch: Batch) -> str | None:
    """Return the address of the next batch, if there may be anything in it."""
    if batch.next_place is None:
        return None
    return request.path("history", **selection.filters, below=batch.next_place.encode())


def _list_events(request: PortalRequest, selection: Selection) -> Response:
    """List receipts, or a client's usage, singly; if what is looked for is rare, maybe with nothing so far."""
    newest = _newest_day(request, selection)
    if newest is None:
        return _page(request, selection, NOTHING)
    found = _read(request, selection.ledger_filter(end=newest), selection.cursor)
    entries = [Entry(place_of_transaction(each), each) for each in found.transactions]
    until = Cursor.decode(found.next_cursor).occurred_at_ms if found.next_cursor else None
    return _page(
        request,
        selection,
        Batch(entries, None),
        older=request.path("history", **selection.filters, cursor=found.next_cursor) if found.next_cursor else None,
        looked_until=None if until is None else day_of(until),
    )


def _newest_day(request: PortalRequest, selection: Selection) -> str | None:
    """Return the last day that is to be read; of receipts, the last one with anything of their parts, if any."""
    if not selection.of_receipts or selection.cursor or not selection.meter:
        return selection.last
    parts = set(request.catalog.meters[selection.meter].parts)
    wanted = msgspec.structs.replace(_wanted(selection), singles=None, has_usage=True, meters=parts)
    batch = read_timeline(request.account.account_id, wanted)
    places = [entry.place for entry in batch.entries] or [each for each in [batch.next_place] if each]
    return day_of(places[0].time_ms) if places else None


def _of_clients(request: PortalRequest, selection: Selection, entries: list[Entry]) -> dict[str, Any]:
    """Return the clients to choose from, if they are not too many, and what the chosen one used in the month."""
    is_workspace = request.account.kind == "workspace"
    shown: dict[str, Any] = {"is_workspace": is_workspace, "clients": None, "may_choose": False, "used": None}
    workspace_id = request.account.account_id
    if is_workspace and (selection.client or "choose" in request.query):
        found = accounts.clients_after(workspace_id, None, MOST_CHOICES + 1)
        shown |= {"clients": list(found.accounts.values()), "may_choose": len(found.ids) <= MOST_CHOICES}
    if selection.client:
        newest_ms = entries[0].place.time_ms if entries else clock.now_ms()
        month, client_id = clock.month_of(newest_ms), selection.client.account_id
        used = sum_meters(find_client_months(workspace_id, month, [client_id]).get(client_id, {}))
        shown |= {"used": used, "month": f"{month}-01"}
    return shown


class EventList(msgspec.Struct, frozen=True):
    """Transactions that are listed singly, each with its pair, and the cursor of the next ones."""

    transactions: list[Transaction]
    pairs: dict[str, ShownPair]
    next_cursor: str | None


def _read(request: PortalRequest, wanted: Filter, cursor: str | None) -> EventList:
    found = statement.read_history(request.account.account_id, wanted, limit=EVENTS, cursor=cursor)
    return EventList(found.transactions, show_pairs(request.words, found.transactions), found.next_cursor)


class OpenGroup(msgspec.Struct, frozen=True):
    """The lines of the group that is open, each with its transaction and its pair, and the cursor of the next ones."""

    rows: list[tuple[TransactionView, TransactionLineView, str]]
    next_cursor: str | None


def _open_group(request: PortalRequest, selection: Selection, batch: Batch) -> OpenGroup | None:
    """Return a day's usage of a meter: of a receipt, only the lines of that meter. None if it is not in the list."""
    day, meter = selection.opened or ("", "")
    days = [each.content for each in batch.entries if isinstance(each.content, DayUsage)]
    if not any(each.day == day and meter in each.usages for each in days):
        return None
    found = _read(request, HistoryFilter(meter=meter, start=day, end=day).wanted(), selection.cursor)
    rows = [
        (row, line, brief)
        for row in (view(each, request.viewer) for each in found.transactions)
        for line, brief in zip(row.priced_lines, _line_briefs(found, row), strict=True)
        if line.meter == meter
    ]
    return OpenGroup(rows, found.next_cursor)


def _line_briefs(found: EventList, row: TransactionView) -> tuple[str, ...]:
    pair = found.pairs.get(row.id)
    return pair.line_briefs if pair else ("",) * len(row.priced_lines)
