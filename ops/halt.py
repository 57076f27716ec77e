"""Halt a deployed stack: none of its functions is called until it is resumed. Messages and records wait meanwhile.

The sources of queues and streams are disabled, and each function's reserved concurrency becomes 0, which also stops the
API and the schedules. What was reserved before is kept in a tag of the function.
"""

from collections.abc import Iterator
from typing import Any, Final

import boto3
import click
from rich.console import Console

TAG: Final = "billing-portal:reserved-before-halt"
NOT_RESERVED: Final = "none"
out = Console(soft_wrap=True)


@click.command()
@click.pass_context
def halt(context: click.Context) -> None:
    """Stop all functions: nothing is posted or charged, and the API answers 500, until `ops resume`.

    Messages wait on their queues for up to four days, changes of tables in their streams for 24 hours. Safe to repeat.
    """
    stack = _stack(context)
    client: Any = boto3.client("lambda")
    for uuid in _resources(stack, "AWS::Lambda::EventSourceMapping"):
        client.update_event_source_mapping(UUID=uuid, Enabled=False)
    functions = list(_resources(stack, "AWS::Lambda::Function"))
    for name in functions:
        _stop(client, name)
    out.print(f"{len(functions)} functions are halted; ops resume starts them again")


@click.command()
@click.pass_context
def resume(context: click.Context) -> None:
    """Start what `ops halt` has stopped, with the concurrency that was reserved before. Safe to repeat."""
    stack = _stack(context)
    client: Any = boto3.client("lambda")
    functions = list(_resources(stack, "AWS::Lambda::Function"))
    for name in functions:
        _start(client, name)
    for uuid in _resources(stack, "AWS::Lambda::EventSourceMapping"):
        client.update_event_source_mapping(UUID=uuid, Enabled=True)
    out.print(f"{len(functions)} functions are started")


def _stack(context: click.Context) -> str:
    """Return the stack's name. Raises UsageError on a system that is none."""
    stack = context.find_root().params.get("stack")
    if not stack:
        raise click.UsageError("name the stack: ops --stack NAME halt; what make run has started ends with Ctrl-C")
    return str(stack)


def _resources(stack: str, kind: str) -> Iterator[str]:
    """Yield the ids of a stack's resources of a kind."""
    pages: Any = boto3.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    for page in pages:
        for each in page["StackResourceSummaries"]:
            if each["ResourceType"] == kind and each.get("PhysicalResourceId"):
                yield each["PhysicalResourceId"]


def _stop(client: Any, name: str) -> None:
    """Note what a function has reserved, then reserve nothing; the note of an earlier halt stays."""
    arn = client.get_function_configuration(FunctionName=name)["FunctionArn"]
    if TAG not in client.list_tags(Resource=arn).get("Tags", {}):
        reserved = client.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions")
        client.tag_resource(Resource=arn, Tags={TAG: NOT_RESERVED if reserved is None else str(reserved)})
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)


def _start(client: Any, name: str) -> None:
    """Reserve what a halted function had reserved; one that is not halted is left alone."""
    arn = client.get_function_configuration(FunctionName=name)["FunctionArn"]
    before = client.list_tags(Resource=arn).get("Tags", {}).get(TAG)
    if before is None:
        return
    if before == NOT_RESERVED:
        client.delete_function_concurrency(FunctionName=name)
    else:
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=int(before))
    client.untag_resource(Resource=arn, TagKeys=[TAG])
