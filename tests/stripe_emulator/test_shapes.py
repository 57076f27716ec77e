"""The judge of shapes finds what it is to find. `conftest` gives it all that the emulator answers and keeps."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import stripe

from local.stripe_emulator import routes
from local.stripe_emulator.client import Emulator
from local.stripe_emulator.ids import KIND_BY_PREFIX
from local.stripe_emulator.settings import PLATFORM
from tests.stripe_emulator.conftest import pay, saved_card
from tests.stripe_emulator.shapes import class_of, fields_of, mismatches

EMITTED = re.compile(r'emit\(\s*"([a-z_.]+)"')
FIRST = {
    "balance_transaction", "charge", "dispute", "event", "payment_intent", "payment_method_domain", "refund",
    "setup_intent", "webhook_endpoint",
}  # fmt: skip
"""The kinds of which any object will do."""

SOURCES = Path(routes.__file__).parent


@pytest.fixture
def charge(client: stripe.StripeClient) -> dict[str, Any]:
    intent = pay(client, expand=["latest_charge.balance_transaction"])
    found: dict[str, Any] = intent.latest_charge.to_dict()
    assert mismatches(found) == []
    return found


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"nonsense": 1}, "charge.nonsense: Stripe has no such field"),
        ({"amount": "12"}, "charge.amount: '12' is none of <class 'int'>"),
        ({"amount": True}, "charge.amount: True is none of <class 'int'>"),
        ({"status": "paid"}, "charge.status: 'paid' is none of typing.Union[typing.Literal['failed', 'pending'"),
        ({"radar_options": None}, "charge.radar_options: null, where Stripe leaves it out"),
        ({"metadata": {"a": 1}}, "charge.metadata.a: 1 is none of <class 'str'>"),
        ({"payment_intent": 5}, "charge.payment_intent: 5 is none of "),
        ({"object": "debit"}, "object: Stripe has no object 'debit'"),
        ({"deleted": True}, "charge.amount: not left of what was deleted"),
    ],
)
def test_a_difference_is_named_with_its_path(charge: dict[str, Any], change: dict[str, Any], found: str) -> None:
    assert any(each.startswith(found) for each in mismatches(charge | change))


@pytest.mark.parametrize("name", ["amount", "customer", "outcome"])
def test_what_stripe_always_sends_is_missed(charge: dict[str, Any], name: str) -> None:
    assert mismatches({field: value for field, value in charge.items() if field != name}) == [f"charge.{name}: missing"]


def test_it_looks_into_what_is_inside(charge: dict[str, Any]) -> None:
    charge["payment_method_details"]["card"]["checks"]["odd"] = None
    charge["balance_transaction"]["fee_details"][0]["amount"] = "1"
    charge["outcome"].pop("reason")
    assert {each.partition(": ")[0] for each in mismatches(charge)} == {
        "charge.payment_method_details.card.checks.odd",
        "charge.balance_transaction.fee_details[0].amount",
        "charge.outcome.reason",
    }


def test_events_are_judged_with_what_they_are_about_and_what_was_replaced(
    client: stripe.StripeClient, emulator: Emulator
) -> None:
    customer = client.v1.customers.create({"name": "A"}).id
    client.v1.customers.update(customer, {"name": "B"})
    (event,) = emulator.events("customer.updated")
    event["data"]["object"]["odd"] = event["data"]["previous_attributes"]["odder"] = 1
    assert mismatches(event) == [
        "event.data.object[customer].odd: Stripe has no such field",
        "event.data.previous_attributes.odder: Stripe has no such field",
    ]


def test_errors_and_lists_are_judged() -> None:
    assert mismatches({"error": {"type": "card_error", "wrong": 1}}) == ["error.wrong: Stripe has no such field"]
    listed = {"object": "list", "url": "/v1/refunds", "has_more": "no", "data": [{"object": "charge", "id": "ch_1"}]}
    found = mismatches(listed)
    assert "list.has_more: 'no' is none of <class 'bool'>" in found
    assert "list.data[0].amount: missing" in found


def test_every_event_of_the_emulator_is_one_of_stripes() -> None:
    types = {type_ for path in SOURCES.glob("*.py") for type_ in EMITTED.findall(path.read_text())}
    assert len(types) > 25
    assert types <= set(fields_of(class_of("event"))["type"].__args__)


def ids_of(emulator: Emulator, client: stripe.StripeClient) -> dict[str, str]:
    """Make one of everything; return an id for each name that a path may have."""
    account = emulator.connect_account()["id"]
    pay(emulator.stripe_client(stripe_account=account), application_fee_amount=100)
    fee = client.v1.application_fees.list().data[0].id
    given = client.v1.application_fees.refunds.create(fee, {"amount": 10}).id
    card = saved_card(client)
    paid = [pay(client, customer=card.customer, payment_method=card.payment_method) for _ in range(2)]
    client.v1.refunds.create({"payment_intent": paid[0].id, "amount": 100})
    emulator.open_dispute(paid[1].id)
    client.v1.webhook_endpoints.create({"url": "https://example.com", "enabled_events": ["charge.refunded"]})
    client.v1.payment_method_domains.create({"domain_name": "billing.example.com"})
    found = {kind: emulator.objects(kind, PLATFORM)[0]["id"] for kind in KIND_BY_PREFIX.values() if kind in FIRST}
    made = {"account": account, "application_fee": fee, "fee_refund": given, "customer": card.customer}
    return found | made | {"payment_method": card.payment_method}


def path_of(route: routes.Route, ids: dict[str, str]) -> str:
    """Return the path of a route with ids in it."""
    outer, *inner = [part.removesuffix("s") for part in route.path.split("/")[2:] if part != "{id}"]
    kinds = [outer, *({"refund": "fee_refund"}.get(each, each) for each in inner)]
    path = route.path
    for kind in kinds:
        path = path.replace("{id}", ids.get(kind, ""), 1)
    return f"{path}?query=currency%3A%27usd%27" if route.path.endswith("/search") else path


def test_every_route_that_reads_answers_as_stripe_does(client: stripe.StripeClient, emulator: Emulator) -> None:
    ids = ids_of(emulator, client)
    reads = [route for route in routes.ROUTES if route.method == "GET"]
    assert len(reads) > 25
    for route in reads:
        answer = client.raw_request("get", path_of(route, ids))
        assert mismatches(json.loads(answer.body)) == []
