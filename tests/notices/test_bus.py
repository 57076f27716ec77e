"""The door to EventBridge."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.clock import from_ms
from chalicelib.notices import bus
from chalicelib.notices.bus import Answer
from chalicelib.notices.event import Event
from chalicelib.settings import settings
from tests.filled import STRANGE
from tests.notices.records import payment_record
from tests.notices.told import payment_events

pytestmark = pytest.mark.usefixtures("memory")


@pytest.fixture
def calls() -> Iterator[list[list[dict[str, Any]]]]:
    """Note the entries of each call."""
    noted: list[list[dict[str, Any]]] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        noted.append(params["Entries"])

    events = bus.client().meta.events
    events.register("provide-client-params.events.PutEvents", note)
    yield noted
    events.unregister("provide-client-params.events.PutEvents", note)


def event(number: int) -> Event:
    (made,) = payment_events(payment_record("created", "succeeded", payment_id=f"pay_{number}", description=STRANGE))
    return made


def test_an_event_is_put_with_its_type_its_time_and_all_its_detail(calls: list[list[dict[str, Any]]]) -> None:
    put = event(1)
    assert bus.put([put]) == Answer(1, {})
    ((entry,),) = calls
    detail = json.loads(entry.pop("Detail"))
    assert entry == {
        "EventBusName": settings().event_bus_name,
        "Source": "billing-portal",
        "DetailType": "payment.succeeded",
        "Time": from_ms(put.at_ms),
    }
    assert (detail["id"], detail["description"]) == ("payment.succeeded:acme:pay_1", STRANGE)


def test_more_events_than_one_call_takes_are_all_put_and_in_order(calls: list[list[dict[str, Any]]]) -> None:
    assert bus.put([event(number) for number in range(23)]) == Answer(23, {})
    assert [len(entries) for entries in calls] == [10, 10, 3]
    ids = [json.loads(entry["Detail"])["payment_id"] for entries in calls for entry in entries]
    assert ids == [f"pay_{number}" for number in range(23)]


def test_nothing_is_put_without_a_call(calls: list[list[dict[str, Any]]]) -> None:
    assert bus.put([]) == Answer(0, {})
    assert calls == []
