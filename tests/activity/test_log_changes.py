"""The function that writes accounts' logs, from records of the tables' streams."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from chalicelib.activity import table
from chalicelib.activity.entry import Entry
from chalicelib.activity.table import LogRow
from chalicelib.portal.handlers import ALL_SOURCES
from chalicelib.settings import settings
from infrastructure.generator.specification import read
from tests.build import TIME_MS, unique
from tests.function_records import Record, deliver
from tests.notices.records import auto_pay, card, record, subscription
from tests.wire import cut_off

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.usefixtures("memory")

KEYS = {"cards": ("account_id", "stripe_account"), "notices": ("account_id", "notice")}


def of(name: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> Record:
    """Return the record of a row of a table."""
    arn = f"arn:aws:dynamodb:us-east-1:000000000000:table/{getattr(settings(), f'{name}_table')}/stream/2026-11-30"
    return {**record(old, new, keys=KEYS.get(name, ("account_id",))), "eventSourceARN": arn}


def log_of(account_id: str) -> list[Entry]:
    return table.read_newest(account_id, limit=100)


def kinds(account_id: str) -> list[str]:
    return [each.kind for each in log_of(account_id)]


def suspended(account_id: str) -> Record:
    return of("auto_pay", auto_pay(account_id=account_id), auto_pay("declines", 3, account_id=account_id))


def test_a_record_that_is_delivered_twice_writes_one_entry_and_a_later_rule_does_not_change_it() -> None:
    account_id = unique("account")
    told = suspended(account_id)
    assert deliver("log_changes", told) == []
    (entry,) = log_of(account_id)
    assert (entry.kind, entry.actor, entry.at_ms) == ("auto_pay", "auto-pay", TIME_MS)
    LogRow(account_id, entry.entry_id).update([LogRow.actor.set("somebody")])
    assert deliver("log_changes", told, told) == []
    assert [each.actor for each in log_of(account_id)] == ["somebody"]


def test_entries_are_read_newest_first_those_of_one_second_as_they_were_made() -> None:
    account_id = unique("account")
    for number in range(9, 12):
        told = suspended(account_id)
        told["dynamodb"]["SequenceNumber"] = str(number)
        assert deliver("log_changes", told) == []
    sequence = [int(each.entry_id.rpartition("#")[2]) for each in log_of(account_id)]
    assert sequence == [11, 10, 9]
    newest, *_ = log_of(account_id)
    assert len(table.read_newest(account_id, limit=9, below=newest.entry_id)) == 2


def test_what_a_workspace_changes_for_its_client_is_in_the_logs_of_both() -> None:
    workspace_id, client_id = unique("north"), unique("client")
    dated = {"value": True, "from_ms": TIME_MS, "set_at_ms": TIME_MS, "actor": "workspace:jane"}
    row = {"account_id": client_id, "settings": json.dumps({"switches": [dated]}), "version": 1}
    told = of("rebilling", None, {**row, "changed_by": "workspace:jane", "changed_in": workspace_id})
    cut_off(lambda: deliver("log_changes", told), (1, "after"))
    assert [len(log_of(each)) for each in (client_id, workspace_id)] == [1, 0]
    assert deliver("log_changes", told, told) == []
    (of_workspace,), (of_client,) = log_of(workspace_id), log_of(client_id)
    assert (of_workspace.client_id, of_workspace.for_client) == (client_id, None)
    assert (of_client.client_id, of_client.for_client) == (None, True)
    assert of_workspace.changes == of_client.changes
    assert of_workspace.entry_id == of_client.entry_id
    # Of a move, or of a new client, the workspace has no entry.
    assert deliver("log_changes", of("rebilling", None, {**row, "account_id": unique("client")})) == []
    assert len(log_of(workspace_id)) == 1


def test_a_record_that_cannot_be_read_is_parked_and_its_neighbours_are_logged() -> None:
    account_id = unique("account")
    bad = of("subscriptions", subscription(account_id=account_id), subscription(account_id=account_id, plan=7))
    unheard = {**suspended(account_id), "eventSourceARN": "arn:aws:dynamodb:us-east-1:1:table/another/stream/1"}
    damaged: Record = {**suspended(account_id), "dynamodb": {"SequenceNumber": "7"}}
    assert deliver("log_changes", suspended(account_id), bad, unheard, damaged, suspended(account_id)) == []
    assert kinds(account_id) == ["auto_pay", "auto_pay"]
    queue = {"QueueUrl": settings().log_failures_queue_url}
    messages = boto3.client("sqs").receive_message(**queue, MaxNumberOfMessages=10)["Messages"]
    reasons = [json.loads(each["Body"])["reason"].partition(":")[0] for each in messages]
    assert reasons == ["MalformedRecord"] * 3


def test_rows_that_are_no_settings_and_rows_that_go_are_not_logged() -> None:
    account_id = unique("account")
    mark = {"account_id": account_id, "notice": "mail/receipt/1", "event_id": "1"}
    state = {"account_id": f"state#{account_id}", "workspace_id": account_id}
    gone = of("auto_pay", auto_pay(account_id=account_id), None)
    records = [of("notices", mark, {**mark, "message_id": "1"}), of("connections", None, state), gone]
    assert deliver("log_changes", *records) == []
    assert kinds(account_id) == []


def test_a_row_of_an_older_version_says_nobody_and_is_logged_all_the_same() -> None:
    account_id = unique("account")
    old, new = ({**card(each, account_id), "stripe_account": "platform"} for each in ("pm_1", "pm_2"))
    choice = {"account_id": account_id, "notice": "choice", "choice": '{"recipients": ["a@acme.example"]}'}
    assert deliver("log_changes", of("cards", old, new), of("notices", None, choice)) == []
    assert [(each.kind, each.actor) for each in log_of(account_id)] == [("notices", None), ("card", None)]


def test_each_table_whose_stream_is_read_has_its_rule() -> None:
    stream = read((ROOT / "infrastructure/functions.toml").read_text()).functions["log_changes"].stream
    assert stream is not None
    assert sorted(ALL_SOURCES) == sorted(f"{name}_table" for name in stream.tables)


def test_what_is_counted_and_when_something_is_due_is_no_change() -> None:
    account_id = unique("account")
    later = {**auto_pay(account_id=account_id), "in_flight_payment_id": "pay_1", "due_at_ms": TIME_MS, "version": 9}
    assert deliver("log_changes", of("auto_pay", auto_pay(account_id=account_id), later)) == []
    assert kinds(account_id) == []
