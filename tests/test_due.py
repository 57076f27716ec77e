"""When what waits is looked at: within a day, spread over it, and not moved by every write."""

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.due import HALF_A_DAY_MS, Due, daily_look_ms, due_of

DAY_MS = 2 * HALF_A_DAY_MS
NOW_MS = 1_795_600_000_000
MOMENTS = st.integers(0, 4_000_000_000_000)


@given(account_id=st.text(min_size=1, max_size=40), now_ms=MOMENTS)
def test_a_look_is_never_more_than_a_day_ahead_and_the_next_one_is_a_day_later(account_id: str, now_ms: int) -> None:
    look_ms = daily_look_ms(account_id, now_ms)
    assert HALF_A_DAY_MS < look_ms - now_ms <= DAY_MS
    assert daily_look_ms(account_id, look_ms) == look_ms + DAY_MS
    assert daily_look_ms(account_id, look_ms + 60_000) == look_ms + DAY_MS


def test_writing_a_row_again_does_not_move_it_in_its_index() -> None:
    looks = {daily_look_ms("acme", NOW_MS + minute * 60_000) for minute in range(24 * 60)}
    assert len(looks) <= 3


def test_accounts_are_spread_over_the_day() -> None:
    hours = [daily_look_ms(f"account-{number}", NOW_MS) // 3_600_000 for number in range(12_000)]
    assert all(700 < hours.count(hour) < 1300 for hour in sorted(set(hours))[1:-1])


@given(own=st.none() | st.integers(-DAY_MS, 40 * DAY_MS), waits=st.booleans())
def test_what_waits_is_due_within_a_day_and_what_does_not_only_at_its_own_time(own: int | None, waits: bool) -> None:
    own_ms = None if own is None else NOW_MS + own
    found = due_of("acme", own_ms, NOW_MS, waits=waits)
    assert (found.own_ms if found.is_daily else found.at_ms) == own_ms
    if waits:
        assert found.at_ms is not None
        assert found.at_ms <= NOW_MS + DAY_MS
        assert own_ms is None or found.at_ms <= own_ms
    else:
        assert found == Due(own_ms)


@given(own=st.none() | st.integers(-DAY_MS, 40 * DAY_MS), look=st.integers(-DAY_MS, 40 * DAY_MS))
def test_what_is_looked_at_once_is_due_then_or_at_its_own_time_if_that_is_earlier(own: int | None, look: int) -> None:
    own_ms, look_ms = None if own is None else NOW_MS + own, NOW_MS + look
    found = due_of("acme", own_ms, NOW_MS, waits=False, look_ms=look_ms)
    assert found == (
        Due(own_ms) if own_ms is not None and own_ms <= look_ms else Due(look_ms, is_daily=True, own_ms=own_ms)
    )
