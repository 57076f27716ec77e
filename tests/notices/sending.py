"""Accounts to write to, and the messages that make the mails."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from msgspec.structs import replace

from chalicelib.accounts.account import Account
from chalicelib.auto_pay import table as auto_pay_table
from chalicelib.auto_pay.auto_pay import AutoPay, SuspendedReason
from chalicelib.catalog.catalog import catalog
from chalicelib.clock import iso, now_ms
from chalicelib.notices import mailbox
from chalicelib.notices.send import send
from chalicelib.payments import table as payments
from chalicelib.payments.payment import Failure, Kind, Payment, State
from chalicelib.subscriptions import table as subscriptions
from chalicelib.subscriptions.period import first_period
from chalicelib.subscriptions.subscription import OWING, Contents, Prices, Status, Subscription

Json = dict[str, Any]
_numbers = count(1)


def message(type: str, account: Account, **detail: Any) -> Json:
    """Return an SQS record with an event, as the bus delivers it."""
    number = next(_numbers)
    fields = {"id": f"{type}:{account.account_id}:{number}", "version": 1, "account_id": account.account_id}
    envelope = {
        "source": "billing-portal",
        "detail-type": type,
        "detail": {**fields, "occurred_at": iso(now_ms()), **detail},
    }
    return {"messageId": str(number), "body": json.dumps(envelope)}


def low(account: Account, *, type: str = "wallet.low", **detail: Any) -> Json:
    balances = {"balance": "0.00", "threshold": "10.00", "floor": "0.00", "currency": account.currency}
    levels = {"level": "exhausted", "previous_level": "normal", "sequence": next(_numbers)}
    return message(type, account, **balances, **levels, **detail)


def used_up(account: Account, **detail: Any) -> Json:
    """Return the event that is true of a new account: its wallet is empty."""
    return low(account, type="wallet.exhausted", **detail)


def a_payment(account: Account, state: State, kind: Kind = "top_up", code: str = "card_declined") -> Payment:
    """Return a payment of an account."""
    return Payment(
        account_id=account.account_id,
        payment_id=f"pay_{next(_numbers)}",
        kind=kind,
        state=state,
        amount_micros=25_000_000,
        currency=account.currency,
        created_at_ms=now_ms(),
        updated_at_ms=now_ms(),
        state_at_ms=now_ms(),
        customer_id="cus_1",
        payment_method_id="pm_1",
        card_brand="visa",
        card_last_four="4242",
        actor="tester",
        description="Balance added",
        failure=Failure(code) if state == "failed" else None,
    )


def pay(
    account: Account,
    state: State = "succeeded",
    kind: Kind = "top_up",
    code: str = "card_declined",
    workspace_id: str | None = None,
) -> Json:
    """Write a payment, and return its event."""
    payment = replace(a_payment(account, state, kind, code), workspace_id=workspace_id)
    payments.put_new(payment)
    return message(
        f"payment.{state}",
        account,
        payment_id=payment.payment_id,
        kind=kind,
        state=state,
        amount="25.00",
        currency=account.currency,
        description=payment.description,
        card={"brand": "visa", "last_four": "4242"},
        failure={"code": code, "decline_code": None, "message": ""} if state == "failed" else None,
        payment_intent_id="pi_1",
        charge_id="ch_1",
        stripe_account=None,
    )


def switch_on(account: Account, suspended: SuspendedReason | None = None, *, failures: int = 0) -> None:
    paying = AutoPay(
        account_id=account.account_id,
        enabled=True,
        threshold_micros=10_000_000,
        amount_micros=25_000_000,
        monthly_limit_micros=None,
        actor="tester",
        updated_at_ms=now_ms(),
        suspended_reason=suspended,
        failures=3 if suspended else failures,
        version=1,
    )
    assert auto_pay_table.write(paying, over=0)


def subscription(account: Account, status: Status, code: str = "expired_card", **changes: Any) -> Subscription:
    """Return a subscription as it is now."""
    fields: dict[str, Any] = {
        "account_id": account.account_id,
        "currency": account.currency,
        "status": status,
        "terms": first_period(Contents("agency", {"phone_number": 3}), Prices(plan_micros=49_000_000), now_ms(), 1),
        "actor": "renewal",
        "updated_at_ms": now_ms(),
        "failure": Failure(code) if status in OWING else None,
        "due_at_ms": now_ms() if status == "past_due" else None,
        "access_until_ms": now_ms() if status == "unpaid" else None,
        "version": 1,
    }
    return Subscription(**{**fields, **changes})


def owe(account: Account, told: Status, status: Status, code: str = "expired_card") -> Json:
    """Write a subscription as it is now, and return the event of a status that it came to."""
    current = subscription(account, status, code)
    assert subscriptions.write(current, over=None)
    return message(
        f"subscription.{told}",
        account,
        status=told,
        plan="agency",
        add_ons={"phone_number": 3},
        currency=account.currency,
        period_start=iso(current.terms.period_start_ms),
        period_end=iso(current.terms.period_end_ms),
        payment_id=None,
        failure={"code": code, "decline_code": None, "message": ""},
        next_attempt_at=None,
        access_until=None,
        sequence=current.version,
    )


@contextmanager
def ses(answer: Callable[[int], None], when: str) -> Iterator[None]:
    """Let `answer` happen before or after each call of SES, by the number of the call."""
    calls = count(1)

    def happen(**_: Any) -> None:
        answer(next(calls))

    events, name = mailbox.client().meta.events, f"{when}-call.sesv2.SendEmail"
    events.register(name, happen)
    try:
        yield
    finally:
        events.unregister(name, happen)


def deliver(*messages: Json) -> list[str]:
    return send(messages, catalog())
