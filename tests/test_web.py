"""In which order a request is looked at, and that nothing that is sent breaks anything: over every operation."""

import socket
from collections.abc import Iterator

import pytest
import requests

from chalicelib import api as all_routes
from chalicelib.http_input import BODY_BYTES, InvalidRequest, NothingThere, check_path, read_query
from chalicelib.secrets import secrets
from chalicelib.token import sign_token
from chalicelib.web import Operation
from local.resources import Deployment
from local.stripe_emulator.client import Emulator
from tests.api import NOBODY, Api, problem
from tests.environment import use

OPERATIONS = [operation for blueprint in all_routes.BLUEPRINTS for operation in blueprint.operations]
KEPT = [operation for operation in OPERATIONS if not operation.public]
OF_AN_ACCOUNT = [operation for operation in KEPT if "{account_id}" in operation.path]
WITH_A_BODY = [operation for operation in OPERATIONS if operation.takes]
NAMES = {
    "account_id": "acme",
    "payment_id": "pay_1",
    "transaction_id": "txn_1",
    "number": "1",
    "client_id": "bob",
    "card_id": "pm_1",
    "budget_id": "month",
    "month": "2026-11",
    "year": "2026",
}
GARBAGE = b"\xff[" * 1_500
TELLS_ITS_ACCOUNT_IN_THE_BODY = {"put_account"}
"""Whether it may be done depends on the workspace that the body names."""


@pytest.fixture(scope="module", autouse=True)
def stripe(stack: Deployment) -> Iterator[None]:
    """Point the settings at an emulator of Stripe: nothing here should reach it, and nothing may reach another."""
    with Emulator() as emulator, use({"STRIPE_API_BASE": emulator.url}):
        yield


@pytest.fixture(autouse=True)
def account(api: Api) -> str:
    return api.make_account("acme")


def name_of(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


def path_of(operation: Operation, **names: str) -> str:
    return operation.path.format(**{**NAMES, **names})


def send(api: Api, operation: Operation, body: bytes, *, token: str, **names: str) -> requests.Response:
    return api.call(operation.method, path_of(operation, **names), body, token=token, Idempotency_Key="key")


def send_garbage(api: Api, operation: Operation, *, token: str, **names: str) -> requests.Response:
    """Send a request of which nothing makes sense but the path."""
    path = f"{path_of(operation, **names)}?limit=none&limit=%ff&%00"
    headers = {"Idempotency_Key": "\xff", "Content_Type": "image/png"}
    return api.call(operation.method, path, GARBAGE, token=token, **headers)


@pytest.mark.parametrize("operation", KEPT, ids=name_of)
def test_who_asks_is_known_before_anything_is_read(api: Api, operation: Operation) -> None:
    for token in (NOBODY, "nonsense", api.token("operator", expires_in=-1)):
        problem(send_garbage(api, operation, token=token), 401, "unauthorized")
        problem(send_garbage(api, operation, token=token, **dict.fromkeys(NAMES, "x" * 3_000)), 401, "unauthorized")
    for body in (b"[" * 1_500, b"[" * (operation.body_bytes + 1)):
        problem(send(api, operation, body, token=NOBODY), 401, "unauthorized")


@pytest.mark.parametrize("operation", OF_AN_ACCOUNT, ids=name_of)
def test_what_is_not_there_for_the_caller_is_not_read_for_it(api: Api, operation: Operation) -> None:
    if operation.name in TELLS_ITS_ACCOUNT_IN_THE_BODY:
        return
    stranger = api.token("owner", "a-stranger")
    problem(send_garbage(api, operation, token=stranger), 404, "account-not-found")
    problem(send_garbage(api, operation, token=api.token(), account_id="nobody"), 404, "account-not-found")


@pytest.mark.parametrize("operation", OF_AN_ACCOUNT, ids=name_of)
def test_what_a_producer_may_not_do_is_not_read_for_it(api: Api, operation: Operation) -> None:
    if operation.name in TELLS_ITS_ACCOUNT_IN_THE_BODY:
        return
    answer = send_garbage(api, operation, token=api.token("producer"))
    if operation.name == "get_access":
        problem(answer, 422, "invalid-request")
    else:
        problem(answer, 403, "forbidden")


@pytest.mark.parametrize("operation", WITH_A_BODY, ids=name_of)
def test_a_body_that_is_too_large_is_refused_by_its_length(api: Api, operation: Operation) -> None:
    refused = problem(send(api, operation, b"x" * (operation.body_bytes + 1), token=api.token()), 413, "body-too-large")
    assert refused["maximum_bytes"] == operation.body_bytes
    refusal = (422, "usage-refused") if operation.name == "post_usage" else (400, "malformed-json")
    problem(send(api, operation, b"x" * operation.body_bytes, token=api.token()), *refusal)


def test_what_stripe_sends_has_a_bound(api: Api) -> None:
    problem(api.call("POST", "/webhooks/stripe", b"x" * 5_000_000, token=NOBODY), 413, "body-too-large")
    problem(api.call("POST", "/webhooks/stripe", b"x" * 500_000, token=NOBODY), 400, "invalid-signature")


def test_only_what_needs_more_takes_more_than_usual() -> None:
    larger = {operation.name for operation in OPERATIONS if operation.body_bytes != BODY_BYTES}
    assert larger == {"post_usage", "put_brand", "receive_webhook", "receive_connect_webhook"}


@pytest.mark.parametrize("operation", WITH_A_BODY, ids=name_of)
@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"\x00", b"\xff\xfe", b'{"name": "\xc0\x80"}', b'{"name": NaN}', b'{"name": "\\ud800"}', b"[,"),
    ],
    ids=repr,
)
def test_a_body_that_is_no_json_is_refused(api: Api, operation: Operation, body: bytes) -> None:
    answer = send(api, operation, body, token=api.token())
    is_left_out = operation.body_optional and not body
    assert is_left_out or answer.status_code in {400, 422}, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("depth", [1_500, 60_000])
@pytest.mark.parametrize("operation", WITH_A_BODY, ids=name_of)
def test_a_body_that_is_nested_too_deeply_is_refused(api: Api, operation: Operation, depth: int) -> None:
    for opening in (b"[", b'{"": ', b'{"name": ['):
        body = (opening * depth)[: operation.body_bytes]
        answer = send(api, operation, body, token=api.token())
        assert answer.status_code in {400, 422}, answer.text


@pytest.mark.parametrize(
    ("media_type", "status"),
    [
        ("application/json", 201),
        ("Application/JSON; Charset=UTF-8", 201),
        ("application/vnd.acme+json", 201),
        ("application/jsonp", 415),
        ("text/plain", 415),
        ("", 415),
    ],
)
def test_the_media_type_is_read_by_the_standard(api: Api, media_type: str, status: int) -> None:
    answer = api.post("/v1/portal-sessions", b'{"account_id": "acme"}', Content_Type=media_type)
    assert answer.status_code == status, answer.text


def test_a_byte_order_mark_before_a_body_is_skipped(api: Api) -> None:
    assert api.post("/v1/portal-sessions", b'\xef\xbb\xbf{"account_id": "acme"}').status_code == 201


NAMED = [(operation, name) for operation in KEPT for name in NAMES if f"{{{name}}}" in operation.path]


@pytest.mark.parametrize(("operation", "name"), NAMED, ids=lambda value: getattr(value, "name", value))
def test_a_name_that_nothing_can_have_is_not_found(api: Api, operation: Operation, name: str) -> None:
    for sent in ("x" * 257, "x" * 3_000, "%F0%9F%92%A9" * 300):
        problem(send_garbage(api, operation, token=api.token(), **{name: sent}), 404, "not-found")
    for sent in ("%00", "%0A", "%FF", "%C0%80", "%ED%A0%80", "%F0%9F%92%A9" * 20, "%zz"):
        answer = send(api, operation, b"{}", token=api.token(), **{name: sent})
        is_gone_anyway = operation.method == "DELETE" and answer.status_code == 204
        assert is_gone_anyway or 400 <= answer.status_code < 500, answer.text


NAMES_OF_NOTHING = ["", "\x00", "a\nb", "\x7f", "x" * 257, "\U0001f4a9" * 251, "\ud800"]


@pytest.mark.parametrize("name", NAMES_OF_NOTHING)
def test_a_name_in_a_path_is_text_without_control_characters_that_a_key_has_room_for(name: str) -> None:
    """API Gateway hands over decoded names, which the local server does not."""
    with pytest.raises(NothingThere):
        check_path({"payment_id": name})


@pytest.mark.parametrize("name", ["a", "x" * 256, "é", "a b", "\U0001f4a9" * 250])
def test_any_other_name_may_be_asked_for(name: str) -> None:
    check_path({"payment_id": name})


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if each.query], ids=name_of)
def test_a_mistyped_name_in_a_query_is_never_taken_for_a_default(operation: Operation) -> None:
    with pytest.raises(InvalidRequest):
        read_query({"mistyped": "true"}, operation.query)


@pytest.mark.parametrize("operation", [each for each in KEPT if each.query], ids=name_of)
@pytest.mark.parametrize(
    "value",
    [
        *("", "%00", "%FF", "-1", "1e5", "nan", "9" * 3_000, "%F0%9F%92%A9", "%D9%A3", "a" * 200),
        *("0001-01-01", "9999-12-31", "0001-01-01T00:00:00%2B23:59", "9999-12-31T23:59:59-23:59"),
        *("W1tbW1tb", "Wzk5OTk5OTk5OTk5OTk5OTk5LDEsIn4iXQ", "WzEsMSwiXHUwMDAwIl0", "WzEsMSwiXHVkODAwIl0"),
    ],
)
def test_a_query_of_any_kind_breaks_nothing(api: Api, operation: Operation, value: str) -> None:
    for name in operation.query.__struct_encode_fields__:
        path = f"{path_of(operation)}?{name}={value}"
        answer = api.call(operation.method, path, b"{}", Idempotency_Key="key")
        assert answer.status_code < 500, (path, answer.text)


@pytest.mark.parametrize(
    "header",
    [
        *("Idempotency-Key: \xff", "Idempotency-Key: a\x00b", f"Idempotency-Key: {'k' * 256}", "Content-Type: \xff"),
        *("Content-Type: ;=", "Authorization: Bearer \xff\xfe", "Authorization: \xff", "Host: \xff"),
        *("Stripe-Signature: t=\xb2,v1=\xff", f"Stripe-Signature: t={'9' * 5_000},v1=a", "Cookie: \xff=;;"),
    ],
)
def test_a_header_of_any_kind_breaks_nothing(api: Api, header: str) -> None:
    for path in ("/v1/accounts/acme/top-ups", "/v1/usage", "/webhooks/stripe"):
        token = "" if header.startswith("Auth") else f"Authorization: Bearer {api.token()}\r\n"
        head = f"POST {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: 2\r\n{token}{header}\r\n\r\n{{}}"
        status = answer_to(api, head.encode("latin-1"))
        assert 400 <= status < 500, (path, status)


def answer_to(api: Api, request: bytes) -> int:
    """Send bytes that no client would; return the status."""
    host, _, port = api.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection, connection.makefile("rb") as answer:
        connection.sendall(request)
        return int(answer.readline().split()[1])


def test_a_token_whose_header_is_nested_too_deeply_is_no_token(api: Api) -> None:
    for token in ("W1tb" * 700 + ".e30.AA", "e30." + "W1tb" * 700 + ".AA"):
        problem(api.get("/v1/accounts/acme", token=token), 401, "unauthorized")


def test_a_token_that_never_ends_is_no_token(api: Api) -> None:
    token = sign_token(secrets().token_secret, role="operator", account_id=None, expires_at_ms=10**18)
    problem(api.get("/v1/accounts/acme", token=token), 401, "unauthorized")
