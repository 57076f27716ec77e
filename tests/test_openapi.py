import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings

from app import app
from chalicelib import api as all_routes
from chalicelib import openapi
from chalicelib.catalog.catalog import catalog
from chalicelib.typed import convert
from chalicelib.web import Problem
from local.api import api_properties
from local.resources import Deployment
from local.stripe_emulator.client import Emulator
from tests.api import Api
from tests.browser import launched
from tests.depth import examples
from tests.environment import use


@pytest.fixture(scope="module", autouse=True)
def stripe(stack: Deployment) -> Iterator[None]:
    """Point the settings at an emulator of Stripe: some of the generated requests reach it."""
    with Emulator() as emulator, use({"STRIPE_API_BASE": emulator.url}):
        yield


DOCUMENT = openapi.describe(all_routes.BLUEPRINTS, "test", {"name": "Acme"})
OPERATIONS = [(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods]
DESCRIBED = [DOCUMENT["paths"][path][method] for path, method in OPERATIONS]
DECLARED = {operation.name: operation for blueprint in all_routes.BLUEPRINTS for operation in blueprint.operations}


def schemas(value: Any = DOCUMENT) -> Iterator[dict[str, Any]]:
    """Yield every object in the description, schemas among them."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from schemas(inner)


def test_every_route_that_runs_is_described_and_no_other() -> None:
    # The portal's pages are for people; what programs may call is described.
    routes = {path: methods for path, methods in app.routes.items() if not path.startswith(("/portal", "/stripe/"))}
    running = {(path, method.lower()) for path, methods in routes.items() for method in methods}
    pages = {(path, method) for path, method in running if path.startswith("/portal")}
    assert set(OPERATIONS) == running - pages


def test_every_reference_leads_somewhere() -> None:
    names = re.findall(r"#/components/schemas/([\w.]+)", repr(DOCUMENT))
    assert names
    assert set(names) <= set(DOCUMENT["components"]["schemas"])


def test_no_schema_is_named_by_the_module_that_it_is_in() -> None:
    # Generated clients have a class for each. Two types of one name would get their modules' names before theirs.
    assert [name for name in DOCUMENT["components"]["schemas"] if "." in name] == []


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
        f"{account}/invoices/{{number}}/send",
        f"{account}/payments/{{payment_id}}/refunds",
        f"{account}/subscription",
        f"{account}/subscription/pay",
        f"{account}/subscription/cancel",
        f"{account}/subscription/pause",
        f"{account}/subscription/resume",
    }


def test_every_route_but_the_public_ones_needs_a_token() -> None:
    public = {path for path, method in OPERATIONS if not DOCUMENT["paths"][path][method]["security"]}
    assert public == {"/health", "/openapi.json", "/webhooks/stripe", "/webhooks/stripe-connect"}


def test_the_description_is_served(api: Api) -> None:
    served = api.get("/openapi.json", token="").json()
    assert served["openapi"] == "3.1.0"
    assert served["paths"].keys() == DOCUMENT["paths"].keys()


def test_it_says_whose_it_is_where_and_what(api: Api) -> None:
    served = api.get("/openapi.json", token="").json()
    assert served["info"]["contact"]["name"] == catalog().seller.name
    assert {"title", "version", "description", "license"} <= served["info"].keys()
    assert [server["url"] for server in served["servers"]] == ["."]


def test_every_operation_says_what_to_know_and_what_it_may_refuse_with() -> None:
    tags = {tag["name"] for tag in DOCUMENT["tags"]}
    for operation in DESCRIBED:
        assert len(operation["description"]) > 40, operation["operationId"]
        assert operation["summary"] not in operation["description"]
        assert set(operation["tags"]) <= tags
        assert {"429", "500", "502", "504", "default"} <= operation["responses"].keys()
        assert ("401" in operation["responses"]) == bool(operation["security"]), operation["operationId"]
        assert ("413" in operation["responses"]) or "requestBody" not in operation
    assert len({operation["operationId"] for operation in DESCRIBED}) == len(DESCRIBED)
    assert all(tag["description"] for tag in DOCUMENT["tags"])


def test_every_parameter_has_a_description_or_says_it_by_its_type() -> None:
    parameters = [parameter for operation in DESCRIBED for parameter in operation["parameters"]]
    assert all(parameter["description"] for parameter in parameters if parameter["in"] != "query")
    names = {parameter["name"] for parameter in parameters if parameter["in"] == "path"}
    assert names == set(openapi.PATH_NAMES)


def test_every_array_says_what_is_in_it() -> None:
    arrays = [schema for schema in schemas() if schema.get("type") == "array"]
    assert arrays
    assert all("items" in schema or "prefixItems" in schema for schema in arrays)


@pytest.mark.parametrize("name", [name for name, operation in DECLARED.items() if operation.takes])
def test_every_body_has_an_example_that_is_taken(name: str) -> None:
    operation = DECLARED[name]
    assert operation.example
    convert(operation.example, operation.takes)


@pytest.mark.browser
def test_every_pattern_is_one_in_javascript_too() -> None:
    """JSON Schema's patterns are JavaScript's, with its flag `u` (2020-12, section 6.4)."""
    patterns = sorted({schema["pattern"] for schema in schemas() if isinstance(schema.get("pattern"), str)})
    assert patterns
    compile_all = """patterns => patterns.flatMap(pattern => {
        try { new RegExp(pattern, "u"); return [] } catch (error) { return [`${pattern}: ${error}`] }
    })"""
    with launched() as browser:
        assert browser.new_page().evaluate(compile_all, patterns) == []


TOO_MANY_REQUESTS, FAILED = 429, 500


def test_what_the_gateway_answers_itself_is_described() -> None:
    answers = {answer.get("StatusCode", 500) for answer in api_properties()["GatewayResponses"].values()}
    # What it refuses by itself is described by the default; what may be sent again is described apart.
    assert {status for status in answers if status == TOO_MANY_REQUESTS or status >= FAILED} <= set(openapi.GATEWAY)


def test_an_error_looks_as_described(api: Api) -> None:
    answer = api.get("/v1/accounts/nobody")
    assert set(Problem.__struct_fields__) - {"field"} <= answer.json().keys()


def without_default(document: Any) -> Any:
    """Return a description by which only the statuses that it names may come."""
    strict = copy.deepcopy(document)
    for methods in strict["paths"].values():
        for operation in methods.values():
            del operation["responses"]["default"]
    return strict


@pytest.fixture(scope="module")
def described(api_server: Api) -> Any:
    """Return the description as schemathesis reads it, once for all operations."""
    # Imported here: it takes seconds to load, also where no test of this file runs.
    import schemathesis  # noqa: PLC0415

    schema: Any = schemathesis.openapi.from_dict(without_default(DOCUMENT))
    schema.config.update(base_url=api_server.url)
    return schema


@pytest.mark.parametrize(
    ("path", "method"), OPERATIONS, ids=[f"{method.upper()} {path}" for path, method in OPERATIONS]
)
def test_whatever_is_sent_the_answer_is_as_described(api: Api, described: Any, path: str, method: str) -> None:
    """Send generated requests, good and bad; schemathesis compares each answer with the description."""
    from schemathesis.specs.openapi.checks import positive_data_acceptance  # noqa: PLC0415

    api.make_account("acme")
    headers = {"Authorization": f"Bearer {api.token()}"}

    @hypothesis_settings(max_examples=examples(15), suppress_health_check=list(HealthCheck), derandomize=True)
    @given(case=described[path][method.upper()].as_strategy())
    def check(case: Any) -> None:
        if "account_id" in (case.path_parameters or {}):
            case.path_parameters["account_id"] = "acme"
        # A request can fit the schema and still be refused: a day that is none, an amount outside the limits.
        case.call_and_validate(
            headers={**headers, "Idempotency-Key": "generated"}, excluded_checks=[positive_data_acceptance]
        )

    check()
