"""The audit ends before or after each call to AWS; then it runs again: found once, given back once."""

from collections.abc import Callable

import pytest

from chalicelib.ledger.post import post
from chalicelib.ledger.verify import verify
from tests.audit.auditor import DAY_MS, audit, balance, repeats
from tests.build import TIME_MS, pair
from tests.conftest import NewWallet
from tests.wire import cut_off, cut_points


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


def test_an_audit_cut_off_anywhere_is_finished_by_the_next(new_pair: Callable[[], tuple[str, str]]) -> None:
    new_pair()
    points = cut_points(lambda: audit(2))
    assert len(points) >= 20
    for night, point in enumerate(points, start=2):
        client, workspace = new_pair()
        cut_off(lambda night=night: audit(2 * night), point)  # type: ignore[misc]
        audit(2 * night + 1)
        assert repeats(workspace) == [("call", 600_000, "given_back"), ("call", DAY_MS, "given_back")], point
        assert repeats(client) == []
        assert (balance(client), balance(workspace)) == (-140_000, -100_000), point
        assert verify(client, among=(client, workspace)).difference is None
