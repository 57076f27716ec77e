"""An emulator as a separate process, which can be stopped, killed and started again on the same port."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).parents[2]
WEBHOOK_SECRET = "whsec_emulator"  # noqa: S105
CONNECT_WEBHOOK_SECRET = "whsec_emulator_connect"  # noqa: S105


class EmulatorProcess:
    """An emulator process on a free port of this machine."""

    def __init__(
        self,
        *,
        webhook_url: str = "",
        webhook_secret: str = WEBHOOK_SECRET,
        connect_webhook_url: str = "",
        connect_webhook_secret: str = CONNECT_WEBHOOK_SECRET,
        state: Path | None = None,
        port: int | None = None,
        delay_seconds: float = 0.1,
        search_lag_seconds: float = 1.0,
        arguments: Sequence[str] = (),
    ) -> None:
        """Choose how to run it; `start` (or `with`) runs it.

        `delay_seconds` is the delay of automatic changes (settling, disputes of the dispute card, failing refunds).
        `arguments` are further arguments of its command line.
        """
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.webhook_secret = webhook_secret
        self.connect_webhook_secret = connect_webhook_secret
        self._arguments = [
            "--port",
            str(self.port),
            "--delay",
            str(delay_seconds),
            "--search-lag",
            str(search_lag_seconds),
        ]
        if state:
            self._arguments += ["--state", str(state)]
        if webhook_url:
            self._arguments += ["--webhook-url", webhook_url, "--webhook-secret", webhook_secret]
        if connect_webhook_url:
            self._arguments += ["--connect-webhook-url", connect_webhook_url]
            self._arguments += ["--connect-webhook-secret", connect_webhook_secret]
        self._arguments += arguments
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, type: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> Self:
        """Start the process and return when it answers. A running process is left as it is."""
        if self._process is not None:
            return self
        command = [sys.executable, "-m", "local.stripe_emulator", *self._arguments]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        if self._process.stdout is None or "ready" not in self._process.stdout.readline():
            self.stop()
            raise RuntimeError("the Stripe emulator did not start; its error is above")
        return self

    def stop(self) -> None:
        """End the process as Ctrl-C would, and wait for it."""
        self._end(subprocess.Popen.terminate)

    def kill(self) -> None:
        """End the process as a power cut would (SIGKILL). `start` runs it again on the same port."""
        self._end(subprocess.Popen.kill)

    def _end(self, how: Callable[[subprocess.Popen[str]], None]) -> None:
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            how(self._process)
        self._process.wait(timeout=10)
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None


def free_port() -> int:
    """Return a port of this machine that no process listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
