"""What events cost, and which cannot be charged."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.catalog.catalog import FILE, catalog, read_catalog
from chalicelib.clock import iso
from chalicelib.ledger.posting import Content, Identity, Leg, Line, Part
from chalicelib.money import cost_micros, format_micros
from chalicelib.pricing.cost import price_at
from chalicelib.pricing.tariff import Tariff
from chalicelib.usage.price import posting_of
from chalicelib.usage.refusal import EventRefused
from tests.usage.reading import DAY_MS, NOW_MS, charge, parsed, reason, refusal_of

PRICED_BY_PRODUCER = {"type": "ai_tokens", "data": {"amount": "0.0123"}}
CALL: list[dict[str, Any]] = [
    {"meter": "voice_engine_minute", "quantity": "0.871667"},
    {"meter": "llm_minute", "quantity": "0.871667", "description": "gpt-5-mini"},
    {"meter": "knowledge_lookup", "quantity": 1},
    {"meter": "telephony_minute", "quantity": "0.871667"},
]


def receipt(parts: Any = CALL, **data: Any) -> dict[str, Any]:
    return {"type": "ai_call", "data": {"parts": parts, **data}}


def with_change(place: int, **changes: Any) -> dict[str, Any]:
    """Return a receipt one of whose parts is another."""
    part = {name: value for name, value in {**CALL[place], **changes}.items() if value is not ...}
    return receipt([*CALL[:place], part, *CALL[place + 1 :]])


@pytest.mark.parametrize(
    "quantity", ["-1", "NaN", "Infinity", "1e3", "0.0000001", "1,5", "", " 1", "٣", "9999999999999", -1, 10**30]
)
def test_a_quantity_that_is_no_plain_decimal_is_refused(quantity: object) -> None:
    assert reason(data={"quantity": quantity}) == "not_a_decimal"


@pytest.mark.parametrize("quantity", ["0", "0.000000", "1000001", "999999999999", 0])
def test_a_quantity_of_nothing_or_of_an_absurd_size_is_refused(quantity: object) -> None:
    assert reason(data={"quantity": quantity}) == "out_of_range"


@pytest.mark.parametrize(
    ("changes", "why", "field"),
    [
        ({"type": "fax"}, "unknown_meter", "type"),
        ({"time": iso(NOW_MS + 16 * 60 * 1000)}, "in_the_future", "time"),
        ({"time": "9999-12-31T23:59:59-23:59"}, "in_the_future", "time"),
        ({"time": iso(NOW_MS - 401 * DAY_MS)}, "too_old", "time"),
        ({"time": "1969-12-31T23:59:59Z"}, "too_old", "time"),
        ({"time": "0001-01-01T00:00:00+23:59"}, "too_old", "time"),
        ({"data": {}}, "quantity_needed", "data.quantity"),
        ({"data": {"amount": "1"}}, "quantity_needed", "data.quantity"),
        ({"data": {"quantity": "1", "amount": "1"}}, "quantity_needed", "data.quantity"),
        ({"data": {"quantity": "1", "parts": CALL}}, "quantity_needed", "data.quantity"),
        ({"type": "ai_tokens"}, "amount_needed", "data.amount"),
        ({"type": "ai_tokens", "data": {"amount": "1", "quantity": "1"}}, "amount_needed", "data.amount"),
        ({"type": "ai_tokens", "data": {"amount": "1", "parts": CALL}}, "amount_needed", "data.amount"),
        ({"type": "ai_tokens", "data": {"amount": "0"}}, "out_of_range", "data.amount"),
        ({"type": "ai_tokens", "data": {"amount": "10000.01"}}, "out_of_range", "data.amount"),
        ({"type": "ai_tokens", "data": {"amount": "-1"}}, "not_a_decimal", "data.amount"),
        ({"type": "email", "data": {"quantity": "0.000001"}}, "rounds_to_nothing", "data.quantity"),
        ({"currency": "sek"}, "no_price", "type"),
    ],
)
def test_an_event_that_cannot_be_charged_is_refused_with_its_reason(
    changes: dict[str, Any], why: str, field: str
) -> None:
    refusal = refusal_of(**changes)
    assert (refusal.reason, refusal.field) == (why, field)


def test_a_plain_event_becomes_one_debit_of_its_account() -> None:
    posting = charge(
        parsed(
            data={"quantity": "1.5", "url": "https://a.example/1", "description": "Call", "metadata": {"agent": "7"}},
            time="2026-11-23T21:41:05.120999+01:00",
            type="voice_minute",
        )
    )
    assert iso(posting.identity.occurred_at_ms) == "2026-11-23T20:41:05.120Z"
    assert posting.identity == Identity("acme", "/messaging", "event-1", posting.identity.occurred_at_ms)
    assert posting.content == Content(
        "usage",
        "Call",
        "voice_minute",
        quantity_micros=1_500_000,
        url="https://a.example/1",
        metadata={"agent": "7"},
    )
    assert posting.legs == (Leg("acme", "debit", 97_500, 65_000),)


def test_metadata_without_anything_in_it_is_none() -> None:
    assert charge(parsed(data={"quantity": "1", "metadata": {}})).content.metadata is None
    assert charge(parsed(**receipt(metadata={}))).content.metadata is None


def test_an_integer_is_a_quantity_too() -> None:
    assert charge(parsed(data={"quantity": 3})).legs[0].amount_micros == 150_000


def test_a_producer_may_price_an_event_itself() -> None:
    posting = charge(parsed(**PRICED_BY_PRODUCER))
    assert (posting.content.quantity_micros, posting.content.amount_micros) == (None, 12_300)
    assert posting.legs == (Leg("acme", "debit", 12_300),)


def test_an_event_is_priced_by_its_own_time() -> None:
    before = parsed(type="voice_minute", time="2026-06-30T23:59:59.9999999Z")
    after = parsed(type="voice_minute", time="2026-07-01T00:00:00Z")
    assert charge(before).legs[0].unit_price_micros == 70_000
    assert charge(after).legs[0].unit_price_micros == 65_000


def test_there_is_no_price_before_the_first_one() -> None:
    assert price_at(catalog().meters["sms"].prices["usd"], 0) is None
    assert price_at((), NOW_MS) is None


def test_a_receipt_becomes_one_debit_with_a_line_for_each_part() -> None:
    posting = charge(parsed(**receipt(url="https://a.example/1", description="Call", metadata={"agent": "7"})))
    quantity = 871_667
    assert posting.content == Content(
        "usage",
        "Call",
        "ai_call",
        url="https://a.example/1",
        metadata={"agent": "7"},
        parts=(
            Part("voice_engine_minute", quantity),
            Part("llm_minute", quantity, description="gpt-5-mini"),
            Part("knowledge_lookup", 1_000_000),
            Part("telephony_minute", quantity),
        ),
    )
    lines = (
        Line("voice_engine_minute", 69_733, quantity, 80_000),
        Line("llm_minute", 43_583, quantity, 50_000, "gpt-5-mini"),
        Line("knowledge_lookup", 5_000, 1_000_000, 5_000),
        Line("telephony_minute", 12_203, quantity, 14_000),
    )
    assert posting.legs == (Leg("acme", "debit", 130_519, lines=lines),)


@pytest.mark.parametrize(
    ("changes", "why", "field"),
    [
        ({"type": "ai_call"}, "parts_needed", "data.parts"),
        ({"type": "ai_call", "data": {}}, "parts_needed", "data.parts"),
        (receipt(quantity="1"), "parts_needed", "data.parts"),
        (receipt(amount="1"), "parts_needed", "data.parts"),
        (with_change(1, meter="fax"), "unknown_meter", "data.parts[1].meter"),
        (with_change(1, meter="sms"), "unknown_meter", "data.parts[1].meter"),
        (with_change(1, meter="ai_call"), "unknown_meter", "data.parts[1].meter"),
        (with_change(2, quantity="0"), "out_of_range", "data.parts[2].quantity"),
        (with_change(2, quantity="x"), "not_a_decimal", "data.parts[2].quantity"),
        (with_change(2, quantity=...), "quantity_needed", "data.parts[2].quantity"),
        (with_change(2, amount="1"), "quantity_needed", "data.parts[2].quantity"),
        (with_change(2, quantity="0.000001"), "rounds_to_nothing", "data.parts[2].quantity"),
        ({**receipt(), "currency": "sek"}, "no_price", "data.parts[0].meter"),
    ],
)
def test_one_part_that_cannot_be_charged_refuses_the_receipt_and_is_named(
    changes: dict[str, Any], why: str, field: str
) -> None:
    refusal = refusal_of(**changes)
    assert (refusal.reason, refusal.field) == (why, field)


def test_a_part_may_be_priced_by_its_producer() -> None:
    call = msgspec.structs.replace(catalog().meters["ai_call"], parts=("ai_tokens", "sms"))
    sold = msgspec.structs.replace(catalog(), meters={**catalog().meters, "ai_call": call})
    event = parsed(**receipt([{"meter": "ai_tokens", "amount": "0.002"}, {"meter": "sms", "quantity": "1"}]))
    posting = posting_of(event, Tariff("acme", "usd"), sold, NOW_MS)
    assert posting.content.parts[0] == Part("ai_tokens", None, 2_000)
    assert posting.legs[0].lines == (Line("ai_tokens", 2_000), Line("sms", 50_000, 1_000_000, 50_000))
    for part in ({"meter": "ai_tokens", "quantity": "1"}, {"meter": "ai_tokens", "amount": "0"}):
        with pytest.raises(EventRefused) as refusal:
            posting_of(parsed(**receipt([part])), Tariff("acme", "usd"), sold, NOW_MS)
        assert refusal.value.field == "data.parts[0].amount"


def test_a_price_of_zero_charges_nothing_and_is_no_rounding() -> None:
    free = FILE.read_text().replace('usd = "0.0050"', 'usd = "0"')
    part = {"meter": "knowledge_lookup", "quantity": "3"}
    posting = posting_of(parsed(**receipt([part])), Tariff("acme", "usd"), read_catalog(free.encode()), NOW_MS)
    assert posting.legs == (Leg("acme", "debit", 0, lines=(Line("knowledge_lookup", 0, 3_000_000, 0),)),)


@given(
    st.lists(
        st.tuples(st.sampled_from([part["meter"] for part in CALL]), st.integers(1_000, 10**12)),
        min_size=1,
        max_size=50,
    )
)
def test_a_receipts_amount_is_the_sum_of_its_lines_each_rounded_as_its_own_meter_would_be(
    drawn: list[tuple[str, int]],
) -> None:
    parts = [{"meter": meter, "quantity": format_micros(micros)} for meter, micros in drawn]
    (leg,) = charge(parsed(**receipt(parts))).legs
    prices = {meter: catalog().meters[meter].prices["usd"][0].unit_price_micros for meter, _ in drawn}
    assert [line.amount_micros for line in leg.lines] == [cost_micros(prices[meter], micros) for meter, micros in drawn]
    assert leg.amount_micros == sum(line.amount_micros for line in leg.lines)
