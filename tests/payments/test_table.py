"""The door to the table `payments`."""

import time

import pytest
from msgspec.structs import replace

from chalicelib.clock import now_ms
from chalicelib.cursor import InvalidCursor
from chalicelib.idempotency import new_id
from chalicelib.payments import table
from chalicelib.payments.lifecycle import Outcome, advance
from chalicelib.payments.payment import DAY_MS, PREFIX, Failure, Payment, PaymentNotFound
from chalicelib.payments.table import PaymentBatch, PaymentBusy, PaymentRow
from chalicelib.reversals.table import ReversalRow
from chalicelib.tables import connection
from tests.build import unique
from tests.filled import filled
from tests.payments.build import payment

pytestmark = pytest.mark.usefixtures("memory")


def new_payment() -> Payment:
    made = payment(account_id=unique("account"), payment_id=new_id(PREFIX, now_ms()), created_at_ms=now_ms())
    return table.put_new(made)[0]


def test_a_renamed_field_keeps_the_name_under_which_it_is_stored() -> None:
    written = table.put_new(new_payment())[0]
    table.change(written, lambda each: replace(each, key_exhausted_at_ms=1))
    stored = connection().client.get_item(
        TableName=PaymentRow.Meta.table_name,
        Key={"account_id": {"S": written.account_id}, "payment_id": {"S": written.payment_id}},
    )["Item"]
    assert stored["spent_at_ms"] == {"N": "1"}
    assert "key_exhausted_at_ms" not in stored
    refund_or_dispute = (ReversalRow.key_exhausted_at_ms, ReversalRow.balance_movements, ReversalRow.wallet_movements)
    assert [each.attr_name for each in refund_or_dispute] == ["spent_at_ms", "moved", "movements"]


def test_a_payment_is_read_back_as_it_was_written() -> None:
    written = new_payment()
    assert table.get(written.account_id, written.payment_id) == written
    changed = table.change(
        written, lambda each: advance(each, Outcome("failed", "pi_1", "ch_1", Failure("card_declined", None, "Größe")))
    )
    assert table.get(written.account_id, written.payment_id) == changed
    with pytest.raises(PaymentNotFound):
        table.get(written.account_id, "pay_0")


def test_some_payments_of_an_account_are_read_together() -> None:
    made = new_payment()
    other = replace(made, payment_id=new_id(PREFIX, now_ms()))
    table.put_new(other)
    wanted = [made.payment_id, other.payment_id, "pay_gone"]
    assert table.find_all(made.account_id, wanted) == {made.payment_id: made, other.payment_id: other}
    assert table.find_all(made.account_id, []) == table.find_all(unique("account"), wanted) == {}


def test_the_first_to_write_a_payment_fixes_it() -> None:
    first = new_payment()
    table.change(first, lambda each: advance(each, Outcome("succeeded", "pi_1")))
    found, is_new = table.put_new(replace(first, payment_method_id="pm_another"))
    assert not is_new
    assert (found.payment_method_id, found.state) == (first.payment_method_id, "succeeded")
    assert table.get(first.account_id, first.payment_id) == found


def test_a_writer_who_read_long_ago_loses_nobodys_news() -> None:
    long_ago = new_payment()
    table.change(long_ago, lambda each: advance(each, Outcome("succeeded", "pi_1", "ch_1")))
    now = table.change(long_ago, lambda each: replace(each, checks=each.checks + 1))
    assert (now.state, now.charge_id, now.checks, now.version) == ("succeeded", "ch_1", 1, 3)
    assert table.get(long_ago.account_id, long_ago.payment_id) == now


def test_a_rule_that_changes_nothing_writes_nothing() -> None:
    same = new_payment()
    assert table.change(same, lambda each: each) is same
    assert table.get(same.account_id, same.payment_id).version == 1


def test_a_payment_that_always_changes_under_the_writer_is_given_up_loudly() -> None:
    contested = new_payment()

    def overtaken(current: Payment) -> Payment:
        row = PaymentRow(current.account_id, current.payment_id)
        row.update([PaymentRow.version.add(1)])
        return replace(current, checks=current.checks + 1)

    with pytest.raises(PaymentBusy):
        table.change(contested, overtaken)


def test_a_change_is_based_on_what_was_written_during_the_pause_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    contested = new_payment()
    versions: list[int] = []

    def overtake(_seconds: float = 0) -> None:
        PaymentRow(contested.account_id, contested.payment_id).update([PaymentRow.version.add(1)])

    def overtaken_once(current: Payment) -> Payment:
        versions.append(current.version)
        if len(versions) == 1:
            overtake()
        return replace(current, checks=current.checks + 1)

    monkeypatch.setattr(time, "sleep", overtake)
    assert table.change(contested, overtaken_once).version == 4
    assert versions == [1, 3]


def test_a_payment_with_everything_comes_back_as_it_was_written() -> None:
    written = filled(Payment)
    assert table.put_new(written) == (written, True)
    assert table.get(written.account_id, written.payment_id) == written


def test_payments_are_listed_newest_first_and_page_by_page() -> None:
    account_id = unique("account")
    ids = [put(account_id, created_at_ms).payment_id for created_at_ms in range(1, 6)]
    first = table.newest(account_id, limit=2)
    second = table.newest(account_id, limit=2, cursor=first.next_cursor)
    last = table.newest(account_id, limit=2, cursor=second.next_cursor)
    assert [[each.payment_id for each in page.payments] for page in (first, second, last)] == [
        ids[:2:-1],
        ids[2:0:-1],
        ids[:1],
    ]
    assert last.next_cursor is None
    assert table.newest(account_id, limit=5).next_cursor is None
    assert table.newest("nobody", limit=5) == PaymentBatch([], None)


@pytest.mark.parametrize("cursor", ["x", "é", "====", "cmVmXzE", "_w"])
def test_a_cursor_that_no_list_has_given_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        table.newest("acme", limit=5, cursor=cursor)


def test_how_far_back_payments_are_found_depends_on_what_they_are_for() -> None:
    account_id, now = unique("account"), now_ms()
    today, old, older = (put(account_id, now - days * DAY_MS) for days in (0, 100, 200))
    refunded = table.change(old, lambda each: replace(each, state="succeeded", refunded_micros=1))
    assert table.unresolved(account_id, now) == table.recent(account_id, now) == [today]
    assert table.reversible(account_id, now) == [today, refunded]
    assert table.reversed_since(account_id, now) == [refunded]
    assert table.between(account_id, older.created_at_ms, today.created_at_ms - 1) == [older, refunded]


def put(account_id: str, created_at_ms: int) -> Payment:
    made = payment(account_id=account_id, payment_id=new_id(PREFIX, created_at_ms), created_at_ms=created_at_ms)
    return table.put_new(made)[0]
