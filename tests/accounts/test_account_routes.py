from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account, BillingDetails
from tests.api import NOBODY, Api, problem

WORKSPACE = {"kind": "workspace", "name": "Acme", "email": "billing@acme.example", "currency": "usd"}
CLIENT = {"kind": "client", "workspace_id": "acme", "name": "Bob", "email": "bob@example.com", "currency": "usd"}


@pytest.fixture(autouse=True)
def workspace(api: Api) -> str:
    return api.make_account("acme")


def test_an_account_is_created_with_an_empty_wallet_and_shown(api: Api) -> None:
    answer = api.put("/v1/accounts/new-one", {**WORKSPACE, "country": "US", "locale": "de-AT"})
    assert answer.status_code == 201
    assert api.get("/v1/accounts/new-one").json() == answer.json()
    assert answer.json()["currency"] == "usd"
    assert answer.json()["created_at"].endswith("Z")
    access = api.get("/v1/accounts/new-one/access").json()
    assert (access["allowed"], access["reason"], access["available"]) == (False, "balance_exhausted", "0.00")


def test_a_second_put_changes_what_may_change(api: Api) -> None:
    api.make_account("changing", locale="de")
    details = {"name": "Acme GmbH", "address": ["Ring 1", "1010 Wien"], "tax_id": "ATU123"}
    answer = api.put("/v1/accounts/changing", {**WORKSPACE, "name": "Acme Two", "billing_details": details})
    assert answer.status_code == 200
    shown = api.get("/v1/accounts/changing").json()
    assert shown == answer.json()
    assert (shown["name"], shown["billing_details"], shown["locale"]) == ("Acme Two", details, "de")


DETAILS = {
    "name": "Acme GmbH",
    "address": ["Ring 1", "1010 Wien"],
    "tax_id": "ATU123",
    "email": "books@acme.example",
    "country": "AT",
}
CHOSEN = {"locale": "de-AT", "country": "AT", "billing_details": DETAILS}


def test_what_is_left_out_stays_as_it_is(api: Api) -> None:
    api.make_account("kept", **CHOSEN)
    before = api.get("/v1/accounts/kept").json()
    sent: list[dict[str, Any]] = [{}, WORKSPACE, {"name": "Acme"}, {"billing_details": {}}]
    for written in sent:
        answer = api.put("/v1/accounts/kept", written)
        assert (answer.status_code, answer.json()) == (200, before)
    client = api.make_account("kept-client", kind="client", workspace_id="kept")
    assert api.put(f"/v1/accounts/{client}", {"name": "Bloom"}).json()["workspace_id"] == "kept"


@pytest.mark.parametrize(("field", "cleared"), [("locale", "en"), ("country", None), ("billing_details", None)])
def test_null_clears_a_field_and_no_other(api: Api, field: str, cleared: str | None) -> None:
    account = api.make_account(f"cleared-{field}", **CHOSEN)
    before = api.get(f"/v1/accounts/{account}").json()
    assert api.put(f"/v1/accounts/{account}", {field: None}).json() == {**before, field: cleared}
    assert api.get(f"/v1/accounts/{account}").json() == {**before, field: cleared}


@pytest.mark.parametrize("field", DETAILS)
def test_each_of_the_billing_details_stays_or_is_cleared_by_itself(api: Api, field: str) -> None:
    account = f"/v1/accounts/{api.make_account(f'details-{field}', **CHOSEN)}"
    rest = {name: value for name, value in DETAILS.items() if name != field}
    assert api.put(account, {"billing_details": {field: DETAILS[field]}}).json()["billing_details"] == DETAILS
    assert api.put(account, {"billing_details": {field: None}}).json()["billing_details"] == rest
    assert api.put(account, {"billing_details": dict.fromkeys(rest)}).json()["billing_details"] is None
    assert api.get(account).json()["billing_details"] is None
    assert api.put(account, {"billing_details": {field: DETAILS[field]}}).json()["billing_details"] == {
        field: DETAILS[field]
    }


@pytest.mark.parametrize("field", ["kind", "name", "email", "currency"])
def test_what_an_account_cannot_be_without_is_never_cleared(api: Api, field: str) -> None:
    api.make_account("whole")
    assert problem(api.put("/v1/accounts/whole", {field: None}), 422, "invalid-request")["field"] == field
    new = {name: value for name, value in WORKSPACE.items() if name != field}
    assert problem(api.put("/v1/accounts/half", new), 422, "invalid-request")["field"] == field
    assert api.get("/v1/accounts/half").status_code == 404


def test_those_who_write_at_once_lose_nothing(api: Api) -> None:
    account = f"/v1/accounts/{api.make_account('shared')}"
    writes: list[dict[str, Any]] = [
        *({"billing_details": {field: value}} for field, value in DETAILS.items()),
        *({"country": "AT"}, {"locale": "de-AT"}, {"name": "Acme Two"}),
    ]
    with ThreadPoolExecutor(len(writes)) as pool:
        answers = list(pool.map(lambda body: api.put(account, body), writes))
    assert [answer.status_code for answer in answers] == [200] * len(writes)
    shown = api.get(account).json()
    assert (shown["billing_details"], shown["country"], shown["locale"], shown["name"]) == (
        DETAILS,
        "AT",
        "de-AT",
        "Acme Two",
    )


@pytest.mark.parametrize("change", [{"currency": "eur"}, {"kind": "client", "workspace_id": "acme"}])
def test_what_is_fixed_cannot_be_changed(api: Api, change: dict[str, str]) -> None:
    api.make_account("fixed")
    problem(api.put("/v1/accounts/fixed", {**WORKSPACE, **change}), 409, "account-immutable")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"currency": "USD"}, "currency"),
        ({"currency": "sek"}, "currency"),
        ({"kind": "agency"}, "kind"),
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        *(({"name": blank}, "name") for blank in (" ", "\u200e", "\u202e\u202c", "\t", "\u3164", "\u2800")),
        ({"name": "Acme\u202egpj.exe"}, "name"),
        ({"name": 17}, "name"),
        ({"name": ...}, "name"),
        ({"email": "nobody"}, "email"),
        ({"email": "kim@acme"}, "email"),
        ({"email": "kïm@acme.example"}, "email"),
        ({"email": "kim@acme.example\n"}, "email"),
        *(({"country": code}, "country") for code in ("Austria", "UK", "EL", "XX", "EU", "gb", "GB\n", "")),
        *(({"locale": name}, "locale") for name in ("../../etc", "de\n", "xx", "en-XX", "")),
        ({"currency": "usd\n"}, "currency"),
        ({"workspace_id": "acme\n"}, "workspace_id"),
        ({"surprise": 1}, "surprise"),
        ({"billing_details": {"vat": "x"}}, "billing_details.vat"),
        ({"billing_details": {"name": " "}}, "billing_details.name"),
        ({"billing_details": {"address": ["Ring 1", "Wien\n"]}}, "billing_details.address[1]"),
        ({"billing_details": {"tax_id": "\u200b"}}, "billing_details.tax_id"),
        ({"billing_details": {"email": "b@acme.example\n"}}, "billing_details.email"),
        ({"workspace_id": "acme"}, "workspace_id"),
        ({"kind": "client"}, "workspace_id"),
        ({"kind": "client", "workspace_id": "nobody"}, "workspace_id"),
        ({"kind": "client", "workspace_id": "acme", "currency": "eur"}, "workspace_id"),
    ],
)
def test_a_broken_rule_is_named_with_its_field(api: Api, change: dict[str, Any], field: str) -> None:
    body = {name: value for name, value in {**WORKSPACE, **change}.items() if value is not ...}
    answer = api.put("/v1/accounts/broken", body)
    assert answer.status_code == 422, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["field"] == field
    assert api.get("/v1/accounts/broken").status_code == 404


def test_what_is_not_json_is_refused(api: Api) -> None:
    problem(api.put("/v1/accounts/x", "{"), 400, "malformed-json")
    problem(api.put("/v1/accounts/x", b"\xff\xfe"), 400, "malformed-json")
    problem(
        api.put("/v1/accounts/x", "kind=workspace", Content_Type="application/x-www-form-urlencoded"),
        415,
        "unsupported-media-type",
    )


@pytest.mark.parametrize(("country", "meant"), [("UK", "GB"), ("EL", "GR"), ("at", "AT")])
def test_a_country_by_another_name_is_refused_with_its_own(api: Api, country: str, meant: str) -> None:
    answer = api.put("/v1/accounts/elsewhere", {**WORKSPACE, "country": country})
    assert f"you probably mean {meant}" in problem(answer, 422, "invalid-request")["detail"]


def test_what_was_stored_before_its_rule_is_shown_and_can_be_changed(api: Api) -> None:
    details = BillingDetails(name=" ", address=["Ring 1\n"], email="kim@acme")
    old = Account("old", "workspace", None, "\u200e", "kim@acme", "usd", "xx", "UK", details, created_at_ms=1)
    assert accounts.create(old)
    shown = api.get("/v1/accounts/old").json()
    assert (shown["name"], shown["email"], shown["locale"], shown["country"]) == ("\u200e", "kim@acme", "xx", "UK")
    assert shown["billing_details"] == {"name": " ", "address": ["Ring 1\n"], "email": "kim@acme"}
    assert api.get("/v1/accounts/old/billing").status_code == 200
    assert api.put("/v1/accounts/old", {**WORKSPACE, "country": "GB", "locale": "en"}).json()["country"] == "GB"


@pytest.mark.parametrize("account_id", ["a b", "-acme", "%E2%82%AC", "x" * 65, "a%23b"])
def test_an_account_id_is_safe_to_write_anywhere(api: Api, account_id: str) -> None:
    problem(api.put(f"/v1/accounts/{account_id}", WORKSPACE), 422, "account-id-invalid")


def test_a_workspaces_owner_makes_its_clients_and_nobody_elses(api: Api) -> None:
    owner = api.token("owner", "acme")
    api.make_account("rival")
    bob = "/v1/accounts/acme.bob"
    assert api.put(bob, CLIENT, token=owner).status_code == 201
    assert api.put(bob, {**CLIENT, "name": "Bobby"}, token=owner).status_code == 200
    problem(api.put("/v1/accounts/joe", {**CLIENT, "workspace_id": "rival"}, token=owner), 404, "account-not-found")
    problem(api.put("/v1/accounts/acme", WORKSPACE, token=owner), 403, "forbidden")
    problem(api.put(bob, CLIENT, token=api.token("viewer", "acme")), 403, "forbidden")
    problem(api.put(bob, CLIENT, token=api.token("owner", "acme.bob")), 403, "forbidden")
    problem(api.put(bob, CLIENT, token=api.token("owner", "rival")), 404, "account-not-found")


def test_a_workspaces_owner_takes_no_id_that_another_may_want(api: Api) -> None:
    owner = api.token("owner", "acme")
    api.make_account("rival")
    api.make_account("acme.eu")
    for taken in ("globex", "acme.", "acme.eu.bob", "acmebob", "rival.bob", "rival", "acme-bob"):
        problem(api.put(f"/v1/accounts/{taken}", CLIENT, token=owner), 422, "client-id-invalid")
    problem(api.put("/v1/accounts/acme.eu", CLIENT, token=owner), 404, "account-not-found")
    assert api.put("/v1/accounts/globex", WORKSPACE).status_code == 201
    assert api.put("/v1/accounts/by-the-operator", CLIENT).status_code == 201
    assert api.put("/v1/accounts/by-the-operator", CLIENT, token=owner).status_code == 200


def test_a_producer_asks_for_access_of_any_account_and_does_nothing_else(api: Api) -> None:
    producer = api.token("producer")
    assert api.get("/v1/accounts/acme/access", token=producer).status_code == 200
    problem(api.get("/v1/accounts/nobody/access", token=producer), 404, "account-not-found")
    problem(api.get("/v1/accounts/acme", token=producer), 403, "forbidden")
    for account_id in ("acme", "made-by-a-producer"):
        problem(api.put(f"/v1/accounts/{account_id}", WORKSPACE, token=producer), 403, "forbidden")
    assert api.get("/v1/accounts/made-by-a-producer").status_code == 404


def test_a_stranger_cannot_tell_an_account_from_none(api: Api) -> None:
    stranger = api.token("owner", "eve")
    there = problem(api.get("/v1/accounts/acme", token=stranger), 404, "account-not-found")
    nowhere = problem(api.get("/v1/accounts/nowhere", token=stranger), 404, "account-not-found")
    assert there["detail"].replace("acme", "nowhere") == nowhere["detail"]


@pytest.mark.parametrize("path", ["", "/access", "/transactions", "/transactions.csv", "/transactions/txn_x", "/usage"])
def test_every_route_asks_for_a_token_and_keeps_strangers_out(api: Api, path: str) -> None:
    answer = api.get(f"/v1/accounts/acme{path}", token=NOBODY)
    problem(answer, 401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    problem(api.get(f"/v1/accounts/acme{path}", token=api.token("owner", "acme", expires_in=-1)), 401, "unauthorized")
    problem(api.get(f"/v1/accounts/acme{path}", token=api.token("owner", "eve")), 404, "account-not-found")
