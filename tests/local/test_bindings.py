from datetime import UTC, datetime

import pytest
from chalice.app import Chalice, Rate

from local.bindings import NotBound, bindings
from local.resources import Function
from local.schedule_source import ScheduleSource, scheduled_event
from tests.local.fakes import queue_app


def test_the_template_goes_before_what_the_app_says() -> None:
    source = {"Queue": "arn:aws:sqs:us-east-1:000000000000:real", "BatchSize": 7}
    (binding,) = bindings(queue_app(lambda records: records), {"RecordUsage": Function(33, source)})
    assert (binding.name, binding.kind, binding.timeout_seconds) == ("record_usage", "Queue", 33)
    assert binding.number("BatchSize", 1) == 7
    assert binding.number("MaximumBatchingWindowInSeconds", 0) == 1
    assert not binding.reports_item_failures()


def test_a_queue_handler_without_a_queue_in_the_template_is_an_error() -> None:
    with pytest.raises(NotBound, match="does not say which Queue calls record_usage"):
        bindings(queue_app(lambda records: records), {})


def test_a_kind_of_source_that_is_not_run_is_an_error() -> None:
    app = Chalice(app_name="fake")
    app.on_sns_message(topic="news", name="read_news")(lambda event: event)
    with pytest.raises(NotBound, match="SNSEventConfig"):
        bindings(app, {})


def test_a_schedule_needs_nothing_from_the_template_and_gets_what_eventbridge_sends() -> None:
    app = Chalice(app_name="fake")
    seen = []
    app.schedule(Rate(5, unit=Rate.MINUTES), name="sweep")(lambda event: seen.append(event.to_dict()))
    (binding,) = bindings(app, {})
    assert (binding.kind, binding.properties["Schedule"]) == ("Schedule", "rate(5 minutes)")
    event = scheduled_event("sweep", _noon())
    binding.call(event)
    assert seen == [event]
    assert event["time"] == "2026-11-24T12:00:00Z"
    assert event["resources"] == ["arn:aws:events:us-east-1:000000000000:rule/sweep"]


def test_a_schedule_goes_on_after_a_failure() -> None:
    app = Chalice(app_name="fake")
    calls = []

    def fail(event: object) -> None:
        calls.append(event)
        raise RuntimeError("not now")

    app.schedule("rate(1 minute)", name="sweep")(fail)
    source = ScheduleSource(bindings(app, {})[0])
    source.fire(_noon())
    source.fire(_noon())
    assert len(calls) == 2


def _noon() -> datetime:
    return datetime(2026, 11, 24, 12, tzinfo=UTC)
