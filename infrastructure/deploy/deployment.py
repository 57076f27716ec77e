"""Deploy a stage: show what would change, ask, execute, and follow it to its end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infrastructure.deploy import console
from infrastructure.deploy.account import Account
from infrastructure.deploy.change_set import ChangeSet, create_change_set, discard, execute
from infrastructure.deploy.changes import refused
from infrastructure.deploy.code_bucket import ensure_bucket, upload_archives, upload_template
from infrastructure.deploy.events import follow, last_event
from infrastructure.deploy.failed_creation import clear_failed_creation
from infrastructure.deploy.parameters import (
    BASE_URL,
    UNKNOWN_BASE_URL,
    Ask,
    choose,
    effective,
    mark,
    protected_later,
    unprotected,
)
from infrastructure.deploy.releases import list_releases, record_release
from infrastructure.deploy.secret import require_secret
from infrastructure.deploy.stacks import FAILED_CREATION, Stack, find_stack, refuse_busy, require_stack, resources
from infrastructure.deploy.stages import Stage
from infrastructure.deploy.versions import (
    delete_unused,
    deployed_versions,
    differing,
    function_names,
    is_halted,
    live_versions,
    point,
    published_versions,
)
from infrastructure.generator.names import API, function_id

Template = dict[str, Any]
Chosen = Sequence[Mapping[str, Any]]


class NotDeployed(Exception):
    """The stage is as it was, or failed as was shown."""


@dataclass(frozen=True)
class Deployment:
    """A deployment of a stage, with the caller's answers. `allowed` are tables, buckets and queues that may be lost."""

    account: Account
    stage: Stage
    given: Mapping[str, str] = field(default_factory=dict)
    allowed: frozenset[str] = frozenset()
    yes: bool = False
    ask: Ask | None = None

    def run(self, template_file: Path) -> Stack:
        """Deploy a packaged template and return the stack. Raises NotDeployed."""
        stack = self._usable_stack()
        if stack:
            self._ask_if_halted(stack)
        bucket = ensure_bucket(self.account)
        template = upload_archives(self.account, bucket, template_file)
        remembered = frozenset(stack.parameters) if stack else frozenset()
        chosen = choose(template["Parameters"], self.stage, self.given, remembered, self.ask)
        require_secret(self.account, template["Parameters"], chosen, stack, yes=self.yes)
        if stack:
            self._delete_unused_versions(bucket, stack)
        later = self._later(bucket, template, chosen, stack)
        if stack is None:
            chosen = [each for each in chosen if each["ParameterKey"] not in later] + unprotected(later)
        self._change(stack, self._upload(bucket, template, chosen, stack), chosen)
        stack = self._complete(bucket, template, later)
        self._release(bucket, stack)
        console.show_outputs(stack.outputs)
        return stack

    def _usable_stack(self) -> Stack | None:
        stack = find_stack(self.account, self.stage.stack)
        refuse_busy(stack)
        if stack and stack.status in FAILED_CREATION:
            if not clear_failed_creation(self.account, stack, yes=self.yes):
                raise NotDeployed(f"{stack.name} is {stack.status}: nothing can be deployed into it")
            return None
        return stack

    def _ask_if_halted(self, stack: Stack) -> None:
        """Ask before a stack is deployed that `ops halt` has stopped: CloudFormation may start what it changes."""
        functions = function_names(resources(self.account, stack.id))
        found = [name for name, logical_id in functions.items() if logical_id == function_id(API)]
        if not any(is_halted(self.account, name) for name in found):
            return
        console.out.print(
            f"[bold red]{stack.name} is halted.[/] A deployment may start some of its functions again: "
            "repeat `ops halt` after it, until all is well, then `ops resume`."
        )
        if self.yes or not console.confirm("Deploy all the same?", yes=False):
            raise NotDeployed(f"{stack.name} is halted, and nothing was changed: resume it, or answer the question")

    def _later(self, bucket: str, template: Template, chosen: Chosen, stack: Stack | None) -> dict[str, str]:
        """Return what is set once the stack is there; also of one whose first deployment was cut off before it was."""
        if stack and list_releases(self.account, bucket, stack.id):
            return {}
        return protected_later(template["Parameters"], chosen)

    def _upload(self, bucket: str, template: Template, chosen: Chosen, stack: Stack | None) -> str:
        values = effective(template["Parameters"], chosen, stack.parameters if stack else {})
        return upload_template(self.account, bucket, mark(template, values))

    def _change(self, stack: Stack | None, url: str, chosen: Chosen) -> None:
        change_set = create_change_set(self.account, self.stage.stack, "UPDATE" if stack else "CREATE", url, chosen)
        if change_set is None:
            console.out.print(f"{self.stage.stack} is up to date: no updates.")
            return
        console.show_changes(change_set.changes)
        self._refuse_losses(change_set)
        if not console.confirm(f"Deploy this to {self._place}?", yes=self.yes):
            discard(self.account, change_set)
            raise NotDeployed("nothing was changed")
        self._execute(stack, change_set)

    def _refuse_losses(self, change_set: ChangeSet) -> None:
        lost = [change.logical_id for change in refused(change_set.changes, self.allowed)]
        if lost:
            discard(self.account, change_set)
            options = " ".join(f"--allow-loss {name}" for name in lost)
            raise NotDeployed(
                f'tables, buckets or queues would be lost. If that is what you want, say so: ARGS="{options}"'
            )

    def _execute(self, stack: Stack | None, change_set: ChangeSet) -> None:
        before = self._live() if stack else {}
        found = find_stack(self.account, change_set.stack)
        since = last_event(self.account, change_set.stack)
        stack_id = found.id if found else change_set.stack
        execute(self.account, change_set)
        with console.progress("Deploying", len(change_set.changes)) as show:
            outcome = follow(self.account, stack_id, since, show)
        if outcome.is_success:
            return
        console.show_failures(outcome)
        if before:
            # CloudFormation brings the aliases back to the last deployment, also if that had been rolled back.
            point(self.account, {name: wanted for name, (_, wanted) in differing(self._live(), before).items()})
        raise NotDeployed("the stack is as it was before" if before else "run it again when the cause is mended")

    def _complete(self, bucket: str, template: Template, later: Mapping[str, str]) -> Stack:
        """Set what could not be set before the stack was there: the address of its API, and its protection."""
        stack = self._found()
        values = dict(later)
        if stack.parameters.get(BASE_URL) == UNKNOWN_BASE_URL:
            values[BASE_URL] = stack.outputs["EndpointURL"].rstrip("/")
        values = {name: value for name, value in values.items() if stack.parameters.get(name) != value}
        if not values:
            return stack
        for name, value in values.items():
            console.out.print(f"{name} becomes {value}")
        kept = [name for name in stack.parameters if name in template["Parameters"] and name not in values]
        others: Chosen = [{"ParameterKey": name, "UsePreviousValue": True} for name in kept]
        chosen = [*others, *({"ParameterKey": name, "ParameterValue": value} for name, value in values.items())]
        url = self._upload(bucket, template, chosen, stack)
        change_set = create_change_set(self.account, stack.name, "UPDATE", url, chosen)
        if change_set:
            self._execute(stack, change_set)
        return self._found()

    def _release(self, bucket: str, stack: Stack) -> None:
        """Have every alias point at what was deployed, also where a roll back had moved it, and write it down."""
        deployed = deployed_versions(resources(self.account, stack.id))
        behind = differing(self._live(), deployed)
        if behind:
            console.out.print(f"{len(behind)} functions had been rolled back; they go forward to what is deployed.")
            if not console.confirm("Go forward?", yes=self.yes):
                raise NotDeployed("the functions stay where they are")
            refuse_busy(self._found())
            if deployed_versions(resources(self.account, stack.id)) != deployed:
                raise NotDeployed("somebody else has deployed meanwhile: the functions stay where they are")
            point(self.account, {name: wanted for name, (_, wanted) in behind.items()})
        release = record_release(self.account, bucket, stack.id, deployed)
        console.out.print(f"[green]{stack.name} runs release {release.number}.[/]")

    def _delete_unused_versions(self, bucket: str, stack: Stack) -> None:
        names = function_names(resources(self.account, stack.id))
        published = published_versions(self.account, names)
        # Somebody else may have begun to deploy. What they publish from now on is not in that list; and of a deployment
        # that is over by now, what it has published is in use.
        refuse_busy(find_stack(self.account, stack.id))
        found = resources(self.account, stack.id)
        in_use = [deployed_versions(found), live_versions(self.account, names)]
        in_use += [dict(release.versions) for release in list_releases(self.account, bucket, stack.id)]
        used = {name: frozenset(each[name] for each in in_use if name in each) for name in names}
        delete_unused(self.account, published, used)

    def _live(self) -> dict[str, str]:
        return live_versions(self.account, function_names(resources(self.account, self.stage.stack)))

    def _found(self) -> Stack:
        return require_stack(self.account, self.stage.stack)

    @property
    def _place(self) -> str:
        return f"{self.stage.name} ({self.stage.stack}, account {self.account.number}, {self.account.region})"
