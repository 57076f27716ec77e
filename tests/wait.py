"""Wait for a condition, with a time limit."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

SECONDS = 120
"""How long anything may take, on whatever machine this is."""


def wait_for(condition: Callable[[], T], seconds: float = SECONDS, pause: float = 0.02) -> T:
    """Return the condition's value as soon as it is true; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"waited {seconds} s in vain; the last value was {value!r}"
        time.sleep(pause)
