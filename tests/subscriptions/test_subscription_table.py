"""The door to the table `subscriptions`."""

import pytest
from msgspec.structs import replace

from chalicelib import clock, idempotency
from chalicelib.accounts import table as accounts
from chalicelib.clock import from_ms, now_ms
from chalicelib.due import daily_look_ms
from chalicelib.idempotency import Key
from chalicelib.invoices import table as invoices
from chalicelib.payments import table as payments
from chalicelib.subscriptions import table
from chalicelib.subscriptions.subscription import Contents, Subscription, SubscriptionNotFound, Terms
from chalicelib.subscriptions.table import SubscriptionRow
from tests.build import unique
from tests.filled import filled
from tests.invoices import documents
from tests.payments.build import payment
from tests.subscriptions.build import START_MS, account, subscription

pytestmark = pytest.mark.usefixtures("memory")

DAY_MS = 24 * 3_600_000
YEAR_ENDS_MS = subscription("agency_yearly").terms.period_end_ms


def written(**changes: object) -> Subscription:
    made = subscription(**{"account_id": unique("account"), **changes})  # type: ignore[arg-type]
    assert table.write(made, over=None)
    return made


def test_a_subscription_comes_back_as_it_was_written() -> None:
    plain = written(due_at_ms=None)
    assert table.get(plain.account_id) == plain
    assert table.find("nobody") is None
    with pytest.raises(SubscriptionNotFound):
        table.get("nobody")


def test_a_subscription_with_everything_comes_back_as_it_was_written() -> None:
    full = filled(Subscription, terms=filled(Terms), access_until_ms=None)
    assert table.write(full, over=None)
    assert table.find(full.account_id) == full


def test_one_whose_first_payment_came_to_nothing_is_not_there_for_anybody() -> None:
    made = written(status="incomplete", pending=None)
    assert table.find(made.account_id) == made
    with pytest.raises(SubscriptionNotFound):
        table.get(made.account_id)


def test_it_is_written_over_what_was_read_or_not_at_all() -> None:
    first = written()
    assert not table.write(replace(first, actor="late"), over=None)
    second = replace(first, version=2)
    assert table.write(second, over=first)
    assert not table.write(replace(first, version=2, actor="late"), over=first)
    assert table.find(first.account_id) == second


def test_all_that_belongs_together_is_written_or_nothing() -> None:
    made = replace(account(), account_id=unique("account"))
    assert accounts.create(made)
    key, first = Key("key", "customer"), written(account_id=made.account_id)
    idempotency.claim(made.account_id, key, operation="subscription", content={}, prefix="")
    charged = payment(account_id=made.account_id)
    invoice = documents.invoice(account_id=made.account_id, sequence=1)
    wanted = replace(first, version=2, access_until_ms=5_000)

    def write(over: Subscription) -> bool:
        return table.write(wanted, over=over, payment=charged, invoice=invoice, done=key)

    assert not write(replace(first, version=7))
    assert payments.find(made.account_id, charged.payment_id) is None
    assert invoices.find(made.account_id, 1) is None
    assert write(first)
    assert table.find(made.account_id) == wanted
    assert payments.find(made.account_id, charged.payment_id) == charged
    assert invoices.find(made.account_id, 1) == invoice
    assert accounts.get(made.account_id).access_until_ms == 5_000
    claim = idempotency.find(made.account_id, key, operation="subscription", content={})
    assert claim is not None
    assert claim.is_done
    assert not table.write(replace(wanted, version=3), over=wanted, done=key)


def test_late_money_that_brings_a_subscription_says_so() -> None:
    first = written()
    late = payments.put_new(payment(account_id=first.account_id, state="succeeded", late="undecided"))[0]
    assert table.write(replace(first, version=2), over=first, late_payment=late)
    assert payments.get(late.account_id, late.payment_id).late == "applied"


def test_access_that_closes_for_nobodys_account_is_written_nowhere() -> None:
    first = written()
    assert not table.write(replace(first, version=2, access_until_ms=1), over=first)
    assert table.find(first.account_id) == first


def test_a_subscription_is_due_at_its_time_and_not_before() -> None:
    made = written(due_at_ms=1_000)
    assert made.account_id in list(table.due(1_000))
    assert made.account_id not in list(table.due(999))
    assert table.write(replace(made, version=2, due_at_ms=None), over=made)
    assert made.account_id not in list(table.due(now_ms()))


def test_one_that_owes_is_looked_at_once_a_day_and_keeps_its_own_time() -> None:
    own_ms = now_ms() + 30 * DAY_MS
    made = written(status="past_due", due_at_ms=own_ms)
    assert table.find(made.account_id) == made
    daily_ms = daily_look_ms(made.account_id, now_ms())
    assert made.account_id in list(table.due(daily_ms))
    later_ms = now_ms() + DAY_MS
    table.put_off(made, later_ms)
    assert made.account_id not in list(table.due(daily_ms))
    assert made.account_id in list(table.due(daily_look_ms(made.account_id, later_ms)))
    assert table.find(made.account_id) == made


def test_a_daily_look_is_put_off_to_the_own_time_where_that_comes_first() -> None:
    own_ms = now_ms() + 2 * DAY_MS
    made = written(status="past_due", due_at_ms=own_ms)
    table.put_off(made, own_ms)
    assert made.account_id not in list(table.due(own_ms - 1))
    assert made.account_id in list(table.due(own_ms))


def test_rows_that_owe_and_are_never_due_are_found_by_a_scan_and_looked_at_daily() -> None:
    made, _ = written(status="unpaid"), written(due_at_ms=None)
    columns = SubscriptionRow
    SubscriptionRow(made.account_id).update([columns.due_at_ms.remove(), columns.due_shard.remove()])
    assert list(table.without_due()) == [made.account_id]
    table.schedule_daily_look(made.account_id, now_ms())
    assert list(table.without_due()) == []
    assert made.account_id in list(table.due(now_ms() + DAY_MS))


def due_at(moment_ms: int, made: Subscription) -> bool:
    return made.account_id in set(table.due(moment_ms))


def test_a_row_is_due_for_its_reminder_and_then_only_for_its_renewal() -> None:
    with clock.moved_to(from_ms(START_MS)):
        made = written(plan="agency_yearly")
        assert table.get(made.account_id) == made
        assert not due_at(YEAR_ENDS_MS - 30 * DAY_MS - 1, made)
        assert due_at(YEAR_ENDS_MS - 30 * DAY_MS, made)
        reminded = replace(made, reminded_of_ms=YEAR_ENDS_MS, version=2)
        assert table.write(reminded, over=made)
    assert not due_at(YEAR_ENDS_MS - 1, reminded)
    assert due_at(YEAR_ENDS_MS, reminded)


def test_a_reminder_that_is_not_made_is_looked_at_daily_and_hides_no_renewal() -> None:
    moment_ms = YEAR_ENDS_MS - 20 * DAY_MS
    with clock.moved_to(from_ms(moment_ms)):
        made = written(plan="agency_yearly", scheduled=Contents("agency"))
        assert due_at(moment_ms, made)
        table.put_off(made, moment_ms)
        assert not due_at(moment_ms + DAY_MS // 2 - 1, made)
        assert due_at(moment_ms + DAY_MS, made)
    late_ms = YEAR_ENDS_MS - DAY_MS // 24
    table.put_off(made, late_ms)
    assert not due_at(YEAR_ENDS_MS - 1, made)
    assert due_at(YEAR_ENDS_MS, made)
    assert table.get(made.account_id) == made


def test_the_operator_has_rows_of_before_reminded_of() -> None:
    with clock.moved_to(from_ms(START_MS)):
        older, monthly = written(plan="agency_yearly"), written()
        columns = [SubscriptionRow.is_daily.remove(), SubscriptionRow.due_at_ms.set(YEAR_ENDS_MS)]
        SubscriptionRow(older.account_id).update([*columns, SubscriptionRow.own_due_at_ms.remove()])
        assert not due_at(YEAR_ENDS_MS - 1, older)
        assert {older.account_id, monthly.account_id} <= set(table.without_look())
        for each in table.without_look():
            table.schedule_reminder(each, START_MS)
    assert older.account_id not in set(table.without_look())
    assert due_at(YEAR_ENDS_MS - 30 * DAY_MS, older)
    assert [table.get(each.account_id) for each in (older, monthly)] == [older, monthly]
