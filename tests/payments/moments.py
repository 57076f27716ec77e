"""A moment for this process and Stripe together."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from chalicelib import clock
from local.stripe_emulator.client import Emulator

EARLIER: Final = datetime(2026, 11, 1, tzinfo=UTC)
"""Before any day of the tests' stories: of two cards the newer stays, so one of the day of the run would spoil them."""


@contextmanager
def at(emulator: Emulator, moment: datetime) -> Iterator[None]:
    """Let it be that moment, here and at Stripe."""
    before = clock.now() - datetime.now(moment.tzinfo)
    with clock.moved_to(moment):
        emulator.move_clock((moment - datetime.now(moment.tzinfo)).total_seconds())
        try:
            yield
        finally:
            emulator.move_clock(before.total_seconds())
