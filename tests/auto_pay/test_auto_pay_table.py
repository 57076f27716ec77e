"""The door to the table `auto_pay`."""

import pytest
from msgspec.structs import replace

from chalicelib.auto_pay import table
from chalicelib.auto_pay.auto_pay import AutoPay
from chalicelib.auto_pay.table import AutoPayRow
from chalicelib.clock import now_ms
from chalicelib.due import SHARDS, daily_look_ms
from chalicelib.payments import table as payments
from tests.auto_pay.build import auto_pay, payment
from tests.build import unique
from tests.filled import filled

pytestmark = pytest.mark.usefixtures("memory")

SOON_MS = 3_600_000


def written(**changes: object) -> AutoPay:
    """Return auto-pay that is on and is looked at in an hour."""
    made = auto_pay(**{"account_id": unique("account"), "due_at_ms": now_ms() + SOON_MS, **changes})
    assert table.write(made, over=0)
    return made


def due(account_id: str, at_ms: int) -> list[int]:
    return [due_at_ms for found, due_at_ms in table.due(at_ms, 100) if found == account_id]


def test_auto_pay_comes_back_as_it_was_written() -> None:
    plain = written(due_at_ms=None)
    assert table.find(plain.account_id) == plain
    assert table.find("nobody") is None


def test_auto_pay_with_everything_comes_back_as_it_was_written() -> None:
    full = filled(AutoPay)
    assert table.write(full, over=0)
    assert table.find(full.account_id) == full


def test_of_several_accounts_those_without_are_left_out() -> None:
    one, other = written(), written()
    found = table.find_many([one.account_id, "nobody", other.account_id, one.account_id])
    assert found == {one.account_id: one, other.account_id: other}


def test_it_is_written_over_the_version_that_was_read_or_not_at_all() -> None:
    first = written()
    assert not table.write(replace(first, actor="late"), over=0)
    assert table.write(replace(first, version=2), over=1)
    assert not table.write(replace(first, version=2, actor="late"), over=1)
    assert table.find(first.account_id) == replace(first, version=2)


def test_a_payment_is_written_with_it_or_neither() -> None:
    first = written()
    refill = payment(account_id=first.account_id)
    wanted = replace(first, version=2, in_flight_payment_id=refill.payment_id)
    assert not table.write(wanted, over=7, payment=refill)
    assert payments.find(first.account_id, refill.payment_id) is None
    assert table.write(wanted, over=1, payment=refill)
    assert payments.find(first.account_id, refill.payment_id) == refill
    assert not table.write(replace(wanted, version=3, actor="again"), over=2, payment=refill)
    assert table.find(first.account_id) == wanted


def test_an_account_is_due_at_its_own_time_and_not_before() -> None:
    made = written()
    assert made.due_at_ms is not None
    assert due(made.account_id, made.due_at_ms) == [made.due_at_ms]
    assert due(made.account_id, made.due_at_ms - 1) == []


def test_one_that_waits_for_nothing_is_due_for_its_daily_look_and_one_that_is_off_never() -> None:
    waits, off = written(due_at_ms=None), written(due_at_ms=None, enabled=False)
    in_two_days_ms = now_ms() + 48 * 3_600_000
    assert due(waits.account_id, in_two_days_ms) == [daily_look_ms(waits.account_id, now_ms())]
    assert due(off.account_id, in_two_days_ms) == []
    assert table.find(waits.account_id) == waits


def test_of_a_shard_no_more_is_found_than_is_asked_for_oldest_first() -> None:
    for hours in range(20):
        written(due_at_ms=1 + hours)
    of_each_shard, everywhere = list(table.due(1_000, 1)), list(table.due(1_000, 100))
    assert len(of_each_shard) <= SHARDS < len(everywhere)
    assert set(of_each_shard) <= set(everywhere)
    assert min(due_at_ms for _, due_at_ms in everywhere) in [due_at_ms for _, due_at_ms in of_each_shard]


def test_what_is_due_is_claimed_by_one() -> None:
    made = written()
    assert made.due_at_ms is not None
    later_ms = made.due_at_ms + SOON_MS
    assert table.claim(made.account_id, made.due_at_ms, again_at_ms=later_ms)
    assert not table.claim(made.account_id, made.due_at_ms, again_at_ms=later_ms)
    assert due(made.account_id, later_ms) == [later_ms]
    assert not table.write(replace(made, version=2), over=1)


def test_an_account_is_marked_due_where_there_is_auto_pay() -> None:
    made = written(enabled=False, due_at_ms=None)
    table.mark_due(made.account_id, 5)
    assert due(made.account_id, 5) == [5]
    table.mark_due("nobody", 5)
    assert table.find("nobody") is None


def test_rows_that_are_on_and_never_due_are_found_by_a_scan() -> None:
    made, _ = written(), written(enabled=False, due_at_ms=None)
    assert made.account_id not in list(table.without_due())
    AutoPayRow(made.account_id).update([AutoPayRow.due_at_ms.remove(), AutoPayRow.due_shard.remove()])
    assert list(table.without_due()) == [made.account_id]
