"""The statement of a month: its values and rules. Pure."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

import msgspec

from chalicelib.accounts.account import Account
from chalicelib.clock import end_of_month_ms, month_of, to_ms
from chalicelib.errors import Busy, Refusal
from chalicelib.ledger.posting import CREDIT, DEBIT, Direction
from chalicelib.ledger.span_totals import SpanTotals, Total

USAGE: Final = "usage"


class StatementNotFound(Refusal):
    """There is no statement of a month: it is none, it has not begun, or it was over before the account's first day."""

    status = 404
    type = "statement-not-found"
    title = "No such statement"

    def __init__(self, month: str, first: str, last: str) -> None:
        super().__init__(
            f"there is no statement of {month[:20]!r}; there is one of each month from {first} to {last}",
            first=first,
            last=last,
        )


class StatementBusy(Busy):
    """The wallet moved while it was summed up, in every attempt."""

    type = "statement-busy"
    title = "The wallet is moving right now"


class File(StrEnum):
    """As what a statement can be downloaded."""

    PDF = "pdf"
    CSV = "csv"


class Month(msgspec.Struct, frozen=True):
    """A month in UTC, such as `2026-11`; `end_ms` is the first moment after it."""

    name: str
    start_ms: int
    end_ms: int


class StatementLine(msgspec.Struct, frozen=True):
    """One line: all usage of a meter, or all other transactions of one kind. `quantity_micros` is of usage alone."""

    direction: Direction
    kind: str
    count: int
    amount_micros: int
    meter: str | None = None
    quantity_micros: int | None = None


class MonthStatement(msgspec.Struct, frozen=True, kw_only=True):
    """A wallet's month as it was known at `as_of_ms`.

    `card` are the payments of the subscription, which were charged to the card and did not move the wallet.
    """

    account_id: str
    month: Month
    currency: str
    as_of_ms: int
    opening_micros: int
    lines: tuple[StatementLine, ...]
    closing_micros: int
    card: Total

    def __post_init__(self) -> None:
        """Check that it adds up. Raises ValueError."""
        if self.opening_micros + self.total(CREDIT) - self.total(DEBIT) != self.closing_micros:
            raise ValueError(f"the statement of {self.account_id} for {self.month.name} does not add up")

    @property
    def is_over(self) -> bool:
        """Tell whether the month was over when the statement was made."""
        return self.as_of_ms >= self.month.end_ms

    @property
    def last_ms(self) -> int:
        """Return the last moment that it tells of."""
        return min(self.as_of_ms, self.month.end_ms - 1)

    def of(self, direction: Direction) -> list[StatementLine]:
        """Return the credits or the debits."""
        return [line for line in self.lines if line.direction == direction]

    def total(self, direction: Direction) -> int:
        """Return the sum of the credits or of the debits."""
        return sum(line.amount_micros for line in self.of(direction))


def read_file_name(text: str) -> tuple[str, File | None]:
    """Return the month in the name of a file, such as `2026-11.pdf`, and the kind of the file; None for no file."""
    name, dot, suffix = text.rpartition(".")
    return (name, File(suffix)) if dot and suffix in set(File) else (text, None)


def month_named(name: str) -> Month:
    """Return a month by its name, which is known to be one."""
    year, month = map(int, name.split("-"))
    return Month(name, to_ms(datetime(year, month, 1, tzinfo=UTC)), end_of_month_ms(name))


def read_month(name: str, account: Account, now_ms: int) -> Month:
    """Return the month of a statement that there is. Raises StatementNotFound."""
    months = months_of(account, now_ms)
    if name not in months:
        raise StatementNotFound(name, months[-1], months[0])
    return month_named(name)


def months_of(account: Account, now_ms: int) -> list[str]:
    """Return the months since an account was made, the newest first."""
    found, last = [], month_of(now_ms)
    name = min(month_of(account.created_at_ms), last)
    while name <= last:
        found.append(name)
        name = month_of(end_of_month_ms(name))
    return found[::-1]


def lines_of(totals: SpanTotals) -> tuple[StatementLine, ...]:
    """Return the lines of a span: credits, usage by meter, then the other debits; the largest of each first."""
    others = [
        StatementLine(direction, kind, total.count, total.amount_micros)
        for (direction, kind), total in totals.others.items()
    ]
    usage = [
        StatementLine(DEBIT, USAGE, each.count, each.amount_micros, meter, each.quantity_micros)
        for meter, each in totals.usage.items()
    ]
    return tuple(sorted([*others, *usage], key=_place))


def _place(line: StatementLine) -> tuple[bool, bool, int, str, str]:
    return line.direction == DEBIT, line.meter is None, -line.amount_micros, line.kind, line.meter or ""
