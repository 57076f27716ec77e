"""The alarms on functions, queues, the API, lines of the log, and metrics. Pure.

Each names its section of `docs/operating/alarms.md`, and tells the topic when it is over, too.
"""

import json
import re
from collections.abc import Iterator
from typing import Final

from infrastructure.generator.gateway import STAGE_NAME
from infrastructure.generator.names import (
    API,
    DEAD_LETTERS,
    Document,
    attribute,
    camel,
    function_id,
    log_group_id,
    queue_id,
    ref,
    sub,
)
from infrastructure.generator.specification import Api, Function, LogAlarm, MetricAlarm, Specification

STACK: Final = {"Ref": "AWS::StackName"}
"""The namespace of the metrics that count lines of the log."""
BEHIND_MS: Final = 10 * 60 * 1000
"""How far a function may be behind its stream."""
PAGE: Final = "docs/operating/alarms.md"
TOPIC: Final = {"Fn::If": ["HasAlarmTopic", ref("AlarmTopicArn"), ref("AlarmTopic")]}
SLOW_MS: Final = 10_000
"""One answer in a hundred may take as long: one that waits for Stripe, which gets a timeout of its own before that."""
UNIT_SECONDS: Final = {"minute": 60, "hour": 3600, "day": 86_400}


def alarms(specification: Specification) -> Iterator[tuple[str, Document]]:
    """Yield each alarm and each metric filter of the log, by logical id."""
    yield from _of_function(API, specification.api)
    for name, function in specification.functions.items():
        yield from _of_function(name, function)
    yield from _of_queues(specification)
    yield from _of_api()
    for name, alarm in specification.log_alarms.items():
        yield from _of_log(name, alarm)
    for name, metric_alarm in specification.metric_alarms.items():
        yield f"{camel(name)}Alarm", _of_metric(name, metric_alarm)


def _of_function(name: str, function: Api) -> Iterator[tuple[str, Document]]:
    logical_id = function_id(name)
    about = {"FunctionName": ref(logical_id)}
    failed = _said(f"{function.doing} failed", "a-function-failed")
    yield f"{logical_id}ErrorsAlarm", _alarm(failed, "AWS/Lambda", "Errors", about)
    throttled = _said(f"{function.doing} was throttled", "a-function-was-throttled")
    yield f"{logical_id}ThrottlesAlarm", _alarm(throttled, "AWS/Lambda", "Throttles", about)
    if isinstance(function, Function) and function.stream:
        behind = _said(f"{function.doing} is ten minutes behind its stream", "a-function-is-behind-its-stream")
        yield f"{logical_id}AgeAlarm", _age_alarm(behind, "AWS/Lambda", "IteratorAge", about, BEHIND_MS)
    if isinstance(function, Function) and function.schedule:
        still = _said(f"{function.doing} has not begun when it was due", "a-schedule-stands-still")
        yield f"{logical_id}IdleAlarm", _idle_alarm(still, about, longest_pause_seconds(function.schedule))


def longest_pause_seconds(schedule: str) -> int:
    """Return after how long without a call a schedule stands still: three times its rate, half an hour or more.

    One that has hours of its own (`cron`) begins every day.
    """
    rate = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", schedule)
    return max(1800, 3 * int(rate[1]) * UNIT_SECONDS[rate[2]]) if rate else UNIT_SECONDS["day"]


def _of_api() -> Iterator[tuple[str, Document]]:
    about = {"ApiName": STACK, "Stage": STAGE_NAME}
    failed = _said("the API answered with 5xx", "the-api-answers-5xx")
    yield "ApiFailuresAlarm", _alarm(failed, "AWS/ApiGateway", "5XXError", about)
    slow = _said("one answer of the API in a hundred takes ten seconds", "the-api-is-slow")
    latency = _alarm(
        slow, "AWS/ApiGateway", "Latency", about, ExtendedStatistic="p99", EvaluationPeriods=3, Threshold=SLOW_MS
    )
    del latency["Properties"]["Statistic"]
    yield "ApiLatencyAlarm", latency


def _said(description: str, section: str) -> Document:
    return sub(f"${{Stage}}: {description}. See {PAGE}#{section}")


def _of_queues(specification: Specification) -> Iterator[tuple[str, Document]]:
    for name, queue in specification.queues.items():
        letters = _said(f"{queue.dead_letters} wait in the dead-letter queue", "dead-letters-wait")
        yield f"{camel(name)}DeadLetterAlarm", _message_alarm(letters, queue_id(name + DEAD_LETTERS))
        minutes = queue.alarm_age_seconds // 60
        old = _said(f"the oldest {queue.message} has waited for {minutes} minutes", "messages-wait")
        about = {"QueueName": attribute(queue_id(name), "QueueName")}
        alarm = _age_alarm(old, "AWS/SQS", "ApproximateAgeOfOldestMessage", about, queue.alarm_age_seconds)
        yield f"{camel(name)}AgeAlarm", alarm
    for name, failures in specification.failure_queues.items():
        given_up = _said(f"{failures.holds} wait in the queue of failures", "records-were-given-up")
        yield f"{camel(name)}Alarm", _message_alarm(given_up, queue_id(name))


def _of_log(name: str, alarm: LogAlarm) -> Iterator[tuple[str, Document]]:
    metric = camel(name)
    for function in alarm.functions:
        logical_id = f"{metric}Filter" if len(alarm.functions) == 1 else f"{metric}{camel(function)}Filter"
        yield logical_id, _filter(metric, alarm, log_group_id(function))
    said = _said(alarm.description, _section(name))
    yield f"{metric}Alarm", _alarm(said, STACK, metric, {}, Period=alarm.period_seconds, Threshold=alarm.threshold)


def _section(name: str) -> str:
    return name.replace("_", "-")


def _of_metric(name: str, alarm: MetricAlarm) -> Document:
    return _alarm(
        _said(alarm.description, _section(name)),
        STACK,
        alarm.metric,
        {},
        Statistic=alarm.statistic,
        Period=alarm.period_seconds,
        EvaluationPeriods=alarm.periods,
        Threshold=alarm.threshold,
    )


def _filter(metric: str, alarm: LogAlarm, log_group: str) -> Document:
    events = " || ".join(f"($.event = {json.dumps(event)})" for event in alarm.events)
    pattern = events if len(alarm.events) == 1 else f"({events})"
    counted = {"MetricNamespace": STACK, "MetricName": metric, "MetricValue": "1", "DefaultValue": 0}
    properties = {
        "LogGroupName": ref(log_group),
        "FilterPattern": f'{{ ($.level = "error") && {pattern} }}',
        "MetricTransformations": [counted],
    }
    return {"Type": "AWS::Logs::MetricFilter", "Properties": properties}


def _message_alarm(description: Document, queue: str) -> Document:
    about = {"QueueName": attribute(queue, "QueueName")}
    metric = "ApproximateNumberOfMessagesVisible"
    return _alarm(description, "AWS/SQS", metric, about, Statistic="Maximum", Period=60)


def _age_alarm(description: Document, namespace: str, metric: str, about: Document, oldest: int) -> Document:
    """Return an alarm that fires when something was too old for three minutes in a row."""
    return _alarm(
        description, namespace, metric, about, Statistic="Maximum", Period=60, EvaluationPeriods=3, Threshold=oldest
    )


def _idle_alarm(description: Document, about: Document, seconds: int) -> Document:
    """Return an alarm that fires when a function was not called at all."""
    changed = {"Period": seconds, "ComparisonOperator": "LessThanThreshold", "TreatMissingData": "breaching"}
    return _alarm(description, "AWS/Lambda", "Invocations", about, **changed)


def _alarm(
    description: Document, namespace: str | Document, metric: str, about: Document, **changed: object
) -> Document:
    """Return an alarm that fires when anything was counted within five minutes, unless properties are `changed`."""
    dimensions = [{"Name": name, "Value": value} for name, value in about.items()]
    properties = {
        "AlarmDescription": description,
        "Namespace": namespace,
        "MetricName": metric,
        **({"Dimensions": dimensions} if dimensions else {}),
        "Statistic": "Sum",
        "Period": 300,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
        "AlarmActions": [TOPIC],
        "OKActions": [TOPIC],
        **changed,
    }
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": properties}
