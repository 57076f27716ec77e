"""A preview of a workspace with more clients than one preview prices."""

from datetime import UTC, datetime

from pynamodb.transactions import TransactWrite

from chalicelib.catalog.catalog import catalog
from chalicelib.clients.change_rebilling import MOST_CLIENTS, preview_change
from chalicelib.clock import moved_to
from chalicelib.ledger.client_usage import ClientMeter
from chalicelib.ledger.client_usage_table import add_to_commit
from chalicelib.tables import connection
from local.resources import Deployment
from tests.clients.rebilling_build import WORKSPACE, request

ROWS_AT_ONCE = 100


def use(first: int, end: int) -> None:
    """Write what some clients used in October 2026."""
    for start in range(first, end, ROWS_AT_ONCE):
        with TransactWrite(connection=connection()) as transaction:
            numbers = range(start, min(start + ROWS_AT_ONCE, end))
            used = {"sms": ClientMeter(1_000_000, 50_000, 60_000, 1)}
            months = {("2026-10", f"acme.client-{number:05}"): used for number in numbers}
            add_to_commit(transaction, WORKSPACE.account_id, months)


def test_it_prices_as_many_as_it_says_and_says_whether_these_are_all(stack: Deployment) -> None:
    with moved_to(datetime(2026, 11, 20, tzinfo=UTC)):
        use(0, MOST_CLIENTS)
        _, found = preview_change(WORKSPACE, request(), actor="kim", catalog=catalog())
        assert (found.clients, found.is_complete) == (MOST_CLIENTS, True)
        use(MOST_CLIENTS, MOST_CLIENTS + 2)
        _, found = preview_change(WORKSPACE, request(), actor="kim", catalog=catalog())
        assert (found.clients, found.is_complete) == (MOST_CLIENTS, False)
        assert found.meters["sms"].charged_micros == MOST_CLIENTS * 60_000
