"""The functions that publish events and send mails may do what they do."""

import json

import msgspec
import pytest
import requests

from chalicelib.budgets import table as budgets_table
from chalicelib.budgets.budget import Budgets
from chalicelib.clock import now_ms
from chalicelib.ledger.post import post_one
from chalicelib.notices.event import Event
from chalicelib.payments.payment import DAY_MS
from tests.budgets.build import budget
from tests.build import TIME_MS, debit
from tests.environment import use
from tests.infrastructure.guarded import Client, Document, Guarded
from tests.notices.records import (
    auto_pay,
    budgets,
    difference,
    difference_record,
    invoice,
    invoice_record,
    payment_record,
    repeat,
    repeat_record,
    subscription,
    wallet_record,
)
from tests.notices.records import record as stream_record
from tests.notices.told import budget_events, payment_events, subscription_events


@pytest.mark.parametrize(
    ("handler", "record"),
    [
        ("announce_wallets", wallet_record(12, 0)),
        ("announce_budgets", stream_record(budgets(), budgets(75))),
        ("announce_budgets", stream_record(budgets(), budgets(75, currency=5))),
        ("announce_payments", payment_record("created", "succeeded")),
        ("announce_payments", payment_record("created", "succeeded", amount_micros="cannot be read")),
        ("announce_auto_pay", stream_record(auto_pay(), auto_pay("declines", 3))),
        ("announce_auto_pay", stream_record(auto_pay(), auto_pay("declines", 3, amount_micros="cannot be read"))),
        ("announce_subscriptions", stream_record(subscription(), subscription("past_due"))),
        ("announce_subscriptions", stream_record(subscription(), subscription("past_due", add_ons="{"))),
        ("announce_repeats", repeat_record(repeat())),
        ("announce_repeats", repeat_record(repeat(amount_micros="cannot be read"))),
        ("announce_findings", difference_record(difference())),
        ("announce_findings", difference_record(difference(found_at_ms="cannot be read"))),
        ("announce_invoices", invoice_record(invoice())),
        ("announce_invoices", invoice_record(invoice(total_micros="cannot be read"))),
    ],
)
def test_telling_the_platform_may_do_what_it_does(guarded: Guarded, handler: str, record: Document) -> None:
    assert guarded.call(handler, {"Records": [record]}) == {"batchItemFailures": []}


def test_the_row_of_one_wallet_that_cannot_be_read_does_not_hold_up_the_others(guarded: Guarded) -> None:
    table = guarded.deployment.environment["AUTO_PAY_TABLE"]
    guarded.aws.client("dynamodb").put_item(TableName=table, Item={"account_id": {"S": "torn"}, "enabled": {"S": "?"}})
    choice = {"account_id": {"S": "torn"}, "notice": {"S": "choice"}, "choice": {"S": "{"}}
    guarded.aws.client("dynamodb").put_item(TableName=guarded.deployment.environment["NOTICES_TABLE"], Item=choice)
    records = [wallet_record(12, 0, account_id=each) for each in ("torn", "whole")]
    assert guarded.call("announce_wallets", {"Records": records}) == {"batchItemFailures": []}


def test_evaluating_budgets_may_do_what_it_does(account: str, guarded: Guarded) -> None:
    with use(guarded.deployment.environment):
        assert budgets_table.write(Budgets("acme", (budget(),), 1), over=0)
        post_one(debit(1, "acme", amount_micros=80_000_000, occurred_at_ms=now_ms()))
        assert guarded.call("announce_wallets", {"Records": [wallet_record(100, 20)]}) == {"batchItemFailures": []}
        assert budgets_table.find("acme").version > 1


def test_logging_changes_may_do_what_it_does(guarded: Guarded) -> None:
    record = stream_record(auto_pay(), auto_pay("declines", 3))
    unreadable = stream_record(auto_pay(), auto_pay("declines", 3, amount_micros="cannot be read"))
    stream = (
        f"arn:aws:dynamodb:us-east-1:000000000000:table/{guarded.deployment.environment['AUTO_PAY_TABLE']}/stream/1"
    )
    records = [{**each, "eventSourceARN": stream} for each in (record, unreadable)]
    assert guarded.call("log_changes", {"Records": records}) == {"batchItemFailures": []}


def test_sending_mails_may_do_what_it_does(account: str, client: Client, guarded: Guarded) -> None:
    (told,) = payment_events(payment_record("created", "succeeded"))
    send_mail_of(guarded, told)
    assert "pay_1" in requests.get(f"{guarded.aws.endpoint}/_ministack/ses/messages", timeout=30).text
    (owed,) = subscription_events(stream_record(subscription(), subscription("past_due")))
    send_mail_of(guarded, owed)
    yearly: Document = {"plan": "agency_yearly", "period_start_ms": TIME_MS - 335 * DAY_MS}
    reminded = subscription(**yearly, reminded_of_ms=TIME_MS + 30 * DAY_MS)
    (upcoming,) = subscription_events(stream_record(subscription(**yearly), reminded))
    send_mail_of(guarded, upcoming)
    of_a_client = {"kind": "client", "workspace_id": "acme", "name": "Bob", "email": "b@acme.example"}
    client.ask("PUT", f"{account}.bob", {**of_a_client, "currency": "usd"}, expect=201)
    (reached,) = budget_events(stream_record(None, {**budgets(100), "account_id": "acme.bob"}))
    send_mail_of(guarded, reached)


def send_mail_of(guarded: Guarded, told: Event) -> None:
    """Deliver an event to the function that sends mails."""
    envelope = {"detail-type": told.type, "detail": msgspec.to_builtins(told.detail)}
    message = {"messageId": "1", "receiptHandle": "x", "body": json.dumps(envelope), "attributes": {}}
    assert guarded.call("send_mails", {"Records": [message]}) == {"batchItemFailures": []}
