"""The event sources are killed again and again under load: nothing is missing and nothing doubled afterwards."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random

import pytest

from chalicelib import queues
from chalicelib.ledger.table import read_wallet
from chalicelib.ledger.verify import verify
from local.aws import Aws
from local.resources import Deployment
from tests.build import event
from tests.conftest import NewWallet
from tests.environment import use
from tests.wait import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.system]

ROOT = Path(__file__).resolve().parents[2]
KILLS = 20
EVENTS = 6_000
ACCOUNTS = 6


@contextmanager
def event_sources(stack: str, directory: Path, turn: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run the event sources as a process of their own; whatever becomes of them, they are gone in the end."""
    ready = directory / f"ready-{turn}"
    command = [sys.executable, "-m", "local.event_sources", "--stack", stack]
    command += ["--positions", str(directory), "--ready", str(ready)]
    with (directory / "log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env={**os.environ}, stdout=log, stderr=log)
    try:
        wait_for(lambda: ready.exists() or process.poll() is not None, seconds=300)
        assert process.poll() is None, (directory / "log").read_text()[-3000:]
        yield process
    finally:
        process.kill()
        process.wait()


def send_all(bodies: list[str]) -> None:
    for start in range(0, len(bodies), 10):
        entries = [{"Id": str(place), "MessageBody": body} for place, body in enumerate(bodies[start : start + 10])]
        answer = queues.client().send_message_batch(QueueUrl=os.environ["USAGE_QUEUE_URL"], Entries=entries)
        assert not answer.get("Failed")


def posted(accounts: list[str]) -> int:
    return sum(read_wallet(account).sequence for account in accounts)


def has_posted(accounts: list[str], goal: int) -> bool:
    return posted(accounts) >= goal


def test_twenty_kills_under_load_lose_nothing_and_double_nothing(
    aws: Aws, stack: Deployment, new_wallet: NewWallet, tmp_path: Path
) -> None:
    accounts = [new_wallet() for _ in range(ACCOUNTS)]
    bodies = [json.dumps(event(accounts[number % ACCOUNTS], number)) for number in range(EVENTS)]
    random = Random(20)
    with use({"AWS_ENDPOINT_URL": aws.endpoint}):
        sender = threading.Thread(target=send_all, args=(bodies,))
        sender.start()
        for turn in range(KILLS):
            with event_sources(stack.stack, tmp_path, turn) as process:
                seen = posted(accounts)
                goal = min(EVENTS, seen + random.randrange(1, EVENTS // KILLS))
                wait_for(partial(has_posted, accounts, goal), seconds=600, pause=0.05)
                process.send_signal(signal.SIGKILL)
        sender.join()
        with event_sources(stack.stack, tmp_path, KILLS):
            wait_for(partial(has_posted, accounts, EVENTS), seconds=1200, pause=1)
    assert [verify(account).difference for account in accounts] == [None] * ACCOUNTS
    assert [read_wallet(account).sequence for account in accounts] == [EVENTS // ACCOUNTS] * ACCOUNTS
