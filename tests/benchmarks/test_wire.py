"""The benchmarks' meter counts units as DynamoDB's rules say."""

from collections.abc import Callable

import pytest

from benchmarks.wire import metered
from chalicelib.accounts import table as accounts
from chalicelib.activity.table import LogRow
from tests.build import account, unique

pytestmark = pytest.mark.usefixtures("memory")
LARGE_BYTES = 9_000


def large_entries(account_id: str, count: int) -> None:
    for number in range(count):
        LogRow(account_id=account_id, entry_id=str(number), at_ms=1, kind="card", changes=["x" * LARGE_BYTES]).save()


@pytest.mark.parametrize(
    ("read", "units"),
    [
        (accounts.find, 1),
        (lambda each: accounts.find(f"not-{each}"), 1),
        (lambda each: accounts.find_readable([each]), 1),
        (lambda each: accounts.find_readable([each, "nobody", "neither"]), 3),
        (lambda each: list(LogRow.query(each, consistent_read=True)), 5),
        (lambda each: list(LogRow.query(each)), 2.5),
        (lambda each: list(LogRow.batch_get([(each, "0"), (each, "1"), (each, "2")], consistent_read=True)), 7),
    ],
    ids=["one", "none", "batch of one", "batch with two that are missing", "query", "cheap query", "large batch"],
)
def test_reads_cost_what_they_read(read: Callable[[str], object], units: float) -> None:
    account_id = unique("account")
    assert accounts.create(account(account_id))
    large_entries(account_id, 2)
    with metered() as wire:
        read(account_id)
    assert (wire.total_calls, wire.read_units) == (1, units)
