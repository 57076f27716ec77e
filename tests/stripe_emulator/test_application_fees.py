"""Application fees: taken from payments on connected accounts, kept by the platform, given back as asked."""

from typing import Any

import pytest
import stripe

from local.stripe_emulator.client import Emulator
from tests.stripe_emulator.conftest import Receiver, pay


@pytest.fixture
def theirs(emulator: Emulator) -> Any:
    return emulator.stripe_client(stripe_account=emulator.connect_account()["id"])


def fee_of(client: Any, intent: Any) -> Any:
    return client.v1.application_fees.list({"charge": intent.latest_charge}).data[0]


def earned(client: Any) -> int:
    return sum(movement.amount for movement in client.v1.balance_transactions.list({"limit": 100}).data)


def own_event(client: Any, type: str) -> Any:
    """Return the platform's event of a type. It has no `account`: it is about none that is connected."""
    event = client.v1.events.list({"type": type}).data[0]
    assert "account" not in event.to_dict()
    return event


def test_a_fee_is_the_platforms_and_names_account_and_charge(emulator: Emulator, client: Any, theirs: Any) -> None:
    intent = pay(theirs, application_fee_amount=100, expand=["latest_charge.application_fee"])
    fee = client.v1.application_fees.retrieve(intent.latest_charge.application_fee.id, {"expand": ["charge"]})
    assert (fee.amount, fee.amount_refunded, fee.currency, fee.livemode) == (100, 0, "usd", False)
    assert (fee.account, fee.charge.id) == (emulator.objects("account")[0]["id"], intent.latest_charge.id)
    assert fee.fee_source.to_dict() == {"charge": intent.latest_charge.id, "type": "charge"}
    assert earned(client) == 100
    assert own_event(client, "application_fee.created").data.object.id == fee.id
    assert theirs.v1.application_fees.list().data == []


def test_a_payment_without_a_fee_leaves_none(client: Any, theirs: Any) -> None:
    pay(theirs)
    pay(theirs, application_fee_amount=0)
    with pytest.raises(stripe.CardError):
        pay(theirs, "pm_card_visa_chargeDeclined", application_fee_amount=100)
    assert client.v1.application_fees.list().data == []


def test_a_refund_without_the_flag_leaves_the_fee(emulator: Emulator, client: Any, theirs: Any) -> None:
    intent = pay(theirs, application_fee_amount=100)
    theirs.v1.refunds.create({"payment_intent": intent.id})
    emulator.refund_in_dashboard(other := pay(theirs, application_fee_amount=100).id)
    assert [fee.amount_refunded for fee in client.v1.application_fees.list().data] == [0, 0]
    assert emulator.charges(other)[0]["refunded"] is True
    assert emulator.events("application_fee.refunded") == []


def test_a_refund_with_the_flag_gives_the_whole_fee_back(client: Any, theirs: Any) -> None:
    intent = pay(theirs, application_fee_amount=100)
    params = {"payment_intent": intent.id, "refund_application_fee": True, "expand": ["balance_transaction"]}
    refund = theirs.v1.refunds.create(params)
    part = refund.balance_transaction.fee_details[0]
    assert (part.amount, part.type, refund.balance_transaction.net) == (-100, "application_fee", -2400)
    fee = fee_of(client, intent)
    assert (fee.amount_refunded, fee.refunded, [each.amount for each in fee.refunds.data]) == (100, True, [100])
    assert earned(client) == 0
    assert own_event(client, "application_fee.refunded").data.object.amount_refunded == 100


def test_partial_refunds_give_back_their_share(client: Any, theirs: Any) -> None:
    intent = pay(theirs, amount=1000, application_fee_amount=99)
    shares = []
    for amount in (250, 250, 500):
        params = {"payment_intent": intent.id, "amount": amount, "refund_application_fee": True}
        theirs.v1.refunds.create(params)
        shares.append(fee_of(client, intent).amount_refunded)
    assert shares == [25, 50, 99]


def test_a_share_is_never_more_than_what_is_left(client: Any, theirs: Any) -> None:
    intent = pay(theirs, amount=1000, application_fee_amount=1)
    for amount in (500, 500):
        params = {"payment_intent": intent.id, "amount": amount, "refund_application_fee": True}
        assert theirs.v1.refunds.create(params).status == "succeeded"
    fee = fee_of(client, intent)
    assert (fee.amount_refunded, fee.refunded, len(fee.refunds.data)) == (1, True, 1)


def test_the_flag_is_refused_where_there_is_no_fee(client: Any, theirs: Any) -> None:
    for caller in (client, theirs):
        intent = pay(caller)
        with pytest.raises(stripe.InvalidRequestError, match="has no application fee"):
            caller.v1.refunds.create({"payment_intent": intent.id, "refund_application_fee": True})
        assert caller.v1.refunds.list().data == []


def test_the_platform_gives_a_fee_back_by_itself(emulator: Emulator, client: Any, theirs: Any) -> None:
    fee = fee_of(client, pay(theirs, application_fee_amount=100))
    given = client.v1.application_fees.refunds.create(fee.id, {"amount": 30, "metadata": {"a": "1"}})
    assert (given.object, given.amount, given.fee) == ("fee_refund", 30, fee.id)
    assert client.v1.application_fees.refunds.retrieve(fee.id, given.id).metadata.to_dict() == {"a": "1"}
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        client.v1.application_fees.refunds.create(fee.id, {"amount": 71})
    client.v1.application_fees.refunds.create(fee.id)
    with pytest.raises(stripe.InvalidRequestError, match="already been refunded"):
        client.v1.application_fees.refunds.create(fee.id)
    assert [each.amount for each in client.v1.application_fees.refunds.list(fee.id).data] == [70, 30]
    assert len(emulator.events("application_fee.refunded")) == 2
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.application_fees.refunds.retrieve(fee_of(client, pay(theirs, application_fee_amount=1)).id, given.id)


def test_a_repeated_refund_gives_the_fee_back_once(client: Any, theirs: Any) -> None:
    intent = pay(theirs, application_fee_amount=100)
    params = {"payment_intent": intent.id, "amount": 500, "refund_application_fee": True}
    first, second = (theirs.v1.refunds.create(params, {"idempotency_key": "k"}) for _ in range(2))
    assert first.id == second.id
    assert fee_of(client, intent).amount_refunded == 20


def test_news_of_fees_come_to_the_platforms_endpoint(emulator: Emulator, theirs: Any, receiver: Receiver) -> None:
    intent = pay(theirs, application_fee_amount=100)
    theirs.v1.refunds.create({"payment_intent": intent.id, "refund_application_fee": True})
    emulator.wait_for_webhooks()
    paths = {event["type"]: path for (path, _, _), event in zip(receiver.received, receiver.events(), strict=True)}
    assert paths["application_fee.created"] == paths["application_fee.refunded"] == "/platform"
    assert paths["charge.succeeded"] == paths["charge.refunded"] == "/connect"


def test_a_lost_dispute_leaves_the_fee(emulator: Emulator, client: Any, theirs: Any) -> None:
    intent = pay(theirs, application_fee_amount=100)
    emulator.close_dispute(emulator.open_dispute(intent.id)["id"], "lose")
    assert fee_of(client, intent).amount_refunded == 0
