"""The log of received API calls, and the limit on calls per second."""

from __future__ import annotations

import threading
import time
from collections import deque

from local.stripe_emulator.errors import Json, rate_limited

MOST_KEPT = 20_000


class Calls:
    """Every call, for tests to count."""

    def __init__(self) -> None:
        self._calls: deque[Json] = deque(maxlen=MOST_KEPT)

    def add(self, call: Json) -> None:
        """Log a call; its status is filled in when it is answered."""
        self._calls.append(call)

    def all(self) -> list[Json]:
        """Return the calls, oldest first."""
        return [dict(call) for call in list(self._calls)]

    def clear(self) -> None:
        """Delete the log."""
        self._calls.clear()


class RateLimit:
    """Limits the calls per second to one endpoint of one account (https://docs.stripe.com/rate-limits)."""

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._seen: dict[tuple[str, str], deque[float]] = {}
        self._guard = threading.Lock()

    def check(self, account: str, endpoint: str) -> None:
        """Count a call, or refuse it with a 429."""
        if not self._per_second:
            return
        now = time.monotonic()
        with self._guard:
            seen = self._seen.setdefault((account, endpoint), deque())
            while seen and now - seen[0] >= 1:
                seen.popleft()
            if len(seen) >= self._per_second:
                raise rate_limited()
            seen.append(now)
