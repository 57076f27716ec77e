"""A break with something open: each payment, refund and dispute ends rightly, or is marked and says so."""

import contextlib
import json
from typing import Any

import pytest

from chalicelib.connection import table
from chalicelib.connection.refusals import StripeAccountDisconnected
from chalicelib.payments.view import view_payment
from chalicelib.reversals.view import view_detail
from chalicelib.stripe_api.client import REFUSED
from local.stripe_emulator.client import Emulator
from tests.accounts.viewers import viewer
from tests.connection.breaks import CREATE, charged_without_answer, refund_of, reversals_of
from tests.connection.conftest import NewOwner
from tests.connection.owner import Owner
from tests.environment import use
from tests.payments.payer import HOUR_MS, deliver_connected
from tests.wire import Cut, Wire, cut_points


def test_a_payment_in_flight_is_closed_and_credited_when_stripe_tells_after_all(
    owner: Owner, emulator: Emulator
) -> None:
    client = charged_without_answer(owner, emulator)
    events = client.events
    owner.disconnect()
    client.sweep_at()
    payment = client.payment()
    assert (payment.state, payment.failure and payment.failure.code) == ("canceled", "closed_at_break")
    assert view_payment(payment, viewer(client.account_id)).closed_at_break
    assert client.balance_micros == 0
    asked = len(emulator.calls())
    client.sweep_at(HOUR_MS)
    assert len(emulator.calls()) == asked
    (succeeded,) = [each for each in events if each["type"] == "payment_intent.succeeded"]
    deliver_connected(succeeded)
    client.assert_paid_once()
    assert client.payment().closed_at_break_ms is None


def test_a_closed_payment_is_asked_about_again_when_the_account_is_connected_again(
    owner: Owner, emulator: Emulator
) -> None:
    client = charged_without_answer(owner, emulator)
    account = owner.stripe_account_id
    owner.disconnect()
    client.sweep_at()
    assert client.refresh().payment.state == "canceled"
    owner.connect(account)
    assert client.refresh().payment.state == "succeeded"
    client.assert_paid_once()


def test_a_payment_that_stripe_never_got_is_not_sent_after_the_account_is_connected_again(
    owner: Owner, emulator: Emulator
) -> None:
    account = owner.connect().stripe_account_id or ""
    client = owner.new_client()
    emulator.fault("cut_before_effect", method="POST", path=CREATE, times=2)
    client.top_up()
    emulator.clear_faults()
    owner.disconnect()
    client.sweep_at()
    owner.connect(account)
    assert client.refresh().payment.state == "canceled"
    client.sweep_at(HOUR_MS)
    client.assert_not_paid()


def test_one_revoked_account_neither_alarms_as_ours_nor_stops_others(
    new_owner: NewOwner, emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    revoked, other = (charged_without_answer(new_owner(), emulator) for _ in range(2))
    capsys.readouterr()
    emulator.disconnect_account(revoked.payment().stripe_account or "")
    result = revoked.sweep_at()
    assert result.failed == 0
    # The event that tells of it has not come, but Stripe has said so of the account itself.
    assert (revoked.payment().state, revoked.payment().closed_at_break_ms is not None) == ("canceled", True)
    other.assert_paid_once()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line for line in lines if line["event"] == REFUSED] == []
    assert [line["event"] for line in lines if line["level"] == "error"] == []


def test_an_account_that_was_forgotten_without_stripe_still_tells_how_its_payments_end(
    owner: Owner, emulator: Emulator
) -> None:
    client = charged_without_answer(owner, emulator)
    with use({"STRIPE_API_BASE": "http://127.0.0.1:9"}):
        ended = owner.disconnect()
    assert (ended.state, ended.access_revoked) == ("disconnected", False)
    client.sweep_at()
    client.assert_paid_once()
    assert owner.disconnect().access_revoked
    assert emulator.events("account.application.deauthorized")


def test_a_break_that_is_repeated_does_not_disconnect_the_account_of_another_workspace(
    new_owner: NewOwner,
) -> None:
    first, second = new_owner(), new_owner()
    account = first.connect().stripe_account_id or ""
    with use({"STRIPE_API_BASE": "http://127.0.0.1:9"}):
        first.disconnect()
    second.connect(account)
    first.disconnect()
    assert second.connection.state == "active"
    client = second.new_client()
    client.top_up()
    client.assert_paid_once()


def test_an_open_refund_that_stripe_may_have_is_closed_and_debited_when_stripe_tells(
    owner: Owner, emulator: Emulator
) -> None:
    owner.connect()
    client = owner.new_client()
    client.top_up()
    emulator.fault("500_after_effect", method="POST", path="/v1/refunds", times=2)
    assert refund_of(client).state == "created"
    emulator.clear_faults()
    events = owner.events("refund.created")
    owner.disconnect()
    client.sweep_at()
    (made,) = reversals_of(client).refunds
    assert (made.state, made.closed_at_break_ms is not None) == ("failed", True)
    assert client.balance_micros == 25_000_000
    for event in events:
        deliver_connected(event)
    (told,) = reversals_of(client).refunds
    assert (told.state, told.closed_at_break_ms) == ("succeeded", None)
    assert client.balance_micros == 15_000_000


def test_a_refund_that_waits_for_money_is_marked(owner: Owner, emulator: Emulator) -> None:
    owner.connect()
    client = owner.new_client()
    client.top_up()
    emulator.empty_balance(owner.stripe_account_id)
    assert refund_of(client).state == "pending"
    owner.disconnect()
    client.sweep_at()
    (made,) = view_detail(reversals_of(client), viewer(client.account_id)).refunds
    assert (made.state, made.closed_at_break is not None) == ("pending", True)
    assert client.balance_micros == 15_000_000


def test_an_open_dispute_is_marked_and_goes_on_when_the_account_is_connected_again(
    owner: Owner, emulator: Emulator
) -> None:
    account = owner.connect().stripe_account_id or ""
    client = owner.new_client()
    client.top_up()
    emulator.open_dispute(client.charges[0]["id"])
    owner.deliver("charge.dispute")
    assert client.balance_micros == 0
    owner.disconnect()
    client.sweep_at(2 * HOUR_MS)
    (marked,) = view_detail(reversals_of(client), viewer(client.account_id)).disputes
    assert (marked.status, marked.closed_at_break is not None) == ("needs_response", True)
    owner.connect(account)
    emulator.close_dispute(marked.dispute_id, "win")
    owner.deliver("charge.dispute")
    (won,) = view_detail(reversals_of(client), viewer(client.account_id)).disputes
    assert (won.status, won.closed_at_break) == ("won", None)
    assert client.balance_micros == 25_000_000


def test_no_refund_begins_on_an_account_that_is_not_connected(owner: Owner, emulator: Emulator) -> None:
    account = owner.connect().stripe_account_id or ""
    client = owner.new_client()
    client.top_up()
    owner.disconnect()
    with pytest.raises(StripeAccountDisconnected, match=account):
        refund_of(client)
    assert reversals_of(client).refunds == ()
    owner.connect(account)
    assert refund_of(client).state == "succeeded"


@pytest.mark.parametrize("told_by", ["event", "repeat"])
def test_a_break_that_is_cut_off_anywhere_is_finished_by_the_event_or_a_repeat(
    new_owner: NewOwner, told_by: str
) -> None:
    first = new_owner()
    first.connect()
    for point in [(1, "before"), *cut_points(first.disconnect)]:
        owner = new_owner()
        account = owner.connect().stripe_account_id or ""
        with contextlib.suppress(Cut), Wire(point):
            owner.disconnect()
        if told_by == "event":
            events = [each for each in owner.events("account.application.deauthorized") if each["account"] == account]
            for event in events:
                deliver_connected(event)
        if told_by == "repeat" or owner.connection.is_connected:
            owner.disconnect()
        assert (owner.connection.state, owner.connection.access_revoked) == ("disconnected", True)
        assert table.find_workspace(account) is None


def test_a_break_without_a_connection_does_nothing(owner: Owner, emulator: Emulator) -> None:
    calls: list[Any] = emulator.calls()
    assert owner.disconnect().state == "none"
    assert emulator.calls() == calls
