"""What the first page shows besides banners: the steps of a new account, and the last transactions."""

from typing import Any

import pytest

from chalicelib.accounts.permission import Permission
from chalicelib.accounts.viewer import Viewer
from chalicelib.clock import parse_iso
from chalicelib.history.view import TransactionView, view
from chalicelib.ledger.daily_usage import Usage
from chalicelib.portal.first_steps import first_steps, is_new
from chalicelib.portal.recent import recent_rows
from chalicelib.token import Caller
from tests.build import account
from tests.portal.seen import payment, transaction

CREDIT, DEBIT = transaction("credit"), transaction("debit", kind="adjustment")


@pytest.mark.parametrize(
    ("balance", "found", "is_complete", "expected"),
    [
        (0, [], True, True),
        (0, [DEBIT], True, True),
        (-5, [], True, False),
        (-5, [DEBIT], True, False),
        (0, [CREDIT], True, False),
        (-5, [DEBIT, CREDIT], True, False),
        (-5, [DEBIT], False, False),
        (1, [], True, False),
    ],
)
def test_an_account_is_new_until_its_first_credit_or_usage(
    balance: int, found: Any, is_complete: bool, expected: bool
) -> None:
    assert is_new(balance, found, is_complete=is_complete) is expected


def test_the_steps_say_what_is_done_and_offer_a_plan_only_where_one_is_sold() -> None:
    steps = {"card": "done", "balance": "open", "auto-pay": "open"}
    assert states_of(has_card=True, is_paying=False, has_auto_pay=False, has_plan=None) == steps
    assert states_of(has_card=False, is_paying=False, has_auto_pay=True, has_plan=False) == {
        "card": "open",
        "balance": "open",
        "auto-pay": "done",
        "plan": "open",
    }


def test_a_payment_that_has_not_ended_is_not_asked_for_again() -> None:
    assert states_of(has_card=True, is_paying=True, has_auto_pay=False, has_plan=True)["balance"] == "waiting"


def test_an_account_that_owes_a_renewal_has_no_first_steps() -> None:
    assert states_of(has_card=False, is_paying=False, has_auto_pay=False, has_plan=True, owes=True) == {}


def states_of(**known: Any) -> dict[str, str]:
    return {each.name: each.state for each in first_steps(**known)}


def shown(occurred_at: str, **changes: Any) -> TransactionView:
    found = view(transaction(**changes), Viewer(Permission(Caller("operator", None, "o"), account("acme"))))
    found.occurred_at = occurred_at
    return found


PAYMENTS = (("succeeded", "subscription"), ("failed", "subscription"), ("succeeded", "top_up"))


def used(micros: int, count: int = 1) -> Usage:
    return Usage(quantity_micros=count, amount_micros=micros, count=count)


def test_the_last_rows_are_single_transactions_and_days_of_usage() -> None:
    days = {
        "2026-11-24": {"sms": used(50_000, 3), "email": used(2_500, 2), "free": used(0, 9)},
        "2026-11-25": {"sms": used(10_000)},
        "2026-11-23": {"free": used(0)},
    }
    paid = [payment(state, kind=kind, created_at_ms=parse_iso("2026-11-24T12:00:00.000Z")) for state, kind in PAYMENTS]
    rows = recent_rows(days, [shown("2026-11-25T10:00:00.000Z"), shown("2026-11-24T10:00:00.000Z")], paid)
    assert [(row.day, row.kind, row.type) for row in rows] == [
        ("2026-11-25", "top_up", "credit"),
        ("2026-11-25", "usage", "debit"),
        ("2026-11-24", "subscription", "card"),
        ("2026-11-24", "top_up", "credit"),
        ("2026-11-24", "usage", "debit"),
    ]
    assert (rows[4].amount, rows[4].meters, rows[4].count) == ("0.0525", ("sms", "email"), 5)
    assert [row.has_invoice for row in rows] == [True, False, True, True, False]


def test_there_are_at_most_five_rows() -> None:
    days = {f"2026-11-{day}": {"sms": used(1)} for day in range(10, 20)}
    assert [row.day[-2:] for row in recent_rows(days, [], [])] == ["19", "18", "17", "16", "15"]


@pytest.mark.parametrize(
    ("changes", "has_invoice"),
    [
        ({}, True),
        ({"kind": "adjustment", "payment_id": None}, False),
        ({"kind": "dispute_reversal", "event_id": "du_1/2"}, False),
        ({"kind": "refund", "type": "debit", "event_id": "re_1"}, True),
    ],
)
def test_what_has_a_document_offers_it(changes: dict[str, Any], has_invoice: bool) -> None:
    (row,) = recent_rows({}, [shown("2026-11-25T10:00:00.000Z", **changes)], [])
    assert row.has_invoice is has_invoice
