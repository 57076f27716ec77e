"""Amounts are split without losing or making a micro."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.catalog.catalog import catalog
from chalicelib.catalog.tax import Tax
from chalicelib.clock import parse_iso
from chalicelib.money import card_step_micros
from chalicelib.payments.line import Line
from chalicelib.payments.payment import DAY_MS
from chalicelib.subscriptions.period import first_period
from chalicelib.subscriptions.price import quote, total_micros
from chalicelib.subscriptions.proration import days_left, prorate, split
from chalicelib.subscriptions.subscription import Contents, Prices

amounts = st.integers(-(10**13), 10**13)
START_MS = parse_iso("2027-01-31T10:00:00.000Z")
JANUARY = first_period(Contents("agency"), Prices(97_000_000), START_MS, 1)  # 28 days


@pytest.mark.parametrize(
    ("amount", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (100, [1, 2], [33, 67]),
        (1, [1, 1], [1, 0]),
        (2, [1, 1, 1], [1, 1, 0]),
        (10, [0, 1], [0, 10]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (97_000_000, [11, 17], [38_107_143, 58_892_857]),
    ],
)
def test_the_largest_remainders_get_what_is_left(amount: int, weights: list[int], parts: list[int]) -> None:
    assert split(amount, weights) == parts


@given(amounts, st.lists(st.integers(0, 10**9), min_size=1, max_size=20).filter(any))
def test_parts_add_up_and_each_is_within_a_micro_of_its_share(amount: int, weights: list[int]) -> None:
    parts = split(amount, weights)
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(amount * weight, sum(weights))) < 1


@pytest.mark.parametrize(
    ("days_passed", "left"),
    [(0, 28), (0.5, 28), (1, 27), (1.5, 27), (27, 1), (27.999, 1), (28, 0), (40, 0), (-3, 28)],
)
def test_a_day_that_has_begun_counts_as_left(days_passed: float, left: int) -> None:
    assert days_left(JANUARY, START_MS + int(days_passed * DAY_MS)) == (left, 28)


@given(amounts, st.integers(0, 28 * DAY_MS))
def test_what_is_used_and_what_is_left_is_the_whole(amount: int, passed_ms: int) -> None:
    rest = prorate(amount, *days_left(JANUARY, START_MS + passed_ms))
    left, days = days_left(JANUARY, START_MS + passed_ms)
    assert abs(rest - Fraction(amount * left, days)) < 1
    assert abs(amount - rest - Fraction(amount * (days - left), days)) < 1
    assert prorate(amount, *days_left(JANUARY, START_MS)) == amount
    assert prorate(amount, *days_left(JANUARY, JANUARY.period_end_ms)) == 0


@given(st.lists(st.lists(st.integers(-(10**8), 10**9), min_size=1, max_size=6), min_size=1, max_size=12), st.data())
def test_over_any_charges_what_was_due_is_what_cards_paid_and_what_is_carried(
    charges: list[list[int]], data: st.DataObject
) -> None:
    currency = data.draw(st.sampled_from(sorted(catalog().currencies)))
    carried = paid = due = 0
    for each in charges:
        lines = [Line("a thing", 1, amount, amount) for amount in each]
        if total_micros(lines) < 0:
            continue
        quoted = quote(lines, carried, currency, catalog())
        assert total_micros(quoted.lines) == quoted.charge_micros
        assert quoted.charge_micros % card_step_micros(currency) == 0
        assert quoted.charge_micros == 0 or quoted.charge_micros >= catalog().limits(currency).charge_minimum_micros
        carried, paid, due = quoted.carried_micros, paid + quoted.charge_micros, due + total_micros(lines)
        assert 0 <= carried < max(card_step_micros(currency), catalog().limits(currency).charge_minimum_micros)
    assert due == paid + carried


@given(
    st.lists(st.lists(st.integers(-(10**8), 10**9), min_size=1, max_size=6), min_size=1, max_size=12),
    st.sampled_from(sorted(catalog().currencies)),
    st.integers(1, 999_999),
)
def test_over_any_charges_lines_and_added_tax_are_what_cards_paid_and_no_tax_is_carried(
    charges: list[list[int]], currency: str, rate_micros: int
) -> None:
    tax, carried = Tax("VAT", rate_micros, inclusive=False), 0
    for each in charges:
        lines = [Line("a thing", 1, amount, amount) for amount in each]
        if total_micros(lines) < 0:
            continue
        without, quoted = (quote(lines, carried, currency, catalog(), bears) for bears in (None, tax))
        added = quoted.added_tax_micros
        assert quoted.charge_micros == total_micros(quoted.lines) + added
        assert added == tax.added_to(without.charge_micros, currency)
        assert quoted.charge_micros % card_step_micros(currency) == 0
        assert (quoted.lines, quoted.carried_micros) == (without.lines, without.carried_micros)
        carried = quoted.carried_micros


def test_an_exclusive_tax_is_added_to_what_is_charged_and_an_inclusive_one_is_in_it() -> None:
    lines = [Line("Agency", 1, 97_000_000, 97_000_000)]
    added = quote(lines, 5_000, "usd", catalog(), Tax("Sales tax", 80_625, inclusive=False))
    # 8.0625 % of 97.00 is 7.820625.
    assert (added.charge_micros, added.carried_micros) == (104_820_000, 5_000)
    assert added.added_tax_micros == 7_820_000
    contained = quote(lines, 5_000, "usd", catalog(), Tax("VAT", 190_000, inclusive=True))
    assert (contained.charge_micros, contained.added_tax_micros) == (97_000_000, 0)


def test_where_nothing_is_charged_no_tax_is() -> None:
    small = quote([Line("a thing", 1, 490_000, 490_000)], 0, "usd", catalog(), Tax("VAT", 190_000, inclusive=False))
    assert (small.charge_micros, small.carried_micros, small.lines, small.added_tax_micros) == (0, 490_000, (), 0)


def test_whole_cents_leave_no_line_about_carrying() -> None:
    quoted = quote([Line("Agency", 1, 97_000_000, 97_000_000)], 4_000, "usd", catalog())
    assert (quoted.charge_micros, quoted.carried_micros, len(quoted.lines)) == (97_000_000, 4_000, 1)


def test_what_a_card_cannot_take_is_carried_and_then_a_line_of_its_own() -> None:
    small = quote([Line("Phone number, 3 of 31 days", 1, 1_150_000, 111_290)], 0, "usd", catalog())
    assert (small.charge_micros, small.carried_micros, small.lines) == (0, 111_290, ())
    following = quote([Line("Agency", 1, 97_000_000, 97_000_000)], small.carried_micros, "usd", catalog())
    assert (following.charge_micros, following.carried_micros) == (97_110_000, 1_290)
    assert [(each.description, each.amount_micros) for each in following.lines] == [
        ("Agency", 97_000_000),
        ("Carried over from earlier changes", 110_000),
    ]
