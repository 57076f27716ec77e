"""Many at once on one wallet: nothing lost, nothing doubled."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from random import Random
from threading import Lock
from typing import Any

from botocore.awsrequest import AWSResponse

from chalicelib.ledger import statement, table
from chalicelib.ledger.post import LedgerBusy, post
from chalicelib.ledger.transaction import Entry
from chalicelib.ledger.verify import verify
from chalicelib.tables import connection
from tests.build import debit
from tests.conftest import NewWallet

EVENTS = 400
THREADS = 16
ROOT = Path(__file__).resolve().parents[2]


def overlapping_batches(seed: int) -> list[list[Entry]]:
    """Return batches that together send each event three times, in an order of their own."""
    random = Random(seed)
    sent = [debit(number) for number in range(EVENTS)] * 3
    random.shuffle(sent)
    return [sent[start : start + 25] for start in range(0, len(sent), 25)]


def post_until_posted(account_id: str, batch: list[Entry]) -> int:
    """Post as the queue would have it posted: again, when the ledger was busy. Return how many were fresh."""
    while True:
        try:
            return len(post({account_id: batch})[account_id].fresh)
        except LedgerBusy:
            continue


def assert_each_event_once(account_id: str) -> None:
    wallet = table.read_wallet(account_id)
    assert (wallet.sequence, wallet.balance_micros) == (EVENTS, -EVENTS * 50_000)
    assert verify(account_id).difference is None
    found = statement.history(account_id, limit=500).transactions
    assert {each.entry.event_id for each in found} == {f"event-{number}" for number in range(EVENTS)}


def test_sixteen_threads_posting_overlapping_batches_post_each_event_once(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    with ThreadPoolExecutor(THREADS) as pool:
        fresh = sum(pool.map(lambda batch: post_until_posted(account_id, batch), overlapping_batches(seed=1)))
    assert fresh == EVENTS
    assert_each_event_once(account_id)


def test_as_many_processes_as_cores_post_each_event_once(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    command = [sys.executable, "-m", "tests.ledger.poster", account_id]
    workers = [
        subprocess.Popen([*command, str(seed)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for seed in range(max(2, os.cpu_count() or 2))
    ]
    fresh = [int(worker.communicate(timeout=120)[0]) for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * len(workers)
    assert sum(fresh) == EVENTS
    assert_each_event_once(account_id)


def test_a_transaction_conflict_is_one_more_lost_race(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    with every_other_commit_refused() as refused, ThreadPoolExecutor(4) as pool:
        fresh = sum(pool.map(lambda batch: post_until_posted(account_id, batch), overlapping_batches(seed=2)))
    assert len(refused) > 10
    assert fresh == EVENTS
    assert_each_event_once(account_id)


def test_a_commit_that_happened_without_an_answer_is_not_repeated(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    with every_other_commit_refused(after_the_effect=True) as refused:
        for batch in overlapping_batches(seed=3)[:12]:
            post_until_posted(account_id, batch)
    assert len(refused) > 3
    sent = {entry.event_id for batch in overlapping_batches(seed=3)[:12] for entry in batch}
    assert table.read_wallet(account_id).sequence == len(sent)
    assert verify(account_id).difference is None


@contextmanager
def every_other_commit_refused(*, after_the_effect: bool = False) -> Iterator[list[str]]:
    """Answer every other transaction as DynamoDB does when two meet, at the wire; no emulator ever does.

    With `after_the_effect` the transaction is carried out first and then answered with an error of the server.
    """
    refused: list[str] = []
    lock, turn = Lock(), iter(range(1_000_000))
    client: Any = connection().client

    def answer(request: Any, **_: Any) -> AWSResponse | None:
        with lock:
            if next(turn) % 2 == 0:
                return None
            refused.append(request.url)
        if after_the_effect:
            client._endpoint.http_session.send(request.prepare() if hasattr(request, "prepare") else request)
            return _response(request, 500, {"__type": "InternalServerError", "message": "not heard"})
        reasons = [{"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}]
        body = {"__type": "TransactionCanceledException", "message": "cancelled", "CancellationReasons": reasons}
        return _response(request, 400, body)

    client.meta.events.register("before-send.dynamodb.TransactWriteItems", answer)
    try:
        yield refused
    finally:
        client.meta.events.unregister("before-send.dynamodb.TransactWriteItems", answer)


def _response(request: Any, status: int, body: dict[str, Any]) -> AWSResponse:
    raw = _Raw(json.dumps(body).encode())
    return AWSResponse(request.url, status, {"Content-Type": "application/x-amz-json-1.0"}, raw)


class _Raw:
    """The body of an answer, as urllib3 hands it over."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.content
