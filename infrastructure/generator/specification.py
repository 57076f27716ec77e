"""The content of `functions.toml`, typed: one class for each kind of entry, explained at the top of that file."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import msgspec

SPECIFICATION: Final = Path(__file__).resolve().parents[1] / "functions.toml"

TableVerb = Literal["get", "batch_get", "put", "update", "delete", "query", "scan", "check"]
BucketVerb = Literal["get", "put", "list"]
Number = int | str
"""A number, or the name of the parameter that gives it."""

EntryT = TypeVar("EntryT", bound="Entry")


class WrongSpecification(Exception):
    """An entry is invalid. The text names the entry and says what to do."""


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all entries have in common: an unknown field is an error."""


class Index(Entry, frozen=True, kw_only=True):
    """A global secondary index."""

    key: Sequence[str]
    projects: Literal["all"] | Sequence[str] = ()


class Table(Entry, frozen=True, kw_only=True):
    """A table of DynamoDB. `expires` is the attribute with the time at which a row expires."""

    key: Sequence[str]
    numbers: Sequence[str] = ()
    stream: bool = False
    expires: str | None = None
    indexes: Mapping[str, Index] = {}


class Rule(Entry, frozen=True, kw_only=True):
    """The events of the bus that a queue receives; `only_if` names a condition."""

    description: str
    events: Sequence[str]
    only_if: str | None = None


class Queue(Entry, frozen=True, kw_only=True):
    """A queue that a function reads, and its dead-letter queue."""

    message: str
    dead_letters: str
    visibility_seconds: Number
    deliveries: Number
    delay_seconds: Number | None = None
    alarm_age_seconds: int
    rule: Rule | None = None


class FailureQueue(Entry, frozen=True, kw_only=True):
    """A queue that only a person reads."""

    holds: str


class Rights(Entry, frozen=True, kw_only=True):
    """What code may do."""

    may: Sequence[str] = ()
    tables: Mapping[str, Sequence[TableVerb]] = {}
    buckets: Mapping[str, Sequence[BucketVerb]] = {}
    sends: Sequence[str] = ()
    counts: Sequence[str] = ()
    publishes: bool = False
    mails: bool = False
    secrets: bool = False


class Api(Rights, frozen=True, kw_only=True):
    """The function that Chalice creates for the routes. `reserved` is the parameter with its reserved concurrency."""

    handler: str
    doing: str
    memory_mb: int = 512
    timeout_seconds: int = 60
    reserved: str | None = None


class QueueSource(Entry, frozen=True, kw_only=True):
    """A queue that calls a function."""

    name: str
    batch_size: int
    concurrency: int
    window_seconds: Number | None = None


class StreamSource(Entry, frozen=True, kw_only=True):
    """The stream of a table, or of several, that calls a function. A batch is of one of them."""

    table: str | Sequence[str]
    batch_size: int
    attempts: int
    on_failure: str
    window_seconds: Number | None = None

    @property
    def tables(self) -> Sequence[str]:
        """Return the tables, however many they are."""
        return [self.table] if isinstance(self.table, str) else self.table


class Function(Api, frozen=True, kw_only=True):
    """Any other function. Exactly one of `queue`, `stream` and `schedule` calls it."""

    queue: QueueSource | None = None
    stream: StreamSource | None = None
    schedule: str | None = None


class LogAlarm(Entry, frozen=True, kw_only=True):
    """An alarm on lines of the log."""

    description: str
    events: Sequence[str]
    functions: Sequence[str]
    period_seconds: int
    threshold: int = 1


class MetricAlarm(Entry, frozen=True, kw_only=True):
    """An alarm on a metric of `chalicelib/metrics.py`, of its sum, or of the average of what was counted as 0 or 1."""

    description: str
    metric: str
    period_seconds: int
    periods: int = 1
    threshold: float = 1
    statistic: Literal["Sum", "Average"] = "Sum"


class Specification(msgspec.Struct, frozen=True, kw_only=True):
    """All entries, by name."""

    tables: Mapping[str, Table]
    queues: Mapping[str, Queue]
    failure_queues: Mapping[str, FailureQueue]
    rights: Mapping[str, Rights]
    api: Api
    functions: Mapping[str, Function]
    log_alarms: Mapping[str, LogAlarm]
    metric_alarms: Mapping[str, MetricAlarm]


def read(text: str) -> Specification:
    """Read a specification, entry by entry. Raises WrongSpecification."""
    content = tomllib.loads(text)
    unknown = content.keys() - set(Specification.__struct_fields__)
    if unknown:
        raise WrongSpecification(f"there is no kind of entry called {', '.join(sorted(unknown))}")
    return Specification(
        tables=_entries(content, "tables", Table),
        queues=_entries(content, "queues", Queue),
        failure_queues=_entries(content, "failure_queues", FailureQueue),
        rights=_entries(content, "rights", Rights),
        api=_entry("api", content.get("api", {}), Api),
        functions=_entries(content, "functions", Function),
        log_alarms=_entries(content, "log_alarms", LogAlarm),
        metric_alarms=_entries(content, "metric_alarms", MetricAlarm),
    )


def _entries(content: Mapping[str, Any], kind: str, entry: type[EntryT]) -> dict[str, EntryT]:
    return {name: _entry(f"{kind}.{name}", given, entry) for name, given in content.get(kind, {}).items()}


def _entry(name: str, given: object, entry: type[EntryT]) -> EntryT:
    try:
        return msgspec.convert(given, entry)
    except msgspec.ValidationError as error:
        raise WrongSpecification(f"[{name}] {error}") from error
