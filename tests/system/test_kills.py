"""The event sources are killed again and again under load; afterwards nothing is missing and nothing is doubled."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from local.processes import ROOT
from local.resources import SHORT_TIMES
from local.system import System
from tests.build import event
from tests.system.traffic import balances, make_accounts, queue, send
from tests.wait import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("processes")]

KILLS = 8
EVENTS = 2_400
REPEATS = EVENTS // 10
PRICE_MICROS = 50_000
WALLETS = [f"wallet-{number}" for number in range(4)]


def posted(system: System) -> int:
    """Return how many events the balances account for."""
    return -sum(balances(system, WALLETS).values()) // PRICE_MICROS


def has_posted(system: System, goal: int) -> bool:
    return posted(system) >= goal


def test_after_kills_under_load_nothing_is_missing_and_nothing_is_doubled(tmp_path: Path) -> None:
    random = Random(20)
    events = [event(WALLETS[number % len(WALLETS)], number) for number in range(EVENTS)]
    bodies = iter([json.dumps(each) for each in random.sample([*events, *events[:REPEATS]], EVENTS + REPEATS)])
    # A kill counts as a delivery of all that was in hand; none of it is broken, so none of it may be put away.
    parameters = {**SHORT_TIMES, "UsageMaxReceiveCount": str(2 * KILLS)}
    with System(tmp_path, parameters=parameters) as system, ThreadPoolExecutor(1) as sender:
        make_accounts(system, WALLETS)
        for _ in range(KILLS):
            before = posted(system)
            sending = sender.submit(send, system, list(islice(bodies, (EVENTS + REPEATS) // KILLS)))
            wait_for(partial(has_posted, system, before + random.randrange(1, EVENTS // KILLS // 2)), seconds=600)
            system.kill_event_sources()
            sending.result()
            system.start_event_sources()
        wait_for(lambda: waiting(system, system.usage_queue_url) == 0, seconds=1200, pause=1)
        assert balances(system, WALLETS) == dict.fromkeys(WALLETS, -EVENTS // len(WALLETS) * PRICE_MICROS)
        assert waiting(system, system.dead_letter_queue_url) == 0
        verify(system)


def waiting(system: System, url: str) -> int:
    """Return how many messages a queue holds, those that somebody has in hand among them."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = queue(system).get_queue_attributes(QueueUrl=url, AttributeNames=names)
    return sum(map(int, answer["Attributes"].values()))


def verify(system: System) -> None:
    """Verify every account as an operator does; whatever does not agree is an error."""
    environment = {**os.environ, **system.environment}
    subprocess.run([sys.executable, "-m", "ops", "verify", "--all"], cwd=ROOT, env=environment, check=True)
