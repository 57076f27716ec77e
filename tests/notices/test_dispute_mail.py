"""The mail about a dispute: once for each dispute and inquiry, while it is not decided."""

from typing import Any

import pytest

from chalicelib.ledger.wallet import Wallet
from chalicelib.notices.notice import CurrentState, Notice
from chalicelib.notices.rules import RULES
from chalicelib.payments import table as payments
from chalicelib.reversals import table as reversals
from chalicelib.reversals.dispute import BalanceMovement, Dispute
from chalicelib.reversals.reversal import Reversals
from tests.build import TIME_MS
from tests.notices.conftest import Inbox, NewAccount
from tests.notices.records import TEN, payment, record
from tests.notices.sending import a_payment, deliver, message
from tests.notices.told import payment_events

WITHDRAWN = (BalanceMovement("txn_1", TIME_MS, -2_500, "usd"),)


def dispute(status: str, **changes: Any) -> Dispute:
    fields: dict[str, Any] = {
        "account_id": "acme",
        "payment_id": "pay_1",
        "dispute_id": "dp_1",
        "amount_micros": 25_000_000,
        "currency": "usd",
        "reason": "fraudulent",
        "status": status,
        "opened_at_ms": TIME_MS,
        "updated_at_ms": TIME_MS,
        "moves_wallet": True,
    }
    return Dispute(**{**fields, **changes})


def notice_of(*disputes: Dispute, status: str = "needs_response") -> Notice | None:
    """Return the mail that a changed status of a payment's dispute triggers while its disputes are these."""
    (event,) = payment_events(record(payment("succeeded"), payment("succeeded", dispute_status=status)))
    wallet, paid = Wallet("acme", "usd", 0, 8), a_payment_row()
    current = CurrentState(wallet=wallet, thresholds=TEN, now_ms=TIME_MS, payment=paid, disputes=disputes)
    return RULES["payment.disputed"](event.detail, current)


def a_payment_row() -> Any:
    return payments.read_image(record(None, payment("succeeded"))["dynamodb"]["NewImage"])


@pytest.mark.parametrize(
    ("status", "changes", "message", "mark"),
    [
        ("needs_response", {}, "dispute_opened", "dispute_opened/dp_1"),
        ("under_review", {}, "dispute_opened", "dispute_opened/dp_1"),
        ("a_new_status", {}, "dispute_opened", "dispute_opened/dp_1"),
        ("warning_needs_response", {}, "dispute_inquiry", "dispute_opened/dp_1/inquiry"),
        ("warning_needs_response", {"balance_movements": WITHDRAWN}, "dispute_opened", "dispute_opened/dp_1"),
    ],
)
def test_a_dispute_and_an_inquiry_are_one_mail_each(
    status: str, changes: dict[str, Any], message: str, mark: str
) -> None:
    found = notice_of(dispute(status, **changes), status=status)
    assert found
    assert (found.kind, found.message, found.mark) == ("dispute_opened", message, mark)
    assert (found.page, found.amounts_micros["amount"]) == ("payments/pay_1", 25_000_000)


@pytest.mark.parametrize("status", ["won", "lost", "prevented", "warning_closed"])
def test_what_was_decided_meanwhile_is_no_mail(status: str) -> None:
    assert notice_of(dispute(status)) is None
    assert notice_of(dispute("needs_response", closed_at_break_ms=TIME_MS)) is None
    assert notice_of() is None


def test_of_two_disputes_of_a_payment_the_mail_is_about_the_last_that_is_open() -> None:
    second = dispute("needs_response", dispute_id="dp_2", amount_micros=5_000_000, opened_at_ms=TIME_MS + 1)
    third = dispute("won", dispute_id="dp_3", opened_at_ms=TIME_MS + 2)
    found = notice_of(dispute("lost"), second, third)
    assert found
    assert (found.mark, found.amounts_micros) == ("dispute_opened/dp_2", {"amount": 5_000_000})


def test_a_dispute_is_mailed_once(inbox: Inbox, new_account: NewAccount) -> None:
    account = new_account()
    paid = a_payment(account, "succeeded")
    payments.put_new(paid)
    named = {"account_id": account.account_id, "payment_id": paid.payment_id}
    opened = Reversals(paid, disputes=(dispute("needs_response", **named),))
    assert reversals.write(Reversals(paid), opened)
    about: dict[str, Any] = {"payment_id": paid.payment_id, "kind": "top_up", "amount": "25.00", "currency": "usd"}
    about |= {"payment_intent_id": "pi_1", "charge_id": "ch_1", "stripe_account": None}
    told = [
        message("payment.disputed", account, status=status, sequence=number, **about)
        for number, status in enumerate(("needs_response", "under_review"))
    ]
    assert deliver(*told) == []
    mail = inbox.only(account.email)
    assert mail["Subject"] == "Your payment of $25.00 was disputed"
    assert "ask your bank to withdraw it" in mail["BodyText"]
