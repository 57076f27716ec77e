from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.usage.handlers import record_usage
from local.bindings import Binding, NotBound, bindings
from local.resources import Function
from local.schedule_source import ScheduleSource, scheduled_event

HANDLER = "chalicelib.usage.handlers.record_usage"


def test_a_function_is_called_where_lambda_enters_by_what_the_template_names() -> None:
    source = {"Queue": "arn:aws:sqs:us-east-1:000000000000:real", "BatchSize": 7}
    (bound,) = bindings({"RecordUsage": Function(33, source, HANDLER)})
    assert (bound.name, bound.kind, bound.timeout_seconds) == ("record_usage", "Queue", 33)
    assert bound.handler is record_usage
    assert bound.number("BatchSize", 1) == 7
    assert bound.number("MaximumBatchingWindowInSeconds", 0) == 0
    assert not bound.reports_item_failures()


def test_a_function_may_read_several_streams_each_from_its_own_position() -> None:
    found = bindings({"RecordUsage": Function(33, {"Stream": "one"}, HANDLER, [{"Stream": "two"}])})
    assert [(each.name, each.properties["Stream"]) for each in found] == [
        ("record_usage", "one"),
        ("record_usage_2", "two"),
    ]


def test_the_api_is_not_called_by_an_event_source() -> None:
    assert bindings({"APIHandler": Function(29, {})}) == []


def test_a_function_that_nothing_calls_is_an_error() -> None:
    with pytest.raises(NotBound, match="does not say what calls chalicelib"):
        bindings({"Odd": Function(60, {"Topic": "news"}, HANDLER)})


def test_a_name_that_no_function_has_is_an_error() -> None:
    with pytest.raises(NotBound, match="no function called another"):
        bindings({"RecordUsage": Function(60, {"Queue": "q"}, HANDLER)}, {"another", "record_usage"})


def test_a_schedule_hands_over_what_eventbridge_sends() -> None:
    seen: list[Any] = []
    event = scheduled_event("sweep", _noon())
    _scheduled(seen.append).call(event)
    assert seen == [event]
    assert event["time"] == "2026-11-24T12:00:00Z"
    assert event["resources"] == ["arn:aws:events:us-east-1:000000000000:rule/sweep"]


def test_a_schedule_goes_on_after_a_failure() -> None:
    calls = []

    def fail(event: object) -> None:
        calls.append(event)
        raise RuntimeError("not now")

    source = ScheduleSource(_scheduled(fail))
    source.fire(_noon())
    source.fire(_noon())
    assert len(calls) == 2


def _scheduled(handle: Any) -> Binding:
    return Binding("sweep", "Schedule", lambda event, _context: handle(event), 60, {"Schedule": "rate(1 minute)"})


def _noon() -> datetime:
    return datetime(2026, 11, 24, 12, tzinfo=UTC)
