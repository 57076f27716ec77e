"""The alarms on functions, queues and lines of the log. Pure."""

import json
from collections.abc import Iterator
from typing import Final

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
from infrastructure.generator.specification import Api, Function, LogAlarm, Specification

STACK: Final = {"Ref": "AWS::StackName"}
"""The namespace of the metrics that count lines of the log."""
BEHIND_MS: Final = 10 * 60 * 1000
"""How far a function may be behind its stream."""


def alarms(specification: Specification) -> Iterator[tuple[str, Document]]:
    """Yield each alarm and each metric filter of the log, by logical id."""
    yield from _of_function(API, specification.api)
    for name, function in specification.functions.items():
        yield from _of_function(name, function)
    yield from _of_queues(specification)
    for name, alarm in specification.log_alarms.items():
        yield from _of_log(name, alarm)


def _of_function(name: str, function: Api) -> Iterator[tuple[str, Document]]:
    logical_id = function_id(name)
    about = {"FunctionName": ref(logical_id)}
    yield f"{logical_id}ErrorsAlarm", _alarm(f"{function.doing} failed", "AWS/Lambda", "Errors", about)
    yield f"{logical_id}ThrottlesAlarm", _alarm(f"{function.doing} was throttled", "AWS/Lambda", "Throttles", about)
    if isinstance(function, Function) and function.stream:
        description = f"{function.doing} is ten minutes behind its stream"
        yield f"{logical_id}AgeAlarm", _age_alarm(description, "AWS/Lambda", "IteratorAge", about, BEHIND_MS)


def _of_queues(specification: Specification) -> Iterator[tuple[str, Document]]:
    for name, queue in specification.queues.items():
        description = f"{queue.dead_letters} wait in the dead-letter queue"
        yield f"{camel(name)}DeadLetterAlarm", _message_alarm(description, queue_id(name + DEAD_LETTERS))
        if queue.alarm_age_seconds is not None:
            description = f"the oldest {queue.message} has waited for {queue.alarm_age_seconds // 60} minutes"
            about = {"QueueName": attribute(queue_id(name), "QueueName")}
            alarm = _age_alarm(description, "AWS/SQS", "ApproximateAgeOfOldestMessage", about, queue.alarm_age_seconds)
            yield f"{camel(name)}AgeAlarm", alarm
    for name, failures in specification.failure_queues.items():
        yield f"{camel(name)}Alarm", _message_alarm(f"{failures.holds} wait in the queue of failures", queue_id(name))


def _of_log(name: str, alarm: LogAlarm) -> Iterator[tuple[str, Document]]:
    metric = camel(name)
    for function in alarm.functions:
        logical_id = f"{metric}Filter" if len(alarm.functions) == 1 else f"{metric}{camel(function)}Filter"
        yield logical_id, _filter(metric, alarm, log_group_id(function))
    properties = _properties(alarm.description, STACK, metric, {})
    counted = {"Period": alarm.period_seconds, "Threshold": alarm.threshold}
    yield f"{metric}Alarm", {"Type": "AWS::CloudWatch::Alarm", "Properties": {**properties, **counted}}


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


def _alarm(description: str, namespace: str, metric: str, about: Document) -> Document:
    """Return an alarm that fires when anything was counted within five minutes."""
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": _properties(description, namespace, metric, about)}


def _message_alarm(description: str, queue: str) -> Document:
    about = {"QueueName": attribute(queue, "QueueName")}
    properties = _properties(description, "AWS/SQS", "ApproximateNumberOfMessagesVisible", about)
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": {**properties, "Statistic": "Maximum", "Period": 60}}


def _age_alarm(description: str, namespace: str, metric: str, about: Document, oldest: int) -> Document:
    """Return an alarm that fires when something was too old for three minutes in a row."""
    properties = _properties(description, namespace, metric, about)
    changed = {"Statistic": "Maximum", "Period": 60, "EvaluationPeriods": 3, "Threshold": oldest}
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": {**properties, **changed}}


def _properties(description: str, namespace: str | Document, metric: str, about: Document) -> Document:
    dimensions = [{"Name": name, "Value": value} for name, value in about.items()]
    return {
        "AlarmDescription": sub(f"${{Stage}}: {description}"),
        "Namespace": namespace,
        "MetricName": metric,
        **({"Dimensions": dimensions} if dimensions else {}),
        "Statistic": "Sum",
        "Period": 300,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
        "AlarmActions": {"Fn::If": ["HasAlarmTopic", [ref("AlarmTopicArn")], ref("AWS::NoValue")]},
    }
