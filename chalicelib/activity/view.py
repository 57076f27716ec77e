"""The shape of an account's log in answers."""

import msgspec

from chalicelib.accounts.actor import ShownName
from chalicelib.accounts.viewer import Viewer
from chalicelib.activity.entry import Entry, FieldChange, Kind, Value, is_amount
from chalicelib.activity.list_entries import EntryBatch
from chalicelib.clock import iso
from chalicelib.money import format_amount, parse_micros


class FieldChangeView(msgspec.Struct, frozen=True, rename={"start": "from"}):
    """A field's values before and after, null for none; `from` is when the new one takes effect, if later."""

    field: str
    before: Value
    after: Value
    start: str | None


class EntryView(msgspec.Struct, frozen=True):
    """What changed in an account at a time. `actor` is who did it, and null if that is not known."""

    id: str
    at: str
    kind: Kind
    actor: ShownName | None
    changes: list[FieldChangeView]


class ActivityList(msgspec.Struct, frozen=True):
    """What changed, newest first."""

    data: list[EntryView]
    next_cursor: str | None


def view_activity(batch: EntryBatch, viewer: Viewer) -> ActivityList:
    """Present a batch of the log."""
    return ActivityList([view_entry(each, viewer) for each in batch.entries], batch.next_cursor)


def view_entry(entry: Entry, viewer: Viewer) -> EntryView:
    """Present an entry. Who did it is named as everywhere."""
    currency = viewer.permission.account.currency
    return EntryView(
        id=entry.entry_id,
        at=iso(entry.at_ms),
        kind=entry.kind,
        actor=viewer.name_of(entry.actor, entry.at_ms) if entry.actor else None,
        changes=[_view(each, currency) for each in entry.changes],
    )


def _view(change: FieldChange, currency: str) -> FieldChangeView:
    before, after = change.before, change.after
    if is_amount(change.field):
        before, after = _amount(before, currency), _amount(after, currency)
    return FieldChangeView(change.field, before, after, None if change.from_ms is None else iso(change.from_ms))


def _amount(value: Value, currency: str) -> Value:
    """Write an amount with at least the decimals of its currency, as everywhere."""
    return format_amount(parse_micros(value), currency) if isinstance(value, str) else value
