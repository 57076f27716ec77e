"""Pauses between attempts: random, and longer each time, so that concurrent callers do not collide again."""

import random
import time
from collections.abc import Iterator
from typing import Final

FIRST_PAUSE_SECONDS: Final = 0.02
LONGEST_PAUSE_SECONDS: Final = 0.5


def pause(
    attempt: int, *, first_seconds: float = FIRST_PAUSE_SECONDS, longest_seconds: float = LONGEST_PAUSE_SECONDS
) -> None:
    """Wait after an attempt (counted from 0) for a random time of at most `first_seconds`, doubled for each before."""
    time.sleep(random.uniform(0, min(longest_seconds, first_seconds * 2**attempt)))  # noqa: S311 - jitter, no secret


def attempts(most: int) -> Iterator[int]:
    """Count attempts from 0, with a pause before each but the first.

    Read what an attempt is based on inside the loop: what was read before the pause is old after it.
    """
    for number in range(most):
        if number:
            pause(number - 1)
        yield number
