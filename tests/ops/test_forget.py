"""An account is forgotten once nothing is open: contact data goes everywhere, books stay, and nothing comes back."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec.structs import replace

from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import AccountForgotten, FormerWorkspace
from chalicelib.accounts.create_or_change import AccountRequest, create_or_change
from chalicelib.accounts.permission import Right, check_permission
from chalicelib.accounts.table import AccountRow
from chalicelib.activity import table as activity
from chalicelib.activity.account_changes import account_changes
from chalicelib.activity.entry import Entry, FieldChange, Written
from chalicelib.activity.table import LogRow
from chalicelib.buckets import client as s3
from chalicelib.cards import table as cards
from chalicelib.catalog.catalog import catalog
from chalicelib.idempotency import IdempotencyRow
from chalicelib.invoices import archive
from chalicelib.ledger.table import WalletRow, read_wallet
from chalicelib.ledger.verify import verify
from chalicelib.notices import table as notices
from chalicelib.notices.choice import Choice
from chalicelib.portal import table as sessions
from chalicelib.portal.invitation_table import InvitationRow
from chalicelib.settings import settings
from chalicelib.stripe_api.stripe_account import PLATFORM
from chalicelib.text import Line
from chalicelib.token import Caller
from local.stripe_emulator.client import Emulator
from ops.forgetting.forget_account import clear_account, forget_account, plan, without_contact_data
from ops.forgetting.obstacles import OpenMatters, obstacles
from ops.forgetting.steps import STEPS
from ops.stripe_customers import find_customer
from tests.build import account
from tests.damage import damage
from tests.depth import some
from tests.ops.forgettable import NewPayer, forget, leave_traces, traces
from tests.wire import Cut, Wire, calls_of

OPERATOR = Caller("operator")


def test_a_dry_run_says_what_would_go_and_what_stays_and_writes_nothing(
    new_payer: NewPayer, emulator: Emulator
) -> None:
    payer = leave_traces(new_payer())
    before = AccountRow.get(payer.account_id).values()
    shown = forget(payer.account_id)
    assert shown.exit_code == 0
    assert "nothing was written" in shown.output
    assert "deleted       2  invoices/lent/*" in shown.output
    assert "kept             transactions: accounting records" in shown.output
    assert AccountRow.get(payer.account_id).values() == before
    assert find_customer(payer.customer_id, PLATFORM) is not None


def test_contact_data_goes_and_books_stay(new_payer: NewPayer, emulator: Emulator) -> None:
    payer = leave_traces(new_payer())
    account_id, customer_id, payment = payer.account_id, payer.customer_id, payer.payment()
    wrong = forget(account_id, "--really", typed="other\n")
    assert wrong.exit_code == 1
    assert not payer.account().forgotten_at_ms
    done = forget(account_id, "--really", typed=f"{account_id}\n")
    assert done.exit_code == 0, done.output
    assert traces(account_id) == []
    found = payer.account()
    assert (found.name, found.email, found.country, found.billing_details) == ("Forgotten", "", None, None)
    assert found.standing == "archived"
    assert find_customer(customer_id, PLATFORM) is None
    assert cards.find_cards(account_id, PLATFORM).all == ()
    assert not list(InvitationRow.query(account_id))
    assert sessions.find(f"session-{account_id}") is None
    assert notices.choice_of(account_id) == Choice()
    versions = s3().list_object_versions(Bucket=settings().invoices_bucket, Prefix=f"lent/{account_id}/")
    assert "Versions" not in versions
    assert [row.answer for row in IdempotencyRow.query(account_id)] == [None, None]
    assert archive.has(account_id, "x") is False
    assert payer.payment() == payment
    assert verify(account_id).difference is None
    assert read_wallet(account_id).sequence == 2
    log = {row.entry_id: row for row in LogRow.query(account_id)}
    assert log["1#account#1"].changes == [{"field": "email"}, {"field": "standing", "after": "active"}]
    assert (log["1#account#1"].actor, log["2#card#1"].actor) == ("owner", "operator:Al")
    assert "forgotten; 0 rows" in forget(account_id, "--really", "--yes").output


def test_nobody_acts_for_a_forgotten_account_and_its_books_can_be_read(new_payer: NewPayer) -> None:
    payer = new_payer(None)
    forget_account(payer.account_id, catalog(), lambda _: None)
    for right in (Right.READ, Right.OPERATE):
        check_permission(OPERATOR, payer.account(), right)
    with pytest.raises(AccountForgotten):
        check_permission(OPERATOR, payer.account(), Right.ACT)
    with pytest.raises(AccountForgotten):
        create_or_change(OPERATOR, payer.account_id, AccountRequest(name=Line("Back")), catalog())
    assert payer.account().name == "Forgotten"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"balance_micros": 1}, "the wallet holds 0.000001 usd"),
        ({"balance_micros": -1_500_000}, "the account owes 1.50 usd"),
        ({"subscription_status": "past_due"}, "the subscription is past_due"),
        ({"auto_pay_on": True}, "auto-pay is on"),
        ({"unresolved_payments": ("pay_1",)}, "payment pay_1 is not resolved"),
        ({"unsettled_reversals": ("pay_1#dispute",)}, "a refund or dispute is open: pay_1#dispute"),
        ({"open_allowances": ("2026-11",)}, "the allowance of 2026-11 has not ended"),
        ({"move_open": True}, "a move to another workspace is asked for"),
        ({"connected": True}, "its Stripe account is connected"),
        ({"clients": ("one", "two")}, "it has clients that are not forgotten: one, two"),
        ({"unreadable": ("auto-pay",)}, "auto-pay cannot be read"),
    ],
)
def test_each_open_matter_is_named(changes: dict[str, object], sentence: str) -> None:
    assert list(obstacles(OpenMatters(account=account("acme")))) == []
    (found,) = obstacles(OpenMatters(account=account("acme"), **changes))  # type: ignore[arg-type]
    assert found.startswith(sentence)


def test_nothing_is_done_while_something_is_open(new_payer: NewPayer) -> None:
    workspace = new_payer()
    workspace.top_up()
    done = forget(workspace.account_id, "--really", "--yes")
    assert done.exit_code == 1
    assert "in the way: the wallet holds 25.00 usd" in done.output
    assert workspace.account().standing == "active"
    broken = new_payer(None)
    damage(WalletRow, {"account_id": broken.account_id}, "balance_micros")
    assert "in the way: the wallet cannot be read" in forget(broken.account_id).output
    assert forget("nobody").exit_code == 1


def test_a_workspace_is_forgotten_after_its_clients(new_payer: NewPayer) -> None:
    workspace = new_payer(None)
    client = account(f"{workspace.account_id}.one", workspace_id=workspace.account_id)
    assert accounts.create(client)
    assert f"not forgotten: {client.account_id}" in forget(workspace.account_id).output
    forget_account(client.account_id, catalog(), lambda _: None)
    forget_account(workspace.account_id, catalog(), lambda _: None)
    assert workspace.account().forgotten_at_ms


def test_a_workspaces_people_are_nameless_in_the_logs_of_its_clients_for_the_time_that_they_were_that(
    new_payer: NewPayer,
) -> None:
    workspace = new_payer(None).account_id
    stayed, moved = f"{workspace}.stayed", f"{workspace}.moved"
    before = FormerWorkspace(workspace, moved_at_ms=2_000, charged_until_ms=2_000)
    assert accounts.create(account(stayed, workspace_id=workspace))
    assert accounts.create(replace(account(moved, workspace_id="another"), former_workspaces=(before,)))
    for log, number, at_ms, actor, client_id in (
        (stayed, 1, 1_000, "workspace:Jane Doe", None),
        (stayed, 2, 9_000, "Kim", None),
        (moved, 3, 1_999, "workspace:Jane Doe", None),
        (moved, 4, 2_000, "workspace:Lee", None),
        (workspace, 1, 1_000, "workspace:Jane Doe", stayed),
    ):
        changes = (FieldChange("monthly_limit", None, "5"),)
        fields = {"kind": "auto_pay", "changes": changes, "client_id": client_id}
        activity.put_new(Entry(account_id=log, entry_id=f"{number}", at_ms=at_ms, actor=actor, **fields))  # type: ignore[arg-type]
    LogRow(account_id=stayed, entry_id="5", at_ms=1, kind="unheard of", actor="workspace:Jane Doe", changes=[1]).save()
    forget_account(stayed, catalog(), lambda _: None)
    forget_account(workspace, catalog(), lambda _: None)
    assert plan(workspace).counts["account_log"] == 0
    logs = {(log, row.entry_id): row.actor for log in (stayed, moved, workspace) for row in LogRow.query(log)}
    assert {key: actor for key, actor in logs.items() if key[1] != "5"} == {
        (stayed, "1"): "workspace:owner",
        (stayed, "2"): "owner",
        (moved, "3"): "workspace:owner",
        (moved, "4"): "workspace:Lee",
        (workspace, "1"): "workspace:owner",
    }
    assert [row.changes for row in LogRow.query(moved)] == [[{"field": "monthly_limit", "after": "5"}]] * 2


def test_a_run_that_is_cut_off_anywhere_is_finished_by_the_next(new_payer: NewPayer) -> None:
    first = leave_traces(new_payer()).account_id
    number = calls_of(lambda: forget_account(first, catalog(), lambda _: None))
    for at in some(range(1, number + 1)):
        payer = leave_traces(new_payer())
        with Wire((at, "after")), pytest.raises(Cut):
            forget_account(payer.account_id, catalog(), lambda _: None)
        forget_account(payer.account_id, catalog(), lambda _: None)
        assert traces(payer.account_id) == []


def test_two_at_once_both_end_and_nothing_is_left(new_payer: NewPayer) -> None:
    payer = leave_traces(new_payer())
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(forget_account, payer.account_id, catalog(), lambda _: None) for _ in range(2)]
    assert [set(each.result()) for each in both] == [{each.place for each in STEPS}] * 2
    assert traces(payer.account_id) == []


def test_contact_data_that_came_back_goes_again(new_payer: NewPayer) -> None:
    payer = new_payer(None)
    forget_account(payer.account_id, catalog(), lambda _: None)
    accounts.change(replace(payer.account(), name="Jane Doe", standing="active"))
    assert traces(payer.account_id) == ["accounts", "row"]
    forget_account(payer.account_id, catalog(), lambda _: None)
    assert traces(payer.account_id) == []
    assert payer.account().standing == "archived"


def test_the_log_of_forgetting_says_nothing_of_what_went() -> None:
    before = replace(account("acme"), former_workspaces=(FormerWorkspace("old", 1, 2, "Jane"),))
    after = without_contact_data(before, 7)
    assert after.former_workspaces[0].client_name == "Forgotten"
    found = account_changes(Written(before, "operator"), Written(after, "operator"))
    assert found.changes == (FieldChange("forgotten", after=True),)


def test_an_account_that_is_changed_meanwhile_is_cleared_all_the_same(new_payer: NewPayer) -> None:
    payer = new_payer(None)
    changed = replace(payer.account(), email="other@doe.example")
    writes = [lambda: accounts.change(changed)]
    with Wire(leaving=lambda: writes and writes.pop()()):
        clear_account(payer.account_id)
    assert payer.account().email == ""
