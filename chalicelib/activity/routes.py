"""An account's log over HTTP: as a JSON list with a cursor, and as CSV."""

from typing import Annotated

import msgspec
from chalice.app import Response
from msgspec import Meta

from chalicelib.accounts.permission import REFUSALS, Right, allow
from chalicelib.accounts.viewer import Viewer
from chalicelib.activity.activity_csv import MOST_ENTRIES, write_csv
from chalicelib.activity.entry import Kind
from chalicelib.activity.list_entries import list_entries
from chalicelib.activity.view import ActivityList, view_activity
from chalicelib.cursor import InvalidCursor
from chalicelib.web import HEADERS, Call, Routes

routes = Routes(__name__, "Activity", "What changed in an account's settings, when, and who did it.")


class ActivityFilter(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which entries to show."""

    kind: Kind | None = None
    cursor: Annotated[str, Meta(max_length=200)] | None = None


class ActivityQuery(ActivityFilter, kw_only=True):
    """Which entries to show, and how many."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 50


@routes.operation(
    "GET",
    "/v1/accounts/{account_id}/activity",
    summary="List what changed in an account, and who did it, newest first",
    description=(
        "An entry for each change of the account's settings, with the values before and after in the words of the "
        "routes that set them. It is there a few seconds after the change, and never changes. What moves money is in "
        "the transactions and payments. A narrow filter may answer with fewer than `limit`, and still have a "
        "`next_cursor`: the end is where that is null."
    ),
    query=ActivityQuery,
    gives=ActivityList,
    refuses=(*REFUSALS, InvalidCursor),
)
def list_activity(call: Call[None, ActivityQuery], account_id: str) -> ActivityList:
    viewer, query = Viewer(allow(call, account_id, Right.READ)), call.query
    return view_activity(list_entries(viewer, limit=query.limit, kind=query.kind, cursor=query.cursor), viewer)


@routes.operation(
    "GET",
    "/v1/accounts/{account_id}/activity.csv",
    summary=f"Download up to {MOST_ENTRIES} entries of the log as CSV; the header Next-Cursor leads to more",
    description=(
        "A row for each field that changed. A file that is full comes with a `Next-Cursor` header: send it back as "
        "`cursor` for the next one."
    ),
    query=ActivityFilter,
    gives=str,
    media_type="text/csv",
    refuses=(*REFUSALS, InvalidCursor),
)
def download_activity(call: Call[None, ActivityFilter], account_id: str) -> Response:
    viewer = Viewer(allow(call, account_id, Right.READ))
    text, cursor = write_csv(viewer, call.query.kind, call.query.cursor)
    headers = {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f'attachment; filename="activity-{account_id}.csv"',
    }
    return Response(text, {**HEADERS, **headers, **({"Next-Cursor": cursor} if cursor else {})}, 200)
