"""What a client pays, by its price and by what the usage costs its workspace."""

from hypothesis import assume, given
from hypothesis import strategies as st

from chalicelib.money import MICROS
from chalicelib.pricing.client_price import AT_COST, ClientPrice, price_for_client, unit_price_for_client
from chalicelib.pricing.cost import Cost

SMS = Cost(3 * MICROS, 50_000, 150_000, "message")
CALL = Cost(871_667, 80_000, 69_733, "minute")
AI = Cost(None, None, 12_300, "request")

ABSORBED = ClientPrice("absorbed")
HALF_MORE = ClientPrice("markup", markup_micros=1_500_000)
FOUR_CENTS = ClientPrice("price", unit_price_micros=40_000, unit="message")

unit_prices = st.integers(0, 10**9)
quantities = st.integers(1, 10**9)
markups = st.integers(1, 10**7).map(lambda ten_thousandths: ten_thousandths * 100)


def test_at_cost_the_client_pays_what_the_workspace_pays() -> None:
    assert [price_for_client(cost, AT_COST) for cost in (SMS, CALL, AI)] == [SMS, CALL, AI]


def test_a_price_is_for_a_unit_whatever_the_unit_costs() -> None:
    assert price_for_client(SMS, FOUR_CENTS) == Cost(3 * MICROS, 40_000, 120_000, "message")


def test_a_markup_is_a_multiple_of_the_cost_of_a_unit() -> None:
    assert price_for_client(SMS, HALF_MORE) == Cost(3 * MICROS, 75_000, 225_000, "message")
    assert price_for_client(CALL, HALF_MORE) == Cost(871_667, 120_000, 104_600, "minute")


def test_a_markup_of_what_a_producer_prices_is_a_multiple_of_the_amount() -> None:
    assert price_for_client(AI, HALF_MORE) == Cost(None, None, 18_450, "request")


def test_what_is_absorbed_costs_the_client_nothing() -> None:
    assert price_for_client(SMS, ABSORBED) == Cost(3 * MICROS, 0, 0, "message")
    assert price_for_client(AI, ABSORBED) == Cost(None, None, 0, "request")


def test_a_price_for_another_unit_is_void() -> None:
    per_month = ClientPrice("price", unit_price_micros=4 * MICROS, unit="month")
    assert per_month.is_void("lookup")
    assert price_for_client(Cost(MICROS, 5_000, 5_000, "lookup"), per_month).amount_micros == 5_000
    assert not HALF_MORE.is_void("lookup")


def test_a_price_of_zero_charges_nothing_and_is_never_raised_to_something() -> None:
    assert price_for_client(SMS, ClientPrice("price", unit_price_micros=0, unit="message")).amount_micros == 0
    free = Cost(MICROS, 0, 0, "minute")
    assert price_for_client(free, HALF_MORE) == free


@given(unit_prices, quantities, markups)
def test_no_price_above_zero_is_rounded_to_nothing(unit_price: int, quantity: int, markup: int) -> None:
    assume(unit_price and (unit_price * quantity) // MICROS)
    cost = Cost(quantity, unit_price, (2 * unit_price * quantity + MICROS) // (2 * MICROS), "message")
    for price in (
        ClientPrice("markup", markup_micros=markup),
        ClientPrice("price", unit_price_micros=1, unit="message"),
    ):
        assert price_for_client(cost, price).amount_micros >= 1
    assert price_for_client(Cost(None, None, 1, "request"), ClientPrice("markup", markup_micros=100)).amount_micros == 1


@given(unit_prices, markups)
def test_what_a_page_shows_for_one_unit_is_what_one_unit_costs(unit_price: int, markup: int) -> None:
    price = ClientPrice("markup", markup_micros=markup)
    one = price_for_client(Cost(MICROS, unit_price, unit_price, "message"), price)
    assert one.unit_price_micros == one.amount_micros == unit_price_for_client(unit_price, price)
