"""Money that goes back from a connected account: refunds that it has not the money for, and disputes."""

from typing import Any

import pytest
import stripe

from local.stripe_emulator.client import Emulator
from tests.stripe_emulator.conftest import pay


@pytest.fixture
def account(emulator: Emulator) -> str:
    identifier: str = emulator.connect_account()["id"]
    return identifier


@pytest.fixture
def theirs(emulator: Emulator, account: str) -> Any:
    return emulator.stripe_client(stripe_account=account)


def balance(client: Any) -> int:
    return sum(movement.amount for movement in client.v1.balance_transactions.list({"limit": 100}).data)


def test_a_refund_without_the_money_waits_for_it(emulator: Emulator, account: str, theirs: Any) -> None:
    intents = [pay(theirs) for _ in range(2)]
    emulator.empty_balance(account)
    waiting = [theirs.v1.refunds.create({"payment_intent": intent.id}) for intent in intents]
    assert {(refund.status, refund.pending_reason) for refund in waiting} == {("pending", "insufficient_funds")}
    emulator.fill_balance(account)
    for refund in waiting:
        found = theirs.v1.refunds.retrieve(refund.id)
        assert (found.status, "pending_reason" in found) == ("succeeded", False)
    told = [event["data"]["object"]["id"] for event in emulator.events("refund.updated")]
    assert told == [refund.id for refund in waiting]
    assert theirs.v1.refunds.create({"payment_intent": pay(theirs).id}).status == "succeeded"


def test_an_empty_account_holds_up_no_other(emulator: Emulator, account: str, client: Any) -> None:
    other = emulator.stripe_client(stripe_account=emulator.connect_account()["id"])
    emulator.empty_balance(account)
    for caller in (client, other):
        assert caller.v1.refunds.create({"payment_intent": pay(caller).id}).status == "succeeded"


def test_a_dispute_ends_the_refund_that_waits(emulator: Emulator, account: str, theirs: Any) -> None:
    intent = pay(theirs)
    emulator.empty_balance(account)
    refund = theirs.v1.refunds.create({"payment_intent": intent.id, "amount": 1000})
    dispute = emulator.open_dispute(intent.id)
    found = theirs.v1.refunds.retrieve(refund.id)
    assert (found.status, found.failure_reason) == ("failed", "charge_for_pending_refund_disputed")
    assert (dispute["amount"], balance(theirs)) == (2500, 0)
    emulator.fill_balance(account)
    assert theirs.v1.refunds.retrieve(refund.id).status == "failed"


def test_an_inquiry_leaves_the_refund_that_waits(emulator: Emulator, account: str, theirs: Any) -> None:
    intent = pay(theirs)
    emulator.empty_balance(account)
    refund = theirs.v1.refunds.create({"payment_intent": intent.id, "amount": 1000})
    emulator.control("POST", f"payment_intents/{intent.id}/dispute", {"inquiry": True})
    assert theirs.v1.refunds.retrieve(refund.id).status == "pending"


def test_what_stripe_leaves_out_is_left_out(theirs: Any) -> None:
    refund = theirs.v1.refunds.create({"payment_intent": pay(theirs).id}).to_dict()
    assert not {"failure_reason", "pending_reason"} & refund.keys()


@pytest.mark.parametrize(("outcome", "left"), [("win", 2500), ("lose", 0)])
def test_a_dispute_is_the_connected_accounts(
    emulator: Emulator, client: Any, account: str, theirs: Any, outcome: Any, left: int
) -> None:
    dispute = emulator.open_dispute(pay(theirs).id)["id"]
    assert theirs.v1.disputes.retrieve(dispute).status == "needs_response"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.disputes.retrieve(dispute)
    emulator.close_dispute(dispute, outcome)
    assert {event["account"] for event in emulator.events("charge.dispute")} == {account}
    assert (balance(theirs), balance(client)) == (left, 0)
