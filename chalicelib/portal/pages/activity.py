"""Activity: what changed in the account, and who did it."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final

import msgspec
from chalice.app import Response

from chalicelib.activity.activity_csv import write_csv
from chalicelib.activity.entry import KINDS, Kind
from chalicelib.activity.list_entries import list_entries
from chalicelib.activity.view import EntryView, view_entries
from chalicelib.history.spreadsheet import sheet
from chalicelib.portal import render
from chalicelib.portal.activity_texts import ActivityTexts
from chalicelib.portal.names import Names
from chalicelib.portal.pages.alerts import GROUPS
from chalicelib.portal.pages.connection import STATES
from chalicelib.portal.policy import PAGE_HEADERS
from chalicelib.portal.request import PortalRequest
from chalicelib.portal.words import Words

ENTRIES: Final = 50
ALERTS: Final[dict[str, str]] = {kind: alert.name for group in GROUPS.values() for kind, alert in group.items()}
CONNECTIONS: Final[dict[str, str]] = {str(state): text for state, text in STATES.items()}


class ActivityDay(msgspec.Struct, frozen=True):
    """The entries of a day (UTC)."""

    day: str
    entries: Sequence[EntryView]


def show(request: PortalRequest) -> Response:
    """Show a batch of the log. Raises InvalidCursor."""
    kinds, cursor = kinds_of(request), request.query.get("cursor")
    kind = _wanted(request)
    batch = list_entries(request.viewer, limit=ENTRIES, kind=kind, cursor=cursor)
    entries, texts = view_entries(batch.entries, request.viewer), _texts(request)
    return render.page(
        request,
        "activity.html",
        here="details",
        kind=kind,
        cursor=cursor,
        kinds={each: texts.kind_name(each) for each in kinds},
        days=[ActivityDay(day, list(found)) for day, found in groupby(entries, lambda each: each.at[:10])],
        next_cursor=batch.next_cursor,
        texts=texts,
    )


def download(request: PortalRequest) -> Response:
    """Return the log as a file for a spreadsheet. Raises InvalidCursor."""
    cursor, found = request.query.get("cursor"), sheet(str(request.words.locale))
    text, next_cursor = write_csv(request.viewer, _wanted(request), cursor, sheet=found, texts=_texts(request))
    headers = {
        **PAGE_HEADERS,
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f'attachment; filename="activity-{request.account.account_id}.csv"',
    }
    return Response(text, {**headers, **({"Next-Cursor": next_cursor} if next_cursor else {})}, 200)


def kinds_of(request: PortalRequest) -> list[Kind]:
    """Return the kinds of entries that the account can have."""
    others = {"invitation"} if request.account.kind == "workspace" else {"taxes", "stripe_connection"}
    return [each for each in KINDS if each not in others]


def _wanted(request: PortalRequest) -> Kind | None:
    """Return the kind to show; None for all."""
    return next((each for each in kinds_of(request) if each == request.query.get("kind")), None)


def activity_texts(words: Words, names: Names, currency: str, *, is_client: bool = False) -> ActivityTexts:
    """Return the words of the log, with those of the pages on which something is set."""
    return ActivityTexts(words, names, currency, alerts=ALERTS, connections=CONNECTIONS, is_client=is_client)


def _texts(request: PortalRequest) -> ActivityTexts:
    names, is_client = Names(request.words, request.catalog, request.session), request.account.kind == "client"
    return activity_texts(request.words, names, request.currency, is_client=is_client)
