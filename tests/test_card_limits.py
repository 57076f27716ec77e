"""What a card can be charged: the product's numbers, and those of the emulator of Stripe, which has its own source."""

import pytest

from chalicelib.card_limits import DIGITS, SMALLEST, largest_charge, smallest_charge
from chalicelib.money import (
    NotChargeable,
    card_step_micros,
    decimals_of,
    format_amount,
    from_card_amount,
    parse_micros,
    to_card_amount,
)
from local.stripe_emulator import currencies

CURRENCIES = sorted(currencies.SUPPORTED)


@pytest.mark.parametrize("currency", CURRENCIES)
def test_ours_and_the_emulators_agree_on_every_currency(currency: str) -> None:
    assert decimals_of(currency) == currencies.decimals_of(currency)
    assert card_step_micros(currency) == from_card_amount(currencies.smallest_step(currency), currency)
    assert largest_charge(currency) == currencies.maximum_amount(currency)
    if currency in SMALLEST:
        assert smallest_charge(currency) == currencies.minimum_amount(currency)


def test_both_know_a_minimum_of_the_same_currencies() -> None:
    assert set(SMALLEST) == set(currencies.MINIMUM_AMOUNTS)
    assert {name.upper() for name in DIGITS} == set(currencies.DIGITS) - {"all other currencies"}


@pytest.mark.parametrize(
    ("currency", "least", "most"),
    [
        ("usd", "0.50", "999999.99"),
        ("gbp", "0.30", "999999.99"),
        ("jpy", "50", "99999999"),
        ("huf", "175.00", "999999.99"),
        ("idr", "0.50", "9999999999.99"),
        ("cop", "0.50", "99999999.99"),
        ("inr", "0.50", "9999999.99"),
        ("mxn", "10.00", "999999.99"),
    ],
)
def test_the_limits_as_people_read_them(currency: str, least: str, most: str) -> None:
    assert format_amount(from_card_amount(smallest_charge(currency), currency), currency) == least
    assert format_amount(from_card_amount(largest_charge(currency), currency), currency) == most


@pytest.mark.parametrize("currency", ["usd", "idr", "cop", "inr", "jpy"])
def test_the_largest_charge_is_sent_and_one_more_is_refused_before_stripe_is_asked(currency: str) -> None:
    largest = from_card_amount(largest_charge(currency), currency)
    assert to_card_amount(largest, currency) == currencies.check_amount(largest_charge(currency), currency)
    with pytest.raises(NotChargeable, match="at most"):
        to_card_amount(largest + card_step_micros(currency), currency)


def test_rupiah_are_charged_beyond_a_few_dollars() -> None:
    assert to_card_amount(parse_micros("1600000"), "idr") == 160_000_000
