import json
from typing import Any

import pytest

from chalicelib.catalog.catalog import catalog
from chalicelib.ledger.post import post
from chalicelib.ledger.table import read_wallet
from chalicelib.settings import settings
from chalicelib.usage.record import record
from tests.api import NOBODY, Api, problem
from tests.build import credit, debit, event
from tests.queued import take_all


@pytest.fixture(autouse=True)
def accounts(api: Api) -> None:
    api.make_account("acme")
    api.make_account("bob", kind="client", workspace_id="acme")
    api.make_account("rival")


def queued() -> list[dict[str, Any]]:
    """Take all messages off the queue, as records of Lambda."""
    return [{"messageId": each["MessageId"], "body": each["Body"]} for each in take_all(settings().usage_queue_url)]


def test_one_event_is_queued_and_charged(api: Api) -> None:
    answer = api.post("/v1/usage", event("acme", 1))
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1, "refused": []})
    assert record(queued(), catalog()) == []
    assert read_wallet("acme").balance_micros == -50_000


def test_five_hundred_events_are_queued_in_few_messages_and_charged(api: Api) -> None:
    before = read_wallet("rival").balance_micros
    answer = api.post("/v1/usage", [event("rival", number) for number in range(500)])
    assert answer.json()["accepted"] == 500
    records = queued()
    assert len(records) <= 2
    assert record(records, catalog()) == []
    assert read_wallet("rival").balance_micros == before - 500 * 50_000


def test_a_bad_event_is_named_and_the_good_ones_are_accepted(api: Api) -> None:
    sent = [event("acme", 11), event("acme", 12, type="fax"), {"id": "half"}, event("nobody", 13)]
    answer = api.post("/v1/usage", sent)
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 1
    assert [(each["index"], each["reason"]) for each in answer.json()["refused"]] == [
        (1, "unknown_meter"),
        (2, "not_a_usage_event"),
        (3, "unknown_account"),
    ]
    assert [event["id"] for body in queued() for event in json.loads(body["body"])] == ["event-11"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"type": "fax"}, "type"),
        ({"id": ...}, "id"),
        ({"id": 17}, "id"),
        ({"time": "yesterday"}, "time"),
        ({"time": "2999-01-01T00:00:00Z"}, "time"),
        ({"time": "2020-01-01T00:00:00Z"}, "time"),
        ({"data": {"quantity": "1.0000001"}}, "data.quantity"),
        ({"data": {"quantity": 1.5}}, "data.quantity"),
        ({"data": {"quantity": "1", "surprise": 1}}, "data.surprise"),
        ({"data": {"quantity": "1", "description": "x" * 501}}, "data.description"),
        ({"subject": "nobody"}, "subject"),
    ],
)
def test_when_nothing_is_accepted_the_field_and_the_rule_are_named(
    api: Api, changes: dict[str, Any], field: str
) -> None:
    for body in (event("acme", **changes), [event("acme", **changes)]):
        answer = api.post("/v1/usage", body)
        assert answer.status_code == 422, answer.text
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["field"] == field
    assert queued() == []


def test_too_few_or_too_many_events_are_refused(api: Api) -> None:
    problem(api.post("/v1/usage", []), 422, "usage-refused")
    problem(api.post("/v1/usage", [event("acme", number) for number in range(501)]), 422, "too-many-events")
    assert queued() == []


def test_a_producer_sends_usage_of_any_account(api: Api) -> None:
    sent = [event("acme", 1), event("bob", 2), event("rival", 3), event("nobody", 4)]
    answer = api.post("/v1/usage", sent, token=api.token("producer"))
    assert answer.json()["accepted"] == 3
    assert [each["index"] for each in answer.json()["refused"]] == [3]
    assert len(queued()) == 1


def test_a_customer_does_not_say_how_much_it_used(api: Api) -> None:
    for role in ("owner", "viewer"):
        for body in (event("acme", 1), "[" * 1_500):
            problem(api.post("/v1/usage", body, token=api.token(role, "acme")), 403, "forbidden")
    problem(api.post("/v1/usage", event("acme", 1), token=NOBODY), 401, "unauthorized")
    assert queued() == []


@pytest.mark.parametrize("depth", [1_500, 5_000])
def test_events_that_are_nested_too_deeply_are_refused(api: Api, depth: int) -> None:
    for body in ("[" * depth, f"[{json.dumps(event('acme', 1))}, {'[' * depth}", f'{{"more": {"[" * depth}'):
        problem(api.post("/v1/usage", body), 400, "malformed-json")
    assert queued() == []


def test_five_hundred_large_events_are_more_than_a_request_holds(api: Api) -> None:
    large = [event("acme", number, padding="x" * 16_000) for number in range(500)]
    assert problem(api.post("/v1/usage", large), 413, "body-too-large")["maximum_bytes"] == 4 * 1024 * 1024
    answer = api.post("/v1/usage", large[:250])
    assert answer.json()["accepted"] == 250
    queued()


def test_usage_is_shown_by_day_and_meter(api: Api) -> None:
    api.make_account("used")
    used = [debit(1, "used"), debit(2, "used"), debit(3, "used", meter="email", amount_micros=2_500)]
    post([*used, credit(4, "used")])
    answer = api.get("/v1/accounts/used/usage?from=2026-09-01&to=2026-09-30").json()
    assert answer["currency"] == "usd"
    assert answer["data"] == [
        {"day": "2026-09-21", "meter": "email", "quantity": "1", "amount": "0.0025", "count": 1},
        {"day": "2026-09-21", "meter": "sms", "quantity": "2", "amount": "0.10", "count": 2},
    ]
    assert api.get("/v1/accounts/used/usage?from=2026-10-01&to=2026-10-30").json()["data"] == []


@pytest.mark.parametrize(
    "query", ["from=x", "from=2026-13-01", "to=2026", "from=2026-02-01&to=2026-01-01", "day=2026-01-01"]
)
def test_days_that_make_no_sense_are_refused(api: Api, query: str) -> None:
    answer = api.get(f"/v1/accounts/acme/usage?{query}")
    assert answer.status_code == 422, answer.text
