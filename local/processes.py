"""Child processes: started one by one, each after the one before it answers, and stopped in reverse order."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from local.ports import HOST

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60
STOP_SECONDS = 30
HIDDEN_VARIABLES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_CONTAINER_CREDENTIALS_FULL_URI")
"""Variables of the user's own AWS account that must not reach a child."""


class ProcessFailed(Exception):
    """A child ended by itself, or did not answer in time. Its message holds the end of the child's log."""


@dataclass
class Child:
    """A running child: its name, its process and the file that its output goes to."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def failure(self, what: str) -> ProcessFailed:
        """Return the error that says what went wrong, with the last lines of the log."""
        tail = self.log.read_text(errors="replace").splitlines()[-15:]
        return ProcessFailed("\n".join([f"{self.name} {what}; the end of {self.log}:", *tail]))

    def stop(self) -> None:
        """Tell the child to stop and wait until it has; kill it if it does not."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()


@dataclass
class Processes:
    """The children of one run. As a context manager it stops them all on exit, the last started first."""

    logs: Path
    children: list[Child] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(
        self,
        module: str,
        *arguments: str,
        environment: Mapping[str, str],
        answers: Callable[[], bool],
    ) -> Child:
        """Start a module as a process and wait until `answers` returns True.

        The child's environment is this process's, overridden by `environment`. Raises ProcessFailed.
        """
        self.logs.mkdir(parents=True, exist_ok=True)
        child = self._launch(module, arguments, environment)
        self.children.append(child)
        deadline = time.monotonic() + START_SECONDS
        while not answers():
            if child.process.poll() is not None:
                raise child.failure(f"ended with status {child.process.returncode}")
            if time.monotonic() > deadline:
                raise child.failure(f"did not answer within {START_SECONDS} seconds")
            time.sleep(0.02)
        return child

    def check(self) -> None:
        """Raise ProcessFailed if any child has ended by itself."""
        for child in self.children:
            if child.process.poll() is not None:
                raise child.failure(f"ended with status {child.process.returncode}")

    def kill(self, module: str) -> None:
        """Kill the children that run a module, as a power failure does."""
        for child in [child for child in self.children if child.name == module]:
            self.children.remove(child)
            child.process.kill()
            child.stop()

    def stop(self) -> None:
        """Stop every child, the last started first, so that no child loses another that it depends on."""
        while self.children:
            self.children.pop().stop()

    def _launch(self, module: str, arguments: Sequence[str], environment: Mapping[str, str]) -> Child:
        inherited = {name: value for name, value in os.environ.items() if name not in HIDDEN_VARIABLES}
        path = os.pathsep.join(filter(None, [str(ROOT), inherited.get("PYTHONPATH")]))
        log = self.logs / f"{module.rsplit('.', 1)[-1]}.log"
        with log.open("wb") as output:
            # A session of its own: Ctrl-C reaches only the parent, which then stops the children in order.
            process = subprocess.Popen(
                [sys.executable, "-m", "local.child", module, *arguments],
                env={
                    **inherited,
                    "PYTHONUNBUFFERED": "1",
                    "PYTHONFAULTHANDLER": "1",
                    "PYTHONPATH": path,
                    **environment,
                },
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return Child(module, process, log)


def listens(port: int) -> Callable[[], bool]:
    """Return a check that something listens on a port of this machine."""

    def check() -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            return probe.connect_ex((HOST, port)) == 0

    return check


def http_answers(url: str) -> Callable[[], bool]:
    """Return a check that a GET of `url` is answered with success."""

    def check() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own server's address
                return True
        except (OSError, urllib.error.URLError):
            return False

    return check
