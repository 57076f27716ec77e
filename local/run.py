"""`make run`: the whole system on this machine, until Ctrl-C. See `local/system.py` for its parts."""

import argparse
import fcntl
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType

from local import demo
from local.keys import write_private
from local.portal_sign_in import PortalSignIn
from local.ports import PortTaken, page_port
from local.processes import ROOT, ProcessFailed
from local.system import Ports, System

DIRECTORY = ROOT / ".local"
ACCOUNT_ID = "acme"
"""The workspace that the first run creates."""
CHECK_SECONDS = 0.5
STOPPING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class AlreadyRunning(Exception):
    """Another `make run` uses the same state."""


@dataclass(frozen=True, kw_only=True)
class RunningSystem:
    """What `.local/run.json` tells programs about the running system."""

    url: str
    portal_url: str
    aws_endpoint: str
    region: str
    usage_queue_url: str
    dead_letter_queue_url: str
    stripe_url: str
    operator_token: str
    producer_token: str
    owner_token: str
    account_id: str

    @classmethod
    def of(cls, system: System, sign_in: PortalSignIn) -> "RunningSystem":
        """Describe a system that has started."""
        return cls(
            url=system.url,
            portal_url=sign_in.url,
            aws_endpoint=system.aws_endpoint,
            region=system.region,
            usage_queue_url=system.usage_queue_url,
            dead_letter_queue_url=system.dead_letter_queue_url,
            stripe_url=system.stripe_url,
            operator_token=system.token("operator", "operator"),
            producer_token=system.token("producer", "producer"),
            owner_token=system.token(ACCOUNT_ID, "owner"),
            account_id=ACCOUNT_ID,
        )


def main() -> int:
    """Run the system until it is told to stop; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=Path, default=DIRECTORY, help="where the state is kept")
    directory: Path = parser.parse_args().directory
    for signal_number in STOPPING_SIGNALS:
        signal.signal(signal_number, _stop)
    _keep_private(directory)
    try:
        with _lock(directory / "lock"):
            ports = Ports.usual(page_port(os.environ))
            with (
                System(directory, ports=ports, keep=True) as system,
                PortalSignIn(system.url, system.token("operator", "operator"), ACCOUNT_ID) as sign_in,
            ):
                _serve(system, RunningSystem.of(system, sign_in))
    except (AlreadyRunning, PortTaken, ProcessFailed) as error:
        print(f"make run: {error}", file=sys.stderr)
        return 1
    return 0


def _serve(system: System, running: RunningSystem) -> None:
    filled = system.directory / "filled"
    if not filled.exists():
        print("Filling in a workspace ...", flush=True)
        with (system.directory / "logs" / "demo.log").open("w") as log, redirect_stdout(log):
            # No function runs meanwhile: it would date by the real clock what the demo dates by the month's.
            system.kill_event_sources()
            demo.fill(system, ACCOUNT_ID)
            system.start_event_sources()
        filled.touch()
    description, environment = system.directory / "run.json", system.directory / "environment.json"
    try:
        write_private(environment, json.dumps(dict(system.environment), indent=2))
        write_private(description, json.dumps(asdict(running), indent=2))
        print(_first_screen(running), flush=True)
        while True:
            system.check()
            time.sleep(CHECK_SECONDS)
    finally:
        description.unlink(missing_ok=True)
        environment.unlink(missing_ok=True)
        print("\nStopping ...", flush=True)


def _keep_private(directory: Path) -> None:
    """Keep other users of this machine from reading what this process, its children and earlier runs write."""
    os.umask(0o077)
    if (directory / "keys.json").exists():
        directory.chmod(0o700)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Lock the state for this run. Raises AlreadyRunning."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning("it runs already, in this directory") from None
        yield


def _stop(_number: int, _frame: FrameType | None) -> None:
    # A second Ctrl-C must not interrupt the emulator while it writes its state.
    for signal_number in STOPPING_SIGNALS:
        signal.signal(signal_number, signal.SIG_IGN)
    raise SystemExit(0)


def _first_screen(running: RunningSystem) -> str:
    account = f"{running.url}/v1/accounts/{running.account_id}"
    # For a shell: the single quotes close before each command that it substitutes and open again after it.
    event = (
        f'{{"specversion": "1.0", "id": "\'$(date +%s)\'", "source": "/try", "type": "sms", '
        f'"subject": "{running.account_id}", "time": "\'$(date -u +%FT%TZ)\'", "data": {{"quantity": "1"}}}}'
    )
    return f"""
The billing portal is running. Ctrl-C stops it; `make run` finds its data again; `make reset` forgets it.

  Portal  {running.portal_url} shows Settings > Billing of {running.account_id}; Stripe's test cards work
  API     {running.url}/v1, described at {running.url}/openapi.json
  AWS     {running.aws_endpoint}, an emulator; key and secret are "test", the region is {running.region}
  Stripe  {running.stripe_url}, an emulator
  Logs    .local/logs; all of this for programs: .local/run.json

Try it in another terminal, from this directory. First:

  get() {{ python3 -c "import json; print(json.load(open('.local/run.json'))['$1'])"; }}
  TOKEN=$(get owner_token) PRODUCER=$(get producer_token) AWS=$(get aws_endpoint) QUEUE=$(get usage_queue_url)
  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION={running.region}

May {running.account_id} use the product now, and what has it used?

  curl -s -H "Authorization: Bearer $TOKEN" {account}/access
  curl -s -H "Authorization: Bearer $TOKEN" "{account}/transactions?limit=3"

Use something, over HTTP or, with AWS's command line, over the queue:

  curl -s -H "Authorization: Bearer $PRODUCER" -H "Content-Type: application/json" {running.url}/v1/usage -d '{event}'
  aws sqs send-message --endpoint-url $AWS --queue-url $QUEUE --message-body '{event}'
"""


if __name__ == "__main__":
    sys.exit(main())
