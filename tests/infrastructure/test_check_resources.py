"""The checks of the resources see what they are there to see."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from chalice.utils import to_cfn_resource_name

from infrastructure.check_resources import HERE, RESOURCES, STREAM_SETTINGS, event_sources, findings, main

Template = dict[str, Any]
CHALICE = HERE.parent / ".chalice"


@pytest.fixture
def template() -> Template:
    read: Template = json.loads(RESOURCES.read_text())
    return read


def properties(template: Template, name: str) -> Template:
    found: Template = template["Resources"][name]["Properties"]
    return found


def usage_source(template: Template) -> Template:
    source: Template = properties(template, "RecordUsage")["Events"]["RecordUsageSqsEventSource"]["Properties"]
    return source


def stream_source(template: Template) -> Template:
    source: Template = properties(template, "FollowPayments")["Events"]["FollowPaymentsDynamodbEventSource"][
        "Properties"
    ]
    return source


def test_the_resources_pass(template: Template) -> None:
    assert findings(template) == []
    assert main() == 0


@pytest.mark.parametrize(
    ("finding", "damage"),
    [
        ("is not paid by request", lambda t: properties(t, "WalletsTable").pop("BillingMode")),
        ("no point-in-time recovery", lambda t: properties(t, "WalletsTable").pop("PointInTimeRecoverySpecification")),
        ("not encrypted with the key", lambda t: properties(t, "WalletsTable").pop("SSESpecification")),
        ("by a single call", lambda t: properties(t, "WalletsTable").pop("DeletionProtectionEnabled")),
        ("deleted with the stack", lambda t: t["Resources"]["WalletsTable"].pop("DeletionPolicy")),
        ("creation that failed", lambda t: t["Resources"]["WalletsTable"].update(DeletionPolicy="Retain")),
        ("has a fixed name", lambda t: properties(t, "WalletsTable").update(TableName="wallets")),
        ("PaymentsTable has no stream", lambda t: properties(t, "PaymentsTable").pop("StreamSpecification")),
        ("CardsTable has no stream", lambda t: properties(t, "CardsTable").pop("StreamSpecification")),
        ("UsageQueue is not encrypted", lambda t: properties(t, "UsageQueue").pop("SqsManagedSseEnabled")),
        ("or not with the key", lambda t: properties(t, "UsageQueue").pop("KmsMasterKeyId")),
        ("messages wait in MailsQueue", lambda t: t["Resources"].pop("MailsAgeAlarm")),
        ("tell the topic", lambda t: properties(t, "MailsAgeAlarm").pop("AlarmActions")),
        ("when it is over", lambda t: properties(t, "MailsAgeAlarm").pop("OKActions")),
        ("where it is explained", lambda t: properties(t, "MailsAgeAlarm").update(AlarmDescription="old mails")),
        ("UsageQueue has no dead-letter queue", lambda t: properties(t, "UsageQueue").pop("RedrivePolicy")),
        ("only a person reads", lambda t: properties(t, "UsageDeadLetterQueue").update(MessageRetentionPeriod=345600)),
        ("reads, has no alarm", lambda t: t["Resources"].pop("FollowFailuresAlarm")),
        ("None for FunctionResponseTypes", lambda t: stream_source(t).pop("FunctionResponseTypes")),
        ("for BisectBatchOnFunctionError", lambda t: stream_source(t).pop("BisectBatchOnFunctionError")),
        ("for MaximumRecordAgeInSeconds", lambda t: stream_source(t).update(MaximumRecordAgeInSeconds=86400)),
        ("has LATEST for StartingPosition", lambda t: stream_source(t).update(StartingPosition="LATEST")),
        ("again and again", lambda t: stream_source(t).pop("MaximumRetryAttempts")),
        ("again and again", lambda t: stream_source(t).update(MaximumRetryAttempts=-1)),
        ("FollowPayments is behind its stream", lambda t: t["Resources"].pop("FollowPaymentsAgeAlarm")),
        ("gives up nowhere", lambda t: stream_source(t).pop("DestinationConfig")),
        ("could expire", lambda t: properties(t, "UsageQueue").update(MessageRetentionPeriod=1209600)),
        ("which messages failed", lambda t: usage_source(t).pop("FunctionResponseTypes")),
        ("not bound to a queue", lambda t: usage_source(t).update(Queue={"Fn::GetAtt": ["UsageQueue", "Arn"]})),
        ("longer than its messages", lambda t: properties(t, "RecordUsage").update(Timeout=61)),
        ("longer than its messages", lambda t: t["Parameters"]["UsageVisibilityTimeout"].update(Default=359)),
        ("no alarm tells of", lambda t: properties(t, "UsageUnforeseenAlarm").update(MetricName="Unforeseen")),
        ("has no SECRET_ID", lambda t: t["Globals"]["Function"]["Environment"]["Variables"].pop("SECRET_ID")),
    ],
)
def test_damage_is_found(template: Template, finding: str, damage: Callable[[Template], object]) -> None:
    damaged = copy.deepcopy(template)
    damage(damaged)
    assert any(finding in each for each in findings(damaged))


def test_no_stream_is_without_the_settings_of_all(template: Template) -> None:
    """A new one has none of them, and each of them is missed."""
    template["Resources"]["Newcomer"] = {
        "Properties": {
            "Events": {"Newcomer": {"Properties": {"Stream": {"Fn::GetAtt": ["WalletsTable", "StreamArn"]}}}}
        }
    }
    found = [each for each in findings(template) if "Newcomer" in each]
    for what in (*STREAM_SETTINGS, "again and again", "behind its stream", "gives up nowhere"):
        assert any(what in each for each in found), what
    assert all("Newcomer" in each for each in findings(template))


def test_every_function_with_a_stream_may_read_it_and_put_aside_what_it_gives_up(template: Template) -> None:
    config = json.loads((CHALICE / "config.json").read_text())["stages"]["production"]["lambda_functions"]
    policies = {to_cfn_resource_name(name): function["iam_policy_file"] for name, function in config.items()}
    streams = list(event_sources(template, "Stream"))
    assert len(streams) >= 10
    for name, _, source in streams:
        statements = json.loads((CHALICE / policies[name]).read_text())["Statement"]
        allowed = {
            (action, json.dumps(each)) for one in statements for action in one["Action"] for each in one["Resource"]
        }
        for action in ("DescribeStream", "GetRecords", "GetShardIterator"):
            assert (f"dynamodb:{action}", json.dumps(source["Stream"])) in allowed, name
        assert ("dynamodb:ListStreams", '"*"') in allowed, name
        assert ("sqs:SendMessage", json.dumps(source["DestinationConfig"]["OnFailure"]["Destination"])) in allowed, name
