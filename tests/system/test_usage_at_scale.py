"""20,000 messages through the running system: queue, event source, function, ledger, dead-letter queue."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from itertools import islice
from random import Random
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config

from chalicelib.clock import iso, now_ms
from local.system import System
from tests.build import event
from tests.wait import wait_for

pytestmark = pytest.mark.slow

MESSAGES = 20_000
DUPLICATES = MESSAGES // 10
MALFORMED = MESSAGES // 100
WALLETS = [f"wallet-{number}" for number in range(10)]
PRICE_MICROS = {"sms": 50_000, "email": 2_500}
SENDERS = 8


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
    make_accounts(system)
    events = good_events(random, MESSAGES - DUPLICATES - MALFORMED)
    bad = malformed(random, MALFORMED)
    bodies = [json.dumps(each) for each in [*events, *random.sample(events, DUPLICATES)]] + bad
    random.shuffle(bodies)
    start = time.monotonic()
    send(system, bodies)
    expected = {wallet: -sum(charge(each) for each in events if each["subject"] == wallet) for wallet in WALLETS}
    wait_for(lambda: balances(system) == expected, seconds=1200, pause=2)
    print(f"{MESSAGES} messages sent and charged in {time.monotonic() - start:.1f} s")
    assert sorted(dead_letters(system, len(bad))) == sorted(bad)
    assert balances(system) == expected
    system.check()


def charge(sent: dict[str, Any]) -> int:
    return PRICE_MICROS[sent["type"]] * int(sent["data"]["quantity"])


def make_accounts(system: System) -> None:
    headers = {"Authorization": f"Bearer {system.token('', 'operator')}"}
    body = {"kind": "workspace", "name": "Acme", "email": "a@b.example", "currency": "usd"}
    for wallet in WALLETS:
        answer = requests.put(f"{system.url}/v1/accounts/{wallet}", json=body, headers=headers, timeout=30)
        assert answer.status_code == 201, answer.text


def balances(system: System) -> dict[str, int]:
    found = {}
    for wallet in WALLETS:
        headers = {"Authorization": f"Bearer {system.token(wallet)}"}
        answer = requests.get(f"{system.url}/v1/accounts/{wallet}/access", headers=headers, timeout=30).json()
        found[wallet] = int(Decimal(answer["available"]) * 1_000_000)
    return found


def queue(system: System) -> Any:
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    config = Config(max_pool_connections=SENDERS)
    return boto3.client("sqs", endpoint_url=system.aws_endpoint, region_name=system.region, config=config, **keys)


def send(system: System, bodies: list[str]) -> None:
    sqs, remaining = queue(system), iter(bodies)
    portions = iter(lambda: list(islice(remaining, 10)), [])

    def send_portion(portion: list[str]) -> None:
        entries = [{"Id": str(place), "MessageBody": body} for place, body in enumerate(portion)]
        answer = sqs.send_message_batch(QueueUrl=system.usage_queue_url, Entries=entries)
        assert not answer.get("Failed")

    with ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(send_portion, portions))


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
