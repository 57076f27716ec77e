"""Check the generated `resources.json` against what this system relies on: `python -m infrastructure.check_resources`.

cfn-lint checks what CloudFormation accepts. These are choices that CloudFormation accepts and that would still lose
money: a queue whose messages are delivered again while they are being handled, a table that cannot be restored, a
missing stream.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import fields

from chalicelib.settings import Settings
from infrastructure.generator.references import VISIBILITY_FACTOR

HERE = Path(__file__).resolve().parent
RESOURCES = HERE / "resources.json"
KEY = "KmsKeyArn"
"""The parameter with a key of the customer's own."""
DEAD_LETTER_SECONDS = 14 * 24 * 3600
"""The longest that SQS keeps a message: a person has to handle it."""

STREAM_SETTINGS: Mapping[str, Any] = {
    "StartingPosition": "TRIM_HORIZON",
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
    "BisectBatchOnFunctionError": True,
    "MaximumRecordAgeInSeconds": 6 * 3600,
}
"""The settings of every stream. The number of attempts differs and must always be set: few where the account is retried
elsewhere, and as many as the maximum age allows where only the record holds what is to be published."""

Template = Mapping[str, Any]


def findings(template: Template) -> list[str]:
    """Return the errors of a template, each as a sentence; empty if there are none."""
    return [
        *_table_findings(template),
        *_queue_findings(template),
        *_event_source_findings(template),
        *_stream_findings(template),
        *_alarm_findings(template),
        *_setting_findings(template),
    ]


def of_type(template: Template, kind: str) -> Iterator[tuple[str, Template]]:
    """Yield the name and the properties of each resource of a type."""
    for name, resource in template["Resources"].items():
        if resource.get("Type") == kind:
            yield name, {**resource["Properties"], "kept": _is_kept(resource)}


def functions(template: Template) -> set[str]:
    """Return the names of the functions of a packaged template."""
    return {name for name, _ in of_type(template, "AWS::Serverless::Function")}


def event_sources(template: Template, kind: str) -> Iterator[tuple[str, Template, Template]]:
    """Yield the function's name and properties, and the source's properties, of each event source bound by `kind`."""
    for name, resource in template["Resources"].items():
        for event in resource.get("Properties", {}).get("Events", {}).values():
            if kind in event["Properties"]:
                yield name, resource["Properties"], event["Properties"]


def value(template: Template, given: Any) -> Any:
    """Return a property's value: its parameter's default if it refers to a parameter."""
    if isinstance(given, dict) and "Ref" in given:
        return template["Parameters"][given["Ref"]]["Default"]
    return given


def _is_kept(resource: Template) -> bool:
    policies = (resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy"))
    return policies == ("RetainExceptOnCreate", "Retain")


def _table_findings(template: Template) -> Iterator[str]:
    streamed = {source["Stream"]["Fn::GetAtt"][0] for _, _, source in event_sources(template, "Stream")}
    for name, table in of_type(template, "AWS::DynamoDB::Table"):
        if table.get("BillingMode") != "PAY_PER_REQUEST":
            yield f"{name} is not paid by request"
        if not table.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled"):
            yield f"{name} has no point-in-time recovery"
        yield from _protection_findings(name, table)
        if "TableName" in table:
            yield f"{name} has a fixed name: two stacks could not live in one account"
        if name in streamed and table.get("StreamSpecification") != {"StreamViewType": "NEW_AND_OLD_IMAGES"}:
            yield f"{name} has no stream of new and old images"


def _protection_findings(name: str, table: Template) -> Iterator[str]:
    if KEY not in str(table.get("SSESpecification")):
        yield f"{name} is not encrypted with the key that the stack is given"
    if table.get("DeletionProtectionEnabled") != {"Fn::If": ["IsProtected", True, False]}:
        yield f"{name} could be deleted by a single call"
    if not table["kept"]:
        yield f"{name} would be deleted with the stack, or be left by a creation that failed"


def _queue_findings(template: Template) -> Iterator[str]:
    queues = dict(of_type(template, "AWS::SQS::Queue"))
    read = {bound_queue(source) for _, _, source in event_sources(template, "Queue")}
    read |= {name for name, queue in queues.items() if "RedrivePolicy" in queue}
    watched = _watched_queues(template, "ApproximateNumberOfMessagesVisible")
    aging = _watched_queues(template, "ApproximateAgeOfOldestMessage")
    for name, queue in queues.items():
        retention = queue.get("MessageRetentionPeriod", 0)
        if not queue.get("SqsManagedSseEnabled") or KEY not in str(queue.get("KmsMasterKeyId")):
            yield f"{name} is not encrypted, or not with the key that the stack is given"
        if name not in read and name not in watched:
            yield f"{name}, which only a person reads, has no alarm"
        if name not in read and retention != DEAD_LETTER_SECONDS:
            yield f"{name}, which only a person reads, does not keep messages for 14 days"
        if name in read and name not in aging:
            yield f"nobody hears that messages wait in {name}"
        if name in read and _dead_letter_queue(queue) not in queues:
            yield f"{name} has no dead-letter queue"
        if name in read and retention >= DEAD_LETTER_SECONDS:
            yield f"{name} keeps messages as long as its dead-letter queue: those could expire on arrival there"


def _dead_letter_queue(queue: Template) -> str | None:
    target = queue.get("RedrivePolicy", {}).get("deadLetterTargetArn", {})
    return target["Fn::GetAtt"][0] if "Fn::GetAtt" in target else None


def bound_queue(source: Template) -> str | None:
    """Return the name of the queue that an event source reads; None if it is not bound as Chalice's template needs."""
    reference = source["Queue"].get("Fn::Sub", "") if isinstance(source["Queue"], dict) else ""
    match = re.fullmatch(r"\$\{(\w+)\.Arn\}", reference)
    return match[1] if match else None


def _event_source_findings(template: Template) -> Iterator[str]:
    queues = dict(of_type(template, "AWS::SQS::Queue"))
    for name, function, source in event_sources(template, "Queue"):
        if source.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{name} does not report which messages failed: one bad message would bring its whole batch back"
        queue = queues.get(bound_queue(source) or "")
        if queue is None:
            yield f"{name} is not bound to a queue of this template by Fn::Sub"
        elif value(template, queue["VisibilityTimeout"]) < VISIBILITY_FACTOR * function["Timeout"]:
            yield f"{name} may run for longer than its messages stay invisible"


def _stream_findings(template: Template) -> Iterator[str]:
    """Yield where one bad record would block its shard, or be lost without notice.

    Lambda retries from the lowest record that failed: the records behind it wait until it is given up.
    """
    queues = dict(of_type(template, "AWS::SQS::Queue"))
    alarms = [
        alarm for _, alarm in of_type(template, "AWS::CloudWatch::Alarm") if alarm.get("MetricName") == "IteratorAge"
    ]
    aging = {alarm["Dimensions"][0]["Value"]["Ref"] for alarm in alarms}
    for name, _, source in event_sources(template, "Stream"):
        for setting, wanted in STREAM_SETTINGS.items():
            if source.get(setting) != wanted:
                yield f"{name} has {source.get(setting)} for {setting}, and every other stream has {wanted}"
        if source.get("MaximumRetryAttempts", -1) < 0:
            yield f"{name} tries a bad record again and again for as long as it may"
        if name not in aging:
            yield f"nobody hears that {name} is behind its stream"
        target = source.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination", {})
        queue = target.get("Fn::GetAtt", [None])[0]
        if queue not in queues:
            yield f"{name} puts the records that it gives up nowhere"


def _watched_queues(template: Template, metric: str) -> set[str]:
    """Return the queues that have an alarm on a metric."""
    alarms = [alarm for _, alarm in of_type(template, "AWS::CloudWatch::Alarm") if alarm.get("MetricName") == metric]
    return {alarm["Dimensions"][0]["Value"]["Fn::GetAtt"][0] for alarm in alarms}


def _alarm_findings(template: Template) -> Iterator[str]:
    alarms = dict(of_type(template, "AWS::CloudWatch::Alarm"))
    watched = [(alarm.get("Namespace"), alarm.get("MetricName")) for alarm in alarms.values()]
    for name, log_filter in of_type(template, "AWS::Logs::MetricFilter"):
        for metric in log_filter["MetricTransformations"]:
            if (metric["MetricNamespace"], metric["MetricName"]) not in watched:
                yield f"{name} counts what no alarm tells of"
    for name, alarm in alarms.items():
        if not alarm.get("AlarmActions") or alarm.get("OKActions") != alarm.get("AlarmActions"):
            yield f"{name} does not tell the topic when it begins and when it is over"
        if "docs/operating/alarms.md#" not in str(alarm.get("AlarmDescription")):
            yield f"{name} does not say where it is explained"


def _setting_findings(template: Template) -> Iterator[str]:
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    for field in fields(Settings):
        if field.name.upper() not in variables and field.required:
            yield f"the functions' environment has no {field.name.upper()}"


def main() -> int:
    """Print what is wrong with `resources.json`; return the exit status."""
    found = findings(json.loads(RESOURCES.read_text()))
    for finding in found:
        print(f"infrastructure/resources.json: {finding}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
