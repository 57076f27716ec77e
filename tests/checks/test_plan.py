"""In which steps a Stripe account is reconciled."""

import pytest

from chalicelib.checks.plan import KINDS, LOOKS, MOST_DAYS, Progress, Step, after, in_turn, next_step, start_of
from chalicelib.clock import DAY_MS
from chalicelib.stripe_api.stripe_account import StripeAccount

MORNING_MS = start_of("2026-11-30") + DAY_MS // 4


def steps_of(progress: Progress, now_ms: int) -> tuple[list[Step], Progress]:
    """Take all steps, each in one batch; return them, and the progress after the last."""
    taken = []
    while (planned := next_step(progress, now_ms)) is not None:
        before, step = planned
        taken.append(step)
        progress = after(before, step, step.from_ms)
        assert len(taken) < 10_000
    return taken, progress


def test_a_day_is_compared_the_day_after_and_twice_again_later() -> None:
    taken, progress = steps_of(Progress(), MORNING_MS)
    assert [step.kind for step in taken] == [*KINDS] * len(LOOKS)
    days = ["2026-11-29", "2026-11-22", "2026-09-01"]
    assert [step.from_ms for step in taken[::3]] == [start_of(day) for day in days]
    assert all(step.until_ms == step.from_ms + DAY_MS for step in taken)
    assert progress == Progress("2026-11-30")


def test_nothing_is_left_until_the_next_day() -> None:
    _, progress = steps_of(Progress(), MORNING_MS)
    assert next_step(progress, MORNING_MS + DAY_MS // 2) is None
    taken, _ = steps_of(progress, MORNING_MS + DAY_MS)
    assert {step.day for step in taken} == {"2026-12-01"}


def test_a_step_in_batches_goes_down_to_the_beginning_of_its_day() -> None:
    planned = next_step(Progress(), MORNING_MS)
    assert planned is not None
    before, step = planned
    middle_ms = step.from_ms + DAY_MS // 2
    halfway = after(before, step, middle_ms)
    planned = next_step(halfway, MORNING_MS)
    assert planned is not None
    _, rest = planned
    assert (rest.kind, rest.from_ms, rest.until_ms) == ("payment", step.from_ms, middle_ms)
    assert after(halfway, rest, rest.from_ms) == Progress("2026-11-29", 1)


def test_days_on_which_nothing_ran_are_made_up_for() -> None:
    taken, progress = steps_of(Progress("2026-11-27"), MORNING_MS)
    assert sorted({step.day for step in taken}) == ["2026-11-28", "2026-11-29", "2026-11-30"]
    assert progress == Progress("2026-11-30")


def test_a_run_that_goes_on_past_midnight_ends_its_own_day_first() -> None:
    planned = next_step(Progress(), MORNING_MS)
    assert planned is not None
    before, step = planned
    halfway = after(before, step, step.from_ms)
    taken, _ = steps_of(halfway, MORNING_MS + DAY_MS)
    assert [step.day for step in taken] == ["2026-11-30"] * 8 + ["2026-12-01"] * 9


def test_no_more_than_a_month_is_made_up_for() -> None:
    taken, progress = steps_of(Progress("2025-01-01", 4, 7), MORNING_MS)
    assert len(taken) == (MOST_DAYS + 1) * 9
    assert taken[0].number == 0
    assert progress == Progress("2026-11-30")


@pytest.mark.parametrize("done_day", ["2026-11-30", "2026-12-03"])
def test_what_is_done_is_not_done_again(done_day: str) -> None:
    assert next_step(Progress(done_day), MORNING_MS) is None


def test_no_stripe_account_is_the_last_every_day() -> None:
    every = [StripeAccount(f"acct_{number}") for number in range(20)]
    orders = [in_turn(every, start_of("2026-11-01") + day * DAY_MS + 7) for day in range(28)]
    assert all(set(order) == set(every) for order in orders)
    assert len({order[-1] for order in orders}) > 10
    assert in_turn(reversed(every), start_of("2026-11-01")) == orders[0]  # the runs of a day go on with one order
