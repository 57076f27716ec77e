"""What a change set would do: grouped for reading, and judged by what would be lost. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

TABLE: Final = "AWS::DynamoDB::Table"
BUCKET: Final = "AWS::S3::Bucket"
QUEUE: Final = "AWS::SQS::Queue"
PRECIOUS: Final = frozenset({TABLE, BUCKET, QUEUE})
"""Types that hold the books, or what is to be posted to them. Replaced or removed, they begin empty, at another address
that producers of usage do not know, or are no longer used."""
RENEWED: Final = {
    "AWS::Lambda::Version",
    "AWS::Lambda::LayerVersion",
    "AWS::ApiGateway::Deployment",
    "AWS::Lambda::Permission",
}
"""Types that hold nothing, and are made anew with each deployment; of those that roll back needs, the old ones stay."""


@dataclass(frozen=True)
class Change:
    """A change of one resource. `replaces` is True, False, or None where CloudFormation decides while it runs."""

    action: str
    type: str
    logical_id: str
    name: str = ""
    replaces: bool | None = False
    keeps: bool = False
    what: tuple[str, ...] = ()

    @property
    def loses_place(self) -> bool:
        """Tell whether the resource would be no part of the stack any more, or another one in its place."""
        return self.type not in RENEWED and (self.action == "Remove" or self.replaces is not False)

    @property
    def loses_content(self) -> bool:
        """Tell whether a table, bucket or queue would be removed or replaced."""
        return self.type in PRECIOUS and self.loses_place

    @property
    def verb(self) -> str:
        """Return what is done, in a word or three."""
        if self.action == "Modify" and self.replaces:
            return "REPLACE"
        if self.action == "Modify" and self.replaces is None:
            return "may REPLACE"
        if self.action == "Remove":
            return "leave" if self.keeps else "DELETE"
        return {"Add": "add", "Modify": "change", "Import": "adopt"}.get(self.action, self.action.lower())


@dataclass(frozen=True)
class Group:
    """Changes that are told in one row: the same is done to resources of one type."""

    verb: str
    type: str
    what: tuple[str, ...]
    names: tuple[str, ...]
    is_loud: bool


def read_change(described: Mapping[str, Any]) -> Change:
    """Read a change of a change set as CloudFormation describes it."""
    change = described["ResourceChange"]
    targets = [detail.get("Target", {}) for detail in change.get("Details", [])]
    what = {target.get("Name") or target.get("Attribute", "") for target in targets}
    return Change(
        change["Action"],
        change["ResourceType"],
        change["LogicalResourceId"],
        change.get("PhysicalResourceId", ""),
        {"True": True, "Conditional": None}.get(change.get("Replacement", "False"), False),
        change.get("PolicyAction") == "Retain",
        tuple(sorted(what - {""})),
    )


def group(changes: Iterable[Change]) -> list[Group]:
    """Group changes, those that lose something first."""
    grouped: dict[tuple[bool, str, str, tuple[str, ...]], list[str]] = defaultdict(list)
    for change in changes:
        grouped[not change.loses_place, change.verb, _short(change.type), change.what].append(change.logical_id)
    return [
        Group(verb, kind, what, tuple(sorted(names)), not quiet)
        for (quiet, verb, kind, what), names in sorted(grouped.items())
    ]


def refused(changes: Iterable[Change], allowed: frozenset[str]) -> Iterator[Change]:
    """Yield the changes of tables, buckets and queues that nobody has allowed by name."""
    return (change for change in changes if change.loses_content and change.logical_id not in allowed)


def _short(resource_type: str) -> str:
    return resource_type.removeprefix("AWS::").replace("::", " ")
