"""What was marked at a break is taken up when the account is connected again, by the sweeper and without an event."""

import pytest

from chalicelib.payments.due import place_of
from chalicelib.payments.payment import DAY_MS
from chalicelib.reversals.refund import Refund
from local.stripe_emulator.client import Emulator
from tests.connection.breaks import charged_without_answer, refund_of, reversals_of
from tests.connection.owner import Owner
from tests.payments.payer import HOUR_MS, Payer


def paying(owner: Owner) -> tuple[Payer, str]:
    account = owner.connect().stripe_account_id or ""
    client = owner.new_client()
    client.top_up()
    return client, account


def asked(emulator: Emulator, account: str) -> int:
    """Return how often Stripe was asked on an account."""
    return len([call for call in emulator.calls() if call["account"] == account])


def the_refund(client: Payer) -> Refund:
    (made,) = reversals_of(client).refunds
    return made


def test_a_payment_is_credited_within_the_hour(owner: Owner, emulator: Emulator) -> None:
    client = charged_without_answer(owner, emulator)
    account = owner.stripe_account_id
    owner.disconnect()
    client.sweep_at()
    before = asked(emulator, account)
    for hours in range(1, 4):
        client.sweep_at(hours * HOUR_MS)
    assert asked(emulator, account) == before > 0  # nothing is asked while the account is not connected
    owner.connect(account)
    client.sweep_at(5 * HOUR_MS)
    client.assert_paid_once()
    assert client.payment().closed_at_break_ms is None


def test_a_payment_that_stripe_never_got_is_known_not_to_be_made(owner: Owner, emulator: Emulator) -> None:
    account = owner.connect().stripe_account_id
    client = owner.new_client()
    emulator.fault("cut_before_effect", method="POST", path="/v1/payment_intents", times=2)
    client.top_up()
    emulator.clear_faults()
    owner.disconnect()
    client.sweep_at()
    owner.connect(account or "")
    client.sweep_at(2 * HOUR_MS)
    payment = client.payment()
    assert (payment.failure and payment.failure.code, payment.closed_at_break_ms) == ("not_found", None)
    client.assert_not_paid()
    assert place_of(payment) == (None, None)


@pytest.mark.parametrize(
    ("fault", "state", "balance"), [("500_after_effect", "succeeded", 15), ("cut_before_effect", "failed", 25)]
)
def test_a_refund_is_debited_or_known_not_to_be_made(
    owner: Owner, emulator: Emulator, fault: str, state: str, balance: int
) -> None:
    client, account = paying(owner)
    emulator.fault(fault, method="POST", path="/v1/refunds", times=2)
    refund_of(client)
    emulator.clear_faults()
    owner.disconnect()
    client.sweep_at()
    assert (the_refund(client).state, the_refund(client).closed_at_break_ms is not None) == ("failed", True)
    owner.connect(account)
    client.sweep_at(DAY_MS)
    made = the_refund(client)
    assert (made.state, made.closed_at_break_ms, client.balance_micros) == (state, None, balance * 1_000_000)
    assert state == "succeeded" or (made.failure and made.failure.code == "not_found")


def test_a_refund_that_waits_goes_on_waiting_unmarked(owner: Owner, emulator: Emulator) -> None:
    client, account = paying(owner)
    emulator.empty_balance(account)
    refund_of(client)
    owner.disconnect()
    client.sweep_at()
    assert the_refund(client).closed_at_break_ms is not None
    owner.connect(account)
    client.sweep_at(DAY_MS)
    assert (the_refund(client).state, the_refund(client).closed_at_break_ms) == ("pending", None)


def test_a_dispute_that_was_decided_meanwhile_moves_the_wallet(owner: Owner, emulator: Emulator) -> None:
    client, account = paying(owner)
    dispute = emulator.open_dispute(client.charges[0]["id"])["id"]
    owner.deliver("charge.dispute")
    assert client.balance_micros == 0
    owner.disconnect()
    client.sweep_at(2 * HOUR_MS)
    emulator.close_dispute(dispute, "win")
    before = asked(emulator, account)
    client.sweep_at(2 * DAY_MS)
    assert asked(emulator, account) == before > 0
    owner.connect(account)
    client.sweep_at(4 * DAY_MS)
    (won,) = reversals_of(client).disputes
    assert (won.status, won.closed_at_break_ms, client.balance_micros) == ("won", None, 25_000_000)


def test_on_another_account_it_stays_marked_and_is_given_up_after_months(owner: Owner, emulator: Emulator) -> None:
    client = charged_without_answer(owner, emulator)
    account = owner.stripe_account_id
    owner.disconnect()
    client.sweep_at()
    owner.connect()
    before = asked(emulator, account)
    client.sweep_at(2 * HOUR_MS)
    client.sweep_at(300 * DAY_MS)
    assert place_of(client.payment()) == (None, None)
    assert asked(emulator, account) == before > 0
    assert client.payment().closed_at_break_ms is not None
