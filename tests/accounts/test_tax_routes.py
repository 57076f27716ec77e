"""A workspace's owner sets its taxes; its clients' payments keep the one that held."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.accounts import taxes_table
from chalicelib.accounts.tax import tax_of
from chalicelib.accounts.taxes import DatedTaxes, Taxes
from chalicelib.catalog.catalog import catalog
from chalicelib.catalog.tax import Tax
from chalicelib.clock import iso, now_ms
from tests.api import NOBODY, Api, problem

GERMAN = {"country": "DE", "name": "USt", "rate": "19", "inclusive": True}
SWISS = {"country": "CH", "name": "MWST", "rate": "8.1", "inclusive": False}
_numbers = count(1)


@pytest.fixture
def agency(api: Api) -> str:
    return api.make_account(f"seller-{next(_numbers)}")


def path(agency: str) -> str:
    return f"/v1/accounts/{agency}/taxes"


def new_client(api: Api, agency: str, **changes: Any) -> str:
    return api.make_account(f"{agency}.bob", kind="client", workspace_id=agency, country="DE", **changes)


def tax_now(account_id: str) -> Tax | None:
    return tax_of(accounts.get(account_id), catalog())


def test_what_the_owner_sets_is_shown_and_holds_for_its_clients(api: Api, agency: str) -> None:
    client = new_client(api, agency)
    assert tax_now(client) is None
    answer = api.put(path(agency), {"taxes": [GERMAN, SWISS]}, token=api.token("owner", agency))
    assert (answer.status_code, answer.json()) == (200, {"taxes": [SWISS, GERMAN], "planned": []})
    assert api.get(path(agency), token=api.token("viewer", agency)).json() == answer.json()
    assert tax_now(client) == Tax("USt", 190_000, inclusive=True)
    assert tax_now(agency) is None


def test_a_planned_change_holds_from_its_time(api: Api, agency: str) -> None:
    client = new_client(api, agency)
    api.put(path(agency), {"taxes": [GERMAN]})
    start = iso(now_ms() + 3_600_000)
    shown = api.put(path(agency), {"taxes": [], "from": start}).json()
    assert shown == {"taxes": [GERMAN], "planned": [{"from": start, "taxes": []}]}
    with clock.moved_to(clock.now() + timedelta(hours=1)):
        assert tax_now(client) is None
    assert tax_now(client) is not None


@pytest.mark.parametrize(
    ("body", "slug", "field"),
    [
        ({"taxes": [{**GERMAN, "rate": "100"}]}, "tax-invalid", "taxes[0].rate"),
        ({"taxes": [{**GERMAN, "rate": "19%"}]}, "invalid-decimal", "taxes[0].rate"),
        ({"taxes": [GERMAN, GERMAN]}, "tax-invalid", "taxes[1].country"),
        ({"taxes": [{**GERMAN, "country": "EL"}]}, "invalid-request", "taxes[0].country"),
        ({"taxes": [{**GERMAN, "name": "\u202eUSt"}]}, "invalid-request", "taxes[0].name"),
        ({"taxes": [{**GERMAN, "name": "x" * 41}]}, "invalid-request", "taxes[0].name"),
        ({"taxes": [{**GERMAN, "inclusive": "yes"}]}, "invalid-request", "taxes[0].inclusive"),
        ({"taxes": [GERMAN], "from": "2026-01-01"}, "tax-invalid", "from"),
        ({"taxes": [GERMAN], "from": "soon"}, "invalid-request", "from"),
        ({}, "invalid-request", "taxes"),
    ],
)
def test_a_broken_rule_is_named_with_its_field(api: Api, agency: str, body: Any, slug: str, field: str) -> None:
    assert problem(api.put(path(agency), body), 422, slug)["field"] == field
    assert taxes_table.find(agency) == Taxes()


def test_who_may_set_and_see_them(api: Api, agency: str) -> None:
    client, body = new_client(api, agency), {"taxes": [GERMAN]}
    problem(api.put(path(agency), body, token=NOBODY), 401, "unauthorized")
    for role, account_id, status, slug in (
        ("viewer", agency, 403, "forbidden"),
        ("producer", None, 403, "forbidden"),
        ("owner", client, 404, "account-not-found"),
        ("owner", "another", 404, "account-not-found"),
    ):
        problem(api.put(path(agency), body, token=api.token(role, account_id)), status, slug)  # type: ignore[arg-type]
    problem(api.get(path(client), token=api.token("owner", client)), 403, "forbidden")
    problem(api.put(path(client), body, token=api.token("owner", agency)), 422, "not-a-workspace")
    assert taxes_table.find(agency) == Taxes()


def test_those_who_write_at_once_leave_one_whole_change(api: Api, agency: str) -> None:
    bodies = [{"taxes": [{**GERMAN, "rate": str(rate)}]} for rate in range(1, 7)]
    with ThreadPoolExecutor(6) as pool:
        statuses = [each.status_code for each in pool.map(lambda body: api.put(path(agency), body), bodies)]
    assert statuses == [200] * 6
    assert taxes_table.find(agency).version == 6


def test_taxes_come_back_as_they_were_written(api: Api, agency: str) -> None:
    taxes = Taxes((DatedTaxes(7, {"DE": Tax("USt", 190_000, inclusive=True)}, 5, "kim"),), 1)
    assert taxes_table.write(agency, taxes, over=0)
    assert not taxes_table.write(agency, taxes, over=0)
    assert taxes_table.find(agency) == taxes
