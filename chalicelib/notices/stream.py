"""Reading a record of a table's stream, as Lambda delivers it. Pure."""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import msgspec

from chalicelib.batches import Record
from chalicelib.typed import convert

ImageT = TypeVar("ImageT")


class MalformedRecord(Exception):
    """A record that does not fit its table. It never will: it is parked, not tried again."""


class Change(msgspec.Struct, Generic[ImageT], frozen=True):
    """A row before and after a change. `before` is None for a new row, `after` for one that was deleted."""

    at_ms: int
    before: ImageT | None
    after: ImageT | None


def account_id(record: Record) -> str | None:
    """Return the account of a record's row; None where it names none."""
    return key_of(record, "account_id")


def key_of(record: Record, name: str) -> str | None:
    """Return a text of the key of a record's row; None where there is none of that name."""
    found = record["dynamodb"].get("Keys", {}).get(name, {}).get("S")
    return found if isinstance(found, str) else None


def change_of(record: Record, image: type[ImageT]) -> Change[ImageT]:
    """Read a record's images as a type that names the attributes it needs. Raises MalformedRecord."""
    found = record["dynamodb"]
    try:
        at_ms = round(found["ApproximateCreationDateTime"] * 1000)
        before, after = (_image(found.get(name), image) for name in ("OldImage", "NewImage"))
    except (msgspec.ValidationError, AttributeError, KeyError, TypeError) as error:
        raise MalformedRecord(f"record {found.get('SequenceNumber')}: {error}") from error
    if record.get("eventName") == "MODIFY" and before is None:
        raise MalformedRecord(f"record {found.get('SequenceNumber')} has no image of the row as it was")
    return Change(at_ms, before, after)


def _image(attributes: Mapping[str, Mapping[str, Any]] | None, image: type[ImageT]) -> ImageT | None:
    """Read an image: DynamoDB writes numbers as texts, and each value under the letter of its type."""
    if attributes is None:
        return None
    values = {
        name: None if kind == "NULL" else value
        for name, typed in attributes.items()
        for kind, value in typed.items()
        if kind in {"S", "N", "BOOL", "NULL"}
    }
    return convert(values, image, strict=False)
