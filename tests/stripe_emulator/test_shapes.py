"""The judge of shapes finds what it is to find. `conftest` gives it all that the emulator answers and keeps."""

import re
from pathlib import Path
from typing import Any

import pytest
import stripe

from local.stripe_emulator import routes
from local.stripe_emulator.client import Emulator
from tests.stripe_emulator.conftest import pay
from tests.stripe_emulator.shapes import class_of, fields_of, mismatches

EMITTED = re.compile(r'emit\(\s*"([a-z_.]+)"')
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
