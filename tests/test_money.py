import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.money import (
    MICROS,
    InvalidDecimal,
    NotChargeable,
    cost_micros,
    format_amount,
    format_micros,
    from_card_amount,
    parse_micros,
    parse_signed_micros,
    to_card_amount,
)


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("0", 0),
        ("1", 1_000_000),
        ("25.00", 25_000_000),
        ("0.0025", 2_500),
        ("0.000001", 1),
        ("999999999999", 999_999_999_999_000_000),
    ],
)
def test_a_decimal_is_read_exactly(text: str, micros: int) -> None:
    assert parse_micros(text) == micros


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "1.",
        ".5",
        "-1",
        "+1",
        "1e3",
        "NaN",
        "Infinity",
        "1,000",
        "0.0000001",
        " 1",
        "1 ",
        "١",
        "0x1",
        "1_000",
        "1000000000000",
    ],
)
def test_what_is_not_a_plain_decimal_is_refused(text: str) -> None:
    with pytest.raises(InvalidDecimal):
        parse_micros(text)


@given(st.integers(-(10**30), 10**30), st.integers(0, 6))
def test_every_balance_survives_writing_and_reading(micros: int, places: int) -> None:
    assert parse_signed_micros(format_micros(micros, places)) == micros


@given(st.integers(min_value=0, max_value=10**17))
def test_every_amount_survives_writing_and_reading(micros: int) -> None:
    assert parse_micros(format_micros(micros)) == micros


@pytest.mark.parametrize(
    ("micros", "currency", "text"),
    [
        (25_000_000, "usd", "25.00"),
        (1_500, "usd", "0.0015"),
        (0, "usd", "0.00"),
        (-3_732_500, "usd", "-3.7325"),
        (7_500_000_000, "jpy", "7500"),
        (380_000, "jpy", "0.38"),
        (1_500_000, "kwd", "1.500"),
        (1_400_000_000, "isk", "1400"),
        (12_500_000, "ugx", "12.5"),
    ],
)
def test_an_amount_shows_its_currencys_places_and_never_rounds(micros: int, currency: str, text: str) -> None:
    assert format_amount(micros, currency) == text


@pytest.mark.parametrize(
    ("price", "quantity", "charge"),
    [
        (2_500, 1_000_000, 2_500),
        (65_000, 1_500_000, 97_500),
        (1, 500_000, 1),  # half a micro rounds up
        (1, 499_999, 0),
        (3, 500_000, 2),
        (0, 1_000_000, 0),
    ],
)
def test_price_times_quantity_rounds_half_up_to_micros(price: int, quantity: int, charge: int) -> None:
    assert cost_micros(price, quantity) == charge


@given(st.integers(0, 10**10), st.integers(0, 10**12))
def test_a_charge_is_never_off_by_more_than_half_a_micro(price: int, quantity: int) -> None:
    assert abs(cost_micros(price, quantity) * MICROS - price * quantity) * 2 <= MICROS


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("25.00", "usd", 2500),
        ("0.50", "eur", 50),
        ("7500", "jpy", 7500),
        ("1.500", "kwd", 1500),
        ("100", "isk", 10000),
        ("5000", "ugx", 500000),
    ],
)
def test_a_card_is_charged_in_whole_minor_units(amount: str, currency: str, minor: int) -> None:
    micros = parse_micros(amount)
    assert to_card_amount(micros, currency) == minor
    assert from_card_amount(minor, currency) == micros


@pytest.mark.parametrize(
    ("amount", "currency"),
    [("25.001", "usd"), ("0", "usd"), ("7500.5", "jpy"), ("1.505", "kwd"), ("100.50", "isk"), ("0.1", "ugx")],
)
def test_what_a_card_cannot_be_charged_is_refused(amount: str, currency: str) -> None:
    with pytest.raises(NotChargeable):
        to_card_amount(parse_micros(amount), currency)
