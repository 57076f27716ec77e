"""The mails before a yearly renewal and before a trial ends: while that charge is to come, with its date and amount."""

from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.cards.card import Card
from chalicelib.cards.payer import Payer
from chalicelib.catalog.catalog import catalog
from chalicelib.ledger.wallet import Wallet
from chalicelib.notices.notice import CurrentState, Notice
from chalicelib.notices.rules import RULES
from chalicelib.stripe_api.stripe_account import PLATFORM
from chalicelib.subscriptions import table
from chalicelib.subscriptions.reminder import upcoming_charge
from chalicelib.subscriptions.subscription import Contents, Pause, Subscription
from tests.build import TIME_MS
from tests.notices.records import TEN, record, types
from tests.notices.records import subscription as row
from tests.notices.told import subscription_events
from tests.subscriptions.build import account

DAY_MS = 24 * 3_600_000
CARD = Card("pm_1", "visa", "4242", 12, 2030, "print", TIME_MS)
YEAR: dict[str, Any] = {"plan": "agency_yearly", "period_start_ms": TIME_MS - 335 * DAY_MS, "add_ons": "{}"}
YEAR |= {"prices": '{"plan_micros": 970000000}', "elapsed_months": 12, "failure": None}
TRIAL: dict[str, Any] = {**YEAR, "status": "trialing", "plan": "solo", "period_start_ms": TIME_MS - 11 * DAY_MS}
ENDS_MS = TIME_MS + 30 * DAY_MS


def told(of: dict[str, Any]) -> Any:
    (event,) = subscription_events(record(row(**of), row(**of, reminded_of_ms=ENDS_MS, version=6)))
    return event


def subscribed(of: dict[str, Any], **changes: Any) -> Subscription:
    found = table.read_image(record(None, row(**of))["dynamodb"]["NewImage"])
    assert found is not None
    return replace(found, **changes)


def notice_of(event: Any, of: Subscription, card: Card | None = CARD, now_ms: int = TIME_MS) -> Notice | None:
    upcoming = upcoming_charge(of, catalog(), None)
    payer = Payer(account(), PLATFORM, "cus_1", card)
    state = CurrentState(
        wallet=Wallet("acme", "usd", 0, 8),
        thresholds=TEN,
        now_ms=now_ms,
        subscription=of,
        upcoming=upcoming,
        payer=payer,
    )
    return RULES[event.type](event.detail, state)


@pytest.mark.parametrize(("of", "kind"), [(YEAR, "renewal_upcoming"), (TRIAL, "trial_ending")])
def test_it_is_told_once_with_the_date_the_amount_and_the_card(of: dict[str, Any], kind: str) -> None:
    event = told(of)
    assert types([event]) == [f"subscription.{kind}"]
    assert event.detail.id == f"subscription.{kind}:acme:6"
    with_card, without = notice_of(event, subscribed(of)), notice_of(event, subscribed(of), None)
    assert with_card
    assert without
    assert (with_card.kind, with_card.message, with_card.page) == (kind, kind, "plan")
    assert (without.message, without.page) == (f"{kind}_without_card", "card")
    assert with_card.mark == f"{kind}/2026-10-21T14:13:20.000Z"
    assert (*with_card.dates_ms.values(),) == (ENDS_MS,)
    product = catalog().plans[of["plan"]]
    assert with_card.amounts_micros == {"amount": product.amounts_micros["usd"]}


def test_with_a_pause_it_names_the_day_that_the_pause_ends() -> None:
    until_ms = ENDS_MS + 30 * DAY_MS
    of = {**YEAR, "status": "paused", "pause": f'{{"until_ms": {until_ms}, "reason": null, "actor": "me", "at_ms": 1}}'}
    event, now_ms = told(of), ENDS_MS + DAY_MS
    notice = notice_of(event, subscribed(of), now_ms=now_ms)
    assert notice
    assert (notice.kind, notice.dates_ms) == ("renewal_upcoming", {"renews": until_ms})
    moved = Pause(until_ms + DAY_MS, None, "me", 1)
    assert notice_of(event, subscribed(of, pause=moved), now_ms=now_ms) is None


@pytest.mark.parametrize("of", [YEAR, TRIAL], ids=["year", "trial"])
def test_what_is_not_charged_any_more_is_no_mail(of: dict[str, Any]) -> None:
    event, now = told(of), subscribed(of)
    assert notice_of(event, replace(now, cancel_at_period_end=True)) is None
    assert notice_of(event, replace(now, status="canceled")) is None
    assert notice_of(event, now, now_ms=ENDS_MS) is None
    later = replace(now.terms, period_end_ms=ENDS_MS + 365 * DAY_MS)
    assert notice_of(event, replace(now, terms=later)) is None


def test_a_year_that_became_a_month_and_a_trial_that_became_a_plan_are_no_mail() -> None:
    assert notice_of(told(YEAR), subscribed(YEAR, scheduled=Contents("agency"))) is None
    assert notice_of(told(TRIAL), subscribed(YEAR)) is None
