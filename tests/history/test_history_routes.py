import pytest

from chalicelib.ledger.post import post
from tests.api import Api, problem
from tests.build import TIME_MS, credit, debit


@pytest.fixture(autouse=True)
def workspace(api: Api) -> str:
    return api.make_account("acme")


def test_history_is_read_page_by_page_singly_and_as_csv(api: Api) -> None:
    api.make_account("history")
    post([debit(number, "history", description="=cmd()" if number == 3 else "") for number in range(1, 8)])
    post([credit(20, "history", amount_micros=1_500)])
    first = api.get("/v1/accounts/history/transactions?limit=3").json()
    second = api.get(f"/v1/accounts/history/transactions?limit=500&cursor={first['next_cursor']}").json()
    assert [each["event_id"] for each in first["data"]] == ["pay_20", "event-7", "event-6"]
    assert [each["event_id"] for each in second["data"]] == [f"event-{number}" for number in (5, 4, 3, 2, 1)]
    assert second["next_cursor"] is None
    newest = first["data"][0]
    assert (newest["type"], newest["amount"], newest["balance_after"], newest["sequence"]) == (
        "credit",
        "0.0015",
        "-0.3485",
        8,
    )
    assert api.get(f"/v1/accounts/history/transactions/{newest['id']}").json() == newest
    lines = api.get("/v1/accounts/history/transactions.csv?type=debit").text.splitlines()
    assert lines[0].startswith("id,type,kind,amount,currency,balance_after")
    assert len(lines) == 8
    assert sum("'=cmd()" in line for line in lines) == 1
    assert "-0.3500" not in lines[1] or "'-0.35" not in lines[1]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("type=credit", 1),
        ("type=debit", 3),
        ("meter=email", 1),
        ("kind=top_up", 1),
        ("from=2026-09-22", 2),
        ("to=2026-09-21", 2),
        ("from=2026-09-22&to=2026-09-22", 1),
        ("from=2026-09-22T00:00:00Z&to=2026-09-23T00:00:00%2B00:00", 1),
        ("meter=fax", 0),
    ],
)
def test_history_is_filtered(api: Api, query: str, count: int) -> None:
    day_ms = 24 * 60 * 60 * 1000
    if api.get("/v1/accounts/filtered").status_code == 404:
        api.make_account("filtered")
        post(
            [
                debit(1, "filtered"),
                debit(2, "filtered", meter="email"),
                debit(3, "filtered", occurred_at_ms=TIME_MS + day_ms),
                credit(4, "filtered", occurred_at_ms=TIME_MS + 2 * day_ms),
            ]
        )
    assert len(api.get(f"/v1/accounts/filtered/transactions?{query}").json()["data"]) == count


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=501",
        "limit=x",
        "type=x",
        "from=yesterday",
        "from=2026-09-22T00:00:00",
        "color=red",
        "cursor=x",
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(api: Api, query: str) -> None:
    answer = api.get(f"/v1/accounts/acme/transactions?{query}")
    assert answer.status_code == 422
    assert answer.json()["field"] == query.partition("=")[0]


def test_an_unknown_transaction_is_not_found(api: Api) -> None:
    problem(api.get("/v1/accounts/acme/transactions/txn_unknown"), 404, "transaction-not-found")
