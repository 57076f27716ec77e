"""The customer writes in the portal, the platform through the API: neither wipes what the other wrote."""

import re
from typing import Any

import pytest
import requests

from chalicelib.accounts import table as accounts
from chalicelib.portal.pages import auto_pay, details
from tests.portal.site import Site, Visitor

DETAILS = {
    "name": "Acme Ltd",
    "address": "1 High Street\nLondon",
    "country": "GB",
    "tax_id": "GB123456789",
    "email": "books@acme.example",
}
AUTO_PAY = {"threshold": "20", "amount": "50", "monthly_limit": "500"}
ACCOUNT = {"kind": "workspace", "name": "Acme", "email": "new@acme.example", "currency": "usd"}


def write(site: Site, account: str, path: str, body: Any) -> dict[str, Any]:
    """Write something as the platform; return what the API then shows."""
    url = f"{site.url}/v1/accounts/{account}{path}"
    answer = requests.put(url, json=body, headers=site.operator, timeout=30)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = requests.get(url, headers=site.operator, timeout=30).json()
    assert shown == answer.json()
    return shown


def set_auto_pay(visitor: Visitor, fields: dict[str, str]) -> None:
    """Send the form, and agree where the page asks once more."""
    answer = visitor.post("/auto-pay", fields)
    if asked := re.search(r'name="confirmed" value="([^"]+)"', answer.text):
        answer = visitor.post("/auto-pay", {**fields, "confirmed": asked[1]})
    assert answer.status_code == 303


def test_every_field_of_the_portals_forms_is_looked_at_here() -> None:
    assert set(DETAILS) == set(details.FIELDS)
    assert set(AUTO_PAY) == set(auto_pay.FIELDS)


@pytest.mark.parametrize("body", [ACCOUNT, {"name": "Acme"}, {"billing_details": {}}])
def test_the_platform_keeps_the_billing_details_that_it_does_not_send(site: Site, body: dict[str, Any]) -> None:
    account = site.account(country="GB", method="")
    assert site.enter(account).post("/details", DETAILS).status_code == 303
    before = accounts.get(account)
    shown = write(site, account, "", body)
    assert shown["billing_details"] == {**DETAILS, "address": ["1 High Street", "London"]}
    assert shown["country"] == "GB"
    assert accounts.get(account).billing_details == before.billing_details


@pytest.mark.parametrize("field", DETAILS)
def test_the_platform_writes_one_of_the_billing_details_and_keeps_the_rest(site: Site, field: str) -> None:
    account = site.account(method="")
    assert site.enter(account).post("/details", DETAILS).status_code == 303
    before = write(site, account, "", {})["billing_details"]
    value = {"address": ["2 Low Street"], "country": "IE"}.get(field, "other@acme.example")
    assert write(site, account, "", {"billing_details": {field: value}})["billing_details"] == {**before, field: value}


@pytest.mark.parametrize("field", AUTO_PAY)
def test_the_platform_keeps_what_the_customer_has_set_of_auto_pay(site: Site, field: str) -> None:
    account = site.account(balance="100")
    set_auto_pay(site.enter(account), AUTO_PAY)
    before = write(site, account, "/auto-pay", {"enabled": True})
    assert {name: before[name] for name in AUTO_PAY} == {name: f"{value}.00" for name, value in AUTO_PAY.items()}
    rest = {name: value for name, value in AUTO_PAY.items() if name != field}
    assert write(site, account, "/auto-pay", {"enabled": True, **rest})[field] == before[field]
    assert write(site, account, "/auto-pay", {"enabled": False})[field] == before[field]


def test_a_customer_who_empties_the_monthly_limit_has_none(site: Site) -> None:
    account = site.account(balance="100")
    visitor = site.enter(account)
    for typed, shown in (("500", "500.00"), ("", None)):
        set_auto_pay(visitor, {**AUTO_PAY, "monthly_limit": typed})
        assert write(site, account, "/auto-pay", {"enabled": True})["monthly_limit"] == shown


def test_a_form_that_shows_what_is_no_longer_so_does_not_undo_it(site: Site) -> None:
    account = site.account(method="")
    visitor = site.enter(account)
    shown = _shown(visitor.get("/details").text)
    write(site, account, "", {"billing_details": {"tax_id": "GB123456789"}})
    answer = visitor.post("/details", {"name": "Acme Ltd", "shown": shown})
    assert answer.status_code == 422
    assert "Someone else changed these details" in answer.text
    assert 'value="Acme Ltd"' in answer.text
    kept = accounts.get(account).billing_details
    assert kept is not None
    assert (kept.name, kept.tax_id) == (None, "GB123456789")
    assert visitor.post("/details", {"name": "Acme Ltd", "shown": _shown(answer.text)}).status_code == 303


def _shown(page: str) -> str:
    found = re.search(r'name="shown" value="([0-9a-f]+)"', page)
    assert found is not None
    return found[1]
