"""An entry of an account's log: what changed, and who did it. Pure."""

from collections.abc import Callable, Mapping
from typing import Final, Generic, Literal, TypeVar, get_args

import msgspec
from msgspec.structs import replace

from chalicelib.clock import iso
from chalicelib.streams import Change

Kind = Literal[
    "account",
    "card",
    "auto_pay",
    "subscription",
    "notices",
    "budgets",
    "rebilling",
    "taxes",
    "stripe_connection",
    "invitation",
]
"""What was changed: each is a table, and what the API has under this name."""

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

OF_THE_WORKSPACE: Final[frozenset[str]] = frozenset({"rebilling"})
"""Kinds that only the workspace of a client sees: prices tell of costs."""

FIELDS_OF_THE_WORKSPACE: Final[frozenset[str]] = frozenset({"standing_reason"})
"""Fields that only the workspace of a client sees."""

AMOUNTS: Final = frozenset({"threshold", "amount", "monthly_limit", "low_balance_threshold", "allowance", "limit"})
"""Fields whose values are amounts in the account's currency; `limit` is followed by the budget's id."""

SEQUENCE_DIGITS: Final = 40
"""Characters of a sequence number at most (Amazon DynamoDB API Reference, StreamRecord): so they sort as numbers."""

Value = str | int | bool | None
ValueT = TypeVar("ValueT")


class FieldChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """A field's values before and after. `from_ms` is when the new value takes effect, if that is later."""

    field: str
    before: Value = None
    after: Value = None
    from_ms: int | None = None


class Finding(msgspec.Struct, frozen=True):
    """What a rule finds in a change of a row: who did it (None if that is not known), and what.

    `at_ms` is when it was done, for a row that tells it more exactly than its record.
    """

    actor: str | None
    changes: tuple[FieldChange, ...]
    at_ms: int | None = None


class Written(msgspec.Struct, Generic[ValueT], frozen=True):
    """A row's value with who wrote it, if the row says so: one of an older version does not."""

    value: ValueT
    by: str | None = None


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the log. Its id sorts by time: `<time>#<kind>#<sequence number of the record>`."""

    account_id: str
    entry_id: str
    at_ms: int
    kind: Kind
    actor: str | None
    changes: tuple[FieldChange, ...]


Rule = Callable[[ValueT | None, ValueT], Finding | None]
"""Takes a row's value as it was, if there was one, and as it is; returns what changed."""


def entry_of(kind: Kind, change: Change[ValueT], rule: Rule[ValueT], sequence_number: str) -> Entry | None:
    """Return the entry of a change; None if nothing changed that a person would want to know."""
    if change.after is None:
        return None
    found = rule(change.before, change.after)
    if found is None or not found.changes:
        return None
    at_ms = change.at_ms if found.at_ms is None else found.at_ms
    return Entry(
        account_id=change.account_id,
        entry_id=f"{iso(at_ms)}#{kind}#{sequence_number:0>{SEQUENCE_DIGITS}}",
        at_ms=at_ms,
        kind=kind,
        actor=found.actor,
        changes=found.changes,
    )


def shown_entry(entry: Entry, *, sees_decisions: bool) -> Entry | None:
    """Return an entry as a reader sees it; None for one that only those see who see what the workspace decides."""
    if sees_decisions:
        return entry
    changes = tuple(each for each in entry.changes if each.field not in FIELDS_OF_THE_WORKSPACE)
    return replace(entry, changes=changes) if changes and entry.kind not in OF_THE_WORKSPACE else None


def is_amount(field: str) -> bool:
    """Tell whether a field's values are amounts."""
    return field.partition(".")[0] in AMOUNTS


def differences(before: Mapping[str, Value], after: Mapping[str, Value]) -> tuple[FieldChange, ...]:
    """Return the fields that differ; one that is not there has no value."""
    return tuple(
        FieldChange(name, before.get(name), after.get(name))
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name)
    )
