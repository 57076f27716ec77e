"""Records of a table's stream: which row has changed, and how, as values of the table's own type. Pure.

A record may be delivered twice, late or out of order, so it only says which row to check. Its keys and its time are
read at once; its rows are read on first access, so that the account of an unreadable row is still known. A record that
does not fit the table raises MalformedRecord, which affects only that record.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Generic, TypeVar

ValueT = TypeVar("ValueT")

Record = Mapping[str, Any]
"""A record as Lambda delivers it:
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html."""

Image = Mapping[str, Mapping[str, Any]]
"""A row in DynamoDB's JSON, each value under the letter of its type; bytes are base64."""


class MalformedRecord(Exception):
    """A record that does not fit its table. Trying it again does not help."""


class Change(Generic[ValueT]):
    """A change of one row. `read_image` is the table's reader of images. Raises MalformedRecord."""

    def __init__(self, record: Record, read_image: Callable[[Image], ValueT]) -> None:
        self._record, self._read_image = record, read_image
        try:
            keys = record["dynamodb"]["Keys"]
            self.account_id = str(keys["account_id"]["S"])
            self.keys = {name: str(next(iter(key.values()))) for name, key in keys.items()}
            self.at_ms = round(record["dynamodb"]["ApproximateCreationDateTime"] * 1000)
            self._images = {name: dict(record["dynamodb"].get(name) or {}) for name in ("OldImage", "NewImage")}
        except (AttributeError, LookupError, OverflowError, TypeError, ValueError) as error:
            raise MalformedRecord(f"it is no record of a stream: {error!r}") from error
        if any(image and not record["dynamodb"]["Keys"].items() <= image.items() for image in self._images.values()):
            raise MalformedRecord("it has an image of another row than its keys name")

    @cached_property
    def before(self) -> ValueT | None:
        """Return the row as it was; None for a new one."""
        before = self._row("OldImage")
        if before is None and self._record.get("eventName") == "MODIFY":
            raise MalformedRecord("it has no image of the row as it was")
        return before

    @cached_property
    def after(self) -> ValueT | None:
        """Return the row as it is; None for one that was deleted."""
        return self._row("NewImage")

    def _row(self, name: str) -> ValueT | None:
        image = self._images[name]
        try:
            return self._read_image(image) if image else None
        except Exception as error:
            raise MalformedRecord(f"its {name} cannot be read: {error!r}") from error


def sequence_number(record: Record) -> str:
    """Return a record's sequence number, from which Lambda delivers again."""
    return str(record["dynamodb"]["SequenceNumber"])
