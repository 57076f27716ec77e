from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib import idempotency
from chalicelib.idempotency import Claim, IdempotencyConflict, content_hash, new_id
from local.resources import Deployment

CONTENT = {"amount_micros": 25_000_000, "currency": "usd"}


@pytest.fixture(autouse=True)
def tables(stack: Deployment) -> None:
    """Let the settings point at this module's tables."""


def claim(key: str = "key-1", account_id: str = "acme", **changes: Any) -> Claim:
    return idempotency.claim(
        account_id, key, **{"operation": "top_up", "content": CONTENT, "prefix": "pay_", **changes}
    )


def test_a_key_stands_for_the_same_thing_for_ever() -> None:
    first = claim("same")
    assert first.resource_id.startswith("pay_")
    assert claim("same") == first
    assert idempotency.find("acme", "same", operation="top_up", content=CONTENT) == first


def test_a_key_that_was_never_used_stands_for_nothing() -> None:
    assert idempotency.find("acme", "unused", operation="top_up", content=CONTENT) is None


def test_other_content_or_another_operation_is_a_conflict() -> None:
    claim("taken")
    for changes in ({"content": {**CONTENT, "amount_micros": 1}}, {"operation": "adjustment"}):
        with pytest.raises(IdempotencyConflict):
            claim("taken", **changes)


def test_the_order_of_names_is_not_content() -> None:
    assert content_hash({"a": 1, "b": [2, None]}) == content_hash({"b": [2, None], "a": 1})
    assert content_hash({"a": 1}) != content_hash({"a": "1"})


def test_keys_belong_to_their_account() -> None:
    assert claim("shared", "acme") != claim("shared", "bolt")


def test_sixteen_at_once_get_one_claim() -> None:
    with ThreadPoolExecutor(16) as pool:
        claims = list(pool.map(lambda _: claim("at-once"), range(16)))
    assert len(set(claims)) == 1


def test_ids_sort_by_time_and_never_meet() -> None:
    ids = [new_id("pay_", moment) for moment in (1, 2, 255, 256, 1_790_000_000_000) for _ in range(50)]
    assert sorted(ids, key=lambda each: each[:16]) == ids
    assert len(set(ids)) == len(ids)
    assert {len(each) for each in ids} == {36}
