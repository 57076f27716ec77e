"""Two kinds of endpoints, for the platform's own account and for connected ones, and the mode of each event."""

import json
from typing import Any

import pytest
import stripe

from local.stripe_emulator.client import Emulator
from local.stripe_emulator.process import CONNECT_WEBHOOK_SECRET, WEBHOOK_SECRET
from tests.stripe_emulator.conftest import CARD_ONLY, Receiver, pay

KINDS: dict[str, type] = {
    "account": stripe.Account,
    "application_fee": stripe.ApplicationFee,
    "balance_transaction": stripe.BalanceTransaction,
    "charge": stripe.Charge,
    "customer": stripe.Customer,
    "dispute": stripe.Dispute,
    "event": stripe.Event,
    "fee_refund": stripe.ApplicationFeeRefund,
    "payment_intent": stripe.PaymentIntent,
    "payment_method": stripe.PaymentMethod,
    "radar.early_fraud_warning": stripe.radar.EarlyFraudWarning,
    "refund": stripe.Refund,
    "setup_attempt": stripe.SetupAttempt,
    "setup_intent": stripe.SetupIntent,
}


def test_each_endpoint_gets_its_own_accounts_with_its_own_secret(
    emulator: Emulator, client: Any, receiver: Receiver
) -> None:
    account = emulator.connect_account()["id"]
    pay(client)
    pay(emulator.stripe_client(stripe_account=account))
    emulator.wait_for_webhooks()
    assert {path for path, _, _ in receiver.received} == {"/platform", "/connect"}
    for path, signature, body in receiver.received:
        right, wrong = WEBHOOK_SECRET, CONNECT_WEBHOOK_SECRET
        if path == "/connect":
            right, wrong = wrong, right
        event: Any = stripe.Webhook.construct_event(body, signature, right)
        assert event.to_dict().get("account") == (account if path == "/connect" else None)
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body, signature, wrong)


@pytest.mark.usefixtures("processes")
def test_without_a_connect_endpoint_events_of_connected_accounts_are_not_sent(receiver: Receiver) -> None:
    with Emulator(webhook_url=f"{receiver.url}/platform") as emulator:
        account = emulator.connect_account()["id"]
        emulator.stripe_client(stripe_account=account).v1.customers.create()
        emulator.stripe_client().v1.customers.create({"name": "The platform's"})
        emulator.wait_for_webhooks()
        assert [event["data"]["object"]["name"] for event in receiver.events()] == ["The platform's"]
        unsent = [
            delivery["attempts"][-1]["status"] for delivery in emulator.webhooks() if delivery["state"] == "failed"
        ]
        assert set(unsent) == {"no webhook url"}


@pytest.mark.usefixtures("processes")
def test_each_endpoint_has_its_own_api_version(receiver: Receiver) -> None:
    versions = ("--webhook-api-version", "2026-01-01.one", "--connect-webhook-api-version", "2026-02-02.two")
    url, connect_url = f"{receiver.url}/platform", f"{receiver.url}/connect"
    with Emulator(webhook_url=url, connect_webhook_url=connect_url, arguments=versions) as emulator:
        emulator.stripe_client().v1.customers.create()
        emulator.connect_account()
        emulator.wait_for_webhooks()
        got = {(path, json.loads(body)["api_version"]) for path, _, body in receiver.received}
        assert got == {("/platform", "2026-01-01.one"), ("/connect", "2026-02-02.two")}
        assert emulator.stripe_client().v1.events.list().data[0].api_version == stripe.api_version


@pytest.mark.parametrize("connected", [True, False])
def test_an_event_of_the_other_mode_says_so_in_itself_and_in_its_object(
    emulator: Emulator, client: Any, receiver: Receiver, connected: bool
) -> None:
    account = emulator.connect_account()["id"] if connected else None
    emulator.fault("webhook_other_mode", event="customer.created")
    for name in ("other", "ours"):
        emulator.stripe_client(stripe_account=account).v1.customers.create({"name": name})
        emulator.wait_for_webhooks()
    modes = {
        event["data"]["object"]["name"]: (event["livemode"], event["data"]["object"]["livemode"])
        for event in receiver.events()
        if event["type"] == "customer.created"
    }
    assert modes == {"other": (True, True), "ours": (False, False)}
    assert {customer["livemode"] for customer in emulator.objects("customer")} == {False}


def test_everything_says_its_mode_that_says_it_at_stripe(emulator: Emulator) -> None:
    theirs: Any = emulator.stripe_client(stripe_account=emulator.connect_account()["id"])
    customer = theirs.v1.customers.create().id
    theirs.v1.setup_intents.create(
        {"customer": customer, "payment_method": "pm_card_visa", "confirm": True} | CARD_ONLY
    )
    intent = pay(theirs, application_fee_amount=100)
    theirs.v1.refunds.create({"payment_intent": intent.id, "amount": 100, "refund_application_fee": True})
    emulator.open_dispute(intent.id)
    emulator.control("POST", f"payment_intents/{intent.id}/fraud_warning")
    for kind, published in KINDS.items():
        found = emulator.objects(kind)
        expected = False if "livemode" in published.__annotations__ else None
        assert {body.get("livemode") for body in found} == {expected}, kind


def test_an_answer_of_the_other_mode_says_so(emulator: Emulator, client: Any) -> None:
    emulator.fault("other_mode", path="/v1/customers")
    assert client.v1.customers.create().livemode is True
    assert client.v1.customers.create().livemode is False


def test_an_account_comes_and_goes_at_the_connect_endpoint(emulator: Emulator, receiver: Receiver) -> None:
    account = emulator.connect_account()["id"]
    emulator.restrict(account)
    emulator.disconnect_account(account)
    emulator.unrestrict(account)
    emulator.wait_for_webhooks()
    kinds = ["account.application.authorized", "account.updated", "account.application.deauthorized"]
    assert sorted(receiver.types()) == sorted(kinds)
    assert {path for path, _, _ in receiver.received} == {"/connect"}
    assert {event["account"] for event in receiver.events()} == {account}
