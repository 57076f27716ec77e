"""Refunds and disputes: never more than was taken, each with its events and its movement of the balance."""

from typing import Any

import pytest
import stripe

from local.stripe_emulator.client import Emulator, wait_until
from tests.stripe_emulator.conftest import pay


def balance(client: Any) -> int:
    return sum(movement.amount for movement in client.v1.balance_transactions.list({"limit": 100}).data)


def test_partial_refunds_add_up_to_the_whole_and_no_further(client: Any) -> None:
    intent = pay(client)
    client.v1.refunds.create({"payment_intent": intent.id, "amount": 1000})
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 1501})
    assert client.v1.refunds.create({"payment_intent": intent.id}).amount == 1500
    charge = client.v1.charges.retrieve(intent.latest_charge)
    assert (charge.amount_refunded, charge.refunded) == (2500, True)
    with pytest.raises(stripe.InvalidRequestError) as again:
        client.v1.refunds.create({"charge": charge.id})
    assert again.value.code == "charge_already_refunded"
    assert balance(client) == 0


def test_a_refund_at_the_dashboard_sends_the_same_events(emulator: Emulator, client: Any) -> None:
    emulator.refund_in_dashboard(pay(client).id, 700)
    assert [refund.amount for refund in client.v1.refunds.list().data] == [700]
    event = emulator.events("charge.refunded")[0]
    assert event["data"]["previous_attributes"] == {"amount_refunded": 0}
    assert event["request"]["id"] is None


def test_a_refund_that_fails_later_gives_the_money_back(emulator: Emulator, client: Any) -> None:
    intent = pay(client, "pm_card_refundFail")
    refund = client.v1.refunds.create({"payment_intent": intent.id})
    assert refund.status == "succeeded"
    wait_until(lambda: client.v1.refunds.retrieve(refund.id).status == "failed")
    charge = client.v1.charges.retrieve(intent.latest_charge)
    assert (charge.amount_refunded, charge.refunded, balance(client)) == (0, False, 2500)
    assert len(emulator.events("refund.failed")) == 1


def test_a_pending_refund_succeeds_later(client: Any) -> None:
    refund = client.v1.refunds.create({"payment_intent": pay(client, "pm_card_pendingRefund").id})
    assert refund.status == "pending"
    wait_until(lambda: client.v1.refunds.retrieve(refund.id).status == "succeeded")


def test_failing_a_refund_twice_counts_once(emulator: Emulator, client: Any) -> None:
    refund = client.v1.refunds.create({"payment_intent": pay(client).id, "amount": 500})
    emulator.fail_refund(refund.id)
    emulator.fail_refund(refund.id)
    assert (balance(client), len(emulator.events("refund.failed"))) == (2500, 1)


@pytest.mark.parametrize(
    ("outcome", "last_events", "left"),
    [
        ("win", ["charge.dispute.funds_reinstated", "charge.dispute.closed"], 2500),
        ("lose", ["charge.dispute.closed"], 0),
    ],
)
def test_a_dispute_takes_the_money_until_it_is_decided(
    emulator: Emulator, client: Any, outcome: Any, last_events: list[str], left: int
) -> None:
    intent = pay(client)
    dispute = emulator.open_dispute(intent.id)
    assert balance(client) == 0
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": intent.id})
    assert refused.value.code == "charge_disputed"
    emulator.close_dispute(dispute["id"], outcome)
    types = [event["type"] for event in emulator.events("charge.dispute")]
    assert types == ["charge.dispute.created", "charge.dispute.funds_withdrawn", *last_events]
    assert balance(client) == left


@pytest.mark.parametrize(
    ("card", "status", "reason"),
    [
        ("createDispute", "needs_response", "fraudulent"),
        ("createDisputeProductNotReceived", "needs_response", "product_not_received"),
        ("createDisputeInquiry", "warning_needs_response", "fraudulent"),
    ],
)
def test_dispute_cards_dispute_by_themselves(client: Any, card: str, status: str, reason: str) -> None:
    pay(client, f"pm_card_{card}")
    wait_until(lambda: bool(client.v1.disputes.list().data))
    dispute = client.v1.disputes.list().data[0]
    assert (dispute.status, dispute.reason) == (status, reason)


def test_evidence_decides_and_accepting_loses(emulator: Emulator, client: Any) -> None:
    contested, accepted = (emulator.open_dispute(pay(client).id)["id"] for _ in range(2))
    client.v1.disputes.update(contested, {"evidence": {"uncategorized_text": "winning_evidence"}, "submit": True})
    wait_until(lambda: client.v1.disputes.retrieve(contested).status == "won")
    assert client.v1.disputes.close(accepted).status == "lost"


def test_early_fraud_warnings_come_by_card_and_on_demand(emulator: Emulator, client: Any) -> None:
    pay(client, "pm_card_createIssuerFraudRecord")
    wait_until(lambda: bool(emulator.events("radar.early_fraud_warning.created")))
    emulator.control("POST", f"payment_intents/{pay(client).id}/fraud_warning")
    assert len(emulator.events("radar.early_fraud_warning.created")) == 2
