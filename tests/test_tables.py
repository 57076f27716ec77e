"""Writes that come second, and writes that are refused for another reason."""

from typing import Any

import pytest
from pynamodb.exceptions import PutError, TransactWriteError
from pynamodb.transactions import TransactWrite

from chalicelib.idempotency import IdempotencyRow
from chalicelib.tables import connection, race
from local.resources import Deployment

FIRST = IdempotencyRow.idempotency_key.does_not_exist()
TOO_LONG = "x" * 3000
"""Longer than a sort key may be."""


def row(key: str) -> IdempotencyRow:
    return IdempotencyRow("acme", key, operation="test", content_hash="0", resource_id="1", created_at_ms=1)


def save(key: str) -> bool:
    with race() as it:
        row(key).save(condition=FIRST)
    return it.won


def save_in_transaction(*keys: str) -> bool:
    with race() as it, TransactWrite(connection=connection()) as transaction:
        for key in keys:
            transaction.save(row(key), condition=FIRST)
    return it.won


def test_the_first_write_wins_and_the_second_is_told(stack: Deployment) -> None:
    assert [save("a"), save("a")] == [True, False]
    assert [save_in_transaction("b"), save_in_transaction("a", "c"), save("c")] == [True, False, True]


@pytest.mark.parametrize(("write", "refusal"), [(save, PutError), (save_in_transaction, TransactWriteError)])
def test_a_write_that_is_refused_for_another_reason_is_no_lost_race(
    stack: Deployment, write: Any, refusal: Any
) -> None:
    with pytest.raises(refusal):
        write(TOO_LONG)
