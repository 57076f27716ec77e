"""The functions that take records, called as Lambda calls them, with a good record for each."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.accounts import table as accounts
from chalicelib.auto_pay import table as auto_pay
from chalicelib.auto_pay.auto_pay import AutoPay
from chalicelib.clock import now_ms
from chalicelib.invoices import table as invoices
from chalicelib.invoices.make_bundle import find_bundle
from chalicelib.money import MICROS
from chalicelib.notices.table import NoticeRow
from chalicelib.payments import table as payments
from chalicelib.payments.payment import Payment
from tests.build import sqs_record
from tests.functions import call
from tests.invoices import documents
from tests.invoices.refund_records import record as refund_record
from tests.invoices.refund_records import written
from tests.notices.records import card_record, payment_record, wallet_record
from tests.notices.records import record as stream_record

Record = dict[str, Any]
Done = Callable[[], bool]
Good = tuple[Record, Done]


def deliver(function: str, *records: Record) -> list[str]:
    answer = call(function, {"Records": list(records)})
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def new_account(**changes: Any) -> str:
    account = documents.account(**changes)
    assert accounts.create(account)
    return account.account_id


def new_payment(**changes: Any) -> Payment:
    account_id = new_account()
    payment = documents.payment(account_id, **changes)
    payments.put_new(payment)
    return payment


def payment_to_invoice() -> Good:
    payment = new_payment()
    body = {"detail": {"account_id": payment.account_id, "payment_id": payment.payment_id}}
    return sqs_record(body), lambda: len(invoices.newest(payment.account_id, limit=9).invoices) == 1


def payment_to_credit() -> Good:
    payment = new_payment()
    refund = written(documents.refund(payment, 10 * MICROS), payment)
    return refund_record(None, refund), lambda: len(invoices.newest(payment.account_id, limit=9).invoices) == 2


def payment_to_make() -> Good:
    """Return the message of a payment that was made before: nothing is left to do."""
    payment = new_payment()
    return sqs_record({"account_id": payment.account_id, "payment_id": payment.payment_id}), lambda: True


def subscription_to_renew() -> Good:
    """Return the message of an account without a subscription: there is nothing to do."""
    return sqs_record({"account_id": new_account()}), lambda: True


def bundle_to_make() -> Good:
    """Return the message of a year without documents: its bundle has an index alone."""
    account_id = new_account()
    return sqs_record({"account_id": account_id, "year": 2026}), lambda: find_bundle(account_id, 2026)[1] == "ready"


def mail_to_send() -> Good:
    account_id = new_account()
    levels = {"level": "exhausted", "previous_level": "normal", "sequence": 1, "currency": "usd"}
    balances = {"balance": "0.00", "threshold": "10.00", "floor": "0.00"}
    about = {"id": account_id, "version": 1, "account_id": account_id, "occurred_at": "2026-11-01T00:00:00.000Z"}
    body = {"detail-type": "wallet.exhausted", "detail": {**about, **levels, **balances}}
    return sqs_record(body), lambda: [row.message_id for row in NoticeRow.query(account_id)] != []


QUEUES = {
    "charge_payments": payment_to_make,
    "renew_subscriptions": subscription_to_renew,
    "issue_invoices": payment_to_invoice,
    "make_bundles": bundle_to_make,
    "send_mails": mail_to_send,
}


def refillable(moved: Callable[[str], Record]) -> Good:
    """Return a record of an account with auto-pay and without a card: evaluating it stores a refusal."""
    account_id = new_account()
    row = AutoPay(
        account_id=account_id,
        enabled=True,
        threshold_micros=20 * MICROS,
        amount_micros=50 * MICROS,
        monthly_limit_micros=None,
        actor="tester",
        updated_at_ms=now_ms(),
        version=1,
    )
    assert auto_pay.write(row, over=0)

    def was_looked_at() -> bool:
        found = auto_pay.find(account_id)
        return found is not None and found.last_refusal is not None

    return moved(account_id), was_looked_at


def of_wallet() -> Good:
    return refillable(lambda account_id: wallet_record(21, 1, account_id=account_id))


def of_payment() -> Good:
    return refillable(lambda account_id: payment_record("created", "succeeded", account_id=account_id))


def of_card() -> Good:
    return refillable(lambda account_id: card_record("pm_1", None, account_id))


def of_connection() -> Good:
    """Return a record of a workspace whose connection works now: its client's auto-pay becomes due."""
    workspace_id = new_account()
    client_id = new_account(kind="client", workspace_id=workspace_id)
    row = AutoPay(
        account_id=client_id,
        enabled=True,
        threshold_micros=20 * MICROS,
        amount_micros=50 * MICROS,
        monthly_limit_micros=None,
        actor="tester",
        updated_at_ms=now_ms(),
        version=1,
    )
    assert auto_pay.write(row, over=0)
    working = {"account_id": workspace_id, "workspace_id": workspace_id, "state": "active", "version": 1}
    working |= {"stripe_account_id": "acct_1", "access_revoked": True}

    def is_due() -> bool:
        found = auto_pay.find(client_id)
        return found is not None and found.due_at_ms is not None and found.due_at_ms <= now_ms()

    return stream_record(None, working, keys=("account_id",)), is_due


STREAMS = {
    "refill_wallets": of_wallet,
    "follow_payments": of_payment,
    "follow_cards": of_card,
    "follow_connections": of_connection,
    "issue_credit_notes": payment_to_credit,
}


def scheduled() -> dict[str, Any]:
    return {
        "version": "0",
        "account": "000000000000",
        "region": "us-east-1",
        "detail": {},
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "time": "2026-11-01T00:00:00Z",
        "id": "1",
        "resources": [],
    }
