"""The operator's command line."""

from datetime import timedelta
from typing import Any, get_args

import click
from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PynamoDBException

from chalicelib import clock
from chalicelib.secrets import SecretsUnavailable, secrets
from chalicelib.settings import MissingSettings
from chalicelib.token import OF_THE_PLATFORM, Role, sign_token
from infrastructure.caller import explain, is_of_the_caller, use_region
from ops.catalog import catalog
from ops.checks import show_checks
from ops.daily_looks import give_daily_looks
from ops.dead_letters.commands import dead_letters
from ops.environment import NoEnvironment, use_local, use_stack
from ops.exporting.commands import export
from ops.failures.commands import failures
from ops.forgetting.commands import forget
from ops.halt import halt, resume
from ops.importing.commands import importing
from ops.parked import keep_payment, replay, show_parked
from ops.reconcile import reconcile
from ops.repeats import show_repeats
from ops.restore.commands import restore
from ops.secrets import secrets as secret_commands
from ops.stripe_account.commands import stripe_account
from ops.subscriptions import renew_due, subscriptions
from ops.verify import verify_wallets


class Commands(click.Group):
    """The commands, with one sentence in place of a stack trace where no system is named or AWS refuses the caller."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except MissingSettings as error:
            raise click.ClickException(f"name the system: --local, or --stack NAME. Otherwise {error}") from None
        except SecretsUnavailable:
            raise click.ClickException(
                "the secret cannot be read: may you read it? The log line above says why"
            ) from None
        except (BotoCoreError, ClientError, PynamoDBException) as error:
            cause = error.cause if isinstance(error, PynamoDBException) else error
            if cause is None or not is_of_the_caller(cause):
                raise
            raise click.ClickException(explain(cause)) from None


@click.group(cls=Commands)
@click.option("--stack", help="The deployed stack to work on, with your own AWS credentials.")
@click.option("--local", is_flag=True, help="Work on the system that `make run` has started.")
def ops(stack: str | None, local: bool) -> None:
    """Inspect, verify and repair the billing system. Without an option the environment determines which system."""
    if local and stack:
        raise click.UsageError("name one system: --local or --stack NAME")
    use_region()
    try:
        if local:
            use_local()
        elif stack:
            use_stack(stack)
    except NoEnvironment as error:
        raise click.ClickException(str(error)) from None


@ops.command("token")
@click.argument("role", type=click.Choice(get_args(Role)))
@click.argument("account_id", metavar="[ACCOUNT]", required=False)
@click.option("--hours", default=1.0, show_default=True, help="How long it is valid.")
@click.option("--subject", help="Who it is for; kept as the actor of what they do.")
def make_token(role: str, account_id: str | None, hours: float, subject: str | None) -> None:
    """Create a bearer token, as the platform does."""
    if role not in OF_THE_PLATFORM and not account_id:
        raise click.UsageError("an owner or viewer needs an account")
    expires_at_ms = clock.to_ms(clock.now() + timedelta(hours=hours))
    secret = secrets().token_secret
    click.echo(sign_token(secret, role=role, account_id=account_id, expires_at_ms=expires_at_ms, subject=subject))  # type: ignore[arg-type]


for command in (
    *(verify_wallets, show_checks, reconcile),
    *(dead_letters, failures, show_parked, replay, keep_payment, show_repeats),
    *(catalog, subscriptions, renew_due, give_daily_looks),
    *(stripe_account, secret_commands),
    *(export, forget, importing),
    *(halt, resume, restore),
):
    ops.add_command(command)


if __name__ == "__main__":
    ops(prog_name="ops")
