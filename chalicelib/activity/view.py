"""The shape of an account's log in answers."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from chalicelib.accounts import table as accounts
from chalicelib.accounts.actor import ShownName
from chalicelib.accounts.viewer import Viewer
from chalicelib.activity.entry import Entry, FieldChange, Kind, Value, is_amount
from chalicelib.activity.list_entries import EntryBatch
from chalicelib.clock import iso
from chalicelib.money import format_amount, parse_micros

NO_NAMES: Final[Mapping[str, str]] = {}


class FieldChangeView(msgspec.Struct, frozen=True, rename={"start": "from"}):
    """A field's values before and after, null for none; `from` is when the new one takes effect, if later."""

    field: str
    before: Value
    after: Value
    start: str | None


class ClientOfEntry(msgspec.Struct, frozen=True):
    """The client that an entry of its workspace's log is about."""

    account_id: str
    name: str


class EntryView(msgspec.Struct, frozen=True):
    """What changed in an account at a time. `actor` is who did it, and null if that is not known.

    In a workspace's log, `client` is the client whose prices changed; null for the workspace's own settings.
    """

    id: str
    at: str
    kind: Kind
    actor: ShownName | None
    changes: list[FieldChangeView]
    client: ClientOfEntry | None = None


class ActivityList(msgspec.Struct, frozen=True):
    """What changed, newest first."""

    data: list[EntryView]
    next_cursor: str | None


def view_activity(batch: EntryBatch, viewer: Viewer) -> ActivityList:
    """Present a batch of the log."""
    return ActivityList(view_entries(batch.entries, viewer), batch.next_cursor)


def view_entries(entries: Sequence[Entry], viewer: Viewer) -> list[EntryView]:
    """Present entries. The clients that they are about are read in one call, if there are any."""
    ids = {each.client_id for each in entries if each.client_id}
    found, workspace_id = accounts.find_many(ids) if ids else {}, viewer.permission.account.account_id
    names = {each.account_id: each.name_known_to(workspace_id) or each.account_id for each in found.values()}
    return [view_entry(each, viewer, names) for each in entries]


def view_entry(entry: Entry, viewer: Viewer, names_of_clients: Mapping[str, str] = NO_NAMES) -> EntryView:
    """Present an entry. Who did it is named as everywhere."""
    client_id = entry.client_id
    currency = viewer.permission.account.currency
    return EntryView(
        id=entry.entry_id,
        at=iso(entry.at_ms),
        kind=entry.kind,
        actor=viewer.name_of(entry.actor, entry.at_ms) if entry.actor else None,
        changes=[_view(each, currency) for each in entry.changes],
        client=ClientOfEntry(client_id, names_of_clients.get(client_id, client_id)) if client_id else None,
    )


def _view(change: FieldChange, currency: str) -> FieldChangeView:
    before, after = change.before, change.after
    if is_amount(change.field):
        before, after = _amount(before, currency), _amount(after, currency)
    return FieldChangeView(change.field, before, after, None if change.from_ms is None else iso(change.from_ms))


def _amount(value: Value, currency: str) -> Value:
    """Write an amount with at least the decimals of its currency, as everywhere."""
    return format_amount(parse_micros(value), currency) if isinstance(value, str) else value
