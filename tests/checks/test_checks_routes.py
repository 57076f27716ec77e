"""The badge: whether an account is in step with Stripe, for the operator alone; and the operator's command."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from click.testing import CliRunner, Result

from chalicelib import clock
from chalicelib.checks.plan import Progress
from chalicelib.checks.table import CheckRow, write_progress
from chalicelib.clock import day_of, now_ms
from chalicelib.ledger.page_table import PageRow
from chalicelib.ledger.post import post
from chalicelib.ledger.table import WalletRow
from chalicelib.stripe_api.stripe_account import PLATFORM
from tests.api import Api
from tests.build import debit, unique
from tests.checks.checker import verify


@pytest.fixture(autouse=True)
def nothing_else_is_due(stack: object) -> None:
    """Remove what earlier tests have left."""
    for wallet in WalletRow.scan():
        wallet.delete()
    for check in CheckRow.scan():
        check.delete()


@pytest.fixture
def run(api: Api) -> Callable[..., Result]:
    from ops.__main__ import ops  # noqa: PLC0415

    return lambda *arguments: CliRunner().invoke(ops, arguments)


def new_account(api: Api) -> str:
    account_id = unique("account")
    api.make_account(account_id)
    return account_id


def reconciled(days_ago: int = 0) -> None:
    """Note that Stripe was reconciled, so many days ago."""
    at_ms = now_ms() - days_ago * 24 * 60 * 60 * 1000
    write_progress(PLATFORM, Progress(day_of(at_ms)), at_ms)


def test_an_account_is_in_step_once_both_checks_agree(api: Api) -> None:
    account_id = new_account(api)
    path = f"/v1/accounts/{account_id}/checks"
    assert api.get(path).json() == {
        "in_step": None,
        "wallet": {"checked_at": None, "whole_at": None, "transactions": 0, "new_transactions": 0},
        "payments": {"stripe_account": None, "checked_at": None, "last_day": None, "unread": None},
        "differences": [],
    }
    post([debit(1, account_id)])
    verify(0)
    reconciled()
    found = api.get(path).json()
    assert found["in_step"] is True
    assert found["wallet"]["transactions"] == 1
    assert found["wallet"]["checked_at"] is not None
    assert found["payments"]["last_day"] == day_of(now_ms() - 24 * 60 * 60 * 1000)


def test_what_was_not_checked_for_days_is_not_known(api: Api) -> None:
    account_id = new_account(api)
    with clock.moved_to(clock.now() - timedelta(days=4)):
        verify(0)
    reconciled()
    path = f"/v1/accounts/{account_id}/checks"
    assert api.get(path).json()["in_step"] is True
    post([debit(1, account_id)])
    assert api.get(path).json()["in_step"] is None
    verify(0)
    reconciled(days_ago=4)
    assert api.get(path).json()["in_step"] is None


def test_a_difference_is_shown_to_the_operator_and_to_nobody_else(api: Api) -> None:
    account_id = new_account(api)
    post([debit(1, account_id)])
    (page,) = PageRow.query(account_id)
    page.update([PageRow.closing_balance_micros.set(7)])
    verify(0)
    reconciled()
    path = f"/v1/accounts/{account_id}/checks"
    found = api.get(path).json()
    assert found["in_step"] is False
    (difference,) = found["differences"]
    assert difference["kind"] == "wallet"
    assert "closing balance" in difference["problem"]
    for role in ("owner", "viewer", "producer"):
        assert api.get(path, token=api.token(role, account_id)).status_code == 403


def test_the_command_shows_one_account_or_what_is_open(api: Api, run: Callable[..., Result]) -> None:
    sound, broken = new_account(api), new_account(api)
    for each in (sound, broken):
        post([debit(1, each)])
    (page,) = PageRow.query(broken)
    PageRow(broken, page.page_key).update([PageRow.closing_balance_micros.set(7)])
    verify(0)
    reconciled()
    shown = run("checks", "--account", sound)
    assert (shown.exit_code, "in step with Stripe" in shown.output) == (0, True), shown.output
    shown = run("checks")
    assert shown.exit_code == 1
    assert broken in shown.output
    assert "platform" in shown.output
    assert run("checks", "--account", "nobody").exit_code == 1
    page.save()
    assert run("verify", broken).exit_code == 0
    shown = run("checks", "--account", broken)
    assert shown.exit_code == 0, shown.output
    assert "closing balance" in shown.output  # resolved, and still to be seen
