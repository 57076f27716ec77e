"""The ends of the calendar are a usual way to say "no limit", and are answered with all there is."""

from dataclasses import replace

import pytest

from chalicelib.portal.routes import HOME
from tests.doors.gateway import Answer, Request, send
from tests.doors.world import Tenant, enter, operator_token

STARTS = ("0001-01-01", "0001-01-01T00:00:00+14:00", "1970-01-01", "1971-01-01T00:00:00Z")
ENDS = ("9999-12-31", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", "9998-12-31")
LISTS = ("transactions", "transactions.csv")


def ask(tenant: Tenant, resource: str, **query: str) -> Answer:
    names, headers = {"account_id": tenant.account_id}, {"Authorization": f"Bearer {operator_token()}"}
    answer = send(Request("GET", f"/v1/accounts/{{account_id}}/{resource}", names, query, headers))
    assert answer.status == 200, answer
    return answer


def visit(tenant: Tenant, path: str, **query: str) -> Answer:
    headers = {"Cookie": enter(tenant.account_id).cookie, "Host": "billing.example.com"}
    request = Request("GET", HOME + path, {"account_id": tenant.account_id}, {}, headers)
    answer = send(replace(request, query=query))
    assert answer.status == 200, answer
    return answer


@pytest.mark.parametrize("resource", LISTS)
def test_history_has_no_limit(tenant: Tenant, resource: str) -> None:
    everything = ask(tenant, resource).text
    for start, end in zip(STARTS, ENDS, strict=True):
        found = [ask(tenant, resource, **{"from": start}), ask(tenant, resource, to=end)]
        found.append(ask(tenant, resource, **{"from": start, "to": end}))
        assert [answer.text for answer in found] == [everything] * 3
        assert ask(tenant, resource, to=start).text != everything


def test_usage_by_day_has_no_limit(tenant: Tenant) -> None:
    everything = ask(tenant, "usage").json()["data"]
    assert everything
    assert ask(tenant, "usage", **{"from": STARTS[0], "to": ENDS[0]}).json()["data"] == everything


@pytest.mark.parametrize("path", ["/history", "/history/csv", "/history/search"])
def test_pages_have_no_limit(tenant: Tenant, path: str) -> None:
    for query in ({"from": STARTS[0]}, {"to": ENDS[0]}, {"until": "0001-01-05"}, {"until": ENDS[0]}):
        visit(tenant, path, q="x", **query)
    visit(tenant, path, q="x", **{"from": STARTS[0], "to": "0001-01-02", "open": "9999-12-31.sms"})


def test_a_file_of_the_portal_has_no_limit(tenant: Tenant) -> None:
    everything = visit(tenant, "/history/csv", file="1").text
    assert visit(tenant, "/history/csv", file="1", **{"from": STARTS[0], "to": ENDS[0]}).text == everything
