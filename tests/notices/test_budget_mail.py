"""The mails about budgets: what they say, and only while it is so."""

from typing import Any

import pytest

from chalicelib.budgets import table
from chalicelib.budgets.budget import Budget
from chalicelib.clock import DAY_MS
from chalicelib.i18n.words import Words
from chalicelib.ledger.wallet import Wallet
from chalicelib.notices.mail import compose
from chalicelib.notices.notice import CurrentState, Notice
from chalicelib.notices.rules import RULES
from tests.build import TIME_MS, account
from tests.notices.records import TEN, budgets, record
from tests.notices.told import budget_events

Row = dict[str, Any]
IN_DECEMBER_MS = TIME_MS + 12 * DAY_MS


def budget_of(row: Row) -> Budget:
    return table.read_image(record(None, row)["dynamodb"]["NewImage"]).budgets[0]


def notice_of(told: Row, current: Row | None, now_ms: int = TIME_MS, **changes: Any) -> Notice | None:
    """Return the mail that a budget triggers, while it is another one."""
    (event,) = budget_events(record(None, told))
    budget = budget_of(current) if current else None
    wallet = Wallet("acme", "usd", 0, 8)
    state = CurrentState(wallet=wallet, thresholds=TEN, now_ms=now_ms, budget=budget, **changes)
    return RULES[event.type](event.detail, state)


@pytest.mark.parametrize(
    ("percent", "close", "message"),
    [
        (50, False, "budget_near"),
        (75, True, "budget_near_closing"),
        (100, False, "budget_reached"),
        (100, True, "budget_closed"),
    ],
)
def test_the_mail_says_what_happens_and_leads_to_the_budgets(percent: int, close: bool, message: str) -> None:
    row = budgets(percent, close=close)
    found = notice_of(row, row)
    assert found
    assert (found.kind, found.message, found.page) == ("budget_reached", message, "budgets")
    assert found.mark == f"budget_reached/budget.reached:acme:month/2026-09/100000000/{percent}"
    written = compose(found, account("acme"), Words("mails", "en"), brand="Example", portal_url=None)
    assert ("doesn't stop anything" in " ".join(written.paragraphs)) == (message != "budget_closed")


@pytest.mark.parametrize(("language", "name"), [("en", "SMS message, per month"), ("de", "SMS-Nachricht, pro Monat")])
def test_the_budget_is_named_in_the_readers_language(language: str, name: str) -> None:
    row = budgets(75, meter="sms")
    found = notice_of(row, row, meter_name="SMS message")
    assert found
    written = compose(found, account("acme"), Words("mails", language), brand="Example", portal_url=None)
    assert name in written.paragraphs[1]
    assert name in [value for _, value in written.facts]


@pytest.mark.parametrize(
    ("current", "now_ms"),
    [
        (None, TIME_MS),
        (budgets(75, limit_micros=200_000_000), TIME_MS),
        (budgets(75, tell=[50], close=False), TIME_MS),
        (budgets(100), TIME_MS),
        (budgets(75), IN_DECEMBER_MS),
    ],
)
def test_what_is_no_longer_so_is_no_mail(current: Row | None, now_ms: int) -> None:
    assert notice_of(budgets(75), current, now_ms) is None


def test_a_client_that_pays_nothing_itself_any_more_is_mailed_nothing() -> None:
    assert notice_of(budgets(100), budgets(100)) is not None
    assert notice_of(budgets(100), budgets(100), pays_itself=False) is None
