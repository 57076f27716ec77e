"""The queues, their dead-letter queues, and the rules that put events on them. Pure."""

from collections.abc import Iterator
from typing import Final

from infrastructure.generator import encryption
from infrastructure.generator.names import DEAD_LETTERS, Document, attribute, camel, number, queue_id, ref
from infrastructure.generator.specification import Queue, Rule, Specification
from infrastructure.generator.tables import KEEP

KEPT_SECONDS: Final = 4 * 24 * 3600
"""Shorter than dead letters are kept: otherwise a message could expire as soon as it arrives there."""
DEAD_LETTER_SECONDS: Final = 14 * 24 * 3600
"""The longest that SQS keeps a message: a person has to handle it."""
EVENT_SOURCE: Final = "billing-portal"


def queues(specification: Specification) -> Iterator[tuple[str, Document]]:
    """Yield each queue with everything that belongs to it, by logical id."""
    for name, queue in specification.queues.items():
        yield queue_id(name + DEAD_LETTERS), _for_a_person()
        yield queue_id(name), _queue(name, queue)
        if queue.rule:
            yield f"{camel(name)}QueuePolicy", _from_the_rule(name)
            yield f"{camel(name)}Rule", _rule(name, queue.rule)
    for name in specification.failure_queues:
        yield queue_id(name), _for_a_person()


def outputs(specification: Specification) -> Iterator[tuple[str, Document]]:
    """Yield the URLs of the queues that a person reads."""
    held = {name + DEAD_LETTERS: queue.dead_letters for name, queue in specification.queues.items()}
    held |= {name: queue.holds for name, queue in specification.failure_queues.items()}
    for name, what in held.items():
        yield f"{queue_id(name)}Url", {"Description": what[0].upper() + what[1:], "Value": ref(queue_id(name))}


def _for_a_person() -> Document:
    properties = {"MessageRetentionPeriod": DEAD_LETTER_SECONDS, **encryption.of_queue()}
    return {"Type": "AWS::SQS::Queue", **KEEP, "Properties": properties}


def _queue(name: str, queue: Queue) -> Document:
    properties: Document = {
        "MessageRetentionPeriod": KEPT_SECONDS,
        "VisibilityTimeout": number(queue.visibility_seconds),
        **encryption.of_queue(),
        "RedrivePolicy": {
            "deadLetterTargetArn": attribute(queue_id(name + DEAD_LETTERS)),
            "maxReceiveCount": number(queue.deliveries),
        },
    }
    if queue.delay_seconds is not None:
        properties["DelaySeconds"] = number(queue.delay_seconds)
    return {"Type": "AWS::SQS::Queue", **KEEP, "Properties": properties}


def _from_the_rule(name: str) -> Document:
    both = (queue_id(name), queue_id(name + DEAD_LETTERS))
    statement = {
        "Sid": "TakeEventsFromTheRule",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": [attribute(each) for each in both],
        "Condition": {"ArnEquals": {"aws:SourceArn": attribute(f"{camel(name)}Rule")}},
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    properties = {"Queues": [ref(each) for each in both], "PolicyDocument": policy}
    return {"Type": "AWS::SQS::QueuePolicy", "Properties": properties}


def _rule(name: str, rule: Rule) -> Document:
    target = {
        "Id": name,
        "Arn": attribute(queue_id(name)),
        "DeadLetterConfig": {"Arn": attribute(queue_id(name + DEAD_LETTERS))},
    }
    properties: Document = {
        "Description": rule.description,
        "EventBusName": ref("EventBus"),
        "EventPattern": {"source": [EVENT_SOURCE], "detail-type": list(rule.events)},
        "Targets": [target],
    }
    if rule.only_if:
        properties["State"] = {"Fn::If": [rule.only_if, "ENABLED", "DISABLED"]}
    return {"Type": "AWS::Events::Rule", "Properties": properties}
