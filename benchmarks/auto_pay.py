"""A burst that crosses the threshold of many wallets, on the running system: how many charges, and how long each takes.

The time is from the commit that crossed the threshold to the refill's credit, by the ledger's own times of posting; in
between are a stream, a decision, a queue and Stripe. Prints JSON.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice, takewhile
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, Final
from urllib.request import urlopen

import boto3
from botocore.config import Config

from benchmarks.events import message
from chalicelib.accounts.create_or_change import AccountRequest, create_or_change
from chalicelib.auto_pay.change_settings import AutoPayRequest, change_settings
from chalicelib.cards.table import get_payer
from chalicelib.catalog.catalog import catalog
from chalicelib.clock import now_ms
from chalicelib.history.adjust import AdjustmentRequest, adjust
from chalicelib.idempotency import Key
from chalicelib.ledger import statement
from chalicelib.ledger.table import read_wallet
from chalicelib.settings import settings
from chalicelib.text import Email, Line
from chalicelib.token import Caller
from local import demo
from local.system import System

MESSAGES: Final = 10_000
WALLETS: Final = 100
THRESHOLD_MICROS: Final = 20_000_000
OPERATOR: Final = Caller("operator", None, "benchmark")
ALONE: Final = 9
AT_ONCE: Final = 8
PATIENCE_SECONDS: Final = 180


def wallet(system: System, number: int) -> str:
    """Make an account with a card, 22 dollars and auto-pay; 100 messages at 5 cents take it below 20."""
    account_id = f"burst-{number}"
    request = AccountRequest(kind="workspace", name=Line("Acme"), email=Email("billing@acme.example"), currency="usd")
    account, _ = create_or_change(OPERATOR, account_id, request, catalog())
    start = AdjustmentRequest("credit", "22.00", Line("to start with"))
    adjust(account, start, key=Key("start", "operator"), actor="benchmark")
    demo.enter_card(system, account_id, "pm_card_visa")
    settings_ = AutoPayRequest(enabled=True, threshold="20", amount="50", monthly_limit="500")
    change_settings(get_payer(account_id), settings_, actor="benchmark", catalog=catalog())
    return account_id


def send(system: System, bodies: Iterator[str]) -> None:
    """Send messages to the usage queue, as producers do."""
    sqs = boto3.client("sqs", config=Config(max_pool_connections=AT_ONCE))

    def send_ten(ten: list[str]) -> None:
        entries = [{"Id": str(place), "MessageBody": body} for place, body in enumerate(ten)]
        if sqs.send_message_batch(QueueUrl=system.usage_queue_url, Entries=entries).get("Failed"):
            raise RuntimeError("the queue took not all messages")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(send_ten, iter(lambda: list(islice(bodies, 10)), [])))


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the system did not come to rest")
        time.sleep(0.25)


def balance_micros(account_id: str) -> int:
    """Return a wallet's balance."""
    return read_wallet(account_id).balance_micros


def seconds_to_refill(account_id: str) -> float:
    """Return how long the last refill took: from the page that crossed the threshold to the credit."""
    found = statement.read_history(account_id, limit=200).transactions
    newest_first = sorted(found, key=lambda transaction: transaction.sequence, reverse=True)
    credit = next(each for each in newest_first if each.content.kind == "auto_pay")
    low = [each for each in newest_first if each.sequence < credit.sequence]
    crossed = list(takewhile(lambda each: each.balance_after_micros < THRESHOLD_MICROS, low))[-1]
    return (credit.posted_at_ms - crossed.posted_at_ms) / 1000


def refilled_alone(system: System, account_id: str) -> float:
    """Use up 50 dollars of a wallet while nothing else happens; return how long its refill took."""
    event = json.loads(message(Random(account_id), account_id, now_ms()))
    body = json.dumps({**event, "type": "ai_tokens", "data": {"amount": "50"}})
    before = read_wallet(account_id).sequence
    send(system, iter([body]))
    wait_for(lambda: read_wallet(account_id).sequence == before + 2)
    return seconds_to_refill(account_id)


def succeeded_charges(system: System) -> int:
    """Count the succeeded charges at Stripe."""
    with urlopen(f"{system.stripe_url}/_control/objects/charge", timeout=30) as answer:
        charges: list[dict[str, Any]] = json.load(answer)["data"]
    return sum(charge["status"] == "succeeded" for charge in charges)


def burst(system: System) -> dict[str, Any]:
    """Send the burst, and wait until every wallet has the expected balance."""
    random = Random(20261124)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        wallets = list(pool.map(lambda number: wallet(system, number), range(WALLETS)))
    end_ms = now_ms()
    bodies = (message(random, wallets[number % WALLETS], end_ms - number) for number in range(MESSAGES))
    begun = time.monotonic()
    send(system, bodies)
    wait_for(lambda: all(balance_micros(each) == 67_000_000 for each in wallets))
    taken = time.monotonic() - begun
    charges = succeeded_charges(system)
    if charges != WALLETS:
        raise RuntimeError(f"{charges} charges for {WALLETS} wallets")
    seconds = [seconds_to_refill(each) for each in wallets]
    alone = [refilled_alone(system, each) for each in wallets[:ALONE]]
    return {
        "auto_pay_burst_messages": MESSAGES,
        "auto_pay_burst_wallets": WALLETS,
        "auto_pay_burst_charges": charges,
        "auto_pay_burst_seconds": round(taken, 1),
        "auto_pay_refill_seconds_median": round(median(seconds), 2),
        "auto_pay_refill_seconds_worst": round(max(seconds), 2),
        "auto_pay_refill_alone_seconds_median": round(median(alone), 2),
        "auto_pay_refill_alone_seconds_worst": round(max(alone), 2),
    }


@contextmanager
def running() -> Iterator[System]:
    """Run the whole system, with this process's settings pointing at it."""
    with tempfile.TemporaryDirectory() as directory, System(Path(directory)) as system:
        os.environ.update(system.environment)
        settings.cache_clear()
        yield system


if __name__ == "__main__":
    with running() as started:
        figures = burst(started)
    json.dump(figures, sys.stdout)
