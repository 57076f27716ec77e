"""Many at once on one wallet: nothing lost, nothing doubled."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from chalicelib.ledger import statement, table
from chalicelib.ledger.verify import verify
from tests.build import debit
from tests.conftest import NewWallet
from tests.ledger.overlapping import EVENTS, overlapping_batches, pairs_of, post_until_posted
from tests.ledger.wire import every_other_commit_refused

THREADS = 16
ROOT = Path(__file__).resolve().parents[2]


def assert_each_event_once(account_id: str, price_micros: int = 50_000) -> None:
    wallet = table.read_wallet(account_id)
    assert (wallet.sequence, wallet.balance_micros) == (EVENTS, -EVENTS * price_micros)
    assert verify(account_id).difference is None
    found = statement.read_history(account_id, limit=500).transactions
    assert {each.identity.event_id for each in found} == {f"event-{number}" for number in range(EVENTS)}


def assert_each_pair_once(clients: list[str], workspace: str) -> None:
    accounts = {workspace, *clients}
    assert [each for each in accounts if verify(each, accounts).difference] == []
    assert table.read_wallet(workspace).balance_micros == -EVENTS * 50_000
    assert sum(table.read_wallet(client).balance_micros for client in clients) == -EVENTS * 70_000
    assert sum(table.read_wallet(client).sequence for client in clients) == EVENTS


def test_sixteen_threads_posting_overlapping_batches_post_each_event_once(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    batches = overlapping_batches(lambda number: debit(number, account_id), seed=1)
    with ThreadPoolExecutor(THREADS) as pool:
        assert sum(pool.map(post_until_posted, batches)) == EVENTS
    assert_each_event_once(account_id)


def test_sixteen_threads_posting_pairs_that_share_a_workspace_post_both_legs_once(new_wallet: NewWallet) -> None:
    clients, workspace = [new_wallet() for _ in range(5)], new_wallet()
    with ThreadPoolExecutor(THREADS) as pool:
        posted = sum(pool.map(post_until_posted, overlapping_batches(pairs_of(clients, workspace), seed=4)))
    assert posted == EVENTS
    assert_each_pair_once(clients, workspace)


def test_as_many_processes_as_cores_post_each_pair_once(new_wallet: NewWallet) -> None:
    clients, workspace = [new_wallet() for _ in range(5)], new_wallet()
    command = [sys.executable, "-m", "tests.ledger.poster", workspace, *clients]
    workers = [
        subprocess.Popen([*command, str(seed)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for seed in range(max(2, os.cpu_count() or 2))
    ]
    posted = [int(worker.communicate(timeout=600)[0]) for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * len(workers)
    assert sum(posted) == EVENTS
    assert_each_pair_once(clients, workspace)


def test_a_transaction_conflict_is_one_more_lost_race(new_wallet: NewWallet) -> None:
    clients, workspace = [new_wallet() for _ in range(5)], new_wallet()
    with every_other_commit_refused() as refused, ThreadPoolExecutor(4) as pool:
        posted = sum(pool.map(post_until_posted, overlapping_batches(pairs_of(clients, workspace), seed=2)))
    assert len(refused) > 10
    assert posted == EVENTS
    assert_each_pair_once(clients, workspace)


def test_a_commit_that_happened_without_an_answer_is_not_repeated(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    batches = overlapping_batches(lambda number: debit(number, account_id), seed=3)[:12]
    with every_other_commit_refused(after_the_effect=True) as refused:
        for batch in batches:
            post_until_posted(batch)
    assert len(refused) > 3
    sent = {posting.identity.event_id for batch in batches for posting in batch}
    assert table.read_wallet(account_id).sequence == len(sent)
    assert verify(account_id).difference is None
