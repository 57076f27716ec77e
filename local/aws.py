"""The emulator of AWS as a process, and stacks of the project's resources in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from local.keys import Keys
from local.mailbox import open_mailbox
from local.ports import HOST, preferred_port
from local.processes import Processes, http_answers
from local.resources import CREDENTIALS, SHORT_TIMES, Deployment, client, deploy

STACK = "billing-portal"


@dataclass
class Aws:
    """A running emulator of AWS. `stop` it, or use it as a context manager."""

    endpoint: str
    processes: Processes
    keys: Keys

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @cached_property
    def deployment(self) -> Deployment:
        """Return the default stack, deployed on first use."""
        return self.deploy(STACK)

    @property
    def environment(self) -> Mapping[str, str]:
        """Return the environment that code needs to work on the default stack."""
        return self.deployment.environment

    def deploy(self, stack: str, parameters: Mapping[str, str] = SHORT_TIMES) -> Deployment:
        """Deploy the resources as a stack with another name: it has its own tables and queues, all empty."""
        open_mailbox(self.endpoint)
        return deploy(self.endpoint, stack, self.keys.secret, parameters)

    def client(self, service: str) -> Any:
        """Return a boto3 client of this emulator."""
        return client(service, self.endpoint)

    def stop(self) -> None:
        """Stop the emulator; it saves its state first if it was started with `keep`."""
        self.processes.stop()


def start_aws(
    directory: Path,
    *,
    port: int | None = None,
    processes: Processes | None = None,
    keys: Keys | None = None,
    keep: bool = False,
    guarded: bool = False,
    environment: Mapping[str, str] | None = None,
) -> Aws:
    """Start the emulator of AWS and wait until it answers.

    Its log and, with `keep`, its state are in `directory`. It listens on `port` if that is free, else on a free port.
    `environment` is added to its own, which the functions that are deployed into it inherit.
    With `guarded` it refuses what a caller's policies do not allow; the usual credentials are then the root user's.
    """
    port = preferred_port(port)
    endpoint = f"http://{HOST}:{port}"
    processes = processes or Processes(directory / "logs")
    processes.start(
        "local.ministack",
        environment={
            "GATEWAY_PORT": str(port),
            # The first is the address that it listens on, the second the host in the URLs of queues.
            "BIND_HOST": HOST,
            "MINISTACK_HOST": HOST,
            # The AWS endpoint for its functions, whatever endpoint this process inherited.
            "AWS_ENDPOINT_URL": endpoint,
            "MINISTACK_REGION": "us-east-1",
            "PERSIST_STATE": "1" if keep else "0",
            "STATE_DIR": str(directory / "aws"),
            "S3_PERSIST": "1" if keep else "0",
            "S3_DATA_DIR": str(directory / "aws" / "s3"),
            # Listeners on fixed ports: they are not used here, and two runs at once would both need them.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "LOG_LEVEL": "WARNING",
            "AUTH": "true" if guarded else "false",
            **CREDENTIALS,
            **(environment or {}),
        },
        answers=http_answers(f"{endpoint}/_ministack/health"),
    )
    return Aws(endpoint, processes, keys or Keys.generate())
