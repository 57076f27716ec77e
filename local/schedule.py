"""When a schedule is due: EventBridge's `rate(...)` and `cron(...)` expressions.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

import re
from datetime import datetime, timedelta

_UNITS = {"minute": 60, "hour": 3600, "day": 86400}
_MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()
_DAYS = "SUN MON TUE WED THU FRI SAT".split()
_FIELDS = 6
_HORIZON = timedelta(days=366)


class NotASchedule(ValueError):
    """The expression is not one of EventBridge's, or uses `L`, `W` or `#`, which are not run locally."""


def next_time(expression: str, after: datetime) -> datetime:
    """Return the first time after `after` (UTC) at which a schedule fires. Raises NotASchedule."""
    rate = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression)
    if rate:
        return after + timedelta(seconds=int(rate[1]) * _UNITS[rate[2]])
    cron = re.fullmatch(r"cron\((.+)\)", expression)
    if not cron or len(cron[1].split()) != _FIELDS:
        raise NotASchedule(expression)
    return _next_cron(cron[1].split(), after)


def _next_cron(fields: list[str], after: datetime) -> datetime:
    minutes, hours, days, months, weekdays, years = (
        _allowed(field, *bounds)
        for field, bounds in zip(
            fields,
            [(0, 59, []), (0, 23, []), (1, 31, []), (1, 12, _MONTHS), (1, 7, _DAYS), (1970, 2199, [])],
            strict=True,
        )
    )
    moment = after.replace(second=0, microsecond=0) + timedelta(minutes=1)
    while moment <= after + _HORIZON:
        weekday = moment.isoweekday() % 7 + 1
        if not (moment.year in years and moment.month in months and moment.day in days and weekday in weekdays):
            moment = moment.replace(hour=0, minute=0) + timedelta(days=1)
        elif moment.hour not in hours:
            moment = moment.replace(minute=0) + timedelta(hours=1)
        elif moment.minute not in minutes:
            moment += timedelta(minutes=1)
        else:
            return moment
    raise NotASchedule(f"cron({' '.join(fields)}) does not fire within a year")


def _allowed(field: str, first: int, last: int, names: list[str]) -> set[int]:
    """Return the numbers that a field allows: `*`, `?`, `5`, `1-5`, `1,3`, `*/15`, `MON-FRI`."""
    for number, name in enumerate(names, start=first):
        field = re.sub(name, str(number), field, flags=re.IGNORECASE)
    numbers: set[int] = set()
    for part in field.split(","):
        match = re.fullmatch(r"(?:([*?])|(\d+)(?:-(\d+))?)(?:/(\d+))?", part)
        if not match:
            raise NotASchedule(field)
        low = first if match[1] else int(match[2])
        high = last if match[1] or (match[4] and not match[3]) else int(match[3] or low)
        numbers.update(range(low, high + 1, int(match[4] or 1)))
    return numbers
