"""What the measurements of the ledger have in common: new wallets, messages for the function, CPU time."""

import time
from collections.abc import Callable
from itertools import count

from benchmarks.events import Record
from chalicelib.accounts import table as accounts
from chalicelib.usage.handlers import record_usage
from tests.build import account

MINUTE_MS = 60_000

_numbers = count(1)


def new_wallet(name: str, workspace_id: str | None = None) -> str:
    """Create an account with an empty wallet; `name` separates those of measurements that share an emulator."""
    made = account(f"{name}-{next(_numbers)}", workspace_id=workspace_id)
    accounts.create(made)
    return made.account_id


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
