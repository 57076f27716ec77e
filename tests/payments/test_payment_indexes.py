"""The doors to the indexes of payments: what is not final, and what is to be followed up."""

from itertools import chain

import pytest
from msgspec.structs import replace

from chalicelib.clock import now_ms
from chalicelib.idempotency import new_id
from chalicelib.payments import follow_up_index as follow_up_table
from chalicelib.payments import table, unresolved_index
from chalicelib.payments.lifecycle import Outcome, advance
from chalicelib.payments.payment import PREFIX, Failure, Payment
from tests.build import unique
from tests.payments.build import payment

pytestmark = pytest.mark.usefixtures("memory")

LATER_MS = 3_600_000


def new_payment() -> Payment:
    made = payment(account_id=unique("account"), payment_id=new_id(PREFIX, now_ms()), created_at_ms=now_ms())
    return table.put_new(made)[0]


def to_follow(of: Payment, at_ms: int) -> list[int]:
    """Return when a payment is to be followed up, if it is by then."""
    due = follow_up_table.due(at_ms, 100)
    return [due_at_ms for *key, due_at_ms in due if key == [of.account_id, of.payment_id]]


def test_a_payment_leaves_the_index_when_it_ends() -> None:
    waiting = new_payment()
    assert table.unresolved(waiting.account_id, now_ms()) == [waiting]
    due = list(chain.from_iterable(unresolved_index.due(now_ms() + LATER_MS, 100)))
    assert (waiting.account_id, waiting.payment_id) in due
    table.change(waiting, lambda each: advance(each, Outcome("canceled", failure=Failure("abandoned"))))
    assert table.unresolved(waiting.account_id, now_ms()) == []
    assert (waiting.account_id, waiting.payment_id) not in list(
        chain.from_iterable(unresolved_index.due(now_ms() + LATER_MS, 100))
    )
    # Money that moved after all does not bring it back into the index either.
    ended = table.get(waiting.account_id, waiting.payment_id)
    table.change(ended, lambda each: advance(each, Outcome("succeeded", "pi_1")))
    assert table.unresolved(waiting.account_id, now_ms()) == []


def test_a_payment_that_is_not_due_yet_is_not_found() -> None:
    new_payment()
    assert list(chain.from_iterable(unresolved_index.due(0, 100))) == []


def test_each_shard_is_read_to_its_end_however_small_the_pages() -> None:
    made = {each.payment_id for each in (new_payment() for _ in range(20))}
    shards = [{payment_id for _, payment_id in keys} for keys in unresolved_index.due(now_ms() + LATER_MS, 1)]
    assert made <= set().union(*shards)
    assert sum(map(len, shards)) == len(set().union(*shards))


def test_late_money_is_found_apart_longest_ago_first() -> None:
    first, second = new_payment(), new_payment()
    for at_ms, each in ((2, second), (1, first)):
        undecided = replace(each, state="succeeded", state_at_ms=at_ms, late="undecided", intent_open=False)
        table.put_new(replace(undecided, payment_id=f"{each.payment_id}-late"))
    found = [account_id for account_id, _ in unresolved_index.late(now_ms(), 100)]
    assert found == [first.account_id, second.account_id]


def test_what_waits_for_a_person_is_counted_and_found_apart() -> None:
    before = unresolved_index.count_parked(100)
    parked = replace(new_payment(), state="succeeded", late="parked", payment_id=unique("pay"), intent_open=False)
    assert parked.is_parked
    table.put_new(parked)
    assert unresolved_index.count_parked(100) == before + 1
    assert (parked.account_id, parked.payment_id) in unresolved_index.parked(100)


def test_only_a_payment_that_has_succeeded_is_followed_up_and_not_before_its_time() -> None:
    made = new_payment()
    assert to_follow(made, now_ms() + LATER_MS) == []
    done = table.change(made, lambda each: advance(each, Outcome("succeeded", "pi_1")))
    due_at_ms = done.updated_at_ms + table.FOLLOW_UP_MS
    assert to_follow(made, due_at_ms) == [due_at_ms]
    assert to_follow(made, due_at_ms - 1) == []


def test_what_is_due_is_claimed_by_one_and_done_with_unless_it_has_changed() -> None:
    done = table.change(new_payment(), lambda each: advance(each, Outcome("succeeded", "pi_1")))
    key, due_at_ms = (done.account_id, done.payment_id), done.updated_at_ms + table.FOLLOW_UP_MS
    again_at_ms = due_at_ms + LATER_MS
    assert follow_up_table.claim(*key, due_at_ms, again_at_ms=again_at_ms)
    assert not follow_up_table.claim(*key, due_at_ms, again_at_ms=again_at_ms)
    follow_up_table.done(*key, again_at_ms=due_at_ms)
    assert to_follow(done, again_at_ms) == [again_at_ms]
    follow_up_table.done(*key, again_at_ms=again_at_ms)
    assert to_follow(done, again_at_ms) == []
