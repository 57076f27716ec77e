import json
from string import printable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.catalog.catalog import catalog
from chalicelib.clock import iso
from chalicelib.ledger.posting import Identity, Leg, Line, Part, Posting
from chalicelib.usage.event import UsageEvent
from chalicelib.usage.message import Elements, SentEvent, read
from chalicelib.usage.moment import InvalidTime, parse_moment
from chalicelib.usage.price import price_event, unit_price_at
from chalicelib.usage.refusal import EventRefused
from tests.build import event

NOW_MS = 1_795_600_000_000
"""A moment on 25 November 2026."""

DAY_MS = 24 * 60 * 60 * 1000
PRICED_BY_PRODUCER = {"type": "ai_tokens", "data": {"amount": "0.0123"}}
RECEIPT: dict[str, Any] = {
    "type": "ai_call",
    "data": {
        "parts": [
            {"meter": "voice_engine_minute", "quantity": "0.871667"},
            {"meter": "llm_minute", "quantity": "0.871667", "description": "gpt-5-mini"},
            {"meter": "knowledge_lookup", "quantity": "1"},
            {"meter": "telephony_minute", "quantity": "0.871667"},
        ],
        "description": "Call to +1 555 0100",
    },
}


def written(**changes: Any) -> str:
    return json.dumps(event("acme", **{"time": iso(NOW_MS - 60_000), **changes}))


def parsed(**changes: Any) -> UsageEvent:
    (found,), refused = read(written(**changes))
    assert not refused
    return found.event


def reason(**changes: Any) -> str:
    """Return why an event is refused, whether in reading, checking or pricing it."""
    return reason_of(written(**changes))


def reason_of(body: str | bytes) -> str:
    events, refused = read(body)
    if refused:
        assert not events
        return refused[0].refusal.reason
    with pytest.raises(EventRefused) as refusal:
        charge(events[0].event)
    return refusal.value.reason


def charge(found: UsageEvent) -> Posting:
    """Check and price an event, as both doors do."""
    return price_event(found, "usd", catalog(), NOW_MS)


def ids(found: Elements) -> list[str]:
    return [sent.event.id for sent in found[0]]


@pytest.mark.parametrize(
    "body", ["", "nonsense", "{", '"text"', "17", "null", "[", "NaN", '{"a": NaN}', "\ud800", b"\xff"]
)
def test_what_is_not_json_or_no_event_is_refused(body: str | bytes) -> None:
    assert reason_of(body) in {"not_json", "not_a_usage_event"}


DEEP = "[" * 1500 + "]" * 1500


@pytest.mark.parametrize(
    "body",
    [
        "[" * 1500,
        DEEP,
        "[" * 100_000,
        written()[:-1] + f', "extension": {DEEP}}}',
        written(data=...)[:-1] + f', "data": {{"metadata": {DEEP}}}}}',
    ],
)
def test_what_nests_too_deeply_is_refused_and_never_raises(body: str) -> None:
    assert reason_of(body) == "too_deep"


@pytest.mark.parametrize("deep", [DEEP, '{"a":' * 1500 + "1" + "}" * 1500, written()[:-1] + f', "extension": {DEEP}}}'])
def test_a_deep_element_of_an_array_leaves_its_neighbours_alone(deep: str) -> None:
    events, refused = read(f"[{written(id='one')}, {deep} , {written(id='two')}]")
    assert [(sent.place, sent.event.id) for sent in events] == [(0, "one"), (2, "two")]
    assert [(element.place, element.text, element.refusal.reason) for element in refused] == [(1, deep, "too_deep")]


def test_an_event_is_at_most_sixteen_kilobytes_as_it_was_sent() -> None:
    room = 16 * 1024 - len(written(extension=""))
    assert not read(written(extension="x" * room))[1]
    assert reason(extension="x" * (room + 1)) == "too_large"
    assert reason_of(written()[:-1] + ', "extension": "' + "é" * (room // 2 + 20) + '"}') == "too_large"


@given(st.text(max_size=60) | st.binary(max_size=60) | st.text(alphabet='[]{},:" \\\ud800e1', max_size=40))
@example("\ufeff[")
def test_no_text_raises(body: str | bytes) -> None:
    events, refused = read(body)
    assert events or refused
    assert all(element.refusal.reason != "unforeseen" for element in refused)
    for element in refused:
        element.text.encode()


@given(
    st.text(alphabet=printable + "\u2003٣", max_size=40)
    | st.from_regex(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?(Z|z|[+-]\d\d:\d\d)")
)
@example("0001-01-01T00:00:00+23:59")
@example("9999-12-31T23:59:60.999-23:59")
def test_no_time_raises_anything_but_a_refusal(text: str) -> None:
    try:
        moment = parse_moment(text)
    except InvalidTime:
        return
    assert isinstance(moment, int)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-23T20:41:05.120Z", "2026-11-23T20:41:05.120Z"),
        ("2026-11-23T20:41:05Z", "2026-11-23T20:41:05.000Z"),
        ("2026-11-23T20:41:05.1Z", "2026-11-23T20:41:05.100Z"),
        ("2026-11-23t20:41:05.12z", "2026-11-23T20:41:05.120Z"),
        ("2026-11-23T23:59:59.9999999Z", "2026-11-23T23:59:59.999Z"),
        ("2026-11-23T23:59:59.99999999999999999999Z", "2026-11-23T23:59:59.999Z"),
        ("2026-11-24T02:11:05.120999+05:30", "2026-11-23T20:41:05.120Z"),
        ("2026-11-23T20:41:05.120-00:00", "2026-11-23T20:41:05.120Z"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.000Z"),
        ("2016-12-31T23:59:60.250Z", "2016-12-31T23:59:59.250Z"),
        ("2017-01-01T00:59:60.5+01:00", "2016-12-31T23:59:59.500Z"),
    ],
)
def test_a_time_is_cut_to_milliseconds_and_a_leap_second_is_the_one_before(text: str, expected: str) -> None:
    assert iso(parse_moment(text)) == expected


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "application/json; charset=utf-8",
        "application/JSON",
        "application/vnd.acme.usage+json",
        None,
    ],
)
def test_json_may_be_declared_in_any_words_of_the_standard(kind: str | None) -> None:
    assert ids(read(written(datacontenttype=kind))) == ["event-1"]


def test_a_byte_order_mark_is_skipped() -> None:
    assert ids(read("\ufeff" + written())) == ["event-1"]
    assert ids(read(("\ufeff " + f"[{written()}]").encode())) == ["event-1"]


@pytest.mark.parametrize("inner", [written(), f"[{written()}, {written(id='two')}]"])
def test_envelopes_of_sns_and_eventbridge_are_taken_off(inner: str) -> None:
    expected = ids(read(inner))
    sns = {"Type": "Notification", "MessageId": "1", "TopicArn": "arn", "Message": inner, "Signature": "x"}
    bus = {"version": "0", "id": "1", "detail-type": "usage", "source": "platform", "detail": json.loads(inner)}
    assert ids(read(json.dumps(sns))) == expected
    assert ids(read(json.dumps(bus))) == expected
    assert ids(read(json.dumps({**sns, "Message": json.dumps(bus)}))) == expected


def test_empty_metadata_is_no_metadata() -> None:
    assert charge(parsed(data={"quantity": "1", "metadata": {}})).content.metadata is None


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
        {"source": " "},
        {"id": "a\nb"},
        {"data": {"quantity": "1", "metadata": {"k" * 65: "v"}}},
        {"data": {"quantity": "1", "metadata": {"k": "v" * 201}}},
        {"time": "2026-02-30T00:00:00Z"},
        {"time": "2026-11-23T24:00:00Z"},
        {"time": "2026-W48-1T20:41:05.120Z"},
        {"data": {"parts": []}, "type": "ai_call"},
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
    posting = charge(found)
    content = posting.content
    assert posting.identity == Identity("acme", "/messaging", "event-1", parse_moment("2026-11-23T20:41:05.120Z"))
    assert posting.legs == (Leg("acme", "debit", 97_500, 65_000),)
    assert (content.kind, content.meter, content.quantity_micros, content.amount_micros) == (
        *("usage", "voice_minute", 1_500_000, None),
    )
    assert (content.url, content.description, content.metadata) == ("https://a.example/1", "Call", {"agent": "7"})


def test_an_integer_is_a_quantity_too() -> None:
    assert charge(parsed(data={"quantity": 3})).legs[0].amount_micros == 150_000


def test_a_producer_may_price_an_event_itself() -> None:
    posting = charge(parsed(**PRICED_BY_PRODUCER))
    assert posting.legs == (Leg("acme", "debit", 12_300),)
    assert (posting.content.quantity_micros, posting.content.amount_micros) == (None, 12_300)


def test_a_receipt_is_one_posting_with_a_line_for_each_part() -> None:
    posting = charge(parsed(**RECEIPT))
    (leg,) = posting.legs
    prices = {
        name: unit_price_at(catalog().meters[name].prices["usd"], NOW_MS) for name in catalog().meters["ai_call"].parts
    }
    minutes = 871_667
    assert [(line.meter, line.quantity_micros, line.description) for line in leg.lines] == [
        ("voice_engine_minute", minutes, ""),
        ("llm_minute", minutes, "gpt-5-mini"),
        ("knowledge_lookup", 1_000_000, ""),
        ("telephony_minute", minutes, ""),
    ]
    assert [line.amount_micros for line in leg.lines] == [
        (2 * prices[line.meter] * (line.quantity_micros or 0) + 1_000_000) // 2_000_000 for line in leg.lines
    ]
    assert leg.amount_micros == sum(line.amount_micros for line in leg.lines)
    assert posting.content.parts == tuple(
        Part(line.meter, line.quantity_micros, None, line.description) for line in leg.lines
    )
    assert (posting.content.meter, posting.content.quantity_micros, posting.content.amount_micros) == (
        "ai_call",
        None,
        None,
    )
    assert all(isinstance(line, Line) for line in leg.lines)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"type": "ai_call", "data": {"quantity": "1"}}, "parts_needed"),
        ({"type": "ai_call", "data": {"quantity": "1", **RECEIPT["data"]}}, "parts_needed"),
        ({"type": "sms", "data": RECEIPT["data"]}, "quantity_needed"),
        ({"type": "ai_call", "data": {"parts": [{"meter": "sms", "quantity": "1"}]}}, "unknown_meter"),
        ({"type": "ai_call", "data": {"parts": [{"meter": "llm_minute"}]}}, "quantity_needed"),
        ({"type": "ai_call", "data": {"parts": [{"meter": "llm_minute", "quantity": "0"}]}}, "out_of_range"),
        (
            {"type": "ai_call", "data": {"parts": [{"meter": "llm_minute", "quantity": "0.000001"}]}},
            "rounds_to_nothing",
        ),
        ({"type": "ai_call", "data": {"parts": [{"meter": "llm_minute", "quantity": "1"}] * 51}}, "not_a_usage_event"),
    ],
)
def test_a_receipt_that_cannot_be_charged_is_refused_with_its_reason(changes: dict[str, Any], why: str) -> None:
    assert reason(**changes) == why


def test_an_event_is_priced_by_its_own_time() -> None:
    before = parsed(type="voice_minute", time="2026-06-30T23:59:59.9999999Z")
    after = parsed(type="voice_minute", time="2026-07-01T00:00:00Z")
    assert charge(before).legs[0].unit_price_micros == 70_000
    assert charge(after).legs[0].unit_price_micros == 65_000


def test_a_meter_without_a_price_at_that_time_or_in_that_currency_is_refused() -> None:
    prices = catalog().meters["sms"].prices
    for dated, moment in ((prices["usd"], 0), (prices.get("sek", ()), NOW_MS)):
        with pytest.raises(EventRefused) as refusal:
            unit_price_at(dated, moment)
        assert refusal.value.reason == "no_price"
        assert not refusal.value.permanent


def test_what_time_or_an_operator_may_mend_is_not_refused_for_good() -> None:
    permanent = {
        why: EventRefused(why, "").permanent for why in ("conflict", "too_old", "unknown_account", "in_the_future")
    }
    assert permanent == {"conflict": True, "too_old": True, "unknown_account": False, "in_the_future": False}


def test_a_bad_event_of_an_array_does_not_hide_the_good_ones() -> None:
    body = json.dumps([event("acme", 1), {"id": "half"}, event("acme", 2), 17])
    events, refused = read(body)
    assert [(sent.place, sent.event.id) for sent in events] == [(0, "event-1"), (2, "event-2")]
    assert [(element.place, element.text) for element in refused] == [(1, '{"id": "half"}'), (3, "17")]
    assert all(json.loads(sent.text)["id"] == sent.event.id for sent in events)
    assert isinstance(events[0], SentEvent)


def test_an_empty_array_says_nothing_and_is_refused() -> None:
    assert read("[]")[1][0].refusal.reason == "empty"
    assert read(" [ 1, ")[1][0].refusal.reason == "not_json"
