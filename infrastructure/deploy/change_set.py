"""A change set: made, read, executed or thrown away."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from infrastructure.deploy.account import Account
from infrastructure.deploy.changes import Change, read_change
from infrastructure.deploy.stacks import find_stack, pauses

CAPABILITIES: Final = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
_NOTHING: Final = ("didn't contain changes", "No updates are to be performed")


class ChangeSetFailed(Exception):
    """CloudFormation cannot do what the template says."""


@dataclass(frozen=True)
class ChangeSet:
    """A change set that can be executed, and what it would do."""

    id: str
    stack: str
    stack_id: str
    kind: str
    changes: Sequence[Change]


def create_change_set(
    account: Account,
    stack: str,
    kind: str,
    template_url: str,
    parameters: Sequence[Mapping[str, Any]],
    *,
    imports: Sequence[Mapping[str, Any]] = (),
) -> ChangeSet | None:
    """Create a change set and wait until it can be read. Return None if nothing would change.

    `kind` is CREATE, UPDATE or IMPORT. Raises ChangeSetFailed.
    """
    request: dict[str, Any] = {
        "StackName": stack,
        "ChangeSetName": f"deploy-{uuid.uuid4().hex}",
        "ChangeSetType": kind,
        "TemplateURL": template_url,
        "Parameters": list(parameters),
        "Capabilities": CAPABILITIES,
    }
    if imports:
        request["ResourcesToImport"] = list(imports)
    try:
        answer = account.cloudformation.create_change_set(**request)
    except ClientError as error:
        raise ChangeSetFailed(error.response["Error"]["Message"]) from error
    made = answer["Id"]
    for _ in pauses():
        described = account.cloudformation.describe_change_set(ChangeSetName=made)
        if described["Status"] == "FAILED":
            account.cloudformation.delete_change_set(ChangeSetName=made)
            reason = described.get("StatusReason", "")
            if any(text in reason for text in _NOTHING):
                return None
            raise ChangeSetFailed(reason)
        if described["Status"] == "CREATE_COMPLETE":
            break
    pages = account.cloudformation.get_paginator("describe_change_set").paginate(ChangeSetName=made)
    changes = [read_change(each) for page in pages for each in page["Changes"]]
    return ChangeSet(made, stack, answer["StackId"], kind, changes)


def execute(account: Account, change_set: ChangeSet) -> None:
    """Begin to execute a change set."""
    account.cloudformation.execute_change_set(ChangeSetName=change_set.id)


def discard(account: Account, change_set: ChangeSet) -> None:
    """Delete a change set and, if it was to create a stack, the empty stack that stands for it.

    That one stays if it is not empty any more: somebody else has executed a change set of their own meanwhile.
    """
    account.cloudformation.delete_change_set(ChangeSetName=change_set.id)
    if change_set.kind != "UPDATE" and find_stack(account, change_set.stack_id) is None:
        account.cloudformation.delete_stack(StackName=change_set.stack_id)
