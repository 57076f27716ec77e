"""Budgets on the portal: what is spent of each, adding, changing and removing one, and what is asked before closing."""

import re
from urllib.parse import urlencode

import pytest

from chalicelib.access.find_access import find_access
from chalicelib.accounts import table as accounts
from chalicelib.budgets import table
from chalicelib.budgets.budget import Budgets
from chalicelib.budgets.spending import SpentBudgets
from chalicelib.catalog.catalog import catalog
from chalicelib.clock import day_of, now_ms
from chalicelib.ledger.daily_usage import Usage
from chalicelib.portal.banners.find import find_banners
from chalicelib.portal.budget_rows import budget_rows
from chalicelib.portal.names import Names
from tests.budgets.build import budget, new_account, spend
from tests.clients.build import rebill
from tests.doors.gateway import Answer, Request, send
from tests.doors.world import enter
from tests.portal.seen import ENGLISH, snapshot

NOTHING: dict[str, str] = {"meter": "", "period": "month", "limit": "", "tell_50": "on", "tell_75": "on"}


def page(account_id: str, path: str = "/budgets", role: str = "owner", **query: str) -> Answer:
    visitor = enter(account_id, role)  # type: ignore[arg-type]
    headers = {"cookie": visitor.cookie, "accept-language": "en-US"}
    return send(Request("GET", f"/portal/accounts/{{account_id}}{path}", {"account_id": account_id}, query, headers))


def post(account_id: str, path: str = "/budgets", role: str = "owner", **fields: str) -> Answer:
    visitor = enter(account_id, role)  # type: ignore[arg-type]
    headers = {"cookie": visitor.cookie, "accept-language": "en-US"}
    body = urlencode({**fields, "form_token": visitor.form_token}).encode()
    route = f"/portal/accounts/{{account_id}}{path}"
    return send(Request("POST", route, {"account_id": account_id}, {}, headers, body))


def save(account_id: str, **changes: str) -> Answer:
    return post(account_id, **{**NOTHING, **changes})


def text_of(answer: Answer) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).replace("&#39;", "'").split())


@pytest.fixture
def account(memory: None) -> str:
    return new_account()


def test_a_budget_is_added_shown_changed_and_removed(account: str) -> None:
    assert "No budgets yet." in text_of(page(account))
    answer = save(account, meter="sms", limit="200.00")
    assert (answer.status, answer.headers["location"].rpartition("/")[2]) == (303, "budgets?done=saved")
    (found,) = table.find(account).budgets
    assert (found.budget_id, found.limit_micros, found.tell, found.close) == ("sms.month", 200_000_000, (50, 75), False)
    spend(account, 30)
    shown = page(account, done="saved")
    assert "Your budget is saved." in text_of(shown)
    assert "SMS message, per month" in text_of(shown)
    assert "$30.00 of $200.00 spent 15% Alerts at 50%, 75%." in text_of(shown)
    form = page(account, change="sms.month").text
    assert 'name="limit" type="text" value="200"' in form
    assert 'name="budget" value="sms.month"' in form
    assert save(account, budget="sms.month", limit="250", tell_75="").status == 303
    (found,) = table.find(account).budgets
    assert (found.limit_micros, found.tell) == (250_000_000, (50,))
    assert post(account, "/budgets/remove", budget="sms.month").status == 303
    assert table.find(account).budgets == ()


def test_it_says_that_telling_stops_nothing(account: str) -> None:
    assert "Alerts don't stop usage. You get an email, and usage continues." in text_of(page(account))


def test_closing_what_is_spent_already_is_asked_for_first(account: str) -> None:
    spend(account, 30)
    asked = save(account, limit="30", close="on")
    assert asked.status == 200
    assert "You've already spent $30.00, so this closes access right away" in text_of(asked)
    assert "Close access now" in text_of(asked)
    assert table.find(account).budgets == ()
    confirmed = re.search(r'name="confirmed" value="([^"]+)"', asked.text)
    assert confirmed
    assert save(account, limit="20", close="on", confirmed=confirmed[1]).status == 200
    assert save(account, limit="30", close="on", confirmed=confirmed[1]).status == 303
    assert find_access(accounts.get(account), catalog()).access.reason == "budget_reached"
    assert "Access closed" in text_of(page(account))
    assert "Access is closed All usage, per month: $30.00 of $30.00 spent. Closed until" in text_of(page(account, ""))


def test_adding_what_is_there_leads_to_changing_it(account: str) -> None:
    assert table.write(Budgets(account, (budget(period="month"),), 1), over=0)
    asked = save(account, limit="7")
    assert "Change All usage, per month" in text_of(asked)
    assert 'name="budget" value="month"' in asked.text
    assert save(account, limit="7", budget="month").status == 303
    assert [each.limit_micros for each in table.find(account).budgets] == [7_000_000]


def test_removing_a_budget_that_has_closed_access_is_asked_for_first(account: str) -> None:
    assert table.write(Budgets(account, (budget(period="month", close=True),), 1), over=0)
    spend(account, 100)
    asked = post(account, "/budgets/remove", budget="month")
    assert asked.status == 200
    assert "This budget has closed access until" in text_of(asked)
    assert find_access(accounts.get(account), catalog()).access.reason == "budget_reached"
    assert post(account, "/budgets/remove", budget="month", confirmed="month").status == 303
    assert table.find(account).budgets == ()


@pytest.mark.usefixtures("memory")
def test_a_client_that_pays_nothing_itself_is_not_told_that_its_budget_closes_access() -> None:
    client = new_account(new_account())
    spend(client, 30)
    assert save(client, limit="30", close="on").status == 303
    assert "Access closed" not in text_of(page(client))
    assert "is used up" not in text_of(page(client, ""))
    rebill(client)
    assert "Access closed" in text_of(page(client))
    assert "Access is closed All usage, per month" in text_of(page(client, ""))


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"limit": ""}, "limit", "This field is required."),
        ({"limit": "0"}, "limit", "Enter an amount above zero."),
        ({"limit": "5.005"}, "limit", "Use at most 2 decimals"),
        ({"limit": "ten"}, "limit", "Enter an amount in USD"),
        ({"limit": "5", "meter": "fax"}, "", "This kind of usage can't have a budget."),
        ({"limit": "5", "period": "year"}, "", "This kind of usage can't have a budget."),
        ({"limit": "5", "period": "day"}, "limit", "You already have a budget of $100.00 for this."),
    ],
)
def test_what_is_wrong_is_told_beside_its_field(account: str, changes: dict[str, str], field: str, said: str) -> None:
    kept = Budgets(account, (budget(period="day"),), 1)
    assert table.write(kept, over=0)
    answer = save(account, **changes)
    assert answer.status == 422
    assert said in text_of(answer)
    assert not field or f'id="{field}-error"' in answer.text
    assert table.find(account) == kept


def test_a_viewer_sees_them_and_changes_none(account: str) -> None:
    assert table.write(Budgets(account, (budget(),), 1), over=0)
    shown = page(account, role="viewer")
    assert "All usage, per month" in text_of(shown)
    assert f"/accounts/{account}/budgets/remove" not in shown.text
    assert post(account, "/budgets/remove", "viewer", budget="month").status == 403
    assert len(table.find(account).budgets) == 1


@pytest.mark.parametrize(
    ("dollars", "close", "meter", "titles"),
    [
        (99, True, None, []),
        (100, False, "sms", ["A budget is used up"]),
        (100, True, None, ["Access is closed"]),
        (100, True, "sms", ["Access is closed for SMS message"]),
    ],
)
def test_the_first_page_tells_of_what_is_used_up(
    dollars: int, close: bool, meter: str | None, titles: list[str]
) -> None:
    moment = now_ms()
    spent = {day_of(moment): {"sms": Usage(0, dollars * 1_000_000, 1)}}
    found = SpentBudgets(Budgets("acme", (budget(close=close, meter=meter),), 1), spent)
    rows = budget_rows(found, Names(ENGLISH, catalog()), moment, pays_itself=True)
    assert [each.title for each in find_banners(snapshot(budgets=rows), ENGLISH)] == titles
