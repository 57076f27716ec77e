"""The wrong references between the entries of a specification, and from them to `base.json`. Pure."""

import re
from collections.abc import Iterator
from typing import Final

from chalicelib.metrics import METRICS
from infrastructure.generator.names import API, DEAD_LETTERS, Document, bucket_id
from infrastructure.generator.specification import Api, Function, Rights, Specification

VISIBILITY_FACTOR: Final = 6
"""Multiple of the function's timeout: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html."""


def wrong_references(specification: Specification, base: Document) -> Iterator[str]:
    """Yield the errors, each as a sentence that names the entry and says what to do."""
    rights: dict[str, Rights] = {f"rights.{name}": each for name, each in specification.rights.items()}
    rights |= {API: specification.api}
    rights |= {f"functions.{name}": each for name, each in specification.functions.items()}
    for entry, each in rights.items():
        yield from _wrong_rights(f"[{entry}]", each, specification)
        yield from _wrong_buckets(f"[{entry}]", each, base)
    for name, function in specification.functions.items():
        yield from _wrong_source(name, function, specification)
    yield from _wrong_log_alarms(specification)
    yield from _wrong_metric_alarms(specification)
    yield from _wrong_times(specification, base)
    yield from _wrong_parameters(specification, base)


def _wrong_rights(entry: str, rights: Rights, specification: Specification) -> Iterator[str]:
    for group in rights.may:
        if group not in specification.rights or not isinstance(rights, Api):
            yield f"{entry} may {group}: add [rights.{group}], or correct the name; a group cannot name groups"
    for path in rights.tables:
        table, _, index = path.partition("/")
        if table not in specification.tables:
            yield f"{entry} uses the table {table}: add [tables.{table}], or correct the name"
        elif index and index not in specification.tables[table].indexes:
            yield f"{entry} uses the index {path}: add indexes.{index} to [tables.{table}], or correct the name"
    for queue in set(rights.sends) - _queues(specification):
        yield f"{entry} sends to {queue}: add [queues.{queue}], or correct the name"
    for queue in set(rights.counts) - _queues(specification):
        yield f"{entry} counts {queue}: add [queues.{queue}], or correct the name"


def _wrong_buckets(entry: str, rights: Rights, base: Document) -> Iterator[str]:
    for bucket in {path.partition("/")[0] for path in rights.buckets}:
        if bucket_id(bucket) not in base["Resources"]:
            yield f"{entry} uses the bucket {bucket}: add {bucket_id(bucket)} to base.json, or correct the name"


def _wrong_source(name: str, function: Function, specification: Specification) -> Iterator[str]:
    entry = f"[functions.{name}]"
    if not re.fullmatch(rf"chalicelib\.\w+\.handlers\.{name}", function.handler):
        yield f"{entry} has the handler {function.handler}: call it chalicelib.<package>.handlers.{name}"
    if sum(source is not None for source in (function.queue, function.stream, function.schedule)) != 1:
        yield f"{entry} needs exactly one of queue, stream and schedule"
    if function.queue and function.queue.name not in specification.queues:
        yield f"{entry} reads {function.queue.name}: add [queues.{function.queue.name}], or correct the name"
    if function.stream:
        failures = function.stream.on_failure
        for table in function.stream.tables:
            if table not in specification.tables or not specification.tables[table].stream:
                yield f"{entry} reads the stream of {table}: give [tables.{table}] stream = true, or correct the name"
        if failures not in _queues(specification):
            yield f"{entry} gives up to {failures}: add [failure_queues.{failures}], or correct the name"


def _wrong_log_alarms(specification: Specification) -> Iterator[str]:
    for name, alarm in specification.log_alarms.items():
        for function in set(alarm.functions) - {API, *specification.functions}:
            yield f"[log_alarms.{name}] is about {function}: add [functions.{function}], or correct the name"


def _wrong_metric_alarms(specification: Specification) -> Iterator[str]:
    for name, alarm in specification.metric_alarms.items():
        if alarm.metric not in METRICS:
            yield f"[metric_alarms.{name}] is about {alarm.metric}: add it to chalicelib/metrics.py, or correct it"


def _wrong_times(specification: Specification, base: Document) -> Iterator[str]:
    """Yield the queues whose messages would come again while they are being handled."""
    for name, function in specification.functions.items():
        queue = specification.queues.get(function.queue.name) if function.queue else None
        if function.queue is None or queue is None:
            continue
        given = queue.visibility_seconds
        seconds = base["Parameters"].get(given, {}).get("Default", 0) if isinstance(given, str) else given
        if seconds < (least := VISIBILITY_FACTOR * function.timeout_seconds):
            yield f"[functions.{name}] may run for long: give [queues.{function.queue.name}] {least} visibility_seconds"


def _wrong_parameters(specification: Specification, base: Document) -> Iterator[str]:
    queues, functions = specification.queues.values(), specification.functions.values()
    sources = [source for each in functions for source in (each.queue, each.stream) if source]
    given = [each for queue in queues for each in (queue.visibility_seconds, queue.deliveries, queue.delay_seconds)]
    given += [source.window_seconds for source in sources]
    given += [each.reserved for each in (specification.api, *functions)]
    for name in dict.fromkeys(given):
        if isinstance(name, str) and name not in base["Parameters"]:
            yield f"{name} stands for a number: add it to the parameters of base.json, or give the number"


def _queues(specification: Specification) -> set[str]:
    """Return the names of all queues, dead-letter queues included."""
    dead_letters = {f"{name}{DEAD_LETTERS}" for name in specification.queues}
    return {*specification.queues, *specification.failure_queues, *dead_letters}
