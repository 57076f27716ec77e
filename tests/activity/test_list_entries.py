"""The list of an account's entries, as each reader sees it, and its CSV."""

import csv
import io
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account, FormerWorkspace
from chalicelib.accounts.permission import Permission
from chalicelib.accounts.viewer import Viewer
from chalicelib.activity import table
from chalicelib.activity.activity_csv import COLUMNS, write_csv
from chalicelib.activity.cursor import read_cursor, write_cursor
from chalicelib.activity.entry import Entry, FieldChange, Kind
from chalicelib.activity.list_entries import list_entries
from chalicelib.activity.view import EntryView, view_activity, view_entry
from chalicelib.clock import iso
from chalicelib.cursor import InvalidCursor, write_base64
from chalicelib.history.spreadsheet import sheet
from chalicelib.token import Caller
from tests.build import TIME_MS, account, unique
from tests.damage import damage

pytestmark = pytest.mark.usefixtures("memory")

BO = Caller("owner", "north.bob", "bo")
JANE = Caller("owner", "north", "jane")
OLGA = Caller("operator", None, "olga")
CLIENT = account("north.bob", workspace_id="north")
SWITCH = (FieldChange("enabled", before=False, after=True),)


def put(account_id: str, number: int, kind: Kind = "auto_pay", **changes: Any) -> Entry:
    at_ms = TIME_MS + number * 1000
    fields: dict[str, Any] = {"account_id": account_id, "at_ms": at_ms, "kind": kind, "actor": "bo", "changes": SWITCH}
    entry = Entry(**{**fields, "entry_id": f"{iso(at_ms)}#{kind}#{number:040d}", **changes})
    assert table.put_new(entry)
    return entry


def viewer(caller: Caller, of: Account) -> Viewer:
    return Viewer(Permission(caller, of))


def test_the_list_goes_on_until_its_end_and_each_entry_is_in_it_once() -> None:
    of = account(unique("account"))
    made = [put(of.account_id, number).entry_id for number in range(7)]
    found, cursor = list[str](), None
    for expected in (3, 3, 1):
        batch = list_entries(viewer(OLGA, of), limit=3, cursor=cursor)
        found, cursor = found + [each.entry_id for each in batch.entries], batch.next_cursor
        assert len(batch.entries) == expected
    assert (found, cursor) == (made[::-1], None)
    assert list_entries(viewer(OLGA, of), limit=7).next_cursor is None


def test_an_entry_that_cannot_be_read_stands_there_without_changes_and_hides_no_other() -> None:
    of = account(unique("account"))
    made = [put(of.account_id, number) for number in range(3)]
    damage(table.LogRow, {"account_id": of.account_id, "entry_id": made[1].entry_id}, "changes", {"S": "{"})
    found = table.read_newest(of.account_id, limit=3)
    assert found == [made[2], replace(made[1], actor=None, changes=()), made[0]]


def test_entries_of_one_kind_are_found_among_the_others() -> None:
    of = account(unique("account"))
    wanted = put(of.account_id, 0, "taxes")
    for number in range(1, 9):
        put(of.account_id, number)
    assert list_entries(viewer(OLGA, of), limit=3, kind="taxes").entries == [wanted]


def test_a_client_sees_neither_prices_nor_why_its_workspace_suspended_it_nor_who() -> None:
    of = replace(CLIENT, account_id=unique("north"))
    bo = replace_account(BO, of)
    put(of.account_id, 1, "rebilling", actor="workspace:jane", changes=(FieldChange("meters.sms", None, "markup 1.5"),))
    reason = FieldChange("standing_reason", None, "owes us")
    put(of.account_id, 2, "account", actor="jane", changes=(reason,))
    put(of.account_id, 3, "account", changes=(FieldChange("standing", "active", "suspended"), reason))
    assert [each.changes for each in list_entries(viewer(bo, of), limit=9).entries] == [
        (FieldChange("standing", "active", "suspended"),)
    ]
    for above in (JANE, OLGA):
        assert len(list_entries(viewer(above, of), limit=9).entries) == 3


def test_of_its_prices_a_client_sees_what_it_pays_and_nothing_that_tells_of_costs() -> None:
    of = replace(CLIENT, account_id=unique("north"))
    changes = (
        FieldChange("enabled", None, after=True),
        FieldChange("allowance", None, "5"),
        FieldChange("meters.sms", "markup 1.5", "price 0.04", TIME_MS),
        FieldChange("meters.email", "price 0.04", "absorbed"),
        FieldChange("meters.llm_minute", "price 0.04", "markup 1.5"),
        FieldChange("default", "absorbed", "at_cost"),
        FieldChange("meters.ai_tokens", "price 0.04", None),
    )
    put(of.account_id, 1, "rebilling", actor="workspace:jane", changes=changes, for_client=True)
    put(of.account_id, 2, "rebilling", actor="workspace:jane", changes=changes)
    (entry,) = list_entries(viewer(replace_account(BO, of), of), limit=9).entries
    assert [(each.field, each.before, each.after, each.from_ms) for each in entry.changes] == [
        ("enabled", None, True, None),
        ("allowance", None, "5", None),
        ("meters.sms", None, "price 0.04", TIME_MS),
        ("meters.email", "price 0.04", "absorbed", None),
        ("meters.llm_minute", None, None, None),
        ("default", None, None, None),
        ("meters.ai_tokens", None, None, None),
    ]
    assert len(list_entries(viewer(JANE, of), limit=9).entries) == 2


def test_an_entry_of_a_workspace_about_a_client_names_it_as_the_workspace_knows_it() -> None:
    workspace, ids = account(unique("north")), [unique("client") for _ in range(3)]
    former = FormerWorkspace(workspace.account_id, TIME_MS, TIME_MS, "Old Bob")
    for made in (
        replace(account(ids[0], workspace_id=workspace.account_id), name="Bob"),
        replace(account(ids[1], workspace_id="south"), name="New Bob", former_workspaces=(former,)),
    ):
        assert accounts.create(made)
    for number, client_id in enumerate(ids):
        put(workspace.account_id, number, "rebilling", actor="workspace:jane", client_id=client_id)
    put(workspace.account_id, 3, "rebilling")
    jane = viewer(replace_account(JANE, workspace), workspace)
    shown = view_activity(list_entries(jane, limit=9), jane).data
    assert [each.client and each.client.name for each in shown] == [None, ids[2], "Old Bob", "Bob"]
    assert [each.actor for each in shown] == ["bo", "jane", "jane", "jane"]
    rows = list(csv.DictReader(io.StringIO(write_csv(jane)[0])))
    assert [each["client_id"] for each in rows] == ["", *ids[::-1]]


def replace_account(caller: Caller, of: Account) -> Caller:
    return replace(caller, account_id=of.account_id)


def test_a_new_workspace_sees_nothing_of_the_prices_of_the_one_before() -> None:
    moved_at_ms = TIME_MS + 2_000
    of = replace(CLIENT, account_id=unique("south"), workspace_id="south")
    of = replace(of, former_workspaces=(FormerWorkspace("north", moved_at_ms, moved_at_ms, "Bob"),))
    for number in (1, 2, 3):  # before the move, with it, after it
        put(of.account_id, number, "rebilling", actor="workspace:jo")
    kim = Caller("owner", "south", "kim")
    assert [each.at_ms for each in list_entries(viewer(kim, of), limit=9).entries] == [moved_at_ms + 1_000]


def test_an_entry_names_who_did_it_if_that_is_known_and_writes_amounts_as_everywhere() -> None:
    changes = (FieldChange("threshold", None, "25.5"), FieldChange("meters.sms", None, "price 0.04", TIME_MS))
    entry = put(unique("account"), 1, actor=None, changes=changes)
    shown = view_entry(entry, viewer(OLGA, account("acme")))
    assert shown.actor is None
    assert [(each.before, each.after, each.start) for each in shown.changes] == [
        (None, "25.50", None),
        (None, "price 0.04", iso(TIME_MS)),
    ]
    assert view_entry(replace(entry, actor="operator:pat"), viewer(OLGA, account("acme"))).actor == "operator:pat"


def test_csv_has_a_row_for_each_field_and_runs_nothing_in_a_spreadsheet() -> None:
    of = account(unique("account"))
    put(of.account_id, 1, "notices", changes=(*SWITCH, FieldChange("recipients", None, "=cmd@acme.example")))
    text, cursor = write_csv(viewer(OLGA, of))
    header, *rows = list(csv.reader(io.StringIO(text)))
    assert (header, cursor) == (list(COLUMNS), None)
    assert [row[4:7] for row in rows] == [["enabled", "false", "true"], ["recipients", "", "'=cmd@acme.example"]]
    german, _ = write_csv(viewer(OLGA, of), sheet=sheet("de"))
    assert german.startswith('\ufeff"')
    assert "'=cmd@acme.example" in german


def test_a_cursor_that_was_not_returned_here_is_refused() -> None:
    entry = put(unique("account"), 1)
    assert read_cursor(write_cursor(entry.entry_id)) == entry.entry_id
    for wrong in ("", "x", write_base64(b"\xff"), write_base64(b"2026#card#1"), write_cursor(entry.entry_id + "\n")):
        with pytest.raises(InvalidCursor):
            read_cursor(wrong)


def test_a_batch_is_presented_with_its_cursor() -> None:
    of = account(unique("account"))
    put(of.account_id, 1)
    put(of.account_id, 2)
    batch = list_entries(viewer(OLGA, of), limit=1)
    shown = view_activity(batch, viewer(OLGA, of))
    assert (len(shown.data), shown.next_cursor) == (1, batch.next_cursor)
    assert isinstance(shown.data[0], EntryView)
