"""History over HTTP: receipts with lines, siblings and who may see them, and CSV that adds up."""

import csv
import io
import json
from decimal import Decimal

import pytest
import requests

from chalicelib.accounts.account import Account
from chalicelib.accounts.permission import Permission
from chalicelib.history.transaction_csv import MAXIMUM_ROWS
from chalicelib.ledger.post import post
from chalicelib.ledger.posting import Line, Part, Posting
from chalicelib.token import Caller, Role
from tests.api import Api
from tests.build import credit, debit, pair, receipt


def rows_of(answer: requests.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def total(rows: list[dict[str, str]], column: str) -> Decimal:
    return sum((Decimal(row[column] or 0) for row in rows), Decimal(0))


def receipt_of(number: int, account_id: str, *lines: Line) -> Posting:
    parts = tuple(Part(line.meter, line.quantity_micros, None, line.description) for line in lines)
    amount_micros = sum(line.amount_micros for line in lines)
    return receipt(number, account_id, lines=lines, parts=parts, amount_micros=amount_micros)


def amounts_of(api: Api, account_id: str) -> Decimal:
    found = api.get(f"/v1/accounts/{account_id}/transactions?limit=500").json()
    assert found["next_cursor"] is None
    return total(found["data"], "amount")


def test_a_receipt_is_one_transaction_with_its_lines(api: Api) -> None:
    api.make_account("called")
    post([receipt(1, "called", description="Call to +1 555 0100"), debit(2, "called")])
    message, call = api.get("/v1/accounts/called/transactions").json()["data"]
    assert (message["meter"], message["lines"]) == ("sms", [])
    assert (call["meter"], call["quantity"], call["unit_price"], call["amount"]) == ("ai_call", None, None, "0.038353")
    assert [line["meter"] for line in call["lines"]] == [
        "voice_engine_minute",
        "llm_minute",
        "knowledge_lookup",
        "telephony_minute",
    ]
    assert call["lines"][1:3] == [
        {
            "meter": "llm_minute",
            "quantity": "0.871667",
            "unit_price": "0.02",
            "amount": "0.017433",
            "description": "gpt-5-mini",
        },
        {"meter": "knowledge_lookup", "quantity": "1", "unit_price": "0.00", "amount": "0.00", "description": ""},
    ]
    assert total(call["lines"], "amount") == Decimal(call["amount"])
    assert api.get(f"/v1/accounts/called/transactions/{call['id']}").json() == call


@pytest.mark.parametrize("meter", ["ai_call", "llm_minute"])
def test_a_receipt_is_found_by_its_own_meter_and_by_those_of_its_lines(api: Api, meter: str) -> None:
    account = api.make_account(f"found-by-{meter.replace('_', '-')}")
    post([receipt(1, account), debit(2, account)])
    found = api.get(f"/v1/accounts/{account}/transactions?meter={meter}").json()["data"]
    assert [each["event_id"] for each in found] == ["event-1"]


@pytest.fixture
def siblings(api: Api) -> dict[str, str]:
    """Post an event with a leg in a client's wallet and one in its workspace's; return the transaction of each."""
    api.make_account("agency")
    api.make_account("bobs-bakery", kind="client", workspace_id="agency")
    post([debit(5, "agency"), pair(1, "bobs-bakery", "agency")])
    accounts = ("agency", "bobs-bakery")
    return {each: api.get(f"/v1/accounts/{each}/transactions").json()["data"][-1]["id"] for each in accounts}


@pytest.mark.parametrize(
    ("role", "caller", "of_client", "of_workspace"),
    [
        ("operator", None, True, True),
        ("owner", "agency", True, True),
        ("viewer", "agency", True, True),
        ("owner", "bobs-bakery", False, None),
        ("viewer", "bobs-bakery", False, None),
    ],
)
def test_the_sibling_is_shown_to_the_operator_and_the_workspace_but_never_to_the_client(
    api: Api, siblings: dict[str, str], role: Role, caller: str | None, of_client: bool, of_workspace: bool | None
) -> None:
    token = api.token(role, caller)
    others = {"bobs-bakery": "agency", "agency": "bobs-bakery"}
    for account, is_shown in (("bobs-bakery", of_client), ("agency", of_workspace)):
        home = f"/v1/accounts/{account}/transactions"
        if is_shown is None:
            assert api.get(home, token=token).status_code == 404
            continue
        other = others[account]
        shown = {"account_id": other, "transaction_id": siblings[other]} if is_shown else None
        assert api.get(home, token=token).json()["data"][-1]["sibling"] == shown
        single = api.get(f"{home}/{siblings[account]}", token=token)
        assert single.json()["sibling"] == shown
        for lines in ("rows", "json"):
            answer = api.get(f"{home}.csv?lines={lines}", token=token)
            row = rows_of(answer)[-1]
            assert row["sibling_account_id"] == (other if shown else "")
            assert row["sibling_transaction_id"] == (siblings[other] if shown else "")
            assert is_shown or other not in single.text + answer.text


def test_a_workspace_does_not_see_what_a_client_cost_the_one_before_it() -> None:
    client = Account("bob", "client", "agency", "Bob", "b@example.com", "usd", "en", None, None, 0)
    permission = Permission(Caller("owner", "agency"), client)
    assert permission.may_see_sibling("agency")
    assert not permission.may_see_sibling("former-agency")


def test_csv_has_a_row_for_each_line_and_two_columns_that_add_up(api: Api) -> None:
    api.make_account("rows")
    post([receipt(1, "rows", description="Call"), debit(2, "rows"), receipt(3, "rows")])
    rows = rows_of(api.get("/v1/accounts/rows/transactions.csv"))
    assert [(row["event_id"], row["line_number"]) for row in rows] == [
        *(("event-3", number) for number in "1234"),
        ("event-2", "1"),
        *(("event-1", number) for number in "1234"),
    ]
    assert total(rows, "amount") == total(rows, "line_amount") == amounts_of(api, "rows")
    assert len({(row["id"], row["url"], row["description"]) for row in rows[5:]}) == 1
    second = rows[6]
    assert {name: second[name] for name in second if name.startswith("line_")} == {
        "line_number": "2",
        "line_meter": "llm_minute",
        "line_quantity": "0.871667",
        "line_unit_price": "0.02",
        "line_amount": "0.017433",
        "line_description": "gpt-5-mini",
    }
    message = rows[4]
    assert (message["line_meter"], message["line_quantity"], message["line_amount"]) == ("sms", "1", "0.05")


def test_csv_of_a_parts_meter_holds_its_lines_alone_and_that_of_a_receipts_meter_all(api: Api) -> None:
    api.make_account("metered")
    post([receipt(1, "metered"), receipt(2, "metered"), debit(3, "metered")])
    rows = rows_of(api.get("/v1/accounts/metered/transactions.csv?meter=llm_minute"))
    assert [(row["line_meter"], row["line_number"], row["amount"]) for row in rows] == [
        ("llm_minute", "2", "0.038353")
    ] * 2
    assert total(rows, "line_amount") == Decimal("0.034866")
    assert len(rows_of(api.get("/v1/accounts/metered/transactions.csv?meter=ai_call"))) == 8


def test_csv_with_lines_as_json_has_a_row_for_each_transaction(api: Api) -> None:
    api.make_account("cells")
    post([receipt(1, "cells"), debit(2, "cells"), credit(3, "cells")])
    rows = rows_of(api.get("/v1/accounts/cells/transactions.csv?lines=json"))
    shown = api.get("/v1/accounts/cells/transactions").json()["data"]
    assert [row["id"] for row in rows] == [each["id"] for each in shown]
    assert [json.loads(row["lines"] or "[]") for row in rows] == [each["lines"] for each in shown]
    assert total(rows, "amount") == amounts_of(api, "cells")
    assert api.get("/v1/accounts/cells/transactions.csv?lines=none").status_code == 422


@pytest.mark.parametrize("lines", ["rows", "json"])
def test_no_description_of_a_line_is_a_formula(api: Api, lines: str) -> None:
    account = api.make_account(f"formulas-{lines}")
    line = Line("llm_minute", 5, 1_000_000, 5, "=HYPERLINK(A1)")
    post([receipt_of(1, account, line)])
    (row,) = rows_of(api.get(f"/v1/accounts/{account}/transactions.csv?lines={lines}"))
    assert not any(value.startswith("=") for value in row.values())
    assert "=HYPERLINK(A1)" in row["line_description" if lines == "rows" else "lines"]


def all_answers(api: Api, account_id: str) -> list[requests.Response]:
    """Download a history to its end."""
    home = f"/v1/accounts/{account_id}/transactions.csv"
    answers = [api.get(home)]
    while cursor := answers[-1].headers.get("Next-Cursor"):
        answers.append(api.get(f"{home}?cursor={cursor}"))
    return answers


def test_csv_never_cuts_a_receipt_in_two(api: Api) -> None:
    account = api.make_account("many-lines")
    lines = [Line("llm_minute", 1, 1_000_000, 1) for _ in range(101)]
    post([receipt_of(number, account, *lines) for number in range(1, 202)])
    answers = [rows_of(answer) for answer in all_answers(api, account)]
    assert [len(rows) for rows in answers] == [9_999, 9_999, 303]
    assert len(answers[0]) <= MAXIMUM_ROWS < len(answers[0]) + len(lines)
    seen = [(row["event_id"], int(row["line_number"])) for rows in answers for row in rows]
    assert seen == [(f"event-{number}", line) for number in range(201, 0, -1) for line in range(1, 102)]


def test_csv_stays_below_what_a_function_may_answer(api: Api) -> None:
    account = api.make_account("long-texts")
    post([debit(number, account, description='"é' * 10_000) for number in range(1, 61)])
    answers = all_answers(api, account)
    assert [len(json.dumps(each.text)) < 6_000_000 for each in answers] == [True] * 3
    events = [row["event_id"] for answer in answers for row in rows_of(answer)]
    assert events == [f"event-{number}" for number in range(60, 0, -1)]


def test_csv_for_a_spreadsheet_is_written_by_the_accounts_locale(api: Api) -> None:
    account = api.make_account("menschen", locale="de-DE")
    post([receipt_of(1, account, Line("llm_minute", 17_433, 871_667, 20_000, "x;=1+1"), Line("sms", 5, None, None))])
    post([credit(2, account)])
    home = f"/v1/accounts/{account}/transactions.csv"
    answer = api.get(f"{home}?for=spreadsheet")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    people = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""), delimiter=";"))
    programs = rows_of(api.get(f"{home}?for=program"))
    assert [row["Posten: Betrag"] for row in people] == [row["line_amount"].replace(".", ",") for row in programs]
    assert [row["Guthaben danach"] for row in people] == [row["balance_after"].replace(".", ",") for row in programs]
    assert people[-2]["Posten: Beschreibung"] == "x;'=1+1"
    assert programs[-2]["line_description"] == "x;=1+1"
    assert api.get(home).content == api.get(f"{home}?for=program").content


@pytest.mark.parametrize("query", ["for=excel", "for=spreadsheet&lines=json"])
def test_csv_is_for_a_program_or_for_a_spreadsheet_with_rows(api: Api, query: str) -> None:
    account = api.make_account(f"readers-{len(query)}")
    answer = api.get(f"/v1/accounts/{account}/transactions.csv?{query}")
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-request")
    assert answer.json()["field"] in {"for", "lines"}
