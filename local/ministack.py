"""ministack, the emulator of AWS, behind a faster server and with a memory: it takes a third of its own time.

Its own server takes as long for a call as all else that the call needs, and it reads the expressions of a query anew
for each row that the query looks at.
"""

import os
from functools import cache
from types import ModuleType
from typing import Final

import uvicorn
from ministack.services import dynamodb

KEEP_ALIVE_SECONDS: Final = 75
STOP_SECONDS: Final = 3
"""How long calls in progress, such as one that waits for a message, may take when it is told to stop."""

READERS: Final = ("_tokenize", "_condition_syntax_error")
"""What reads an expression, and depends on its text alone."""


def remember(module: ModuleType, names: tuple[str, ...]) -> None:
    """Keep what these functions return."""
    for name in names:
        setattr(module, name, cache(getattr(module, name)))


def main() -> None:
    """Serve it at `BIND_HOST` and `GATEWAY_PORT` until the process is told to stop; it then saves its state."""
    remember(dynamodb, READERS)
    uvicorn.run(
        "ministack.app:app",
        host=os.environ["BIND_HOST"],
        port=int(os.environ["GATEWAY_PORT"]),
        loop="uvloop",
        http="httptools",
        log_level=os.environ["LOG_LEVEL"].lower(),
        access_log=False,
        proxy_headers=False,
        # AWS sends no Server; ministack sends a Date of its own.
        server_header=False,
        date_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
    )


if __name__ == "__main__":
    main()
