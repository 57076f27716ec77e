"""Follow a stack's events until what it does is over."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from infrastructure.deploy.account import Account
from infrastructure.deploy.stacks import pauses

MOST_FAILURES: Final = 5
_CONSEQUENCES: Final = ("Resource creation cancelled", "Resource update cancelled")
"""Reasons of resources that did not fail themselves."""


@dataclass(frozen=True)
class Event:
    """Something that happened to a resource, or to the stack itself."""

    id: str
    logical_id: str
    type: str
    status: str
    reason: str
    is_of_stack: bool

    @property
    def is_failure(self) -> bool:
        """Tell whether this resource failed by itself."""
        return self.status.endswith("_FAILED") and not self.is_of_stack and not self.reason.startswith(_CONSEQUENCES)

    @property
    def is_done(self) -> bool:
        """Tell whether the resource is as the template says."""
        return self.status.endswith("_COMPLETE") and "ROLLBACK" not in self.status and not self.is_of_stack


@dataclass
class Outcome:
    """How it ended: the stack's status, and the first resources that failed."""

    status: str = ""
    failures: list[Event] = field(default_factory=list)

    @property
    def is_success(self) -> bool:
        """Tell whether the stack is what the template says."""
        return self.status.endswith("_COMPLETE") and "ROLLBACK" not in self.status


def last_event(account: Account, stack: str) -> str:
    """Return the id of the stack's newest event, empty if there is none."""
    events = account.cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    return events[0]["EventId"] if events else ""


def follow(account: Account, stack_id: str, since: str, show: Callable[[Event], None]) -> Outcome:
    """Show each event after `since` until the stack is done; return how it ended.

    A resource that fails makes others fail: only those that failed first, and by themselves, are returned.
    """
    outcome = Outcome()
    for _ in pauses():
        for event in reversed(list(_newer(account, stack_id, since))):
            since = event.id
            if event.is_failure and len(outcome.failures) < MOST_FAILURES:
                outcome.failures.append(event)
            if event.is_of_stack and _is_over(event.status):
                outcome.status = event.status
            show(event)
        if outcome.status:
            return outcome
    raise AssertionError("pauses never end")


def _newer(account: Account, stack_id: str, since: str) -> Iterator[Event]:
    for page in account.cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack_id):
        for event in page["StackEvents"]:
            if event["EventId"] == since:
                return
            yield _event(event)


def _event(event: dict[str, Any]) -> Event:
    return Event(
        event["EventId"],
        event["LogicalResourceId"],
        event["ResourceType"],
        event["ResourceStatus"],
        event.get("ResourceStatusReason", ""),
        event.get("PhysicalResourceId") == event["StackId"],
    )


def _is_over(status: str) -> bool:
    return not status.endswith("_IN_PROGRESS")
