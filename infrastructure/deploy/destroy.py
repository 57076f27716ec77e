"""Destroy a test stage: its stack, and the tables, buckets and queues with all that they hold."""

import click

from infrastructure.deploy import console
from infrastructure.deploy.account import Account
from infrastructure.deploy.failed_creation import delete_stack
from infrastructure.deploy.leftovers import delete_leftovers, leftovers
from infrastructure.deploy.stacks import Resource, deleted_stacks, find_stack, holders
from infrastructure.deploy.stages import Stage


class NotDestroyed(Exception):
    """The stage may not be destroyed, or its name was not typed."""


def destroy(account: Account, stage: Stage, *, typed: str | None) -> None:
    """Destroy a disposable stage, whose stack's name has to be typed. May be repeated. Raises NotDestroyed.

    Also what earlier stacks of that name left is deleted, unless another stack has adopted it.
    """
    if not stage.disposable:
        raise NotDestroyed(f"{stage.name} is not disposable (infrastructure/stages.toml): it is never destroyed")
    stack = find_stack(account, stage.stack)
    found = _found(account, ([stack.id] if stack else []) + deleted_stacks(account, stage.stack))
    if stack is None and not found:
        console.out.print(f"There is nothing of {stage.stack}.")
        return
    kept = ", ".join(sorted({each.logical_id for each in found}))
    console.out.print(
        f"[bold white on red] DESTROY [/] {stage.stack} in account {account.number}, {account.region}, "
        f"with {len(found)} tables, buckets and queues and all that they hold:\n{kept}"
    )
    answer = typed if typed is not None else click.prompt("Type the name of the stack")
    if answer != stage.stack:
        raise NotDestroyed(f"that is not {stage.stack}: nothing was deleted")
    if stack:
        delete_stack(account, stack)
    delete_leftovers(account, found)
    console.out.print(f"{stage.stack} is gone. Its secret and its releases' code are kept.")


def _found(account: Account, stack_ids: list[str]) -> list[Resource]:
    found = {each.name: each for stack_id in stack_ids for each in leftovers(account, stack_id)}
    held = holders(account) if found else {}
    free = []
    for name, resource in found.items():
        stack_id, holder = held.get(name, (None, ""))
        if stack_id in {None, *stack_ids}:
            free.append(resource)
        else:
            console.out.print(f"[yellow]left alone, {holder} has it now: {resource.logical_id} ({name})[/]")
    return free
