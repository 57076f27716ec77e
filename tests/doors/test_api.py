"""Whatever a request to the API brings is answered below 500, and what breaks a rule is named.

The requests are generated from the operations' own declarations: each name in the path, each parameter of the query and
each field of the body, and the headers, with each of the wrong values; all else in the request is as it should be.
Each of these in `make test-deep`, a mixture of them in `make test`.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest

from chalicelib import api
from chalicelib.web import Operation
from tests.build import event
from tests.depth import mixed
from tests.doors import declared
from tests.doors.gateway import Answer, Json, Request, send
from tests.doors.values import DAYS, GENERAL, OTHERS, TEXTS, beside
from tests.doors.world import Tenant, operator_token
from tests.invoices.logos import png
from tests.payments.payer import signed

OPERATIONS = {operation.name: operation for blueprint in api.BLUEPRINTS for operation in blueprint.operations}
WITH_A_PATH = [name for name, operation in OPERATIONS.items() if declared.path_names(operation)]
WITH_A_QUERY = [name for name, operation in OPERATIONS.items() if operation.query]
WITH_A_BODY = [name for name, operation in OPERATIONS.items() if operation.takes]
WITH_HEADERS = ("get_account", "add_balance", "post_usage", "receive_webhook")
HEADERS = ("Idempotency-Key", "Authorization", "Content-Type", "Accept-Language", "Stripe-Signature", "Cookie", "Host")

Requests = Iterable[tuple[str, Request]]
"""Each with what is wrong with it."""


def good_body(operation: Operation, tenant: Tenant) -> Json:
    """Return a body with which nothing is wrong."""
    if operation.name == "post_usage":
        return event(tenant.account_id)
    if operation.name == "receive_webhook":
        return {
            "id": "evt_1",
            "type": "customer.deleted",
            "created": 1_790_000_000,
            "data": {"object": {"id": "cus_1"}},
        }
    if not operation.takes:
        return None
    known = {"account_id": tenant.account_id, "workspace_id": None, "expected_amount": None, "logo": png(4, 4)}
    known |= {"from": None, "allowance": None}
    body = {**declared.sample(operation.takes), **operation.example}
    return {name: known.get(name, value) for name, value in body.items()}


def written(body: Json) -> bytes:
    """Write JSON as no careful client would: with halves of characters and huge numbers in it."""
    return json.dumps(body).encode()


def good(operation: Operation, tenant: Tenant) -> Request:
    """Return a request with which nothing is wrong."""
    names = {name: tenant.names[name] for name in declared.path_names(operation)}
    headers = {"Authorization": f"Bearer {operator_token()}", "Content-Type": "application/json"}
    if operation.idempotent:
        headers["Idempotency-Key"] = "key"
    body = good_body(operation, tenant)
    request = Request(operation.method, operation.path, names, {}, headers, written(body) if body else b"")
    return resigned(request) if operation.name == "receive_webhook" else request


def resigned(request: Request) -> Request:
    return replace(request, headers={**request.headers, "Stripe-Signature": signed(request.body)})


def bad_paths(request: Request) -> Requests:
    for name, good_one in request.names.items():
        for what, value in {**TEXTS, **beside(good_one)}.items():
            yield f"{name}: {what}", replace(request, names={**request.names, name: value})


def bad_queries(operation: Operation, request: Request) -> Requests:
    for name in (*declared.query_names(operation), "unknown"):
        for what, value in TEXTS.items():
            yield f"{name}: {what}", replace(request, query={name: value})
    for what, name in GENERAL.items():
        if name:
            yield f"a name: {what}", replace(request, query={name: "1"})


def bad_headers(request: Request) -> Requests:
    for name in HEADERS:
        for what, value in {**GENERAL, **beside(request.headers.get(name, ""))}.items():
            yield f"{name}: {what}", replace(request, headers={**request.headers, name: value})


def bad_bodies(request: Request) -> Requests:
    body = json.loads(request.body)
    for place in declared.places(body):
        current = declared.at(body, place)
        near = beside(current) if isinstance(current, str) else {}
        for what, value in {**GENERAL, **DAYS, **OTHERS, **near}.items():
            yield f"{place}: {what}", replace(request, body=written(declared.replaced(body, place, value)))


def faults(requests: Requests) -> Iterator[tuple[str, int, str]]:
    """Send requests, and yield those whose answer is none."""
    for what, request in requests:
        answer = send(request)
        if not is_sound(answer, about_a_field="(): " not in what):
            yield what, answer.status, answer.text[:300]


def is_sound(answer: Answer, *, about_a_field: bool) -> bool:
    """Tell whether an answer is below 500, a problem if it is none of success, and names what breaks a rule."""
    if answer.status < 400:
        return True
    problem = answer.headers["content-type"] == "application/problem+json" and answer.status < 500
    return problem and (answer.status != 422 or not about_a_field or names_a_place(answer.json()))


def names_a_place(problem: Json) -> bool:
    """Tell whether a problem names a field, or repeats its value; an event that is too large as a whole has none."""
    return bool(problem.get("field") or problem.get("value") or problem.get("reason") == "too_large")


@pytest.mark.parametrize("name", WITH_A_PATH)
def test_a_path(name: str, tenant: Tenant) -> None:
    assert list(faults(mixed(list(bad_paths(good(OPERATIONS[name], tenant))), name))) == []


@pytest.mark.parametrize("name", WITH_A_QUERY)
def test_a_query(name: str, tenant: Tenant) -> None:
    operation = OPERATIONS[name]
    assert list(faults(mixed(list(bad_queries(operation, good(operation, tenant))), name))) == []


@pytest.mark.parametrize("name", WITH_HEADERS)
def test_headers(name: str, tenant: Tenant) -> None:
    assert list(faults(mixed(list(bad_headers(good(OPERATIONS[name], tenant))), name))) == []


@pytest.mark.parametrize("name", WITH_A_BODY)
def test_a_body(name: str, tenant: Tenant) -> None:
    assert list(faults(mixed(list(bad_bodies(good(OPERATIONS[name], tenant))), name))) == []


def test_what_a_good_request_has_is_good(tenant: Tenant) -> None:
    """Else nothing but its first fault would be tried."""
    for operation in OPERATIONS.values():
        answer = send(good(operation, tenant))
        assert answer.status != 422 or operation.name == "put_card", (operation.name, answer.text)


SIGNED = {"an event": {}, "of an ignored type": {"type": "charge.updated"}}


@pytest.mark.parametrize("change", SIGNED.values(), ids=SIGNED)
def test_what_stripe_has_signed(change: Json, tenant: Tenant) -> None:
    """What of an event we do not need, such as the id that is not on file here, may be anything."""
    request = good(OPERATIONS["receive_webhook"], tenant)
    whole = replace(request, body=written({**json.loads(request.body), **change}))
    tried = [(what, resigned(bad)) for what, bad in bad_bodies(whole) if not what.startswith("('data', 'object', ")]
    assert [each for each in faults(tried) if each[1] >= 500] == []
