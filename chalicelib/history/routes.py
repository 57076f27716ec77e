"""An account's history over HTTP: as a JSON list with a cursor, as single transactions, and as CSV."""

from typing import Annotated, Literal

import msgspec
from chalice.app import Response
from msgspec import Meta

from chalicelib.accounts.account import NotAWorkspace
from chalicelib.accounts.permission import REFUSALS, Permission, Right, allow, check_charged_client
from chalicelib.accounts.viewer import Viewer
from chalicelib.cursor import InvalidCursor
from chalicelib.dates import Moment, read_end, read_start
from chalicelib.history.spreadsheet import sheet
from chalicelib.history.transaction_csv import MAXIMUM_ROWS, LineFormat, write_csv
from chalicelib.history.view import TransactionList, TransactionView, view
from chalicelib.http_input import InvalidRequest
from chalicelib.ledger import statement
from chalicelib.ledger.posting import Direction
from chalicelib.ledger.statement import Filter
from chalicelib.ledger.transaction import UnknownTransaction
from chalicelib.text import AccountId
from chalicelib.web import HEADERS, Call, Routes

routes = Routes(
    __name__, "Transactions", "What moved wallets: credits, usage, refunds, adjustments. Nothing of it ever changes."
)

MeterName = Annotated[
    str, Meta(max_length=40, description="A receipt is found by its own meter and by those of its lines.")
]

ClientId = Annotated[
    AccountId,
    Meta(description="Only a client's usage, in the history of its workspace, or of one it has moved away from."),
]

Reader = Annotated[
    Literal["program", "spreadsheet"],
    Meta(
        description="Who reads the file: a program, or a person's spreadsheet, by the account's locale: with a byte "
        "order mark, every cell quoted, semicolons and decimal commas where numbers are written so, and nothing that "
        "begins like a formula. For a spreadsheet, `lines` is `rows`."
    ),
]


class HistoryFilter(msgspec.Struct, forbid_unknown_fields=True, rename={"start": "from", "end": "to"}, kw_only=True):
    """Which transactions to show."""

    type: Direction | None = None
    kind: Annotated[str, Meta(max_length=40)] | None = None
    meter: MeterName | None = None
    client: ClientId | None = None
    start: Moment | None = None
    end: Moment | None = None
    cursor: Annotated[str, Meta(max_length=200)] | None = None

    def wanted(self) -> Filter:
        """Return the ledger's filter. Raises InvalidRequest for an invalid time."""
        return Filter(
            type=self.type,
            kind=self.kind,
            meter=self.meter,
            client=self.client,
            from_ms=read_start(self.start, "from") if self.start else None,
            to_ms=read_end(self.end, "to") if self.end else None,
        )


def read_filter(permission: Permission, query: HistoryFilter) -> Filter:
    """Return the ledger's filter. Raises InvalidRequest for a time, and what `check_charged_client` raises."""
    if query.client:
        check_charged_client(permission, query.client)
    return query.wanted()


class HistoryQuery(HistoryFilter, kw_only=True):
    """Which transactions to show, and how many."""

    limit: Annotated[int, Meta(ge=1, le=500)] = 50


class CsvQuery(HistoryFilter, kw_only=True):
    """Which transactions to write, and how: a row for each line of a receipt, or its lines as JSON in one cell."""

    lines: LineFormat = "rows"
    reader: Reader = msgspec.field(default="program", name="for")


@routes.operation(
    "GET",
    "/v1/accounts/{account_id}/transactions",
    summary="List transactions, newest first",
    description=(
        "The history of a wallet by the time of its events. A narrow filter may answer with fewer than `limit`, "
        "and still have a `next_cursor`: the end is where that is null. `client` shows a workspace the usage of one "
        "of its clients."
    ),
    query=HistoryQuery,
    gives=TransactionList,
    refuses=(*REFUSALS, NotAWorkspace, InvalidCursor),
)
def list_transactions(call: Call[None, HistoryQuery], account_id: str) -> TransactionList:
    permission, query = allow(call, account_id, Right.READ), call.query
    wanted, viewer = read_filter(permission, query), Viewer(permission)
    found = statement.read_history(account_id, wanted, limit=query.limit, cursor=query.cursor)
    return TransactionList([view(each, viewer) for each in found.transactions], found.next_cursor)


@routes.operation(
    "GET",
    "/v1/accounts/{account_id}/transactions/{transaction_id}",
    summary="Show a transaction",
    description=(
        "One transaction, with the lines of a receipt, what caused it (`source`, `event_id`, `url`), and the "
        "payment, if any."
    ),
    gives=TransactionView,
    refuses=(*REFUSALS, UnknownTransaction),
)
def get_transaction(call: Call[None, None], account_id: str, transaction_id: str) -> TransactionView:
    viewer = Viewer(allow(call, account_id, Right.READ))
    return view(statement.read_transaction(account_id, transaction_id), viewer)


@routes.operation(
    "GET",
    "/v1/accounts/{account_id}/transactions.csv",
    summary=f"Download up to {MAXIMUM_ROWS} rows of history as CSV, newest first; the header Next-Cursor leads to more",
    description=(
        "For programs and archives, with the same filters as the list. A file that is full ends with a `Next- "
        "Cursor` header: send it back as `cursor` for the next one. `lines=rows` writes each line of a receipt as "
        "a row of its own."
    ),
    query=CsvQuery,
    gives=str,
    media_type="text/csv",
    refuses=(*REFUSALS, NotAWorkspace, InvalidCursor),
)
def download_transactions(call: Call[None, CsvQuery], account_id: str) -> Response:
    permission, query = allow(call, account_id, Right.READ), call.query
    for_people = query.reader == "spreadsheet"
    if for_people and query.lines == "json":
        raise InvalidRequest("lines: a spreadsheet can do nothing with JSON; leave it out, or take rows", field="lines")
    found = sheet(permission.account.locale) if for_people else None
    text, cursor = write_csv(permission, read_filter(permission, query), query.cursor, query.lines, sheet=found)
    headers = {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f'attachment; filename="transactions-{account_id}.csv"',
    }
    return Response(text, {**HEADERS, **headers, **({"Next-Cursor": cursor} if cursor else {})}, 200)
