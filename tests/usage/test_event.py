import json
from typing import Any

import pytest

from chalicelib.catalog.catalog import catalog
from chalicelib.clock import iso
from chalicelib.ledger.transaction import Entry
from chalicelib.usage.event import EventRefused, UsageEvent, check, read
from chalicelib.usage.price import entry_of, unit_price_at
from tests.build import event

NOW_MS = 1_795_600_000_000
"""A moment on 25 November 2026."""

DAY_MS = 24 * 60 * 60 * 1000
PRICED_BY_PRODUCER = {"type": "ai_tokens", "data": {"amount": "0.0123"}}


def written(**changes: Any) -> str:
    return json.dumps(event("acme", **{"time": iso(NOW_MS - 60_000), **changes}))


def parsed(**changes: Any) -> UsageEvent:
    (found,), refused = read(written(**changes))
    assert not refused
    return found


def reason(**changes: Any) -> str:
    """Return why an event is refused, whether in reading, checking or pricing it."""
    events, refused = read(written(**changes))
    if refused:
        return refused[0][1].reason
    with pytest.raises(EventRefused) as refusal:
        charge(events[0])
    return refusal.value.reason


def charge(found: UsageEvent) -> Entry:
    """Check and price an event, as the queue's function does."""
    check(found, catalog().meters.get(found.type), catalog().usage, NOW_MS)
    return entry_of(found, catalog().meters[found.type], "usd", catalog().usage)


@pytest.mark.parametrize("body", ["", "nonsense", "{", '"text"', "17", "null", "[", "NaN", '{"a": NaN}', "\ud800"])
def test_what_is_not_json_or_no_event_is_refused(body: str) -> None:
    events, refused = read(body)
    assert not events
    assert refused[0][1].reason in {"not_json", "not_a_usage_event"}


@pytest.mark.parametrize("missing", ["specversion", "id", "source", "type", "subject", "time", "data"])
def test_every_attribute_of_a_cloud_event_is_needed(missing: str) -> None:
    assert reason(**{missing: ...}) == "not_a_usage_event"


@pytest.mark.parametrize(
    "changes",
    [
        {"specversion": "0.3"},
        {"id": ""},
        {"id": 17},
        {"id": "x" * 257},
        {"source": ""},
        {"subject": "x" * 257},
        {"time": "yesterday"},
        {"time": "2026-11-23T20:41:05"},
        {"time": 1790000000},
        {"data": "1"},
        {"data": {"quantity": 1.5}},
        {"data": {"quantity": "1", "cost": "2"}},
        {"data": {"quantity": "1", "url": 17}},
        {"data": {"quantity": "1", "url": "https://" + "x" * 2048}},
        {"data": {"quantity": "1", "description": "x" * 501}},
        {"data": {"quantity": "1", "metadata": {"a": 1}}},
        {"data": {"quantity": "1", "metadata": {str(number): "" for number in range(16)}}},
        {"datacontenttype": "text/plain"},
    ],
)
def test_a_cloud_event_with_a_wrong_attribute_is_refused(changes: dict[str, Any]) -> None:
    assert reason(**changes) == "not_a_usage_event"


@pytest.mark.parametrize(
    "quantity", ["-1", "NaN", "Infinity", "1e3", "0.0000001", "1,5", "", " 1", "٣", "9999999999999", -1]
)
def test_a_quantity_that_is_no_plain_decimal_is_refused(quantity: object) -> None:
    assert reason(data={"quantity": quantity}) == "not_a_decimal"


@pytest.mark.parametrize("quantity", ["0", "0.000000", "1000001", "999999999999", 0])
def test_a_quantity_of_nothing_or_of_an_absurd_size_is_refused(quantity: object) -> None:
    assert reason(data={"quantity": quantity}) == "out_of_range"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"type": "fax"}, "unknown_meter"),
        ({"time": iso(NOW_MS + 16 * 60 * 1000)}, "in_the_future"),
        ({"time": iso(NOW_MS - 401 * DAY_MS)}, "too_old"),
        ({"time": "1969-12-31T23:59:59Z"}, "too_old"),
        ({"data": {}}, "quantity_needed"),
        ({"data": {"amount": "1"}}, "quantity_needed"),
        ({"data": {"quantity": "1", "amount": "1"}}, "quantity_needed"),
        ({"type": "ai_tokens"}, "amount_needed"),
        ({"type": "ai_tokens", "data": {"amount": "1", "quantity": "1"}}, "amount_needed"),
        ({"type": "ai_tokens", "data": {"amount": "0"}}, "out_of_range"),
        ({"type": "ai_tokens", "data": {"amount": "10000.01"}}, "out_of_range"),
        ({"type": "ai_tokens", "data": {"amount": "-1"}}, "not_a_decimal"),
        ({"type": "email", "data": {"quantity": "0.000001"}}, "rounds_to_nothing"),
        ({"data": {"quantity": "1", "url": "javascript:alert(1)"}}, "url_invalid"),
    ],
)
def test_an_event_that_cannot_be_charged_is_refused_with_its_reason(changes: dict[str, Any], why: str) -> None:
    assert reason(**changes) == why


def test_a_good_event_is_read_whole() -> None:
    found = parsed(
        data={"quantity": "1.5", "url": "https://a.example/1", "description": "Call", "metadata": {"agent": "7"}},
        time="2026-11-23T21:41:05.120999+01:00",
        type="voice_minute",
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )
    entry = charge(found)
    assert iso(entry.occurred_at_ms) == "2026-11-23T20:41:05.120Z"
    assert (entry.quantity_micros, entry.unit_price_micros, entry.amount_micros) == (1_500_000, 65_000, 97_500)
    assert (entry.kind, entry.type, entry.meter, entry.metadata) == ("usage", "debit", "voice_minute", {"agent": "7"})


def test_an_integer_is_a_quantity_too() -> None:
    assert charge(parsed(data={"quantity": 3})).amount_micros == 150_000


def test_a_producer_may_price_an_event_itself() -> None:
    entry = charge(parsed(**PRICED_BY_PRODUCER))
    assert (entry.amount_micros, entry.quantity_micros, entry.unit_price_micros) == (12_300, None, None)


def test_an_event_is_priced_by_its_own_time() -> None:
    before = parsed(type="voice_minute", time="2026-06-30T23:59:59.999Z")
    after = parsed(type="voice_minute", time="2026-07-01T00:00:00Z")
    assert charge(before).unit_price_micros == 70_000
    assert charge(after).unit_price_micros == 65_000


def test_a_meter_without_a_price_at_that_time_or_in_that_currency_is_refused() -> None:
    prices = catalog().meters["sms"].prices
    for dated, moment in ((prices["usd"], 0), (prices.get("sek", ()), NOW_MS)):
        with pytest.raises(EventRefused) as refusal:
            unit_price_at(dated, moment)
        assert refusal.value.reason == "no_price"


def test_a_bad_event_of_an_array_does_not_hide_the_good_ones() -> None:
    body = json.dumps([event("acme", 1), {"id": "half"}, event("acme", 2), 17])
    events, refused = read(body)
    assert [each.id for each in events] == ["event-1", "event-2"]
    assert [place for place, _ in refused] == [1, 3]


def test_an_empty_array_says_nothing_and_is_refused() -> None:
    assert read("[]")[1][0][1].reason == "empty"
    assert read(" [ 1, ")[1][0][1].reason == "not_json"
