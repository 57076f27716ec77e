"""Many writers of one row at once, on tables that keep their promises to all of them."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec.structs import replace

from chalicelib import idempotency
from chalicelib.claim import Claim
from chalicelib.idempotency import Answer, Key, Space
from chalicelib.payments import table
from tests.build import unique
from tests.payments.build import payment

pytestmark = pytest.mark.usefixtures("stack")

CONTENT = {"amount_micros": 25_000_000, "currency": "usd"}


def claim(key: str, space: Space = "customer") -> Claim:
    return idempotency.claim("acme", Key(key, space), operation="top_up", content=CONTENT, prefix="pay_")


def test_writers_at_once_lose_nothing() -> None:
    start, _ = table.put_new(payment(account_id=unique("account")))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: table.change(start, lambda each: replace(each, checks=each.checks + 1)), range(4)))
    assert table.get(start.account_id, start.payment_id).checks == 4


def test_customers_and_operators_at_once_get_one_claim_each() -> None:
    spaces: list[Space] = ["customer", "operator"]
    with ThreadPoolExecutor(16) as pool:
        claims = list(pool.map(lambda space: (space, claim("both-at-once", space=space)), spaces * 8))
    assert len(set(claims)) == 2
    assert len({made for _, made in claims}) == 2


def test_sixteen_at_once_get_one_claim() -> None:
    with ThreadPoolExecutor(16) as pool:
        claims = list(pool.map(lambda _: claim("at-once"), range(16)))
    assert len(set(claims)) == 1


def test_of_many_answers_at_once_one_is_kept() -> None:
    claim("raced")
    key = Key("raced", "customer", keeps_answer=True)
    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(lambda number: idempotency.keep_answer("acme", key, Answer(200, str(number))), range(8)))
    assert len(set(kept)) == 1
