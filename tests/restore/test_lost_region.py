"""A region is lost: the tables of a backup are copied into a stack elsewhere, and what is newer is sent again."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from chalicelib.settings import settings
from local.aws import Aws
from tests.conftest import NewWallet
from tests.environment import use
from tests.payments.payer import NewPayer
from tests.restore.walk import Business, back_up, restored, run, succeed, table_name

TABLES = (
    *("accounts", "wallets", "transactions", "daily_usage", "client_usage"),
    *("cards", "payments", "reversals", "idempotency"),
)


@contextmanager
def elsewhere(aws: Aws, stack: str) -> Iterator[None]:
    """Work on a new stack: empty tables, and the name at Stripe that the lost one had."""
    with use({**aws.deploy(stack).environment, "DEPLOYMENT": settings().deployment}):
        yield


def test_a_stack_elsewhere_has_all_of_the_backup_and_what_was_newer_is_sent_again(
    aws: Aws, new_payer: NewPayer, new_wallet: NewWallet
) -> None:
    business = Business(new_payer, new_wallet)
    backups = {table: back_up(table) for table in TABLES}
    names = {table: table_name(table) for table in TABLES}
    at_backup = business.balances()
    business.use(range(3, 6))
    business.payer.top_up(amount="40", key="after the backup")
    lost = business.payer.payments[0]
    at_the_end = business.balances()

    with elsewhere(aws, "elsewhere"):
        for table, backup in backups.items():
            with restored(table, backup, names[table]) as copied:
                succeed("restore", "rows", table, "--from", copied, "--write")
        succeed("restore", "wallets", "--all", "--write")
        assert business.balances() == at_backup
        business.assert_sound()
        business.use(range(6))  # producers send again what they sent since the day before the backup
        business.assert_sound()
        owed = 40_000_000
        assert business.balances() == [at_the_end[0] - owed, at_the_end[1]]
        hour_ago = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S")
        soon = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S")
        found = run("reconcile", "--from", hour_ago, "--to", soon)
        (named,) = [line for line in found.output.splitlines() if business.payer.account_id in line]
        assert lost.payment_id in named
        assert "40.00" in named
