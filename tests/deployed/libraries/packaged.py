"""The code as it was packaged, in a process of the Python that packaged it, which has nothing else to import."""

import json
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from chalice.local import LambdaEventConverter

from app import app
from infrastructure.package import packaging_python
from local.api import GreedyMatcher

PROGRAM = Path(__file__).with_name("lambda_process.py")
API = "chalicelib.api.app"


class Packaged:
    """A process that answers events with the package's code and libraries, and none of this machine's."""

    def __init__(self, task: Path, libraries: Path, environment: Mapping[str, str], log: Path) -> None:
        self._events = LambdaEventConverter(GreedyMatcher(list(app.routes)))
        self._log = log
        # -I and -S: neither the environment, nor the working directory, nor site-packages adds anything.
        command: list[str | Path] = [packaging_python(), "-I", "-S", PROGRAM, task, libraries]
        with log.open("w") as output:
            self._process = subprocess.Popen(
                command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=output, text=True
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def call(self, handler: str, event: Any) -> Any:
        """Call an entry point with an event."""
        return self._obey({"handler": handler, "event": event})

    def run(self, program: str) -> Any:
        """Run a program inside, and return what it leaves in `result`."""
        return self._obey({"program": program})

    def opened(self) -> list[str]:
        """Return the files of the libraries that were opened so far, by their paths below the libraries."""
        found: list[str] = self._obey({})
        return found

    def request(
        self, method: str, path: str, body: str = "", headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Send a request to the API's function as API Gateway does; return the function's answer."""
        event = self._events.create_lambda_event(method, path, {"x-forwarded-for": "192.0.2.1", **(headers or {})})
        answer: dict[str, Any] = self.call(API, {**event, "body": body, "isBase64Encoded": False})
        return answer

    def _obey(self, command: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the package's process has ended: {self._log.read_text()}"
        answer = json.loads(line)
        assert "error" not in answer, answer["error"]
        return answer["answer"]


class PackagedClient:
    """Asks the packaged API, and takes nothing but the answers that are expected."""

    def __init__(self, packaged: Packaged, token: str) -> None:
        self.packaged = packaged
        self.token = token

    def ask(self, method: str, path: str, body: Any = None, *, expect: int = 200) -> Any:
        """Send JSON as the operator, and return the JSON or the text of the answer."""
        headers = {
            "authorization": f"Bearer {self.token}",
            "idempotency-key": f"key-{time.monotonic_ns()}",
            "content-type": "application/json",
        }
        answer = self.packaged.request(method, path, "" if body is None else json.dumps(body), headers)
        assert answer["statusCode"] == expect, f"{method} {path}: {answer['statusCode']} {answer['body']}"
        try:
            return json.loads(answer["body"])
        except json.JSONDecodeError:
            return answer["body"]
