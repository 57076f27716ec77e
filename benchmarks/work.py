"""What the measurements of the ledger have in common: new wallets, messages for the function, CPU time."""

import time
from collections.abc import Callable
from itertools import count

from pynamodb.transactions import TransactWrite

from benchmarks.events import Record
from chalicelib.ledger.table import add_new_wallet
from chalicelib.tables import connection
from chalicelib.usage.handlers import record_usage

MINUTE_MS = 60_000

_numbers = count(1)


def new_wallet(name: str) -> str:
    """Create an empty wallet; `name` separates the wallets of measurements that share an emulator."""
    account_id = f"{name}-{next(_numbers)}"
    with TransactWrite(connection=connection()) as transaction:
        add_new_wallet(transaction, account_id, "usd")
    return account_id


def record(messages: list[Record]) -> None:
    """Pass messages to the function as Lambda does; all of them must be posted."""
    answer = record_usage({"Records": messages}, None)
    if answer["batchItemFailures"]:
        raise RuntimeError(f"{len(answer['batchItemFailures'])} messages were not posted")


def cpu_seconds(work: Callable[[], None]) -> float:
    """Return the process's own CPU time for a piece of work."""
    start = time.process_time()
    work()
    return time.process_time() - start
