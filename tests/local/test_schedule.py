from datetime import UTC, datetime

import pytest

from local.schedule import NotASchedule, next_time

NOW = datetime(2026, 11, 24, 10, 7, 30, tzinfo=UTC)  # a Tuesday


@pytest.mark.parametrize(
    ("expression", "due"),
    [
        ("rate(1 minute)", "2026-11-24T10:08:30"),
        ("rate(5 minutes)", "2026-11-24T10:12:30"),
        ("rate(2 hours)", "2026-11-24T12:07:30"),
        ("rate(1 day)", "2026-11-25T10:07:30"),
        ("cron(0/15 * * * ? *)", "2026-11-24T10:15:00"),
        ("cron(*/5 * * * ? *)", "2026-11-24T10:10:00"),
        ("cron(0 6 * * ? *)", "2026-11-25T06:00:00"),
        ("cron(30 10 1 * ? *)", "2026-12-01T10:30:00"),
        ("cron(0 9 ? * MON-FRI *)", "2026-11-25T09:00:00"),
        ("cron(0 9 ? * 1,7 *)", "2026-11-28T09:00:00"),
        ("cron(0 0 1 jan ? 2027)", "2027-01-01T00:00:00"),
    ],
)
def test_a_schedule_fires_at_its_next_time(expression: str, due: str) -> None:
    assert next_time(expression, NOW) == datetime.fromisoformat(due).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "5 minutes",
        "rate(5 weeks)",
        "cron(0 9 * *)",
        "cron(0 9 L * ? *)",
        "cron(x 9 * * ? *)",
        "cron(0 0 1 1 ? 2020)",
    ],
)
def test_what_is_not_a_schedule_is_refused(expression: str) -> None:
    with pytest.raises(NotASchedule):
        next_time(expression, NOW)
