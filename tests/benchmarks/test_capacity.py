"""The figures of docs/capacity.md are what the model makes of the last run, and the model agrees with what was run."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.capacity import LATEST, PAGE, with_parts
from benchmarks.capacity_model import (
    MOST_RECORDS,
    PARTITION_UNITS,
    Load,
    batch_seconds,
    measured_of,
    queue_requests,
    stored_gb,
    total_dollars,
    usage_month,
    usage_units_per_second,
)
from benchmarks.capacity_parts import PARTS
from benchmarks.capacity_prices import MONTH_SECONDS, PRICES, dollars
from benchmarks.capacity_renewals import (
    STRIPE_CALLS_PER_SECOND,
    Deployed,
    charges_per_second,
    hours,
    idle_month,
    renewals_month,
    runs_of,
    stripe_dollars,
)

RUN: dict[str, Any] = json.loads(LATEST.read_text())
MEASURED = measured_of(RUN)
DEPLOYED = Deployed.read()
LOADS = st.builds(
    Load,
    events_per_second=st.floats(0.01, 50_000),
    wallets=st.integers(1, 100_000),
    window_seconds=st.floats(1, 300),
    events_per_message=st.integers(1, 500),
    clients_of_one=st.booleans(),
)


def test_the_page_is_what_the_model_makes_of_the_last_run() -> None:
    """Where it is not: python -m benchmarks.capacity."""
    text = PAGE.read_text()
    assert with_parts(text, MEASURED, DEPLOYED) == text
    assert {f"<!-- computed: {name} -->" for name in PARTS} <= set(text.splitlines())


def test_another_run_makes_other_figures_in_the_same_places() -> None:
    text = PAGE.read_text()
    slower = measured_of({**RUN, "renewals_cpu_ms_each": 258.0})
    changed = with_parts(text, slower, DEPLOYED)
    assert "258 ms" in changed
    assert with_parts(changed, MEASURED, DEPLOYED) == text


def test_a_part_that_nothing_computes_is_an_error() -> None:
    with pytest.raises(KeyError, match="weather"):
        with_parts("<!-- computed: weather -->\n<!-- end -->", MEASURED, DEPLOYED)


@pytest.mark.parametrize("events", [1, 10, 100, 1_000, 10_000])
def test_a_commit_takes_the_write_units_that_were_measured(events: int) -> None:
    measured = RUN["write_units_per_event"][str(events)] * events
    assert MEASURED.commit_units(events) == pytest.approx(measured, rel=0.01)


@pytest.mark.parametrize("clients", [1, 10, 100])
def test_a_batch_of_a_workspaces_clients_takes_the_write_units_that_were_measured(clients: int) -> None:
    commits = RUN["commits_by_clients"][str(clients)]
    measured = RUN["write_units_per_event_by_clients"][str(clients)] * 1_000
    assert MEASURED.agency_units(clients, 1_000, commits) == pytest.approx(measured, rel=0.03)


@given(LOADS)
def test_every_event_is_in_one_batch_and_no_batch_is_larger_than_lambda_takes(load: Load) -> None:
    assert load.batches_per_second * load.events_per_batch == pytest.approx(load.events_per_second)
    assert 1 <= load.messages_per_batch <= MOST_RECORDS
    assert load.wallets_per_batch * (1 + 1e-6) >= 1
    assert load.wallets_per_batch <= min(load.wallets, load.messages_per_batch) * (1 + 1e-6)


@given(LOADS)
def test_a_longer_window_makes_usage_no_dearer(load: Load) -> None:
    longer = Load(
        events_per_second=load.events_per_second,
        wallets=load.wallets,
        window_seconds=2 * load.window_seconds,
        events_per_message=load.events_per_message,
    )
    plain = Load(
        events_per_second=load.events_per_second,
        wallets=load.wallets,
        window_seconds=load.window_seconds,
        events_per_message=load.events_per_message,
    )
    # A page is billed by started KB, so one event more may make six units eight.
    assert usage_units_per_second(longer, MEASURED) <= usage_units_per_second(plain, MEASURED) * 8 / 6


def test_events_alone_cost_six_units_each_and_a_thousand_together_sixty_two() -> None:
    alone = Load(events_per_second=10, wallets=1_000_000)
    assert usage_units_per_second(alone, MEASURED) == pytest.approx(60, rel=0.01)
    together = Load(events_per_second=2_500, wallets=1)
    assert usage_units_per_second(together, MEASURED) == pytest.approx(2_500 * 0.062, rel=0.01)


def test_the_hot_wallet_is_within_its_partition_and_its_functions() -> None:
    load = Load(events_per_second=5_000, wallets=1)
    assert load.batches_per_second * MEASURED.page_units(load.events_per_page) < PARTITION_UNITS
    assert load.batches_per_second * batch_seconds(load, MEASURED) < 10
    assert stored_gb(load, MEASURED, 86_400 / MONTH_SECONDS) == pytest.approx(5_000 * 86_400 * 29 / 1024**3, rel=0.05)


def test_messages_of_ten_together_take_three_tenths_of_a_request_each() -> None:
    assert queue_requests(Load(events_per_second=5_000, wallets=1)) == pytest.approx(1_500)


def test_a_million_renewals_take_what_stripe_allows_and_no_less() -> None:
    assert charges_per_second(MEASURED, 1_000) == STRIPE_CALLS_PER_SECOND
    assert hours(1_000_000, MEASURED, 1_000, 1_000) == pytest.approx(1_000_000 / 25 / 3600)
    assert hours(1_000_000, MEASURED, 1, 1_000) > hours(1_000_000, MEASURED, 2, 1_000)
    assert (
        renewals_month(2, MEASURED, DEPLOYED)["write_units"] == 2 * renewals_month(1, MEASURED, DEPLOYED)["write_units"]
    )
    assert stripe_dollars(100, 10.0) == pytest.approx(59.0)


def test_a_bill_is_the_sum_of_its_lines() -> None:
    spent = usage_month(Load(events_per_second=1, wallets=1), MEASURED)
    assert total_dollars(spent) == pytest.approx(sum(dollars(name, quantity) for name, quantity in spent.items()))
    assert spent.keys() <= PRICES.keys()
    assert idle_month(DEPLOYED).keys() <= PRICES.keys()
    assert renewals_month(1, MEASURED, DEPLOYED).keys() <= PRICES.keys()


def test_every_schedule_has_its_runs() -> None:
    assert runs_of("rate(5 minutes)") == pytest.approx(8766)
    assert runs_of("cron(0 3 * * ? *)") == pytest.approx(30.4, rel=0.01)
