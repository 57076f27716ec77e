"""One entry of functions.toml is all that a function, a queue or a table needs; what is wrong with it is said."""

import json
from pathlib import Path
from typing import Any

import pytest

from infrastructure.check_resources import findings, of_type
from infrastructure.generator.__main__ import BASE, generate, outdated, write
from infrastructure.generator.files import files
from infrastructure.generator.references import wrong_references
from infrastructure.generator.specification import SPECIFICATION, WrongSpecification, read

Document = dict[str, Any]
TEXT = SPECIFICATION.read_text()
NEWCOMERS = """
[tables.parcels]
key = ["account_id", "parcel_id"]
numbers = ["due_at_ms"]
stream = true
expires = "expires_at"
indexes.due = { key = ["due_shard", "due_at_ms"] }

[queues.parcels]
message = "parcel to be sent"
dead_letters = "parcels that could not be sent"
visibility_seconds = 360
deliveries = 5
alarm_age_seconds = 600

[failure_queues.parcel_failures]
holds = "changes of parcels that nobody could follow"

[functions.send_parcels]
handler = "chalicelib.parcels.handlers.send_parcels"
doing = "sending parcels"
queue = { name = "parcels", batch_size = 10, concurrency = 5 }
tables.parcels = ["get", "update"]

[functions.follow_parcels]
handler = "chalicelib.parcels.handlers.follow_parcels"
doing = "following parcels"
stream = { table = "parcels", batch_size = 100, attempts = 10, on_failure = "parcel_failures" }
tables."parcels/due" = ["query"]
sends = ["parcels"]
"""


@pytest.fixture
def base() -> Document:
    content: Document = json.loads(BASE.read_text())
    return content


def test_what_is_checked_in_is_what_is_made() -> None:
    assert outdated(generate()) == []


def test_a_file_that_was_edited_or_has_no_function_any_more_is_named(tmp_path: Path) -> None:
    made = generate()
    for folder in (".chalice", "infrastructure"):
        (tmp_path / folder).mkdir()
    write(made, tmp_path)
    assert outdated(made, tmp_path) == []
    (tmp_path / ".chalice/policy-api.json").write_text("{}")
    (tmp_path / "infrastructure/resources.json").unlink()
    left_over = tmp_path / ".chalice/policy-gone.json"
    left_over.write_text("{}")
    found = outdated(made, tmp_path)
    assert sorted(found) == [".chalice/policy-api.json", ".chalice/policy-gone.json", "infrastructure/resources.json"]
    write(made, tmp_path)
    assert not left_over.exists()
    assert outdated(made, tmp_path) == []


def test_a_new_table_queue_and_function_have_all_that_they_need(base: Document) -> None:
    specification = read(TEXT + NEWCOMERS)
    assert list(wrong_references(specification, base)) == []
    made = {path: json.loads(text) for path, text in files(specification, base).items()}
    template = made["infrastructure/resources.json"]
    assert findings(template) == []
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    assert variables["PARCELS_TABLE"] == {"Ref": "ParcelsTable"}
    assert variables["PARCELS_QUEUE_URL"] == {"Ref": "ParcelsQueue"}
    config = made[".chalice/config.json"]["stages"]["production"]["lambda_functions"]
    assert config["follow_parcels"] == {"iam_policy_file": "policy-follow-parcels.json"}
    alarms = {name for name, _ in of_type(template, "AWS::CloudWatch::Alarm")}
    for function in ("SendParcels", "FollowParcels"):
        assert {f"{function}ErrorsAlarm", f"{function}ThrottlesAlarm"} <= alarms
    assert {"ParcelsDeadLetterAlarm", "ParcelsAgeAlarm", "ParcelFailuresAlarm", "FollowParcelsAgeAlarm"} <= alarms


def test_a_policy_allows_what_the_entry_says_and_what_its_source_takes(base: Document) -> None:
    made = files(read(TEXT + NEWCOMERS), base)
    assert allowed(made, "send-parcels") == {
        ("dynamodb:GetItem", "ParcelsTable.Arn"),
        ("dynamodb:UpdateItem", "ParcelsTable.Arn"),
        ("sqs:DeleteMessage", "ParcelsQueue.Arn"),
        ("sqs:GetQueueAttributes", "ParcelsQueue.Arn"),
        ("sqs:ReceiveMessage", "ParcelsQueue.Arn"),
    }
    assert allowed(made, "follow-parcels") == {
        ("dynamodb:Query", "${ParcelsTable.Arn}/index/due"),
        ("dynamodb:DescribeStream", "ParcelsTable.StreamArn"),
        ("dynamodb:GetRecords", "ParcelsTable.StreamArn"),
        ("dynamodb:GetShardIterator", "ParcelsTable.StreamArn"),
        ("dynamodb:ListStreams", "*"),
        ("sqs:SendMessage", "ParcelFailuresQueue.Arn"),
        ("sqs:SendMessage", "ParcelsQueue.Arn"),
    }


def allowed(made: dict[str, str], name: str) -> set[tuple[str, str]]:
    """Return the pairs of action and resource of a policy, but for logs and traces."""
    statements = json.loads(made[f".chalice/policy-{name}.json"])["Statement"]
    return {
        (action, resource if isinstance(resource, str) else _named(resource))
        for statement in statements
        if statement["Sid"] not in {"WriteLogs", "WriteTraces"}
        for action in statement["Action"]
        for resource in statement["Resource"]
    }


def _named(resource: Document) -> str:
    return ".".join(resource.get("Fn::GetAtt", ())) or str(resource["Fn::Sub"])


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('doing = "recording usage"', "", r"\[functions.record_usage\] .*missing required field `doing`"),
        ("memory_mb = 1769", "memory = 1769", r"\[functions.record_usage\] .*unknown field `memory`"),
        (
            'tables.rebilling = ["batch_get"]',
            'tables.rebilling = ["fetch"]',
            r"\[functions.record_usage\] Invalid enum value 'fetch'",
        ),
        ('key = ["session_id"]', "key = 5", r"\[tables.portal_sessions\] Expected `array`"),
        ("[failure_queues.", "[failed_queues.", "no kind of entry called failed_queues"),
        ("alarm_age_seconds = 10_800", "", r"\[queues.bundles\] .*missing required field `alarm_age_seconds`"),
        (', on_failure = "invoices_dead_letters"', "", r"\[functions.issue_credit_notes\] .*field `on_failure`"),
    ],
)
def test_an_entry_of_another_form_is_named(before: str, after: str, said: str) -> None:
    assert before in TEXT
    with pytest.raises(WrongSpecification, match=said):
        read(TEXT.replace(before, after))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            'key = ["account_id", "page_key"]\nindexes.credits',
            'key = ["account_id"]\nindexes.debits',
            "indexes.credits",
        ),
        (
            'sends = ["usage_dead_letters"]',
            'sends = ["usage_losses"]',
            "[functions.record_usage] sends to usage_losses",
        ),
        ('counts = ["renewals"]', 'counts = ["renewal"]', "[functions.find_renewals] counts renewal"),
        ('may = ["issue_documents"]', 'may = ["issue_papers"]', "add [rights.issue_papers]"),
        ('tables.accounts = ["get"]', 'tables.clients = ["get"]', "uses the table clients: add [tables.clients]"),
        ('"audit/days/*"', '"audits/days/*"', "add AuditsBucket to base.json"),
        ("handlers.audit_usage", "handlers.audit", "call it chalicelib.<package>.handlers.audit_usage"),
        (
            'schedule = "rate(1 minute)"',
            "",
            "[functions.retry_refills] needs exactly one of queue, stream and schedule",
        ),
        ('{ name = "mails"', '{ name = "letters"', "[functions.send_mails] reads letters: add [queues.letters]"),
        ('{ table = "cards"', '{ table = "audits"', "give [tables.audits] stream = true"),
        (
            'on_failure = "invoices_dead_letters"',
            'on_failure = "losses"',
            "gives up to losses: add [failure_queues.losses]",
        ),
        ('functions = ["renew_subscriptions"]', 'functions = ["renew"]', "[log_alarms.renewals_held] is about renew"),
        ('"UsageMaxReceiveCount"', '"UsageDeliveries"', "UsageDeliveries stands for a number"),
        ('"ChargeConcurrency"', '"Charges"', "Charges stands for a number"),
        ("visibility_seconds = 5400", "visibility_seconds = 5399", "give [queues.bundles] 5400 visibility_seconds"),
        ('metric = "repeats_found"', 'metric = "repeats"', "[metric_alarms.repeats_found] is about repeats"),
    ],
)
def test_a_name_that_leads_nowhere_is_named(base: Document, before: str, after: str, said: str) -> None:
    assert before in TEXT
    found = list(wrong_references(read(TEXT.replace(before, after)), base))
    assert any(said in sentence for sentence in found), found


def test_a_group_of_rights_names_no_other(base: Document) -> None:
    text = TEXT.replace("[rights.post_to_ledger]", '[rights.post_to_ledger]\nmay = ["issue_documents"]')
    assert ["a group cannot name groups" in each for each in wrong_references(read(text), base)] == [True]
