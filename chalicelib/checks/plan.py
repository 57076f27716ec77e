"""In which steps a Stripe account is reconciled: days, what is compared of each, and how far that is. Pure."""

from collections.abc import Iterable
from typing import Final
from zlib import crc32

import msgspec

from chalicelib.checks.compare import Kind
from chalicelib.clock import DAY_MS, day_of, parse_iso
from chalicelib.stripe_api.stripe_account import StripeAccount

LOOKS: Final = (1, 8, 90)
"""How many days after it a day is compared: at once; when what was missed has come; when refunds that came back and
disputes have ended."""

KINDS: Final[tuple[Kind, ...]] = ("payment", "refund", "dispute")

MOST_DAYS: Final = 30
"""How many days are made up for when nothing ran for long. Earlier ones are the operator's command's."""


class Progress(msgspec.Struct, frozen=True):
    """How far a Stripe account was reconciled: all of `done_day`'s steps; then of the next day's, the first `step`.

    Of the current step, what is at or after `until_ms` is compared: each goes from the end of its day to its beginning.
    """

    done_day: str | None = None
    step: int = 0
    until_ms: int | None = None


class StripeCheck(msgspec.Struct, frozen=True):
    """How far a Stripe account was reconciled, when it last was, and why it could not be read, if so."""

    progress: Progress = Progress()
    checked_at_ms: int | None = None
    unread: str | None = None


class Step(msgspec.Struct, frozen=True):
    """What to compare next: what was made in a span of a day, its end not included. `day` is of the run."""

    day: str
    number: int
    kind: Kind
    from_ms: int
    until_ms: int


def next_step(progress: Progress, now_ms: int) -> tuple[Progress, Step] | None:
    """Return the next step, with the progress that it follows on; None if today's are done."""
    today_ms = now_ms - now_ms % DAY_MS
    if progress.done_day is None:
        progress = Progress(day_of(today_ms - DAY_MS))
    earliest_ms = today_ms - MOST_DAYS * DAY_MS
    day_ms = start_of(str(progress.done_day)) + DAY_MS
    if day_ms < earliest_ms:
        progress, day_ms = Progress(day_of(earliest_ms - DAY_MS)), earliest_ms
    if day_ms > today_ms:
        return None
    look, kind = divmod(progress.step, len(KINDS))
    from_ms = day_ms - LOOKS[look] * DAY_MS
    until_ms = from_ms + DAY_MS if progress.until_ms is None else progress.until_ms
    return progress, Step(day_of(day_ms), progress.step, KINDS[kind], from_ms, until_ms)


def in_turn(stripe_accounts: Iterable[StripeAccount], now_ms: int) -> list[StripeAccount]:
    """Return Stripe accounts in another order each day: where time is too short for all, none is always the last."""
    day = day_of(now_ms)
    return sorted(stripe_accounts, key=lambda each: crc32(f"{day}{each.key}".encode()))


def after(progress: Progress, step: Step, reached_ms: int) -> Progress:
    """Return the progress after a step that has come down to `reached_ms`."""
    if reached_ms > step.from_ms:
        return Progress(progress.done_day, step.number, reached_ms)
    if step.number + 1 < len(LOOKS) * len(KINDS):
        return Progress(progress.done_day, step.number + 1)
    return Progress(step.day)


def start_of(day: str) -> int:
    """Return the first millisecond of a day."""
    return parse_iso(f"{day}T00:00:00.000Z")
