"""What is set over HTTP is what usage is charged by: each event by its own time, however late it comes."""

from datetime import timedelta
from typing import Any

from chalicelib import clock
from chalicelib.catalog.catalog import catalog
from chalicelib.clock import iso, moved_to, parse_iso
from chalicelib.usage.record import record
from tests.api import Api
from tests.build import event, sqs_record
from tests.clients.rebilling_calls import Agency, new_agency

CHANGES: tuple[dict[str, Any], ...] = (
    {"enabled": True, "meters": {"sms": {"state": "price", "price": "0.08"}}},
    {"meters": {"sms": {"state": "markup", "markup": "3"}}},
    {"meters": {"sms": {"state": "absorbed"}}},
    {"enabled": False},
)
"""One every five minutes."""


def use(agency: Agency, number: int, time_ms: int) -> None:
    """Post a message of the client."""
    sent = event(agency.client, number, time=iso(time_ms))
    assert record([sqs_record(sent)], catalog()) == []


def amounts(agency: Agency, account_id: str) -> dict[str, str]:
    found = agency.api.get(f"/v1/accounts/{account_id}/transactions").json()["data"]
    return {each["event_id"]: each["amount"] for each in found}


def test_each_event_is_charged_by_the_prices_of_its_own_time(api: Api) -> None:
    agency, start = new_agency(api), clock.now()
    begins = []
    for number, change in enumerate(CHANGES):
        with moved_to(start + timedelta(minutes=5 * number)):
            begins.append(parse_iso(agency.change(agency.client, **change)["at"]))
    with moved_to(start + timedelta(minutes=30)):
        for number, begin_ms in enumerate(begins):
            use(agency, 2 * number, begin_ms - 1)
            use(agency, 2 * number + 1, begin_ms)
        use(agency, 0, begins[0] - 1)  # a repeat, when all has changed
    assert amounts(agency, agency.client) == {
        "event-1": "0.08",
        "event-2": "0.08",
        "event-3": "0.15",
        "event-4": "0.15",
        "event-5": "0.00",
        "event-6": "0.00",
    }
    assert amounts(agency, agency.workspace) == {f"event-{number}": "0.05" for number in range(8)}
