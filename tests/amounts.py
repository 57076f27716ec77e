"""Look for amounts in a text that shows times, too: the seconds of `10:00:30.350Z` look like an amount of 0.35."""

import re
from typing import Final

TIME: Final = re.compile(r"\d\d?:\d\d(:\d\d(\.\d+)?)?")


def without_times(text: str) -> str:
    """Return a text without the times of day in it."""
    return TIME.sub("", text)
