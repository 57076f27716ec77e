"""Roll back: point the alias of every function at the versions of an earlier release."""

from infrastructure.deploy import console
from infrastructure.deploy.account import Account
from infrastructure.deploy.code_bucket import ensure_bucket
from infrastructure.deploy.releases import list_releases, live_release, release_before
from infrastructure.deploy.stacks import find_stack, refuse_busy, require_stack, resources
from infrastructure.deploy.stages import Stage
from infrastructure.deploy.versions import differing, function_names, live_versions, point, published_versions


class NotRolledBack(Exception):
    """There is nothing to roll back to, or nobody wanted to."""


def roll_back(account: Account, stage: Stage, *, to: int | None, yes: bool) -> None:
    """Roll a stage back to the release before the live one, or to another. Raises NoStack, NotRolledBack.

    Only code, memory, time limits and environment go back: tables, queues, routes and schedules stay as they are. A
    function whose version is the same in both releases is not touched. It may be repeated.
    """
    stack = require_stack(account, stage.stack)
    refuse_busy(stack)
    releases = list_releases(account, ensure_bucket(account), stack.id)
    names = function_names(resources(account, stack.id))
    live = live_versions(account, names)
    console.show_releases(releases, live_release(releases, live))
    target = next((each for each in releases if each.number == to), None) if to else release_before(releases, live)
    if target is None:
        raise NotRolledBack(f"there is no release {to}" if to else "there is no release before the one that is live")
    changes = differing(live, target.versions)
    if not changes:
        console.out.print(f"Release {target.number} is live already.")
        return
    published = published_versions(account, changes)
    gone = [names[name] for name, (_, wanted) in changes.items() if wanted not in published[name]]
    if gone:
        raise NotRolledBack(
            f"release {target.number} has versions that are deleted: {', '.join(gone)}; nothing was changed"
        )
    for name, (current, wanted) in changes.items():
        console.out.print(f"  {names[name]}: version {current} -> {wanted}")
    if not console.confirm(f"Roll {stage.stack} back to release {target.number}?", yes=yes):
        raise NotRolledBack("nothing was changed")
    refuse_busy(find_stack(account, stack.id))
    if live_versions(account, names) != live:
        raise NotRolledBack("somebody else has deployed or rolled back meanwhile: nothing was changed, look again")
    point(account, {name: wanted for name, (_, wanted) in changes.items()})
    console.out.print(f"[green]Release {target.number} is live.[/] The next deployment goes forward again.")
