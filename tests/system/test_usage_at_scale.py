"""Thousands of messages through the running system: queue, event source, function, ledger, dead-letter queue."""

import json
import time
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from chalicelib.clock import iso, now_ms
from local.system import System
from tests.build import event
from tests.system.traffic import balances, make_accounts, queue, send
from tests.wait import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("processes")]

MESSAGES = 3_000
DUPLICATES = MESSAGES // 10
MALFORMED = MESSAGES // 100
WALLETS = [f"wallet-{number}" for number in range(10)]
PRICE_MICROS = {"sms": 50_000, "email": 2_500}


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with System(tmp_path_factory.mktemp("system")) as running:
        yield running


def good_events(random: Random, count: int) -> list[dict[str, Any]]:
    return [
        event(
            random.choice(WALLETS),
            number,
            type=random.choice(list(PRICE_MICROS)),
            time=iso(now_ms() - random.randrange(600_000)),
            data={"quantity": str(random.randint(1, 9)), "url": f"https://app.example.com/messages/{number}"},
        )
        for number in range(count)
    ]


def malformed(random: Random, count: int) -> list[str]:
    broken = [
        lambda number: f"not json {number}",
        lambda number: json.dumps(event("nobody", number)),
        lambda number: json.dumps(event(WALLETS[0], number, type="fax")),
        lambda number: json.dumps(event(WALLETS[0], number, data={"quantity": "-1"})),
        lambda number: json.dumps(event(WALLETS[0], number, time="2001-01-01T00:00:00Z")),
    ]
    return [random.choice(broken)(1_000_000 + number) for number in range(count)]


def test_the_balance_is_exact_and_the_dead_letters_are_exactly_the_malformed(system: System) -> None:
    random = Random(20)
    make_accounts(system, WALLETS)
    events = good_events(random, MESSAGES - DUPLICATES - MALFORMED)
    bad = malformed(random, MALFORMED)
    bodies = [json.dumps(each) for each in [*events, *random.sample(events, DUPLICATES)]] + bad
    random.shuffle(bodies)
    start = time.monotonic()
    send(system, bodies)
    expected = {wallet: -sum(charge(each) for each in events if each["subject"] == wallet) for wallet in WALLETS}
    wait_for(lambda: balances(system, WALLETS) == expected, seconds=1200, pause=2)
    print(f"{MESSAGES} messages sent and charged in {time.monotonic() - start:.1f} s")
    assert sorted(dead_letters(system, len(bad))) == sorted(bad)
    assert balances(system, WALLETS) == expected
    system.check()


def charge(sent: dict[str, Any]) -> int:
    return PRICE_MICROS[sent["type"]] * int(sent["data"]["quantity"])


def dead_letters(system: System, expected: int) -> list[str]:
    """Take the dead letters, until there are as many as expected and no more come."""
    sqs = queue(system)
    found: list[str] = []

    def take() -> bool:
        answer = sqs.receive_message(
            QueueUrl=system.dead_letter_queue_url, MaxNumberOfMessages=10, VisibilityTimeout=600
        )
        found.extend(message["Body"] for message in answer.get("Messages", []))
        return len(found) >= expected and not answer.get("Messages")

    wait_for(take, seconds=300)
    return found
