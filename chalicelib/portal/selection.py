"""What the address of the history selects: its filters, where in the list it is, and the group that is open."""

from typing import Final

import msgspec

from chalicelib import clock
from chalicelib.accounts.account import AccountNotFound
from chalicelib.accounts.permission import check_charged_client
from chalicelib.dates import read_day
from chalicelib.history.routes import HistoryFilter
from chalicelib.i18n.texts import mark
from chalicelib.ledger.statement import Filter
from chalicelib.portal import forms
from chalicelib.portal.request import PortalRequest
from chalicelib.portal.timeline import Place
from chalicelib.text import AccountId

TYPES: Final = ("credit", "debit", "subscription")
"""Of which the last are card payments, which move no wallet."""

WRONG_ORDER: Final = mark("“To” is before “From”, so nothing can match. Change one of them.")


class ChosenClient(msgspec.Struct, frozen=True):
    """The client whose usage is listed. A former one is another workspace's by now."""

    account_id: str
    name: str
    is_former: bool


class Selection(msgspec.Struct, frozen=True):
    """Filters, the place that the list continues below, the group that is open, and the cursor of single events.

    `of_receipts` means that the chosen meter counts receipts, which are not in the daily totals: its receipts are
    listed instead. So is the usage of a `client`, which the daily totals of its workspace do not tell apart. `last` is
    the last day of the filter, or the last one that an event can have.
    """

    type: str | None
    meter: str | None
    client: ChosenClient | None
    of_receipts: bool
    start: str | None
    end: str | None
    last: str
    below: Place | None
    opened: tuple[str, str] | None
    cursor: str | None

    @property
    def filters(self) -> dict[str, str | None]:
        """Return the filters as query parameters."""
        client_id = self.client.account_id if self.client else None
        return {"type": self.type, "meter": self.meter, "client": client_id, "from_": self.start, "to": self.end}

    @property
    def here(self) -> dict[str, str | None]:
        """Return the filters and the place as query parameters."""
        return {**self.filters, "below": self.below.encode() if self.below else None}

    @property
    def is_filtered(self) -> bool:
        """Tell whether anything is filtered out."""
        return any(self.filters.values())

    @property
    def is_first(self) -> bool:
        """Tell whether the list begins at its newest entry."""
        return self.below is None and (self.cursor is None or self.opened is not None)

    @property
    def is_backwards(self) -> bool:
        """Tell whether the first day is after the last one, so that nothing can match."""
        return bool(self.start and self.end and self.start > self.end)

    @property
    def lists_events(self) -> bool:
        """Tell whether single events are listed, instead of the daily totals."""
        return self.of_receipts or self.client is not None

    @property
    def has_card_payments(self) -> bool:
        """Tell whether payments of the subscription are listed."""
        return self.type in {None, "subscription"} and self.meter is None and self.client is None

    @property
    def has_transactions(self) -> bool:
        """Tell whether anything of the wallet is listed."""
        return self.type != "subscription"

    def ledger_filter(self, **changes: str) -> Filter:
        """Return the filters for the ledger, of which some may be others. Raises InvalidRequest."""
        direction = self.type if self.has_transactions else None
        client_id = self.client and AccountId(self.client.account_id)
        fields = {"type": direction, "meter": self.meter, "client": client_id, "start": self.start, "end": self.end}
        return HistoryFilter(**{**fields, **changes}).wanted()  # type: ignore[arg-type]


def read_selection(request: PortalRequest) -> Selection:
    """Read the address. Raises InvalidRequest, InvalidCursor, AccountNotFound."""
    query = request.query
    start, end = forms.day(query, "from"), forms.day(query, "to")
    newest = clock.day_of(clock.now_ms() + request.catalog.usage.maximum_future_ms)
    below, (day, _, opened) = query.get("below"), query.get("open", "").partition(".")
    meter = forms.one_of(query, "meter", request.catalog.meters)
    return Selection(
        type=forms.one_of(query, "type", TYPES),
        meter=meter,
        client=_chosen_client(request),
        of_receipts=meter is not None and bool(request.catalog.meters[meter].parts),
        start=start,
        end=end,
        last=min(newest, end or newest),
        below=Place.decode(below) if below else None,
        opened=(read_day(day, "open"), opened) if opened else None,
        cursor=query.get("cursor"),
    )


def errors_of(request: PortalRequest, selection: Selection) -> forms.Errors:
    """Say what keeps the filters from matching anything."""
    return {"to": request.words.say(WRONG_ORDER)} if selection.is_backwards else {}


def _chosen_client(request: PortalRequest) -> ChosenClient | None:
    """Return the client that is chosen. Raises AccountNotFound, also for a client, which has none."""
    client_id = request.query.get("client")
    if client_id is None:
        return None
    if request.account.kind != "workspace":
        raise AccountNotFound(client_id)
    client, workspace_id = check_charged_client(request.allowed, client_id), request.account.account_id
    name = client.name_known_to(workspace_id) or client_id
    return ChosenClient(client.account_id, name, client.workspace_id != workspace_id)
