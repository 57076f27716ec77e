"""Webhooks: signed, retried, duplicated, held back, late, out of order, never; and the events behind them."""

from typing import Any

import pytest
import stripe

from local.stripe_emulator.client import Emulator, wait_until
from local.stripe_emulator.process import WEBHOOK_SECRET
from tests.stripe_emulator.conftest import Receiver, pay, saved_card

PAID = ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]


def test_a_webhook_verifies_with_its_secret_and_with_no_other(client: Any, receiver: Receiver) -> None:
    pay(client)
    wait_until(lambda: len(receiver.received) == 3)
    for _, signature, body in receiver.received:
        event = stripe.Webhook.construct_event(body, signature, WEBHOOK_SECRET)
        assert event.api_version == stripe.api_version
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body, signature, "whsec_other")
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body + b" ", signature, WEBHOOK_SECRET)


def test_an_event_tells_its_request_and_key(client: Any, receiver: Receiver) -> None:
    intent = pay(client, key="k")
    wait_until(lambda: len(receiver.received) == 3)
    assert sorted(receiver.types()) == sorted(PAID)
    request = {"id": intent.last_response.headers["Request-Id"], "idempotency_key": "k"}
    assert all(event["request"] == request for event in receiver.events())
    assert not any(name.startswith("_") for event in receiver.events() for name in event["data"]["object"])


def test_a_refused_webhook_is_sent_again(emulator: Emulator, client: Any, receiver: Receiver) -> None:
    receiver.failures = 2
    client.v1.customers.create()
    emulator.wait_for_webhooks()
    assert receiver.types() == ["customer.created"] * 3
    assert [attempt["status"] for attempt in emulator.webhooks()[0]["attempts"]] == [500, 500, 200]


def test_a_webhook_that_is_always_refused_is_given_up(emulator: Emulator, client: Any, receiver: Receiver) -> None:
    receiver.failures = 100
    client.v1.customers.create()
    wait_until(lambda: [delivery["state"] for delivery in emulator.webhooks()] == ["failed"])
    receiver.failures = 0
    emulator.send_webhook(emulator.events()[0]["id"])
    wait_until(lambda: [delivery["state"] for delivery in emulator.webhooks()] == ["delivered"])


def test_a_duplicate_is_the_same_event_twice(emulator: Emulator, client: Any, receiver: Receiver) -> None:
    emulator.fault("webhook_duplicate", event="charge.succeeded")
    pay(client)
    emulator.wait_for_webhooks()
    sent = [event["id"] for event in receiver.events() if event["type"] == "charge.succeeded"]
    assert len(sent) == 2
    assert len(set(sent)) == 1


def test_shuffled_webhooks_arrive_in_reverse(emulator: Emulator, client: Any, receiver: Receiver) -> None:
    emulator.fault("webhook_shuffle", times=0, seconds=0.2)
    pay(client)
    emulator.wait_for_webhooks()
    assert receiver.types() == PAID[::-1]


def test_held_webhooks_wait_for_their_release(emulator: Emulator, client: Any, receiver: Receiver) -> None:
    emulator.fault("webhook_hold", event="payment_intent.succeeded")
    pay(client)
    emulator.wait_for_webhooks()
    assert "payment_intent.succeeded" not in receiver.types()
    assert emulator.release_webhooks() == 1
    wait_until(lambda: "payment_intent.succeeded" in receiver.types())


def test_a_dropped_webhook_never_comes_though_the_event_exists(
    emulator: Emulator, client: Any, receiver: Receiver
) -> None:
    emulator.fault("webhook_drop", event="*", times=0)
    pay(client)
    assert {delivery["state"] for delivery in emulator.webhooks()} == {"dropped"}
    assert receiver.received == []
    assert sorted(event.type for event in client.v1.events.list().data) == sorted(PAID)


def test_a_delayed_webhook_comes_later_than_the_others(emulator: Emulator, client: Any, receiver: Receiver) -> None:
    emulator.fault("webhook_delay", event="payment_intent.created", seconds=1)
    pay(client)
    emulator.wait_for_webhooks()
    assert receiver.types()[-1] == "payment_intent.created"


def test_signatures_follow_the_moved_clock_only_when_asked(emulator: Emulator, client: Any, receiver: Receiver) -> None:
    emulator.move_clock(-3600)
    client.v1.customers.create()
    emulator.wait_for_webhooks()
    _, signature, body = receiver.received[-1]
    stripe.Webhook.construct_event(body, signature, WEBHOOK_SECRET)
    emulator.move_clock(-3600, webhook_timestamps=True)
    client.v1.customers.create()
    emulator.wait_for_webhooks()
    _, signature, body = receiver.received[-1]
    with pytest.raises(stripe.SignatureVerificationError, match=r"[Tt]imestamp"):
        stripe.Webhook.construct_event(body, signature, WEBHOOK_SECRET)


def test_updates_tell_what_they_replaced(emulator: Emulator, client: Any) -> None:
    customer = client.v1.customers.create({"name": "Before"}).id
    client.v1.customers.update(customer, {"name": "After"})
    assert emulator.events("customer.updated")[0]["data"]["previous_attributes"] == {"name": "Before"}


def test_what_happens_at_the_dashboard_names_no_request(emulator: Emulator, client: Any) -> None:
    saved = saved_card(client)
    emulator.control("POST", f"payment_methods/{saved.payment_method}/renew", {"exp_year": 2041})
    emulator.control("POST", f"payment_methods/{saved.payment_method}/detach")
    emulator.control("POST", f"customers/{saved.customer}/delete")
    types = ("payment_method.automatically_updated", "payment_method.detached", "customer.deleted")
    for happened in types:
        assert emulator.events(happened)[0]["request"] == {"id": None, "idempotency_key": None}
    assert client.v1.customers.retrieve(saved.customer).deleted is True
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        pay(client, customer=saved.customer)
