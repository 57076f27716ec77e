"""A stack whose creation failed: it can only be deleted, with what it left behind, before it is created again."""

from infrastructure.deploy import console
from infrastructure.deploy.account import Account
from infrastructure.deploy.leftovers import delete_leftovers, holds_nothing, leftovers
from infrastructure.deploy.stacks import Stack, find_stack, pauses


class NotDeleted(Exception):
    """CloudFormation could not delete the stack."""


def clear_failed_creation(account: Account, stack: Stack, *, yes: bool) -> bool:
    """Offer to delete a stack that never ran, and the empty resources it left; return whether it is gone.

    Nothing that holds a row, an object or a message is deleted: its stack may have run before, and failed at its end.
    """
    left = leftovers(account, stack.id)
    full = [each for each in left if not holds_nothing(account, each)]
    console.out.print(f"[bold]{stack.name} is {stack.status}[/]: its creation failed, so nothing runs in it.")
    if full:
        names = ", ".join(f"{each.logical_id} ({each.name})" for each in full)
        console.out.print(f"[bold red]It holds data, so it is not touched:[/] {names}. See docs/operating/upgrades.md.")
        return False
    console.out.print(f"It left {len(left)} tables, buckets and queues, all of them empty.")
    if not console.confirm("Delete them and the stack?", yes=yes):
        return False
    delete_stack(account, stack)
    delete_leftovers(account, left)
    return True


def delete_stack(account: Account, stack: Stack) -> None:
    """Delete a stack and wait until it is gone. Raises NotDeleted."""
    account.cloudformation.delete_stack(StackName=stack.id)
    for _ in pauses():
        found = find_stack(account, stack.id)
        if found is None:
            return
        if found.status == "DELETE_FAILED":
            failed = account.cloudformation.describe_stacks(StackName=stack.id)["Stacks"][0]
            raise NotDeleted(f"{stack.name} could not be deleted: {failed.get('StackStatusReason', '')}")
