"""Writes a file when it has started, and a name at the end of another when it is told to stop."""

import signal
import sys
import time
from pathlib import Path
from types import FrameType

_, started, name, end = sys.argv


def stop(_number: int, _frame: FrameType | None) -> None:
    """Write the name and end."""
    with Path(end).open("a") as file:
        file.write(f"{name}\n")
    sys.exit(0)


signal.signal(signal.SIGTERM, stop)
Path(started).touch()
while True:
    time.sleep(0.05)  # signal.pause would miss a signal that comes just before it
