"""A page refuses what the API refuses, and takes what it takes: each field of each verb, at the limits of its type.

Amounts are typed without separators, so that a person and a program write the same.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import urlencode

import pytest

from chalicelib.clock import now_ms
from chalicelib.notices.table import choice_of
from chalicelib.portal.routes import HOME
from chalicelib.pricing import table as pricing
from chalicelib.secrets import secrets
from chalicelib.token import sign_token
from tests.depth import some
from tests.doors.gateway import Request, send
from tests.doors.world import HOUR_MS, Tenant, Visitor, enter

ACCOUNT = "/v1/accounts/{account_id}"
CLIENT = "/clients/{client_id}"
AMOUNTS = ("", "0", "0.01", "9.99", "10", "10.001", "5000", "5000.01", "25.005", "-5", "abc", "1e3", "9" * 13)
PRICES = ("0", "0.0001", "100000", "100000.01", "0.0000001", "-1", "abc")
NUMBERS = ("-1", "0", "1", "1.5", "10000", "10001", "99999", "abc")
LINES = ("", "x", "x" * 200, "x" * 201, "a\u202eb", "a\x07b")
EMAILS = ("", "kim", "kim@acme.example", "kïm@acme.example", "x" * 64 + "@acme.example", "x" * 65 + "@acme.example")
_numbers = count(1)


@dataclass(frozen=True)
class Verb:
    """How the API and a page call a verb. A field of the body is at a place in it; the form may call it otherwise."""

    method: str
    path: str
    body: dict[str, Any]
    page: str
    form: dict[str, str]
    of_client: bool = False
    query: str = ""


VERBS = {
    "top_up": Verb("POST", "/top-ups", {"amount": "25"}, "/add-balance", {"amount": "other", "other": "25"}),
    "auto_pay": Verb(
        "PUT",
        "/auto-pay",
        {"enabled": True, "threshold": "1", "amount": "25", "monthly_limit": "100"},
        "/auto-pay",
        {"do": "on", "threshold": "1", "amount": "25", "monthly_limit": "100"},
    ),
    "plan": Verb(
        "PUT",
        "/subscription",
        {"plan": "agency", "add_ons": {"phone_number": 1}},
        "/plan/preview",
        {"plan": "agency", "add_on_phone_number": "1"},
        query="preview=true",
    ),
    "details": Verb(
        "PUT", "", {"billing_details": {"name": "Kim", "email": "kim@acme.example"}}, "/details", {"name": "Kim"}
    ),
    "alerts": Verb(
        "PUT",
        "/notices",
        {"recipients": ["kim@acme.example"], "low_balance_threshold": "25"},
        "/alerts",
        {"recipients": "kim@acme.example", "low_balance_threshold": "25"},
    ),
    "budget": Verb("PUT", "/budgets/{budget_id}", {"limit": "25"}, "/budgets", {"budget": "month", "limit": "25"}),
    "credit": Verb(
        "POST",
        "/adjustments",
        {"type": "credit", "amount": "5", "reason": "Welcome"},
        CLIENT + "/credit",
        {"amount": "5", "reason": "Welcome"},
        of_client=True,
    ),
    "standing": Verb(
        "PUT",
        "/standing",
        {"standing": "active", "reason": "Paid"},
        CLIENT + "/standing",
        {"to": "active", "reason": "Paid"},
        of_client=True,
    ),
    "prices": Verb(
        "PUT",
        "/rebilling",
        {"enabled": True, "meters": {"sms": {"state": "price", "price": "0.08"}}, "allowance": "5", "confirmed": True},
        CLIENT + "/prices",
        {"enabled": "on", "allowance": "5", "meters.sms.state": "price", "meters.sms.price": "0.08"},
        of_client=True,
        query="preview=true",
    ),
}

FIELDS: list[tuple[str, str, str, tuple[str, ...]]] = [
    ("top_up", "amount", "other", AMOUNTS),
    ("auto_pay", "threshold", "threshold", AMOUNTS),
    ("auto_pay", "amount", "amount", AMOUNTS),
    ("auto_pay", "monthly_limit", "monthly_limit", AMOUNTS[1:]),
    ("plan", "add_ons.phone_number", "add_on_phone_number", NUMBERS),
    ("plan", "plan", "plan", ("", "agency", "nothing", "x" * 41)),
    ("details", "billing_details.name", "name", LINES[1:]),
    ("details", "billing_details.tax_id", "tax_id", LINES[1:]),
    ("details", "billing_details.email", "email", EMAILS[1:]),
    ("alerts", "low_balance_threshold", "low_balance_threshold", AMOUNTS[1:]),
    ("alerts", "recipients", "recipients", EMAILS[1:]),
    ("budget", "limit", "limit", AMOUNTS),
    ("credit", "amount", "amount", ("", "0", "0.01", "25.005", "-5", "abc", "9" * 13)),
    ("credit", "reason", "reason", LINES),
    ("standing", "reason", "reason", LINES),
    ("standing", "standing", "to", ("active", "gone", "")),
    ("prices", "allowance", "allowance", ("0.01", "10000000", "10000000.01", "25.005", "-5", "abc", "9" * 13)),
    (
        "prices",
        "meters.sms.price",
        "meters.sms.price",
        ("0", "0.0001", "100000", "100000.01", "0.0000001", "-1", "abc"),
    ),
]
CASES = [(verb, field, name, text) for verb, field, name, texts in FIELDS for text in texts]
KNOWN_DIFFERENCES = {
    ("credit", "amount", "25.005"): "a credit of the API has the ledger's six decimals, a typed one the currency's",
    ("prices", "allowance", "25.005"): "the same",
}


@pytest.fixture(scope="module")
def visitor(tenant: Tenant) -> Visitor:
    return enter(tenant.account_id)


@pytest.mark.parametrize(("verb", "field", "name", "text"), some(CASES))
def test_a_page_and_the_api_refuse_the_same(
    verb: str, field: str, name: str, text: str, tenant: Tenant, visitor: Visitor
) -> None:
    called = VERBS[verb]
    of_page = page_status(called, name, text, tenant, visitor)
    assert of_page < 500
    if (verb, field, text) not in KNOWN_DIFFERENCES:
        assert (of_page >= 400) == (api_status(called, field, text, tenant) >= 400)


def page_status(verb: Verb, name: str, text: str, tenant: Tenant, visitor: Visitor) -> int:
    names = {each: tenant.page_names[each] for each in ("account_id", "client_id") if each in HOME + verb.page}
    headers = {"Cookie": visitor.cookie, "Host": "billing.example.com"}
    fields = {**verb.form, name: text}
    if verb.page.endswith("/preview"):
        return send(Request("GET", HOME + verb.page, names, fields, headers)).status
    fields |= {"attempt": str(10_000 + next(_numbers)), "form_token": visitor.form_token}
    if verb.page == "/alerts":
        fields["shown"] = str(choice_of(names["account_id"]).version)
    if verb.of_client:
        fields["shown"] = str(pricing.find(names["client_id"]).version)
    form = urlencode(fields).encode()
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    return send(Request("POST", HOME + verb.page, names, {}, headers, form)).status


def api_status(verb: Verb, field: str, text: str, tenant: Tenant) -> int:
    account_id = tenant.page_names["client_id"] if verb.of_client else tenant.account_id
    # The operator may call each verb, and a role is not what is compared.
    token = sign_token(secrets().token_secret, role="operator", account_id=None, expires_at_ms=now_ms() + HOUR_MS)
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Idempotency-Key": f"same-rules-{next(_numbers)}",
    }
    body = json.dumps(changed(verb.body, field.split("."), value_of(field, text))).encode()
    query = dict([verb.query.split("=")]) if verb.query else {}
    names = {"account_id": account_id, "budget_id": "month"}
    return send(Request(verb.method, ACCOUNT + verb.path, names, query, headers, body)).status


def value_of(field: str, text: str) -> Any:
    """Return a text as JSON: a number of things is a number there."""
    if field == "recipients":
        return [text]
    if field.startswith("add_ons."):
        return next(numbers(text), text)
    return text


def numbers(text: str) -> Iterator[float]:
    for kind in (int, float):
        try:
            yield kind(text)
        except ValueError:
            continue


def changed(body: Any, place: list[str], value: Any) -> Any:
    if not place:
        return value
    return {**body, place[0]: changed(body.get(place[0]), place[1:], value)}
