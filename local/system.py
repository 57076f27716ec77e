"""The whole system as processes: the emulators of AWS and Stripe, the event sources, and the app's API.

`make run` starts it on its usual ports and keeps its state; a test starts it on free ports in a directory of its own:

    with System(tmp_path) as system:
        requests.get(f"{system.url}/v1/...", headers={"Authorization": f"Bearer {system.token('acme')}"})
"""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from local.aws import STACK, start_aws
from local.keys import Keys
from local.ports import HOST, free_port, preferred_port
from local.processes import Processes, http_answers, listens
from local.resources import REGION, SHORT_TIMES, Deployment

EVENT_SOURCES: Final = "local.event_sources"
CLIENT_ID: Final = "ca_emulator"
"""The platform's client id at the emulator of Stripe."""


@dataclass(frozen=True, kw_only=True)
class Ports:
    """The ports that the processes listen on; each is any free port unless it is given."""

    page: int = field(default_factory=free_port)
    aws: int = field(default_factory=free_port)
    stripe: int = field(default_factory=free_port)

    @classmethod
    def usual(cls, page: int) -> "Ports":
        """Return the usual ports of these emulators, or free ports where those are taken."""
        return cls(page=page, aws=preferred_port(4566), stripe=preferred_port(12111))


class System:
    """The running system. A context manager: every process answers after entry, and is stopped on exit."""

    def __init__(
        self,
        directory: Path,
        *,
        ports: Ports | None = None,
        keep: bool = False,
        parameters: Mapping[str, str] = SHORT_TIMES,
    ) -> None:
        """Prepare a system whose logs, keys and state are in `directory`; with `keep`, AWS's state stays there too.

        `parameters` are those of the template.
        """
        self.directory = directory.resolve()
        self.ports = ports or Ports()
        self.keep = keep
        self.parameters = parameters
        self.processes = Processes(self.directory / "logs")
        self.keys = Keys.load(self.directory / "keys.json")
        self.url = f"http://{HOST}:{self.ports.page}"
        self.stripe_url = f"http://{HOST}:{self.ports.stripe}"
        self._deployment: Deployment | None = None

    def __enter__(self) -> Self:
        with ExitStack() as started:
            started.enter_context(self.processes)
            self._start()
            # Everything answers: the processes now run until `__exit__`.
            started.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.processes.stop()

    @property
    def deployment(self) -> Deployment:
        """Return the deployed resources."""
        if self._deployment is None:
            raise RuntimeError("the system is not running")
        return self._deployment

    @property
    def environment(self) -> Mapping[str, str]:
        """Return the environment that the app's code has, for code that works on the same resources."""
        connect = {"STRIPE_CONNECT_CLIENT_ID": CLIENT_ID, "STRIPE_CONNECT_ONBOARDING": "on"}
        urls = {"STRIPE_API_BASE": self.stripe_url, "PORTAL_BASE_URL": self.url}
        return {**self.deployment.environment, **urls, **connect}

    @property
    def aws_endpoint(self) -> str:
        """Return the URL of the emulator of AWS."""
        return self.deployment.endpoint

    @property
    def usage_queue_url(self) -> str:
        """Return the URL of the queue that producers send usage events to."""
        return self.deployment.usage_queue_url

    @property
    def dead_letter_queue_url(self) -> str:
        """Return the URL of the queue for messages that could not be charged."""
        return self.deployment.dead_letter_queue_url

    @property
    def region(self) -> str:
        """Return the region of the resources."""
        return REGION

    def token(self, account_id: str, role: str = "owner") -> str:
        """Return a bearer token for the API."""
        return self.keys.token(account_id, role)

    def check(self) -> None:
        """Raise ProcessFailed if any process has ended by itself."""
        self.processes.check()

    def start_event_sources(self) -> None:
        """Start the process that polls queues and streams and fires schedules; entry already does this."""
        ready = self.directory / "event_sources.ready"
        ready.unlink(missing_ok=True)
        self.processes.start(
            EVENT_SOURCES,
            *("--stack", self.deployment.stack),
            *("--positions", str(self.directory / "positions"), "--ready", str(ready)),
            environment=self.environment,
            answers=ready.exists,
        )

    def kill_event_sources(self) -> None:
        """Kill the event sources, whatever they are doing."""
        self.processes.kill(EVENT_SOURCES)

    def _start(self) -> None:
        aws = start_aws(self.directory, port=self.ports.aws, processes=self.processes, keys=self.keys, keep=self.keep)
        self._deployment = aws.deploy(STACK, self.parameters)
        self._start_stripe()
        # The API stops before the event sources, so that they can finish what it has started.
        self.start_event_sources()
        self.processes.start(
            "local.api",
            *("--port", str(self.ports.page)),
            environment=self.environment,
            answers=http_answers(f"{self.url}/health"),
        )

    def _start_stripe(self) -> None:
        self.processes.start(
            "local.stripe_emulator",
            *("--host", HOST, "--port", str(self.ports.stripe)),
            *("--state", str(self.directory / "stripe.json")),
            *("--webhook-url", f"{self.url}/webhooks/stripe"),
            *("--webhook-secret", self.keys.stripe_webhook_secret),
            *("--connect-webhook-url", f"{self.url}/webhooks/stripe-connect"),
            *("--connect-webhook-secret", self.keys.stripe_connect_webhook_secret),
            environment={},
            answers=listens(self.ports.stripe),
        )
