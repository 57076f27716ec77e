import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from app import app
from chalicelib import api as all_routes
from chalicelib import openapi
from chalicelib.web import Problem
from local.resources import Deployment
from local.stripe_emulator.client import Emulator
from tests.api import Api
from tests.environment import use


@pytest.fixture(scope="module", autouse=True)
def stripe(stack: Deployment) -> Iterator[None]:
    """Point the settings at an emulator of Stripe: some of the generated requests reach it."""
    with Emulator() as emulator, use({"STRIPE_API_BASE": emulator.url}):
        yield


DOCUMENT = openapi.describe(all_routes.BLUEPRINTS, "test")
OPERATIONS = [(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods]


def test_every_route_that_runs_is_described_and_no_other() -> None:
    # The portal's pages are for people; what programs may call is described.
    routes = {path: methods for path, methods in app.routes.items() if not path.startswith("/portal")}
    running = {(path, method.lower()) for path, methods in routes.items() for method in methods}
    pages = {(path, method) for path, method in running if path.startswith("/portal")}
    assert set(OPERATIONS) == running - pages


def test_every_reference_leads_somewhere() -> None:
    names = re.findall(r"#/components/schemas/([\w.]+)", repr(DOCUMENT))
    assert names
    assert set(names) <= set(DOCUMENT["components"]["schemas"])


def test_what_moves_money_asks_for_an_idempotency_key() -> None:
    asking = {
        path
        for path, method in OPERATIONS
        for parameter in DOCUMENT["paths"][path][method]["parameters"]
        if parameter["name"] == "Idempotency-Key"
    }
    account = "/v1/accounts/{account_id}"
    assert asking == {
        f"{account}/top-ups",
        f"{account}/adjustments",
        f"{account}/payments/{{payment_id}}/refunds",
        f"{account}/subscription",
        f"{account}/subscription/pay",
    }


def test_every_route_but_the_public_ones_needs_a_token() -> None:
    public = {path for path, method in OPERATIONS if not DOCUMENT["paths"][path][method]["security"]}
    assert public == {"/health", "/openapi.json", "/webhooks/stripe"}


def test_the_description_is_served(api: Api) -> None:
    served = api.get("/openapi.json", token="").json()
    assert served["openapi"] == "3.1.0"
    assert served["paths"].keys() == DOCUMENT["paths"].keys()


def test_an_error_looks_as_described(api: Api) -> None:
    answer = api.get("/v1/accounts/nobody")
    assert set(Problem.__struct_fields__) - {"field"} <= answer.json().keys()


@pytest.mark.parametrize(
    ("path", "method"), OPERATIONS, ids=[f"{method.upper()} {path}" for path, method in OPERATIONS]
)
def test_whatever_is_sent_the_answer_is_as_described(api: Api, path: str, method: str) -> None:
    """Send generated requests, good and bad; schemathesis compares each answer with the description."""
    api.make_account("acme")
    schema: Any = schemathesis.openapi.from_dict(DOCUMENT)
    schema.config.update(base_url=api.url)
    headers = {"Authorization": f"Bearer {api.token()}"}

    @hypothesis_settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(case=schema[path][method.upper()].as_strategy())
    def check(case: Any) -> None:
        if "account_id" in (case.path_parameters or {}):
            case.path_parameters["account_id"] = "acme"
        # A request can fit the schema and still be refused: a day that is none, an amount outside the limits.
        case.call_and_validate(
            headers={**headers, "Idempotency-Key": "generated"}, excluded_checks=[positive_data_acceptance]
        )

    check()
