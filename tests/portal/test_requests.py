"""Pages make the requests of verbs only through the rules of their types, as bodies of the API are read."""

import ast
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec import inspect

from chalicelib import portal
from chalicelib.accounts.account import BillingDetails
from chalicelib.api import BLUEPRINTS
from chalicelib.auto_pay.change_settings import AutoPayRequest
from chalicelib.http_input import InvalidRequest, read_fields
from chalicelib.portal.forms import QuantityInvalid, quantity
from chalicelib.subscriptions.request import Quantity, SubscriptionRequest

MODULES: Final = sorted(Path(str(portal.__file__)).parent.rglob("*.py"))


def structs(type: Any) -> set[str]:
    """Return the names of all types of requests in a type."""
    found: set[str] = set()
    waiting: list[Any] = [inspect.type_info(type)]
    while waiting:
        each = waiting.pop()
        if isinstance(each, inspect.StructType):
            found.add(each.cls.__name__)
            waiting += [field.type for field in each.fields]
        waiting += [inner for name in ("type", "item_type", "value_type") if (inner := getattr(each, name, None))]
        waiting += getattr(each, "types", ())
    return found


REQUESTS: Final = {BillingDetails.__name__}.union(
    *(structs(operation.takes) for each in BLUEPRINTS for operation in each.operations if operation.takes)
)


def test_the_types_of_requests_are_found() -> None:
    assert {"SubscriptionRequest", "AutoPayRequest", "ClientPriceRequest", "BillingDetailsRequest"} <= REQUESTS


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_no_page_makes_a_request_by_its_constructor_which_checks_nothing(path: Path) -> None:
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    made = [each.func.id for each in calls if isinstance(each.func, ast.Name) and (each.args or each.keywords)]
    assert REQUESTS.isdisjoint(made)


def test_a_value_that_the_type_does_not_allow_is_refused_with_its_field() -> None:
    for fields, field in (
        ({"enabled": True, "threshold": "-5"}, "threshold"),
        ({"enabled": "yes"}, "enabled"),
        ({"enabled": True, "limit": "5"}, "limit"),
        ({}, "enabled"),
    ):
        with pytest.raises(InvalidRequest) as refusal:
            read_fields(fields, AutoPayRequest)
        assert refusal.value.about["field"] == field


def test_what_an_amount_must_be_is_said_in_words() -> None:
    with pytest.raises(InvalidRequest, match=r"^threshold: A decimal string .*, without sign; for example '25.00'$"):
        read_fields({"enabled": True, "threshold": "-5"}, AutoPayRequest)


@pytest.mark.parametrize("number", [-1, 10_001, 10**8])
def test_more_of_an_add_on_than_the_api_takes_is_refused(number: int) -> None:
    with pytest.raises(InvalidRequest):
        read_fields({"plan": "agency", "add_ons": {"phone_number": number}}, SubscriptionRequest)
    with pytest.raises(QuantityInvalid) as refusal:
        quantity({"add_on_phone_number": str(number)}, "add_on_phone_number", Quantity)
    assert refusal.value.about == {"field": "add_on_phone_number", "most": 10_000}


@pytest.mark.parametrize("text", ["", "x", "1.5", "1e3", "9" * 5_000, "٣"])
def test_a_quantity_is_a_whole_number(text: str) -> None:
    with pytest.raises(QuantityInvalid):
        quantity({"add_on": text}, "add_on", Quantity)
    assert quantity({}, "add_on", Quantity) == 0
    assert quantity({"add_on": "10000"}, "add_on", Quantity) == 10_000
