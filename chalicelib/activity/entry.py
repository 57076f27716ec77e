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

    `at_ms` is when it was done, if the row tells it: more exactly than its record does. `workspace_id` is the workspace
    that did it to its client, whose log has it, too; `for_client` tells that the client may know of its prices.
    """

    actor: str | None
    changes: tuple[FieldChange, ...]
    at_ms: int | None = None
    workspace_id: str | None = None
    for_client: bool = False


class Written(msgspec.Struct, Generic[ValueT], frozen=True):
    """A row's value with who wrote it, in which workspace and when, if the row says so: an older version does not."""

    value: ValueT
    by: str | None = None
    workspace_id: str | None = None
    at_ms: float | None = None


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An entry of the log. Its id sorts by time: `<time>#<kind>#<sequence number of the record>`.

    In a workspace's log, `client_id` is the client that it is about, if it is about one. `for_client` tells of prices
    that the client may know of them.
    """

    account_id: str
    entry_id: str
    at_ms: int
    kind: Kind
    actor: str | None
    changes: tuple[FieldChange, ...]
    client_id: str | None = None
    for_client: bool | None = None


Rule = Callable[[ValueT | None, ValueT], Finding | None]
"""Takes a row's value as it was, if there was one, and as it is; returns what changed."""


def entries_of(kind: Kind, change: Change[ValueT], rule: Rule[ValueT], sequence_number: str) -> list[Entry]:
    """Return the entries of a change: none if nothing changed that a person would want to know.

    What a workspace does to its client is in the logs of both.
    """
    found = rule(change.before, change.after) if change.after is not None else None
    if found is None or not found.changes:
        return []
    at_ms = change.at_ms if found.at_ms is None else found.at_ms
    entry = Entry(
        account_id=change.account_id,
        entry_id=f"{iso(at_ms)}#{kind}#{sequence_number:0>{SEQUENCE_DIGITS}}",
        at_ms=at_ms,
        kind=kind,
        actor=found.actor,
        changes=found.changes,
        for_client=found.for_client or None,
    )
    if found.workspace_id is None:
        return [entry]
    return [entry, replace(entry, account_id=found.workspace_id, client_id=entry.account_id, for_client=None)]


def shown_entry(entry: Entry, *, sees_decisions: bool, is_client: bool) -> Entry | None:
    """Return an entry as a reader sees it; None for one that only those see who see what the workspace decides.

    Of its prices a client sees what it pays, and nothing that tells of costs.
    """
    if sees_decisions:
        return entry
    if entry.kind == "rebilling":
        is_shown = is_client and entry.for_client
        return replace(entry, changes=tuple(map(as_client_sees, entry.changes))) if is_shown else None
    changes = tuple(each for each in entry.changes if each.field not in FIELDS_OF_THE_WORKSPACE)
    return replace(entry, changes=changes) if changes else None


def as_client_sees(change: FieldChange) -> FieldChange:
    """Return a change of a client's prices as the client sees it: without values that only its cost makes an amount."""
    if change.field in {"enabled", "allowance"}:
        return change
    before, after = (each if tells_amount(each) else None for each in (change.before, change.after))
    return replace(change, before=before if after else None, after=after)


def tells_amount(price: Value) -> bool:
    """Tell whether a price says what a client pays, whatever it costs: `price 0.04` or `absorbed`."""
    return isinstance(price, str) and price.partition(" ")[0] in {"price", "absorbed"}


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
