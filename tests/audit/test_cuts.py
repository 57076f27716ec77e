"""The audit ends before or after each call to AWS; then it runs again: found once, given back once."""

import contextlib
from collections.abc import Callable

import pytest

from chalicelib.ledger.post import post
from chalicelib.ledger.verify import verify
from tests.audit.auditor import DAY_MS, AwsWire, audit, balance, repeats
from tests.build import TIME_MS, pair
from tests.conftest import NewWallet
from tests.payments.wire import Cut, When

both = pytest.mark.parametrize("when", ["before", "after"])


@pytest.fixture
def new_pair(new_wallet: NewWallet) -> Callable[[], tuple[str, str]]:
    """Return a function that makes a client and its workspace, with three charges of one event and one of another."""

    def make() -> tuple[str, str]:
        client, workspace = new_wallet(), new_wallet()
        for after in (0, 600_000, DAY_MS):
            post([pair(1, client, workspace, event_id="call", occurred_at_ms=TIME_MS + after)])
        post([pair(9, client, workspace)])
        return client, workspace

    return make


@both
def test_an_audit_cut_off_anywhere_is_finished_by_the_next(new_pair: Callable[[], tuple[str, str]], when: When) -> None:
    new_pair()
    with AwsWire() as wire:
        audit(2)
    assert wire.calls >= 20
    for at in range(1, wire.calls + 1):
        client, workspace = new_pair()
        with AwsWire(at, when), contextlib.suppress(Cut):
            audit(2 * at)
        audit(2 * at + 1)
        assert repeats(client) == [("call", 600_000, "given_back"), ("call", DAY_MS, "given_back")], at
        assert repeats(workspace) == []
        assert (balance(client), balance(workspace)) == (-140_000, -100_000), at
        assert verify(client, among=(client, workspace)).difference is None
