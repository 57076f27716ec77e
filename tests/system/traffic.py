"""Accounts of a running system, the messages that are sent to it, and the balances that they lead to."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from itertools import islice
from typing import Any

import boto3
import requests
from botocore.config import Config

from local.system import System

SENDERS = 8


def make_accounts(system: System, accounts: Iterable[str]) -> None:
    headers = {"Authorization": f"Bearer {system.token('', 'operator')}"}
    body = {"kind": "workspace", "name": "Acme", "email": "a@b.example", "currency": "usd"}
    for account in accounts:
        answer = requests.put(f"{system.url}/v1/accounts/{account}", json=body, headers=headers, timeout=30)
        assert answer.status_code == 201, answer.text


def balances(system: System, accounts: Iterable[str]) -> dict[str, int]:
    found = {}
    for account in accounts:
        headers = {"Authorization": f"Bearer {system.token(account)}"}
        answer = requests.get(f"{system.url}/v1/accounts/{account}/access", headers=headers, timeout=30).json()
        found[account] = int(Decimal(answer["available"]) * 1_000_000)
    return found


def queue(system: System) -> Any:
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    config = Config(max_pool_connections=SENDERS)
    return boto3.client("sqs", endpoint_url=system.aws_endpoint, region_name=system.region, config=config, **keys)


def send(system: System, bodies: Iterable[str]) -> None:
    sqs, remaining = queue(system), iter(bodies)
    portions = iter(lambda: list(islice(remaining, 10)), [])

    def send_portion(portion: list[str]) -> None:
        entries = [{"Id": str(place), "MessageBody": body} for place, body in enumerate(portion)]
        answer = sqs.send_message_batch(QueueUrl=system.usage_queue_url, Entries=entries)
        assert not answer.get("Failed")

    with ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(send_portion, portions))
