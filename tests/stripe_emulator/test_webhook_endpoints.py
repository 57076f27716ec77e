"""Webhook endpoints that are made through the API, and domains for wallets."""

import json
from typing import Any

import pytest
import stripe

from local.stripe_emulator.client import Emulator
from tests.stripe_emulator.conftest import Receiver, pay

EVENTS = ["payment_intent.succeeded", "charge.refunded"]


def create(client: stripe.StripeClient, receiver: Receiver, **more: Any) -> Any:
    params: Any = {"url": f"{receiver.url}/made", "enabled_events": EVENTS} | more
    return client.v1.webhook_endpoints.create(params)


def made_at(receiver: Receiver) -> list[tuple[str, dict[str, Any]]]:
    """Return the signature and the event of what came to the endpoint that a test made."""
    return [(signed, json.loads(body)) for path, signed, body in receiver.received if path == "/made"]


def test_only_the_creation_tells_the_secret(client: stripe.StripeClient, receiver: Receiver) -> None:
    made = create(client, receiver, description="ours", metadata={"a": "b"})
    assert made.secret.startswith("whsec_")
    for seen in (client.v1.webhook_endpoints.retrieve(made.id), *client.v1.webhook_endpoints.list().data):
        assert (seen.id, seen.url, seen.description, seen.status) == (made.id, made.url, "ours", "enabled")
        assert "secret" not in seen
    assert (list(made.enabled_events), made.metadata.to_dict(), made.api_version) == (EVENTS, {"a": "b"}, None)


def test_it_gets_the_events_that_it_names_with_its_own_signature(
    client: stripe.StripeClient, emulator: Emulator, receiver: Receiver
) -> None:
    made = create(client, receiver, api_version="2026-10-28.endive")
    pay(client)
    emulator.wait_for_webhooks()
    ((signed, event),) = made_at(receiver)
    assert (event["type"], event["api_version"]) == ("payment_intent.succeeded", "2026-10-28.endive")
    ((_, _, body),) = [each for each in receiver.received if each[0] == "/made"]
    assert stripe.Webhook.construct_event(body, signed, made.secret).id == event["id"]
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, signed, "whsec_other")


@pytest.mark.parametrize("connect", [True, False])
def test_events_of_connected_accounts_come_to_endpoints_for_them_alone(
    client: stripe.StripeClient, emulator: Emulator, receiver: Receiver, *, connect: bool
) -> None:
    create(client, receiver, connect=connect)
    account = emulator.connect_account()["id"]
    pay(emulator.stripe_client(stripe_account=account))
    pay(client)
    emulator.wait_for_webhooks()
    ((_, event),) = made_at(receiver)
    assert event.get("account") == (account if connect else None)


def test_what_is_changed_disabled_or_deleted_counts_from_then_on(
    client: stripe.StripeClient, emulator: Emulator, receiver: Receiver
) -> None:
    made = create(client, receiver)
    changed = client.v1.webhook_endpoints.update(made.id, {"enabled_events": ["charge.succeeded"]})
    assert list(changed.enabled_events) == ["charge.succeeded"]
    pay(client)
    emulator.wait_for_webhooks()
    client.v1.webhook_endpoints.update(made.id, {"disabled": True})
    pay(client)
    emulator.wait_for_webhooks()
    assert [event["type"] for _, event in made_at(receiver)] == ["charge.succeeded"]
    assert client.v1.webhook_endpoints.delete(made.id).to_dict() == {
        "id": made.id,
        "object": "webhook_endpoint",
        "deleted": True,
    }
    assert client.v1.webhook_endpoints.list().data == []


def test_every_event_comes_to_an_endpoint_for_all(
    client: stripe.StripeClient, emulator: Emulator, receiver: Receiver
) -> None:
    create(client, receiver, enabled_events=["*"])
    client.v1.customers.create()
    emulator.wait_for_webhooks()
    assert [event["type"] for _, event in made_at(receiver)] == ["customer.created"]


@pytest.mark.parametrize(
    ("params", "param", "code"),
    [
        ({"url": "example.com/hooks"}, "url", "url_invalid"),
        ({"enabled_events": ["payment_intent.paid"]}, "enabled_events[0]", None),
        ({"api_version": "1999-01-01"}, "api_version", None),
        ({"nonsense": 1}, "nonsense", "parameter_unknown"),
    ],
)
def test_what_stripe_refuses_is_refused(
    client: stripe.StripeClient, receiver: Receiver, params: Any, param: str, code: str | None
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        create(client, receiver, **params)
    assert (refused.value.http_status, refused.value.param, refused.value.code) == (400, param, code)


def test_the_api_version_of_an_endpoint_cannot_change(client: stripe.StripeClient, receiver: Receiver) -> None:
    made = create(client, receiver)
    for change in ({"api_version": "2026-10-28.endive"}, {"connect": True}):
        with pytest.raises(stripe.InvalidRequestError, match="unknown parameter"):
            client.v1.webhook_endpoints.update(made.id, change)  # type: ignore[arg-type]


def test_a_deleted_endpoint_is_not_there(client: stripe.StripeClient, receiver: Receiver) -> None:
    made = create(client, receiver)
    client.v1.webhook_endpoints.delete(made.id)
    for call in (client.v1.webhook_endpoints.retrieve, client.v1.webhook_endpoints.delete):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            call(made.id)
        assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")


def test_sixteen_endpoints_are_the_most(client: stripe.StripeClient, receiver: Receiver) -> None:
    for _ in range(16):
        create(client, receiver)
    with pytest.raises(stripe.InvalidRequestError, match="maximum of 16"):
        create(client, receiver)


def test_a_domain_is_registered_once(client: stripe.StripeClient) -> None:
    domains = client.v1.payment_method_domains
    made = domains.create({"domain_name": "billing.example.com"})
    assert made.apple_pay.status == "active"
    assert domains.create({"domain_name": "billing.example.com"}).id == made.id
    assert domains.update(made.id, {"enabled": False}).enabled is False
    assert [each.id for each in domains.list({"domain_name": "billing.example.com"}).data] == [made.id]
    assert domains.list({"domain_name": "other.example.com"}).data == []
    with pytest.raises(stripe.InvalidRequestError, match="Invalid domain name"):
        domains.create({"domain_name": "localhost"})
