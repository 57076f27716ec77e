"""What a usage event is, and what is none."""

import contextlib
import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.usage.event import MAXIMUM_BYTES, parse
from chalicelib.usage.json_nesting import MAXIMUM_DEPTH
from chalicelib.usage.refusal import PERMANENT, EventRefused, Passing, Permanent
from tests.build import event
from tests.usage.reading import parsed, reason, refusal_of, written
from tests.usage.texts import TEXTS


@pytest.mark.parametrize("missing", ["specversion", "id", "source", "type", "subject", "time", "data"])
def test_every_attribute_of_a_cloud_event_is_needed(missing: str) -> None:
    assert reason(**{missing: ...}) == "not_a_usage_event"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"specversion": "0.3"}, "specversion"),
        ({"id": ""}, "id"),
        ({"id": 17}, "id"),
        ({"id": "x" * 257}, "id"),
        ({"id": "a\nb"}, "id"),
        ({"id": "a\x7fb"}, "id"),
        ({"id": " \t "}, "id"),
        ({"source": ""}, "source"),
        ({"source": "   "}, "source"),
        ({"source": "/a\x00"}, "source"),
        ({"source": "x" * 257}, "source"),
        ({"subject": "x" * 257}, "subject"),
        ({"time": "yesterday"}, "time"),
        ({"time": "2026-11-23T20:41:05"}, "time"),
        ({"time": 1790000000}, "time"),
        ({"data": "1"}, "data"),
        ({"data": {"quantity": 1.5}}, "data.quantity"),
        ({"data": {"quantity": "1", "cost": "2"}}, "data.cost"),
        ({"data": {"quantity": "1", "url": 17}}, "data.url"),
        ({"data": {"quantity": "1", "url": "https://" + "x" * 2048}}, "data.url"),
        ({"data": {"quantity": "1", "description": "x" * 501}}, "data.description"),
        ({"data": {"quantity": "1", "metadata": {"a": 1}}}, "data.metadata[...]"),
        ({"data": {"quantity": "1", "metadata": {"a": "x" * 201}}}, "data.metadata[...]"),
        ({"data": {"quantity": "1", "metadata": {"k" * 65: "v"}}}, None),
        ({"data": {"quantity": "1", "metadata": {str(number): "" for number in range(16)}}}, "data.metadata"),
        ({"data": {"parts": []}}, "data.parts"),
        ({"data": {"parts": [{"meter": "sms", "quantity": "1"}] * 51}}, "data.parts"),
        ({"data": {"parts": [{"quantity": "1"}]}}, "data.parts[0].meter"),
        ({"data": {"parts": [{"meter": "sms", "price": "1"}]}}, "data.parts[0].price"),
        ({"datacontenttype": "text/plain"}, "datacontenttype"),
        ({"datacontenttype": "application/jsonp"}, "datacontenttype"),
    ],
)
def test_a_wrong_attribute_is_refused_and_named(changes: dict[str, Any], field: str | None) -> None:
    refusal = refusal_of(**changes)
    assert refusal.reason == "not_a_usage_event"
    if field:
        assert refusal.field == field


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "x" * 256, "source": "https://example.com/a?b=c#d"},
        {"id": "5f2c 7\u200d\U0001f600", "source": "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66"},
        {"data": {"quantity": "1", "metadata": {"k" * 64: "v" * 200}}},
        {"data": {"quantity": "1", "metadata": {str(number): "" for number in range(15)}}},
        {"data": {"quantity": "1", "description": "x" * 500}},
        {"datacontenttype": "application/json; charset=utf-8"},
        {"datacontenttype": "application/JSON"},
        {"datacontenttype": "application/vnd.acme.usage+json"},
        {"datacontenttype": None},
        {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
    ],
)
def test_what_cloud_events_allow_is_read(changes: dict[str, Any]) -> None:
    assert parsed(**changes).subject == "acme"


def test_a_url_leads_to_the_web() -> None:
    assert reason(data={"quantity": "1", "url": "javascript:alert(1)"}) == "url_invalid"


def sized(size: int, letter: str = "x") -> str:
    """Return an event with an extension attribute that makes it just so many bytes."""
    text = json.dumps({**event("acme"), "padding": ""}, ensure_ascii=False)
    missing = size - len(text)
    return text[:-2] + letter * (missing // len(letter.encode())) + text[-2:]


@pytest.mark.parametrize("letter", ["x", "é", "\U0001f600"])
def test_an_event_takes_sixteen_kilobytes_as_it_was_sent(letter: str) -> None:
    most = sized(MAXIMUM_BYTES, letter)
    assert parse(most).subject == "acme"
    with pytest.raises(EventRefused) as refusal:
        parse(sized(MAXIMUM_BYTES + 4, letter))
    assert refusal.value.reason == "too_large"


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_an_event_may_nest_as_deep_as_is_said_and_no_deeper(opening: str, closing: str) -> None:
    def nested(depth: int) -> str:
        within = opening * depth + "1" + closing * depth
        return f'{written(description="[[{{")[:-1]}, "extension": {within}}}'

    assert parse(nested(MAXIMUM_DEPTH - 1)).subject == "acme"
    with pytest.raises(EventRefused) as refusal:
        parse(nested(MAXIMUM_DEPTH))
    assert refusal.value.reason == "too_deep"


def test_brackets_in_texts_are_no_depth() -> None:
    assert parsed(note='[{"' * 1000).subject == "acme"


def test_deep_data_is_too_deep() -> None:
    assert reason(data=json.loads("[" * 400 + "]" * 400)) == "too_deep"


def test_each_reason_is_either_permanent_or_passing() -> None:
    permanent, passing = set(get_args(Permanent)), set(get_args(Passing))
    assert not permanent & passing
    assert permanent == PERMANENT
    assert EventRefused("conflict", "").permanent
    assert not EventRefused("not_now", "").permanent


@given(changes=st.dictionaries(st.sampled_from([*event("acme")]), TEXTS | st.integers() | st.none(), min_size=1))
def test_whatever_an_attribute_is_the_event_is_read_or_refused(changes: dict[str, Any]) -> None:
    with contextlib.suppress(EventRefused):
        assert parse(written(**changes)).specversion == "1.0"
