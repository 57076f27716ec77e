"""An account that cannot be read does not keep the others from being audited."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from chalicelib.audit.table import ACCOUNT, AuditRow
from chalicelib.ledger.post import post
from chalicelib.ledger.table import WalletRow
from chalicelib.runs import RunIncomplete
from chalicelib.tables import Table
from tests.audit.auditor import audit, repeats
from tests.build import TIME_MS, debit
from tests.conftest import NewWallet
from tests.damage import damage


def repeated(new_wallet: NewWallet) -> str:
    """Return an account that was charged for an event twice."""
    account_id = new_wallet()
    for late_ms in (0, 1):
        post([debit(1, account_id, occurred_at_ms=TIME_MS + late_ms, event_id="event-1")])
    return account_id


@contextmanager
def damaged(row_type: type[Table], keys: dict[str, str], number: int) -> Iterator[None]:
    """Damage a row's `sequence` inside the block; other tests have the same tables."""
    damage(row_type, keys, "sequence")
    try:
        yield
    finally:
        damage(row_type, keys, "sequence", {"N": str(number)})


def test_a_wallet_that_cannot_be_read_fails_alone(new_wallet: NewWallet) -> None:
    bad, *others = [repeated(new_wallet) for _ in range(3)]
    with damaged(WalletRow, {"account_id": bad}, 2), pytest.raises(RunIncomplete):
        audit()
    assert [repeats(each) for each in others] == [[("event-1", 1, "given_back")]] * 2


def test_an_account_whose_progress_cannot_be_read_is_audited_again_or_fails_alone(new_wallet: NewWallet) -> None:
    bad, other = repeated(new_wallet), repeated(new_wallet)
    with damaged(AuditRow, {"account_id": bad, "part": ACCOUNT}, 0), pytest.raises(RunIncomplete):
        audit()
    assert repeats(other) == [("event-1", 1, "given_back")]
