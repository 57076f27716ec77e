"""The door to the table `idempotency`."""

from functools import partial
from typing import Any

import pytest

from chalicelib import idempotency
from chalicelib.claim import Claim
from chalicelib.http_input import IDEMPOTENCY_KEY
from chalicelib.idempotency import (
    Answer,
    AnsweredBeforeError,
    IdempotencyConflict,
    IdempotencyRow,
    Key,
    Space,
    content_hash,
    new_id,
)

pytestmark = pytest.mark.usefixtures("memory")

CONTENT = {"amount_micros": 25_000_000, "currency": "usd"}


def claim(key: str = "key-1", account_id: str = "acme", space: Space = "customer", **changes: Any) -> Claim:
    return idempotency.claim(
        account_id, Key(key, space), **{"operation": "top_up", "content": CONTENT, "prefix": "pay_", **changes}
    )


def find(key: str, space: Space = "customer", **changes: Any) -> Claim | None:
    return idempotency.find("acme", Key(key, space), **{"operation": "top_up", "content": CONTENT, **changes})


def write_old(key: str, operation: str = "top_up", resource_id: str = "pay_old") -> None:
    """Write a row as it was written before there were spaces."""
    IdempotencyRow(
        "acme",
        key,
        operation=operation,
        content_hash=content_hash(CONTENT),
        resource_id=resource_id,
        created_at_ms=1_700_000_000_000,
    ).save()


def test_a_key_stands_for_the_same_thing_for_ever() -> None:
    first = claim("same")
    assert first.resource_id.startswith("pay_")
    assert claim("same") == first
    assert find("same") == first


def test_a_key_that_was_never_used_stands_for_nothing() -> None:
    assert find("unused") is None


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


BOTH_WAYS: list[tuple[Space, Space]] = [("customer", "operator"), ("operator", "customer")]


@pytest.mark.parametrize(("first", "second"), BOTH_WAYS)
def test_a_key_of_one_space_is_free_in_the_other(first: Space, second: Space) -> None:
    key = f"{first}-first"
    one = claim(key, space=first)
    assert find(key, second) is None
    assert idempotency.resource_of("acme", Key(key, second)) is None
    request: dict[str, Any] = {"operation": "subscription", "content": {"plan": "agency"}}
    other = claim(key, space=second, **request)
    assert other != one
    assert claim(key, space=first) == one == find(key, first)
    assert claim(key, space=second, **request) == other == find(key, second, **request)
    assert idempotency.resource_of("acme", Key(key, second)) == other.resource_id


@pytest.mark.parametrize(("first", "second"), BOTH_WAYS)
def test_another_request_with_a_key_is_refused_within_each_space(first: Space, second: Space) -> None:
    for space in (first, second):
        claim(f"refused-{first}", space=space)
    for space in (first, second):
        with pytest.raises(IdempotencyConflict):
            claim(f"refused-{first}", space=space, operation="subscription")


@pytest.mark.parametrize("space", ["customer", "operator"])
def test_a_key_from_before_there_were_spaces_still_stands_for_what_it_did(space: Space) -> None:
    key = f"old-{space}"
    write_old(key)
    assert find(key, space) == claim(key, space=space) == Claim("pay_old", 1_700_000_000_000)
    with pytest.raises(IdempotencyConflict):
        claim(key, space=space, content={**CONTENT, "amount_micros": 1})


@pytest.mark.parametrize("operation", ["adjustment", "refund"])
def test_an_old_key_that_only_an_operator_can_have_used_is_free_for_customers(operation: str) -> None:
    key = f"old-{operation}"
    write_old(key, operation, "made_by_operator")
    assert claim(key, space="operator", operation=operation).resource_id == "made_by_operator"
    assert find(key, "customer") is None
    mine = claim(key, space="customer")
    assert mine.resource_id.startswith("pay_")
    assert find(key, "customer") == mine
    assert claim(key, space="operator", operation=operation).resource_id == "made_by_operator"


@pytest.mark.parametrize("space", ["customer", "operator"])
def test_no_key_can_name_the_row_that_stands_beside_another(space: Space) -> None:
    _, key_with_space = Key("key", space).range_keys
    assert not IDEMPOTENCY_KEY.fullmatch(key_with_space)


def test_ids_sort_by_time_and_never_meet() -> None:
    ids = [new_id("pay_", moment) for moment in (1, 2, 255, 256, 1_790_000_000_000) for _ in range(50)]
    assert sorted(ids, key=lambda each: each[:16]) == ids
    assert len(set(ids)) == len(ids)
    assert {len(each) for each in ids} == {36}


def test_the_first_answer_is_kept_for_ever_and_given_to_those_who_ask_for_it() -> None:
    claim("answered")
    first, second = Answer(201, "first"), Answer(201, "second")
    key = Key("answered", "customer", keeps_answer=True)
    assert idempotency.keep_answer("acme", key, first) == first
    assert idempotency.keep_answer("acme", key, second) == first
    for ask in (idempotency.find, partial(idempotency.claim, prefix="pay_")):
        with pytest.raises(AnsweredBeforeError) as before:
            ask("acme", key, operation="top_up", content=CONTENT)
        assert before.value.answer == first
        with pytest.raises(IdempotencyConflict):
            ask("acme", key, operation="top_up", content={})
    assert claim("answered") == find("answered")


def test_the_answer_to_a_key_that_was_never_claimed_is_not_kept() -> None:
    assert idempotency.keep_answer("acme", Key("free", "customer"), Answer(200, "preview")) == Answer(200, "preview")
    assert find("free") is None
