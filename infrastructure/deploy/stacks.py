"""What CloudFormation says about a stack."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.exceptions import ClientError

from infrastructure.deploy.account import Account

FAILED_CREATION: Final = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"}
"""Statuses of a stack that never ran, or no longer does: it can only be deleted."""
SHORTEST_PAUSE_SECONDS: Final = 0.2
LONGEST_PAUSE_SECONDS: Final = 3.0


class NoStack(Exception):
    """There is no such stack."""


class StackBusy(Exception):
    """The stack is being changed, or has to be mended by hand, before anything else can be done with it."""


@dataclass(frozen=True)
class Resource:
    """A resource of a stack. `name` is its physical id."""

    logical_id: str
    type: str
    name: str
    status: str


@dataclass(frozen=True)
class Stack:
    """A stack that exists."""

    name: str
    id: str
    status: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)


def find_stack(account: Account, name: str) -> Stack | None:
    """Return the stack of a name or an id. None if there is none, or one that was never more than proposed."""
    try:
        described = account.cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    # A stack in review is what a change set that was not executed leaves: it has nothing yet.
    if described["StackStatus"] in {"REVIEW_IN_PROGRESS", "DELETE_COMPLETE"}:
        return None
    return _read(described)


def require_stack(account: Account, name: str) -> Stack:
    """Return the stack of a name or an id. Raises NoStack."""
    stack = find_stack(account, name)
    if stack is None:
        raise NoStack(f"{name} does not exist")
    return stack


def read_deleted(account: Account, stack_id: str) -> Stack:
    """Return a deleted stack as it was, by its id. AWS remembers it for 90 days."""
    return _read(account.cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0])


def _read(described: Mapping[str, Any]) -> Stack:
    return Stack(
        described["StackName"],
        described["StackId"],
        described["StackStatus"],
        {each["ParameterKey"]: each.get("ParameterValue", "") for each in described.get("Parameters", [])},
        {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", [])},
    )


def refuse_busy(stack: Stack | None) -> None:
    """Raise StackBusy, with what to do, if the stack cannot be changed now."""
    if stack is None:
        return
    if stack.status == "UPDATE_ROLLBACK_FAILED":
        raise StackBusy(
            f"{stack.name} could not be brought back to what it was before. Mend what its events name, then run: "
            f"aws cloudformation continue-update-rollback --stack-name {stack.name}"
        )
    if stack.status.endswith("_IN_PROGRESS"):
        raise StackBusy(f"{stack.name} is {stack.status}: somebody deploys it. Wait until that is over.")


def resources(account: Account, stack: str) -> list[Resource]:
    """Return the resources of a stack by its name or, for a deleted one, its id."""
    paginator = account.cloudformation.get_paginator("list_stack_resources")
    return [
        Resource(
            each["LogicalResourceId"], each["ResourceType"], each.get("PhysicalResourceId", ""), each["ResourceStatus"]
        )
        for page in paginator.paginate(StackName=stack)
        for each in page["StackResourceSummaries"]
    ]


def holders(account: Account) -> dict[str, tuple[str, str]]:
    """Return the id and the name of the stack that has each resource, by its physical name: of all stacks there are."""
    pages = account.cloudformation.get_paginator("describe_stacks").paginate()
    return {
        each.name: (stack["StackId"], stack["StackName"])
        for page in pages
        for stack in page["Stacks"]
        for each in resources(account, stack["StackId"])
        if each.name
    }


def skipped(account: Account, stack_id: str) -> list[Resource]:
    """Return what CloudFormation kept when it deleted or replaced resources of a stack, which may be gone itself."""
    pages = account.cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack_id)
    return [
        Resource(each["LogicalResourceId"], each["ResourceType"], each["PhysicalResourceId"], each["ResourceStatus"])
        for page in pages
        for each in page["StackEvents"]
        if each["ResourceStatus"] == "DELETE_SKIPPED" and each.get("PhysicalResourceId")
    ]


def deleted_stacks(account: Account, name: str) -> list[str]:
    """Return the ids of the deleted stacks of a name, the last deleted first. AWS remembers them for 90 days."""
    paginator = account.cloudformation.get_paginator("list_stacks")
    found = [
        each
        for page in paginator.paginate(StackStatusFilter=["DELETE_COMPLETE"])
        for each in page["StackSummaries"]
        if each["StackName"] == name
    ]
    return [each["StackId"] for each in sorted(found, key=lambda each: str(each.get("DeletionTime")), reverse=True)]


def pauses() -> Iterator[None]:
    """Wait between questions to CloudFormation: at first briefly, later for seconds."""
    pause = SHORTEST_PAUSE_SECONDS
    while True:
        yield
        time.sleep(pause)
        pause = min(pause * 1.3, LONGEST_PAUSE_SECONDS)
