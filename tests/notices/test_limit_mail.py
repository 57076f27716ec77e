"""The mails about auto-pay's monthly limit: at 80 % and at all of it, while that is so."""

from typing import Any

import pytest

from chalicelib.auto_pay import table as auto_pay_table
from chalicelib.ledger.wallet import Wallet
from chalicelib.notices.notice import CurrentState, Notice
from chalicelib.notices.rules import RULES
from tests.build import TIME_MS
from tests.notices.records import TEN, auto_pay, limit_used, record, types
from tests.notices.told import auto_pay_events

Row = dict[str, Any]


def notice_of(told: Row, current: Row, now_ms: int = TIME_MS) -> Notice | None:
    """Return the mail that a row of auto-pay triggers, while the row is another one."""
    (event,) = auto_pay_events(record(auto_pay(), told))
    row = auto_pay_table.read_image(record(None, current)["dynamodb"]["NewImage"])
    state = CurrentState(wallet=Wallet("acme", "usd", 0, 8), thresholds=TEN, now_ms=now_ms, auto_pay=row)
    return RULES[event.type](event.detail, state)


def test_each_is_an_event_of_its_own_and_told_once() -> None:
    (near,) = auto_pay_events(record(auto_pay(), limit_used(80)))
    (full,) = auto_pay_events(record(limit_used(80), limit_used(100)))
    assert types([near, full]) == ["auto_pay.limit_near", "auto_pay.limit_reached"]
    assert near.detail.id == "auto_pay.limit_near:acme:2026-09:100000000"
    assert auto_pay_events(record(limit_used(80), limit_used(80, version=4))) == []
    both = auto_pay_events(record(auto_pay(), limit_used(100, suspended_reason="declines")))
    assert types(both) == ["auto_pay.suspended", "auto_pay.limit_reached"]


@pytest.mark.parametrize(("percent", "message"), [(80, "auto_pay_limit_near"), (100, "auto_pay_limit_reached")])
def test_the_mail_says_when_auto_pay_resumes_and_leads_to_the_limit(percent: int, message: str) -> None:
    found = notice_of(limit_used(percent), limit_used(percent))
    assert found
    assert (found.kind, found.message, found.page) == ("auto_pay_limit", message, "auto-pay")
    assert found.mark == f"auto_pay_limit/2026-09/100000000/{percent}"
    assert found.dates_ms["resumes"] > TIME_MS


@pytest.mark.parametrize(
    ("current", "days_later"),
    [
        (limit_used(80, enabled=False), 0),
        (limit_used(80, monthly_limit_micros=200_000_000), 0),
        (limit_used(80, monthly_limit_micros=None), 0),
        (limit_used(100), 0),  # that has a mail of its own
        (limit_used(80), 10),  # another month
    ],
)
def test_what_is_no_longer_so_is_no_mail(current: Row, days_later: int) -> None:
    assert notice_of(limit_used(80), current, TIME_MS + days_later * 24 * 3_600_000) is None
