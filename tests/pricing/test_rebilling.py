"""Which setting is valid for a client's meter at a time."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.pricing.client_price import AT_COST, ClientPrice
from chalicelib.pricing.rebilling import (
    ALL_METERS,
    NO_REBILLING,
    Dated,
    Rebilling,
    client_price,
    find_setting,
    new_client,
    value_at,
    with_value,
    without_expired,
)

TIMES = st.integers(0, 40)
PRICES = st.sampled_from([None, AT_COST, ClientPrice("absorbed"), ClientPrice("markup", markup_micros=2_000_000)])
SETTINGS = st.lists(st.tuples(TIMES, PRICES), max_size=4, unique_by=lambda each: each[0])


def dated(settings: list[tuple[int, Any]]) -> tuple[Dated[Any], ...]:
    """Return values with their times as they are stored: newest first."""
    return tuple(
        Dated(from_ms, value, 0, "kim") for from_ms, value in sorted(settings, reverse=True, key=lambda s: s[0])
    )


def rebilling(for_meter: list[tuple[int, Any]], for_all: list[tuple[int, Any]]) -> Rebilling:
    prices = {"sms": dated(for_meter), ALL_METERS: dated(for_all), "email": dated([(0, ClientPrice("absorbed"))])}
    return Rebilling(prices=prices)


def last(settings: list[tuple[int, Any]], time_ms: int) -> Any:
    begun = [each for each in settings if each[0] <= time_ms]
    return max(begun, key=lambda each: each[0])[1] if begun else None


@given(client_meter=SETTINGS, client=SETTINGS, workspace_meter=SETTINGS, workspace=SETTINGS, time_ms=TIMES)
def test_the_most_specific_setting_that_is_not_cleared_is_valid(
    client_meter: Any, client: Any, workspace_meter: Any, workspace: Any, time_ms: int
) -> None:
    owns = rebilling(client_meter, client), rebilling(workspace_meter, workspace)
    places = {
        "client_meter": client_meter,
        "client": client,
        "workspace_meter": workspace_meter,
        "workspace": workspace,
    }
    levels = [(level, last(settings, time_ms)) for level, settings in places.items()]
    level, price = next(((level, price) for level, price in levels if price), (None, AT_COST))
    assert client_price(*owns, "sms", time_ms) == price
    found = find_setting(*owns, "sms", time_ms)
    assert (found.level if found else None) == level
    assert found is None or last(places[found.level], found.from_ms) == found.price


@given(settings=SETTINGS, new=st.tuples(TIMES, PRICES), time_ms=TIMES)
def test_a_new_value_is_valid_from_its_time_on_and_changes_nothing_before(
    settings: Any, new: Any, time_ms: int
) -> None:
    from_ms, value = new
    after = with_value(dated(settings), Dated(from_ms, value, 0, "kim"))
    assert value_at(after, time_ms) == (value if time_ms >= from_ms else last(settings, time_ms))
    assert [each.from_ms for each in after] == sorted({each.from_ms for each in after}, reverse=True)


@given(settings=SETTINGS, oldest_ms=TIMES, time_ms=TIMES)
def test_what_has_expired_is_needed_by_no_usage_that_may_still_come(
    settings: Any, oldest_ms: int, time_ms: int
) -> None:
    kept = without_expired(dated(settings), oldest_ms)
    later_ms = max(time_ms, oldest_ms)
    assert value_at(kept, later_ms) == last(settings, later_ms)
    assert len([each for each in kept if each.from_ms <= oldest_ms]) <= 1


def test_a_client_is_charged_only_while_its_own_switch_is_on() -> None:
    client = Rebilling(switches=dated([(10, True), (20, False)]))
    assert [client.is_on(time_ms) for time_ms in (9, 10, 19, 20)] == [False, True, True, False]


def test_a_new_client_starts_with_the_switch_of_its_workspace_and_no_prices_of_its_own() -> None:
    on = Rebilling(switches=dated([(10, True)]), prices={"sms": dated([(0, ClientPrice("absorbed"))])})
    assert new_client(on, 9, "kim") == NO_REBILLING
    started = new_client(on, 10, "kim")
    assert (started.is_on(9), started.is_on(10), started.prices) == (False, True, {})
    assert client_price(started, on, "sms", 10) == ClientPrice("absorbed")
