"""Adopt the tables, buckets and queues of a deleted stack into a new one, which `make deploy` then completes."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from infrastructure.deploy import console
from infrastructure.deploy.account import Account
from infrastructure.deploy.change_set import create_change_set, discard, execute
from infrastructure.deploy.changes import BUCKET, QUEUE, TABLE
from infrastructure.deploy.code_bucket import ensure_bucket, upload_template
from infrastructure.deploy.events import follow, last_event
from infrastructure.deploy.leftovers import exists, holds_nothing, leftovers
from infrastructure.deploy.parameters import BASE_URL, choose
from infrastructure.deploy.stacks import Resource, deleted_stacks, find_stack, read_deleted
from infrastructure.deploy.stages import Stage

IDENTIFIERS: Final = {TABLE: "TableName", BUCKET: "BucketName", QUEUE: "QueueUrl"}
_OF_A_DELETED_API: Final = re.compile(r"https://[a-z0-9]+\.execute-api\.")
"""An address that API Gateway gave: it was that of the stack's own API, and ended with it."""


class NotAdopted(Exception):
    """There is nothing to adopt, or nothing to adopt it into."""


def refuse_existing(account: Account, stage: Stage) -> None:
    """Raise NotAdopted if the stage has a stack."""
    if find_stack(account, stage.stack):
        raise NotAdopted(f"{stage.stack} exists: only a stack that is created can adopt")


def find_adoptable(account: Account, stage: Stage) -> tuple[list[Resource], dict[str, str]]:
    """Return what the last stack of this name that left anything has left, and its parameters. Raises NotAdopted."""
    for stack_id in deleted_stacks(account, stage.stack):
        if found := leftovers(account, stack_id):
            return found, dict(read_deleted(account, stack_id).parameters)
    raise NotAdopted(
        f"no deleted stack {stage.stack} of the last 90 days left anything; name it in a file: ARGS='--resources FILE'"
    )


def inherited(before: Mapping[str, str], declared: Mapping[str, Any], stage: Stage) -> dict[str, str]:
    """Return the parameters of a deleted stack that the new one is to have, as a stack keeps its own. Pure.

    Those that are the stage's come from there. An address that API Gateway gave has gone with its API.
    """
    kept = {name: value for name, value in before.items() if name in declared and name not in stage.parameters}
    if _OF_A_DELETED_API.match(kept.get(BASE_URL, "")):
        del kept[BASE_URL]
    return kept


def read_resources(path: Path, template: Mapping[str, Any]) -> list[Resource]:
    """Read what is to be adopted from a JSON object: physical name by logical id. Raises NotAdopted."""
    try:
        named = json.loads(path.read_bytes())
    except ValueError:
        named = None
    if not isinstance(named, dict) or not all(isinstance(value, str) for value in named.values()):
        raise NotAdopted(f"{path} is not a JSON object with a name for each logical id (docs/operating/upgrades.md)")
    unknown = [each for each in named if template["Resources"].get(each, {}).get("Type") not in IDENTIFIERS]
    if unknown:
        raise NotAdopted(f"the template has no table, bucket or queue {', '.join(unknown)}")
    return [Resource(name, template["Resources"][name]["Type"], value, "") for name, value in named.items()]


def adopt(
    account: Account,
    stage: Stage,
    template: Mapping[str, Any],
    given: Mapping[str, str],
    found: Sequence[Resource],
    *,
    before: Mapping[str, str],
    yes: bool,
) -> None:
    """Create the stage's stack out of resources that exist; nothing about them changes. Raises NotAdopted.

    What the template does not have any more is left out, and named. `before` are the parameters of the stack that had
    them; without any, what a first deployment asks for is asked for here.
    """
    refuse_existing(account, stage)
    missing = [each.name for each in found if not exists(account, each)]
    if missing:
        raise NotAdopted(f"these do not exist: {', '.join(missing)}")
    wanted = [each for each in found if template["Resources"].get(each.logical_id, {}).get("Type") == each.type]
    _show(account, wanted, [each for each in found if each not in wanted])
    part = adopted_part(template, [each.logical_id for each in wanted])
    url = upload_template(account, ensure_bucket(account), part)
    kept = inherited(before, part["Parameters"], stage)
    chosen = choose(
        part["Parameters"], stage, {**kept, **given}, frozenset(), None if before or yes else console.ask_parameter
    )
    change_set = create_change_set(
        account, stage.stack, "IMPORT", url, chosen, imports=[_entry(each) for each in wanted]
    )
    if change_set is None:
        raise NotAdopted("there is nothing to adopt")
    if not console.confirm(f"Adopt these into {stage.stack}?", yes=yes):
        discard(account, change_set)
        raise NotAdopted("nothing was changed")
    since = last_event(account, stage.stack)
    execute(account, change_set)
    with console.progress("Adopting", len(wanted)) as show:
        outcome = follow(account, stage.stack, since, show)
    if not outcome.is_success:
        console.show_failures(outcome)
        raise NotAdopted("nothing was changed")
    console.out.print(f"[green]{stage.stack} has them.[/] Now: make deploy STAGE={stage.name}")


def adopted_part(template: Mapping[str, Any], logical_ids: Sequence[str]) -> dict[str, Any]:
    """Return the template with these resources alone: an import may neither create anything nor add outputs. Pure."""
    return {
        "AWSTemplateFormatVersion": template["AWSTemplateFormatVersion"],
        "Parameters": template["Parameters"],
        "Conditions": template["Conditions"],
        "Resources": {name: template["Resources"][name] for name in logical_ids},
    }


def _entry(resource: Resource) -> dict[str, Any]:
    return {
        "ResourceType": resource.type,
        "LogicalResourceId": resource.logical_id,
        "ResourceIdentifier": {IDENTIFIERS[resource.type]: resource.name},
    }


def _show(account: Account, wanted: Sequence[Resource], others: Sequence[Resource]) -> None:
    for each in wanted:
        console.out.print(f"  {each.logical_id}: {each.name}" + (" (empty)" if holds_nothing(account, each) else ""))
    for each in others:
        console.out.print(f"  [yellow]left alone, the template has no {each.logical_id}: {each.name}[/]")
