"""The command line: `python -m infrastructure.deploy deploy|rollback|releases|adopt|destroy STAGE`."""

import json
import subprocess
import sys
from pathlib import Path

import click
from botocore.exceptions import BotoCoreError, ClientError

from infrastructure.deploy import adopt as adoption
from infrastructure.deploy import console
from infrastructure.deploy.account import Account, NoAccount, find_account
from infrastructure.deploy.change_set import ChangeSetFailed
from infrastructure.deploy.code_bucket import TemplateTooLarge, ensure_bucket
from infrastructure.deploy.deployment import Deployment, NotDeployed
from infrastructure.deploy.destroy import NotDestroyed, destroy
from infrastructure.deploy.failed_creation import NotDeleted
from infrastructure.deploy.next_steps import show_next_steps
from infrastructure.deploy.parameters import WrongParameters, read_given
from infrastructure.deploy.releases import list_releases, live_release
from infrastructure.deploy.roll_back import NotRolledBack, roll_back
from infrastructure.deploy.secret import NoSecret
from infrastructure.deploy.stacks import NoStack, StackBusy, require_stack, resources
from infrastructure.deploy.stages import Stage, WrongStage, find_stage
from infrastructure.deploy.versions import function_names, live_versions
from infrastructure.package import OUTPUT, Package

TEMPLATE = Package(OUTPUT).template
EXPECTED = (
    adoption.NotAdopted,
    BotoCoreError,
    ChangeSetFailed,
    ClientError,
    NoAccount,
    NoSecret,
    NoStack,
    NotDeleted,
    NotDeployed,
    NotDestroyed,
    NotRolledBack,
    StackBusy,
    TemplateTooLarge,
    WrongParameters,
    WrongStage,
)
"""What is told in one sentence. Anything else is a bug, and shows where it is."""


def _packaged(_context: click.Context, _parameter: click.Parameter, path: Path | None) -> Path | None:
    """Refuse a file that is no packaged template before anything is asked or made."""
    if path is None:
        return None
    try:
        found = json.loads(path.read_bytes())["Resources"]
    except (ValueError, KeyError, TypeError):
        found = None
    if not found:
        raise click.BadParameter(f"{path} is no packaged template; make package writes build/package/sam.json")
    return path


yes_option = click.option("--yes", is_flag=True, help="Answer every question with yes; for CI.")
set_option = click.option("--set", "given", multiple=True, metavar="Name=value", help="A parameter of the template.")
template_option = click.option(
    "--template",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    callback=_packaged,
    help="A packaged template; otherwise it is packaged.",
)


@click.group()
def commands() -> None:
    """Deploy a stage of the Billing Portal, and what belongs to it. Stages are in infrastructure/stages.toml."""


@commands.command("deploy")
@click.argument("stage")
@set_option
@template_option
@click.option("--allow-loss", "allowed", multiple=True, metavar="ID", help="A table, bucket or queue that may be lost.")
@yes_option
def deploy(stage: str, given: tuple[str, ...], template: Path | None, allowed: tuple[str, ...], yes: bool) -> None:
    """Package and deploy STAGE. The changes are shown first."""
    chosen, account = _begin(stage)
    deployment = Deployment(
        account, chosen, read_given(given), frozenset(allowed), yes, None if yes else console.ask_parameter
    )
    stack = deployment.run(template or _package())
    show_next_steps(chosen, stack)


@commands.command("rollback")
@click.argument("stage")
@click.option("--to", type=int, metavar="RELEASE", help="The release; otherwise the one before the live one.")
@yes_option
def rollback(stage: str, to: int | None, yes: bool) -> None:
    """Have every function of STAGE run the versions of an earlier release."""
    chosen, account = _begin(stage)
    roll_back(account, chosen, to=to, yes=yes)


@commands.command("releases")
@click.argument("stage")
def releases(stage: str) -> None:
    """Show the releases of STAGE, and which of them is live."""
    chosen, account = _begin(stage)
    stack = require_stack(account, chosen.stack)
    known = list_releases(account, ensure_bucket(account), stack.id)
    console.show_releases(
        known, live_release(known, live_versions(account, function_names(resources(account, stack.id))))
    )


@commands.command("adopt")
@click.argument("stage")
@set_option
@template_option
@click.option(
    "--resources",
    "resources_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="JSON: the name of each table and bucket, and the URL of each queue, by its logical id.",
)
@yes_option
def adopt(stage: str, given: tuple[str, ...], template: Path | None, resources_file: Path | None, yes: bool) -> None:
    """Create STAGE's stack out of the tables, buckets and queues that a deleted one left."""
    chosen, account = _begin(stage)
    adoption.refuse_existing(account, chosen)
    packaged = json.loads((template or _package()).read_text())
    before: dict[str, str] = {}
    if resources_file:
        found = adoption.read_resources(resources_file, packaged)
    else:
        found, before = adoption.find_adoptable(account, chosen)
    adoption.adopt(account, chosen, packaged, read_given(given), found, before=before, yes=yes)


@commands.command("destroy")
@click.argument("stage")
@click.option("--name", "typed", metavar="STACK", help="The stack's name, instead of typing it.")
def destroy_stage(stage: str, typed: str | None) -> None:
    """Delete STAGE with all that it holds, if it is disposable."""
    chosen, account = _begin(stage)
    destroy(account, chosen, typed=typed)


def _begin(name: str) -> tuple[Stage, Account]:
    stage = find_stage(name)
    account = find_account()
    console.out.print(f"[bold]{stage.name}[/]: stack {stage.stack}, account {account.number}, {account.region}")
    return stage, account


def _package() -> Path:
    """Package in a process of its own, as `make package` does, which also checks the template."""
    if subprocess.run([sys.executable, "-m", "infrastructure.package"], check=False).returncode:
        raise NotDeployed("the package could not be made")
    return TEMPLATE


def main() -> int:
    """Run a command; return the exit status."""
    try:
        commands()
    except EXPECTED as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
