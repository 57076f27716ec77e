from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from msgspec.structs import replace

from chalicelib.clock import now_ms
from chalicelib.idempotency import new_id
from chalicelib.payments import table
from chalicelib.payments import unresolved_index as unresolved_table
from chalicelib.payments.lifecycle import Outcome, advance
from chalicelib.payments.payment import PREFIX, Failure, Payment, PaymentNotFound
from chalicelib.payments.table import PaymentBusy, PaymentRow
from chalicelib.stripe_api.event import StripeEvent, Verdict
from chalicelib.webhooks import table as webhooks
from chalicelib.webhooks.table import WebhookEventRow
from local.resources import Deployment
from tests.payments.build import payment

_accounts = count(1)


@pytest.fixture(autouse=True)
def tables(stack: Deployment) -> None:
    """Let the settings point at this module's tables."""


def new_payment() -> Payment:
    made = payment(account_id=f"account-{next(_accounts)}", payment_id=new_id(PREFIX, now_ms()), created_at_ms=now_ms())
    return table.put_new(made)[0]


def test_a_payment_is_read_back_as_it_was_written() -> None:
    written = new_payment()
    assert table.get(written.account_id, written.payment_id) == written
    changed = table.change(
        written, lambda each: advance(each, Outcome("failed", "pi_1", "ch_1", Failure("card_declined", None, "Größe")))
    )
    assert table.get(written.account_id, written.payment_id) == changed
    with pytest.raises(PaymentNotFound):
        table.get(written.account_id, "pay_0")


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


def test_writers_at_once_lose_nothing() -> None:
    start = new_payment()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: table.change(start, lambda each: replace(each, checks=each.checks + 1)), range(4)))
    assert table.get(start.account_id, start.payment_id).checks == 4


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


def test_a_payment_leaves_the_index_when_it_ends() -> None:
    waiting = new_payment()
    assert table.unresolved(waiting.account_id, now_ms()) == [waiting]
    due = list(unresolved_table.due(now_ms() + 3_600_000, 100))
    assert (waiting.account_id, waiting.payment_id) in due
    table.change(waiting, lambda each: advance(each, Outcome("canceled", failure=Failure("abandoned"))))
    assert table.unresolved(waiting.account_id, now_ms()) == []
    assert (waiting.account_id, waiting.payment_id) not in list(unresolved_table.due(now_ms() + 3_600_000, 100))
    # Money that moved after all does not bring it back into the index either.
    ended = table.get(waiting.account_id, waiting.payment_id)
    table.change(ended, lambda each: advance(each, Outcome("succeeded", "pi_1")))
    assert table.unresolved(waiting.account_id, now_ms()) == []


def event(name: str) -> StripeEvent:
    return StripeEvent(name, "payment_intent.succeeded", 1_790_000_000, {"object": {}})


def test_an_event_is_stored_once_and_has_work_until_it_is_finished() -> None:
    assert webhooks.store(event("evt_1"), b'{"first": true}')
    assert webhooks.store(event("evt_1"), b'{"second": true}')
    assert WebhookEventRow.get("evt_1").payload == '{"first": true}'
    webhooks.finish("evt_1", Verdict("processed"))
    assert not webhooks.store(event("evt_1"), b"{}")


def test_a_finished_event_stays_finished_whatever_another_delivery_came_to() -> None:
    webhooks.store(event("evt_2"), b"{}")
    webhooks.finish("evt_2", Verdict("processed"))
    webhooks.finish("evt_2", Verdict("parked", "the slower one failed"))
    stored = WebhookEventRow.get("evt_2")
    assert [stored.state, stored.reason, stored.parked] == ["processed", None, None]


def test_an_event_whose_function_died_is_found_among_the_unfinished() -> None:
    webhooks.store(event("evt_3"), b"{}")
    assert "evt_3" in [each.event_id for each in WebhookEventRow.unfinished.query("received")]
    webhooks.finish("evt_3", Verdict("parked", "x" * 5000))
    (parked,) = [each for each in webhooks.parked(100) if each.event_id == "evt_3"]
    assert len(str(parked.reason)) == webhooks.LONGEST_REASON
    webhooks.finish("evt_3", Verdict("ignored"))
    assert "evt_3" not in [each.event_id for each in webhooks.parked(100)]
