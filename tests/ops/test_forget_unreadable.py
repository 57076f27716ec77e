"""What cannot be read of an account that is forgotten goes, too: it keeps back nothing else."""

import msgspec
from msgspec.structs import replace

from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import FormerWorkspace
from chalicelib.accounts.table import AccountRow
from chalicelib.activity import table as activity
from chalicelib.activity.entry import Entry
from chalicelib.activity.table import LogRow
from chalicelib.budgets.table import BudgetsRow
from chalicelib.cards import table as cards
from chalicelib.cards.table import CardRow
from chalicelib.idempotency import IdempotencyRow
from chalicelib.notices.table import NoticeRow
from chalicelib.portal.table import SessionRow
from chalicelib.stripe_api.stripe_account import PLATFORM
from chalicelib.tables import query_items
from local.stripe_emulator.client import Emulator
from ops.exporting.sources import scan_sessions
from tests.build import account
from tests.damage import damage
from tests.ops.forgettable import NewPayer, forget, leave_traces, traces


def test_what_cannot_be_read_goes_too_and_keeps_back_no_other(new_payer: NewPayer, emulator: Emulator) -> None:
    payer = leave_traces(new_payer())
    account_id = payer.account_id
    for number, kind in (("3", "unheard of"), ("4", "account")):
        LogRow(account_id=account_id, entry_id=number, at_ms=5, kind=kind, actor="Jane Doe", changes=[]).save()
    damage(LogRow, {"account_id": account_id, "entry_id": "4"}, "at_ms")
    damage(LogRow, {"account_id": account_id, "entry_id": "1#account#1"}, "changes", {"S": "jane@doe.example"})
    damage(NoticeRow, {"account_id": account_id, "notice": "choice"}, "version")
    damage(BudgetsRow, {"account_id": account_id}, "version")
    damage(SessionRow, {"session_id": f"session-{account_id}"}, "expires_at")
    for row in IdempotencyRow.query(account_id):
        damage(IdempotencyRow, {"account_id": account_id, "idempotency_key": row.idempotency_key}, "created_at_ms")
    done = forget(account_id, "--really", "--yes")
    assert done.exit_code == 0, done.output
    assert traces(account_id) == []
    for table in (LogRow, NoticeRow, BudgetsRow, IdempotencyRow):
        rows = [row for row in query_items(table, account_id) if row.get("kind") != {"S": "card"}]
        assert "doe" not in str(rows).lower()
    assert not list(scan_sessions(account_id))
    assert "forgotten; 0 rows" in forget(account_id, "--really", "--yes").output


def test_cards_without_a_customer_go(new_payer: NewPayer, emulator: Emulator) -> None:
    payer = new_payer()
    CardRow(payer.account_id, PLATFORM.key).update([CardRow.stripe_customer_id.remove()])
    assert forget(payer.account_id, "--really", "--yes").exit_code == 0
    assert traces(payer.account_id) == []
    assert cards.find_cards(payer.account_id, PLATFORM).all == ()


def test_a_client_that_cannot_be_read_is_named_and_keeps_back_no_log_of_another(new_payer: NewPayer) -> None:
    workspace = new_payer(None).account_id
    other, moved = f"{workspace}.other", f"{workspace}.moved"
    before = FormerWorkspace(workspace, moved_at_ms=2_000, charged_until_ms=2_000)
    for client_id in (other, moved):
        assert accounts.create(replace(account(client_id, workspace_id="another"), former_workspaces=(before,)))
        fields = {"kind": "card", "changes": (), "actor": "workspace:Jane Doe", "at_ms": 1_000}
        activity.put_new(Entry(account_id=client_id, entry_id="1", **fields))  # type: ignore[arg-type]
    damage(AccountRow, {"account_id": moved}, "former_workspaces", {"S": "?"})
    assert forget(workspace).exit_code == 0
    done = forget(workspace, "--really", "--yes")
    assert (done.exit_code, f"the account {moved} cannot be read" in done.output) == (1, True), done.output
    assert [row.actor for row in LogRow.query(other)] == ["workspace:owner"]
    damage(AccountRow, {"account_id": moved}, "former_workspaces", {"S": msgspec.json.encode([before]).decode()})
    assert forget(workspace, "--really", "--yes").exit_code == 0
    assert [row.actor for row in LogRow.query(moved)] == ["workspace:owner"]
