"""Payments, refunds and disputes by the Stripe account and day that they were made on."""

from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.clock import DAY_MS, day_of
from chalicelib.payments import table
from chalicelib.payments.day_index import newest_of_day, read_payments
from chalicelib.payments.payment import Payment
from chalicelib.payments.table import PaymentRow
from chalicelib.reversals import day_index as reversals
from chalicelib.reversals.refund import Refund
from chalicelib.reversals.table import _row_of as refund_row
from chalicelib.stripe_api.stripe_account import PLATFORM, StripeAccount
from chalicelib.stripe_api.stripe_day import newest_of
from tests.build import TIME_MS, unique
from tests.damage import damage
from tests.filled import filled

pytestmark = pytest.mark.usefixtures("memory")
MIDNIGHT_MS = TIME_MS - TIME_MS % DAY_MS
END_MS = MIDNIGHT_MS + DAY_MS


def payment(at_ms: int, **changes: Any) -> Payment:
    made = replace(
        filled(Payment), account_id=unique("account"), payment_id=unique("pay"), created_at_ms=at_ms, **changes
    )
    table.put_new(made)
    return made


def key(made: Payment) -> tuple[int, tuple[str, str]]:
    return made.created_at_ms, (made.account_id, made.payment_id)


def test_a_days_payments_are_found_whatever_becomes_of_them() -> None:
    stripe_account = StripeAccount(unique("acct"))
    first, last = (payment(at_ms, stripe_account=stripe_account.id) for at_ms in (MIDNIGHT_MS, END_MS - 1))
    payment(END_MS, stripe_account=stripe_account.id)
    payment(MIDNIGHT_MS, stripe_account="acct_another")
    table.change(last, lambda it: replace(it, state="failed", failure=None))
    day = day_of(MIDNIGHT_MS)
    assert sorted(newest_of_day(stripe_account, day, before_ms=END_MS, limit=9).keys) == [key(first), key(last)]
    assert newest_of_day(stripe_account, day, before_ms=END_MS - 1, limit=9).keys == [key(first)]
    assert newest_of_day(PLATFORM, day, before_ms=END_MS, limit=9).keys == []


def test_a_day_is_read_in_parts_none_of_which_is_missed() -> None:
    stripe_account = StripeAccount(unique("acct"))
    made = {key(payment(MIDNIGHT_MS + number, stripe_account=stripe_account.id)) for number in range(60)}
    found: list[Any] = []
    before_ms = END_MS
    while before_ms > 0:
        part = newest_of_day(stripe_account, day_of(MIDNIGHT_MS), before_ms=before_ms, limit=3)
        found += part.keys
        before_ms = part.from_ms
    assert len(found) == 60
    assert set(found) == made


def test_a_shard_that_may_have_more_ends_what_was_read() -> None:
    read = newest_of([[(9, ("a", "1")), (5, ("a", "2"))], [(3, ("b", "3"))], []], limit=2)
    assert (read.keys, read.from_ms) == ([(9, ("a", "1"))], 6)
    assert newest_of([[], []], limit=2).from_ms == 0


def test_payments_of_many_accounts_are_read_together_and_an_unreadable_one_stops_no_other() -> None:
    made = [payment(MIDNIGHT_MS + number) for number in range(120)]
    bad = made[7]
    damage(PaymentRow, {"account_id": bad.account_id, "payment_id": bad.payment_id}, "amount_micros")
    keys = [(each.account_id, each.payment_id) for each in made]
    found, failures = read_payments([*keys, ("nobody", "pay_0")])
    assert [failure.item for failure in failures] == [keys[7]]
    assert found == {each: payment for each, payment in zip(keys, made, strict=True) if each != keys[7]}


def test_a_refund_is_of_the_day_on_which_stripe_made_it() -> None:
    stripe_account = StripeAccount(unique("acct"))
    known = {"refunded_at_ms": MIDNIGHT_MS + 5, "stripe_account": stripe_account.id}
    refund = replace(filled(Refund), account_id=unique("account"), payment_id="pay_1", **known)
    refund_row(refund).save()
    refund_row(replace(refund, refund_id="ref_2", refunded_at_ms=None)).save()
    found = reversals.newest_of_day(stripe_account, day_of(MIDNIGHT_MS), before_ms=END_MS, limit=9)
    assert found.keys == [(MIDNIGHT_MS + 5, (refund.account_id, "pay_1"))]
