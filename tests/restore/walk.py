"""What the walks of docs/operating/restore.md share: a business with a past, backups, and the commands of the pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from click.testing import CliRunner, Result

from chalicelib.ledger.post import post
from chalicelib.ledger.table import read_wallet
from chalicelib.settings import settings
from chalicelib.tables import connection
from ops.__main__ import ops
from tests.build import TIME_MS, debit, pair
from tests.conftest import NewWallet
from tests.payments.payer import NewPayer, Payer
from tests.reversals.refunder import refund_payment, tell

DAY_MS = 24 * 60 * 60 * 1000


def run(*arguments: str) -> Result:
    """Run an `ops` command on the system of the settings."""
    return CliRunner().invoke(ops, arguments)


def succeed(*arguments: str) -> str:
    """Run an `ops` command, which must exit with 0; return what it printed."""
    done = run(*arguments)
    assert done.exit_code == 0, done.output
    return done.output


class Business:
    """A workspace that pays and uses, was refunded a part, and has a client whose usage it also pays."""

    def __init__(self, new_payer: NewPayer, new_wallet: NewWallet) -> None:
        self.payer: Payer = new_payer()
        self.client = new_wallet(workspace=self.payer.account_id)
        self.payer.top_up(key="before")
        refund_payment(self.payer, "5.00")
        tell(self.payer)
        self.use(range(3))

    @property
    def accounts(self) -> tuple[str, str]:
        return self.payer.account_id, self.client

    def use(self, days: range) -> None:
        """Send the usage of some days; what was sent before is a repeat."""
        for day in days:
            at_ms = TIME_MS + day * DAY_MS
            post([debit(day, self.payer.account_id, occurred_at_ms=at_ms)])
            post([pair(100 + day, self.client, self.payer.account_id, occurred_at_ms=at_ms)])

    def balances(self) -> list[int]:
        return [read_wallet(each).balance_micros for each in self.accounts]

    def assert_sound(self) -> None:
        succeed("verify", *self.accounts)


def table_name(table: str) -> str:
    return str(getattr(settings(), f"{table}_table"))


def back_up(table: str) -> str:
    """Back a table up as it is now; return the backup's ARN."""
    client: Any = connection().client
    answer = client.create_backup(TableName=table_name(table), BackupName="before")
    return str(answer["BackupDetails"]["BackupArn"])


@contextmanager
def restored(table: str, backup: str, name: str = "") -> Iterator[str]:
    """Restore a backup into a table of its own, whose name is returned: beside the live one, or named after another."""
    client: Any = connection().client
    name = f"{name or table_name(table)}-restored"
    client.restore_table_from_backup(TargetTableName=name, BackupArn=backup)
    try:
        yield name
    finally:
        client.delete_table(TableName=name)


def empty(table: str, account_ids: tuple[str, ...]) -> None:
    """Delete the rows that accounts have in a table."""
    client: Any = connection().client
    name = table_name(table)
    schema = [each["AttributeName"] for each in client.describe_table(TableName=name)["Table"]["KeySchema"]]
    items = [
        item
        for page in client.get_paginator("scan").paginate(TableName=name)
        for item in page["Items"]
        if item[schema[0]]["S"] in account_ids
    ]
    for item in items:
        client.delete_item(TableName=name, Key={key: item[key] for key in schema})
