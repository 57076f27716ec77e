"""The days that a page of usage shows: one of a few usual periods, or days that a person chose. Pure."""

from datetime import date, timedelta
from typing import Final

import msgspec

from chalicelib.errors import Refusal
from chalicelib.i18n.texts import mark

LAST_DAYS: Final = {"7": 7, "30": 30, "90": 90}
THIS_MONTH: Final = "month"
LAST_MONTH: Final = "last-month"
PRESETS: Final = (*LAST_DAYS, THIS_MONTH, LAST_MONTH)
USUAL: Final = "30"

LONGEST_DAYS: Final = 366
MOST_BARS: Final = 92
"""Days up to which each is a bar; of a longer period, each month is one."""

WRONG: Final = {
    "order": mark("The first day is after the last. Swap them, or clear one of them."),
    "length": mark("This is more than a year. Please choose 366 days or fewer."),
    "future": mark("This day is still to come."),
    "day": mark("This is not a day. Please choose one, such as 2026-11-23."),
}
"""What is wrong with a period."""


class PeriodInvalid(Refusal):
    """The days of a period do not make one; `reason` is a key of `WRONG`."""

    status = 422
    type = "period-invalid"
    title = "The period is not valid"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {WRONG[reason]}", field=field, reason=reason)


class Period(msgspec.Struct, frozen=True):
    """Days from `first` to `last`, both included; `preset` is None for chosen days."""

    preset: str | None
    first: str
    last: str

    @property
    def days(self) -> int:
        """Return how many days it has."""
        return (date.fromisoformat(self.last) - date.fromisoformat(self.first)).days + 1

    @property
    def months(self) -> list[str]:
        """Return the months that it touches: `2026-11`."""
        first, last = (date.fromisoformat(day).replace(day=1) for day in (self.first, self.last))
        found = []
        while first <= last:
            found.append(first.isoformat()[:7])
            first = (first + timedelta(days=31)).replace(day=1)
        return found


def preset_period(name: str, today: str) -> Period:
    """Return a period by its name."""
    now = date.fromisoformat(today)
    if name == THIS_MONTH:
        return Period(name, now.replace(day=1).isoformat(), today)
    if name == LAST_MONTH:
        last = now.replace(day=1) - timedelta(days=1)
        return Period(name, last.replace(day=1).isoformat(), last.isoformat())
    return Period(name, (now - timedelta(days=LAST_DAYS[name] - 1)).isoformat(), today)


def own_period(start: str | None, end: str | None, today: str) -> Period:
    """Return the period of one or two days that were chosen, up to today. Raises PeriodInvalid."""
    last = min(end or today, today)
    if start is not None and start > today:
        raise PeriodInvalid("from", "future")
    if start is not None and end is not None and start > end:
        raise PeriodInvalid("from", "order")
    first = start or (date.fromisoformat(last) - timedelta(days=LAST_DAYS[USUAL] - 1)).isoformat()
    period = Period(None, first, last)
    if period.days > LONGEST_DAYS:
        raise PeriodInvalid("from", "length")
    return period
