"""The emulator's time: the machine's, plus an offset that tests move."""

from __future__ import annotations

import time


class Clock:
    """The clock for the timestamps of objects.

    `sign_webhooks` applies the offset to webhook signatures too: receivers compare those with their own clock, so the
    offset is left out unless a test asks for it.
    """

    def __init__(self) -> None:
        self.offset_seconds = 0.0
        self.sign_webhooks = False

    def now(self) -> float:
        """Return the emulator's time in seconds since 1970."""
        return time.time() + self.offset_seconds

    def signature_time(self) -> int:
        """Return the time to sign a webhook with."""
        return int(self.now() if self.sign_webhooks else time.time())
