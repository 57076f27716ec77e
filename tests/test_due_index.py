"""Indexes of what is due, by one of the tables' own: shard by shard, oldest first, and claimed once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count, groupby

import pytest
from pynamodb.expressions.operand import Path

from chalicelib.due import Due, shard_of
from chalicelib.due_index import daily_attributes
from chalicelib.payments.table import PaymentRow
from local.resources import Deployment

NEW = PaymentRow.payment_id.does_not_exist()
INDEX = PaymentRow.follow_up
_accounts = count(1)


@pytest.fixture
def account_id(stack: Deployment) -> Iterator[str]:
    """Return an account of the test's own, and take what it had due out of the index afterwards."""
    account_id = f"account-{next(_accounts)}"
    yield account_id
    for row in PaymentRow.query(account_id, attributes_to_get=["account_id", "payment_id"]):
        row.delete()


def put(account_id: str, payment_id: str, due_at: int) -> str:
    assert INDEX.put(account_id, payment_id, due_at=due_at, condition=NEW)
    return payment_id


def due(now: int, limit: int | None = None, first: int = 0) -> list[tuple[str, int]]:
    """Return the ids and times of what is due."""
    return [(row.payment_id, int(row.follow_up_at_ms)) for row in INDEX.due_by(now, limit=limit, first=first)]


def test_ids_are_spread_over_the_shards_as_they_are_stored() -> None:
    assert [shard_of(each) for each in ("acme", "pay_1", "pay_2")] == ["6", "2", "0"]
    assert [shard_of(each, 4) for each in ("acme", "pay_1", "pay_2")] == ["2", "2", "0"]
    spread = [shard_of(f"pay_{number}") for number in range(8_000)]
    assert {shard: 850 < spread.count(shard) < 1150 for shard in spread} == dict.fromkeys("01234567", True)


def test_what_is_due_comes_shard_by_shard_the_oldest_first_and_only_what_is_due(account_id: str) -> None:
    for number in range(40):
        put(account_id, f"pay_{number}", 1_000 - number)
    found = due(990)
    assert len(found) == 30
    for _, of_shard in groupby(found, key=lambda each: shard_of(each[0])):
        times = [due_at for _, due_at in of_shard]
        assert times == sorted(times)
    shards = [shard for shard, _ in groupby(found, key=lambda each: shard_of(each[0]))]
    assert shards == sorted(shards)
    rotated = [shard for shard, _ in groupby(due(990, first=13), key=lambda each: shard_of(each[0]))]
    assert rotated == [*"567", *"01234"]


def test_each_shard_gives_as_many_as_are_asked_for(account_id: str) -> None:
    for number in range(60):
        put(account_id, f"pay_{number}", number)
    found = due(1_000, limit=2)
    assert len(found) == 16
    oldest = {shard: [] for shard in "01234567"}  # type: dict[str, list[str]]
    for number in range(60):
        oldest[shard_of(f"pay_{number}")].append(f"pay_{number}")
    assert [payment_id for payment_id, _ in found] == [each for shard in "01234567" for each in oldest[shard][:2]]


def test_of_several_who_claim_what_is_due_one_gets_it(account_id: str) -> None:
    put(account_id, "pay_1", 5)
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda _: INDEX.claim(account_id, "pay_1", due_at=5, again_at=900), range(8)))
    assert sorted(claims) == [False] * 7 + [True]
    assert (due(899), due(900)) == ([], [("pay_1", 900)])


def test_what_is_done_leaves_the_index_unless_it_is_due_again_by_now(account_id: str) -> None:
    put(account_id, "pay_1", 5)
    assert not INDEX.finish(account_id, "pay_1", due_at=4)
    assert due(5) == [("pay_1", 5)]
    assert INDEX.finish(account_id, "pay_1", due_at=5)
    assert due(1_000) == []
    assert PaymentRow.get(account_id, "pay_1").attribute_values.keys() & {"follow_up_shard", "follow_up_at_ms"} == set()


def test_a_row_is_put_only_where_its_condition_holds_and_with_what_belongs_to_it(account_id: str) -> None:
    version = PaymentRow.version
    assert not INDEX.put(account_id, "pay_1", due_at=5, condition=version == 1)
    assert INDEX.put(account_id, "pay_1", due_at=5, condition=version.does_not_exist(), also=[version.add(1)])
    assert INDEX.put(account_id, "pay_1", due_at=7, condition=version == 1)
    assert due(1_000) == [("pay_1", 7)]
    assert PaymentRow.get(account_id, "pay_1").follow_up_shard == shard_of("pay_1")


def test_a_row_that_cannot_be_read_is_found_and_put_off_all_the_same(account_id: str) -> None:
    put(account_id, "pay_1", 5)
    PaymentRow._get_connection().update_item(account_id, "pay_1", actions=[Path(["state"]).set(7)])
    assert due(5) == [("pay_1", 5)]
    assert INDEX.claim(account_id, "pay_1", due_at=5, again_at=900)


def test_the_daily_look_is_written_as_it_always_was() -> None:
    shard = shard_of("acme")
    nothing = {"due_shard": None, "due_at_ms": None, "is_daily": None, "own_due_at_ms": None}
    assert daily_attributes("acme", Due(None)) == nothing
    assert daily_attributes("acme", Due(5)) == {**nothing, "due_shard": shard, "due_at_ms": 5}
    daily = Due(5, is_daily=True, own_ms=9)
    assert daily_attributes("acme", daily) == {"due_shard": shard, "due_at_ms": 5, "is_daily": True, "own_due_at_ms": 9}
