"""The checks of the resources see what they are there to see."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from infrastructure.check_resources import RESOURCES, findings, main

Template = dict[str, Any]


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
        ("not encrypted with a key", lambda t: properties(t, "WalletsTable").pop("SSESpecification")),
        ("deleted with the stack", lambda t: t["Resources"]["WalletsTable"].pop("DeletionPolicy")),
        ("has a fixed name", lambda t: properties(t, "WalletsTable").update(TableName="wallets")),
        ("has no stream", lambda t: properties(t, "PaymentsTable").pop("StreamSpecification")),
        ("UsageQueue is not encrypted", lambda t: properties(t, "UsageQueue").pop("SqsManagedSseEnabled")),
        ("UsageQueue has no dead-letter queue", lambda t: properties(t, "UsageQueue").pop("RedrivePolicy")),
        ("only a person reads", lambda t: properties(t, "UsageDeadLetterQueue").update(MessageRetentionPeriod=345600)),
        ("reads, has no alarm", lambda t: t["Resources"].pop("FollowFailuresAlarm")),
        ("which records failed", lambda t: stream_source(t).pop("FunctionResponseTypes")),
        ("never stand alone", lambda t: stream_source(t).pop("BisectBatchOnFunctionError")),
        ("as long as its stream", lambda t: stream_source(t).pop("MaximumRecordAgeInSeconds")),
        ("gives up nowhere", lambda t: stream_source(t).pop("DestinationConfig")),
        ("could expire", lambda t: properties(t, "UsageQueue").update(MessageRetentionPeriod=1209600)),
        ("which messages failed", lambda t: usage_source(t).pop("FunctionResponseTypes")),
        ("not bound to a queue", lambda t: usage_source(t).update(Queue={"Fn::GetAtt": ["UsageQueue", "Arn"]})),
        ("longer than its messages", lambda t: properties(t, "RecordUsage").update(Timeout=61)),
        ("longer than its messages", lambda t: t["Parameters"]["UsageVisibilityTimeout"].update(Default=359)),
        ("no alarm tells of", lambda t: properties(t, "UsageUnforeseenAlarm").update(MetricName="Unforeseen")),
        ("has no TOKEN_SECRET", lambda t: t["Globals"]["Function"]["Environment"]["Variables"].pop("TOKEN_SECRET")),
    ],
)
def test_damage_is_found(template: Template, finding: str, damage: Callable[[Template], object]) -> None:
    damaged = copy.deepcopy(template)
    damage(damaged)
    assert any(finding in each for each in findings(damaged))
