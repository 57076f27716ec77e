"""Halt a deployed stack: none of its functions is called until it is resumed. Messages and records wait meanwhile.

The sources of queues and streams are disabled, and each function's reserved concurrency becomes 0, which also stops the
API and the schedules. Lambda takes no 0 while a function has provisioned concurrency, so that goes first. What there
was before is kept in tags of the function. A function or source that fails keeps back no other.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, Final

import boto3
import click
from rich.console import Console

from chalicelib.batches import each
from infrastructure.aliases import ALIAS

TAG: Final = "billing-portal:reserved-before-halt"
PROVISIONED_TAG: Final = "billing-portal:provisioned-before-halt"
NOT_RESERVED: Final = "none"
ENABLED: Final = frozenset({"Enabled", "Enabling"})
WRONG: Final = 1
out = Console(soft_wrap=True)


@click.command()
@click.pass_context
def halt(context: click.Context) -> None:
    """Stop all functions: nothing is posted or charged, and the API answers 500, until `ops resume`.

    Messages wait on their queues for up to four days, changes of tables in their streams for 24 hours. Safe to repeat.
    Exits with 1 if something could not be stopped.
    """
    stack = _stack(context)
    client: Any = boto3.client("lambda")
    seconds: list[int] = []
    failed = _each(_resources(stack, "AWS::Lambda::EventSourceMapping"), partial(_switch, client, on=False))
    functions = list(_resources(stack, "AWS::Lambda::Function"))
    failed += _each(functions, lambda name: seconds.append(_stop(client, name)))
    out.print(f"{len(seconds)} of {len(functions)} functions are halted; ops resume starts them again")
    out.print(f"What runs at this moment ends within {max(seconds, default=0)} seconds: wait for it")
    sys.exit(WRONG if failed else 0)


@click.command()
@click.pass_context
def resume(context: click.Context) -> None:
    """Start what `ops halt` has stopped, with the concurrency that was reserved before. Safe to repeat.

    Exits with 1 if something could not be started.
    """
    stack = _stack(context)
    client: Any = boto3.client("lambda")
    functions = list(_resources(stack, "AWS::Lambda::Function"))
    failed = _each(functions, partial(_start, client))
    out.print(f"{len(functions) - failed} of {len(functions)} functions are started")
    failed += _each(_resources(stack, "AWS::Lambda::EventSourceMapping"), partial(_switch, client, on=True))
    sys.exit(WRONG if failed else 0)


def _each(names: Iterable[str], handle: Callable[[str], object]) -> int:
    """Handle each function or source; print those that failed, and return how many did."""
    message = "it could not be halted or resumed"
    failures = each(list(names), handle, message=message, about=lambda name: {"resource": name})
    for failure in failures:
        out.print(f"{failure.item} FAILED, repeat the command: {failure.error}", markup=False)
    return len(failures)


def _stack(context: click.Context) -> str:
    """Return the stack's name. Raises UsageError on a system that is none."""
    stack = context.find_root().params.get("stack")
    if not stack:
        command = f"ops --stack NAME {context.info_name}"
        raise click.UsageError(f"name the stack: {command}; what make run has started ends with Ctrl-C")
    return str(stack)


def _resources(stack: str, kind: str) -> Iterator[str]:
    """Yield the ids of a stack's resources of a kind."""
    pages: Any = boto3.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    for page in pages:
        for found in page["StackResourceSummaries"]:
            if found["ResourceType"] == kind and found.get("PhysicalResourceId"):
                yield found["PhysicalResourceId"]


def _switch(client: Any, uuid: str, *, on: bool) -> None:
    """Enable or disable a source; one that is so already, or just becomes so, is left alone."""
    if (client.get_event_source_mapping(UUID=uuid)["State"] in ENABLED) != on:
        client.update_event_source_mapping(UUID=uuid, Enabled=on)


def _stop(client: Any, name: str) -> int:
    """Note what a function has reserved and provisioned, then reserve nothing; return its time limit in seconds.

    The note of an earlier halt stays.
    """
    found = client.get_function_configuration(FunctionName=name)
    arn = found["FunctionArn"]
    tags = client.list_tags(Resource=arn).get("Tags", {})
    if provisioned := _provisioned(client, name):
        client.tag_resource(Resource=arn, Tags={PROVISIONED_TAG: str(provisioned)})
    if TAG not in tags:
        reserved = client.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions")
        client.tag_resource(Resource=arn, Tags={TAG: NOT_RESERVED if reserved is None else str(reserved)})
    if provisioned:
        client.delete_provisioned_concurrency_config(FunctionName=name, Qualifier=ALIAS)
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    return int(found["Timeout"])


def _provisioned(client: Any, name: str) -> int:
    """Return how many environments the live version of a function has provisioned."""
    missing = (
        client.exceptions.ProvisionedConcurrencyConfigNotFoundException,
        client.exceptions.ResourceNotFoundException,
    )
    try:
        found = client.get_provisioned_concurrency_config(FunctionName=name, Qualifier=ALIAS)
    except missing:
        return 0
    return int(found["RequestedProvisionedConcurrentExecutions"])


def _start(client: Any, name: str) -> None:
    """Reserve and provision what a halted function had; one that is not halted is left alone."""
    arn = client.get_function_configuration(FunctionName=name)["FunctionArn"]
    tags = client.list_tags(Resource=arn).get("Tags", {})
    before, provisioned = tags.get(TAG), tags.get(PROVISIONED_TAG)
    if before is None:
        return
    if before == NOT_RESERVED:
        client.delete_function_concurrency(FunctionName=name)
    else:
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=int(before))
    if provisioned:
        client.put_provisioned_concurrency_config(
            FunctionName=name, Qualifier=ALIAS, ProvisionedConcurrentExecutions=int(provisioned)
        )
    client.untag_resource(Resource=arn, TagKeys=[TAG, PROVISIONED_TAG])
