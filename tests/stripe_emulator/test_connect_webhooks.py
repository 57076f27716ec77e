"""Two kinds of endpoints, for the platform's own account and for connected ones, and the mode of each event."""

import json
from typing import Any

import pytest
import stripe

from local.stripe_emulator.client import Emulator
from local.stripe_emulator.process import CONNECT_WEBHOOK_SECRET, WEBHOOK_SECRET
from tests.stripe_emulator.conftest import Receiver, pay


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
