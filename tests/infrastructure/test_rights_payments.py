"""The API, and the functions between usage, payments and their documents, may do what they do."""

import json
import os
import subprocess
import sys
from urllib.parse import urlsplit

import requests
from msgspec.structs import asdict, replace

from chalicelib.allowances.table import AllowanceRow
from chalicelib.clock import month_of, now, now_ms
from tests.environment import use
from tests.infrastructure.guarded import Client, Document, Guarded, connect, event, remove_cards, save_card, scheduled
from tests.invoices import documents
from tests.invoices.logos import png
from tests.notices.records import record as stream_record
from tests.usage.agency import dated, keep, on


def test_without_a_policy_nothing_goes(guarded: Guarded) -> None:
    """The emulator does enforce: otherwise these files would prove nothing."""
    sqs = guarded.aws.client("sqs")
    iam = guarded.aws.client("iam")
    iam.create_user(UserName="nobody")
    key = iam.create_access_key(UserName="nobody")["AccessKey"]
    credentials = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    program = "import boto3, sys; boto3.client('sqs').send_message(QueueUrl=sys.argv[1], MessageBody='x')"
    done = subprocess.run(
        [sys.executable, "-c", program, guarded.deployment.usage_queue_url],
        env={**os.environ, **guarded.deployment.environment, **credentials},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "AccessDenied" in done.stderr
    assert "Messages" not in sqs.receive_message(QueueUrl=guarded.deployment.usage_queue_url)


def _set_budget(client: Client, account: str) -> None:
    client.ask("PUT", f"{account}/budgets/sms.day", {"limit": "5", "close": True})
    assert client.ask("GET", f"{account}/budgets")["data"][0]["spent"] == "0.00"
    assert client.ask("GET", f"{account}/access?meter=sms")["allowed"]
    client.ask("DELETE", f"{account}/budgets/sms.day", expect=204)


def _open_pages(client: Client, payment_id: str) -> None:
    link = urlsplit(client.ask("POST", "/v1/portal-sessions", {"account_id": "acme"}, expect=201)["url"])
    with requests.Session() as browser:
        assert browser.get(client.url + link.path, timeout=30).status_code == 200
        home = browser.post(client.url + link.path, timeout=30)
        assert home.status_code == 200, home.text
        for page in (
            "usage",
            "usage?group=client&period=90",
            "usage/csv",
            "history",
            "history/search?q=a",
            "invoices",
            "statements",
            "details",
            "alerts",
            "budgets",
            "plan",
            "auto-pay",
            "add-balance",
            "recurring",
            "help",
            f"payments/{payment_id}",
            f"payments/{payment_id}/state",
        ):
            assert browser.get(f"{home.url}/{page}", timeout=30).status_code == 200, page


def test_the_api_may_do_all_that_its_routes_do(client: Client, account: str, guarded: Guarded) -> None:
    ask = client.ask
    bakery = {"kind": "client", "workspace_id": "acme", "name": "Bakery", "email": "a@bakery.example"}
    ask("PUT", "/v1/accounts/bakery", {**bakery, "currency": "usd"}, expect=201)
    ask("PUT", "/v1/accounts/bakery", {**bakery, "name": "Bakery Bloom", "currency": "usd"})
    ask("GET", "/v1/accounts/bakery")
    ask("GET", "/v1/accounts/bakery/access")
    ask("POST", "/v1/accounts/bakery/invitations", expect=201)
    ask("GET", "/v1/accounts/bakery/invitations")
    ask("PUT", f"{account}/rebilling", {"enabled": True, "default": {"state": "markup", "markup": "1.5"}})
    ask("PUT", f"{account}/rebilling?preview=true", {"enabled": False})
    assert ask("GET", "/v1/accounts/bakery/rebilling")["meters"]
    assert ask("GET", f"{account}/clients")["data"]
    ask("GET", f"{account}/clients/summary")
    ask("GET", f"{account}/recurring")
    ask("GET", f"{account}/transactions?client=bakery")
    ask("PUT", "/v1/accounts/bakery/standing", {"standing": "archived", "reason": "a test"})
    ask("GET", "/v1/accounts/bakery/standing")

    save_card(client, account, guarded, "pm_card_visa")
    payment = ask("POST", f"{account}/top-ups", {"amount": "25"}, expect=201)["payment"]
    ask("GET", f"{account}/payments/{payment['payment_id']}")
    ask("POST", f"{account}/payments/{payment['payment_id']}/refresh")
    assert ask("GET", f"{account}/payments")["data"]
    ask("POST", f"{account}/adjustments", {"type": "debit", "amount": "1", "reason": "a test"}, expect=201)
    _set_budget(client, account)
    assert ask("GET", f"{account}/billing")["wallet"]["balance"] == "24.00"

    credit = ask("GET", f"{account}/transactions?type=credit")["data"][0]
    ask("GET", f"{account}/transactions/{credit['id']}")
    ask("GET", f"{account}/transactions.csv")
    ask("GET", f"{account}/usage?from=2026-01-01&to=2026-01-31")
    ask("POST", "/v1/usage", [event("over-http")], expect=202)
    remove_cards(client, account)
    ask("PUT", f"{account}/notices", {"mails": {"low_balance": False}})
    ask("GET", f"{account}/notices")
    _open_pages(client, payment["payment_id"])
    assert ask("GET", f"{account}/transactions/{credit['id']}/invoice").startswith("%PDF-")
    (invoice,) = ask("GET", f"{account}/invoices")["data"]
    assert ask("GET", f"{account}/invoices/{invoice['number']}")["total"] == "25.00"
    assert ask("GET", invoice["pdf"]).startswith("%PDF-")
    ask("POST", f"{account}/invoices/{invoice['number']}/send", {"to": "books@acme.example"}, expect=201)
    ask("PUT", f"{account}/taxes", {"taxes": [{"country": "US", "name": "Tax", "rate": "5", "inclusive": True}]})
    ask("GET", f"{account}/taxes")
    ask("GET", f"{account}/activity")
    assert ask("GET", f"{account}/activity.csv").startswith("entry_id,")
    ask("PUT", f"{account}/brand", {"color": "#7a3e9d", "logo": png(40, 20)})
    ask("GET", f"{account}/brand")
    assert any(guarded.stripe.events())


def test_a_years_documents_are_bundled_by_the_api_and_by_the_queue(
    client: Client, account: str, guarded: Guarded
) -> None:
    year = month_of(now_ms())[:4]
    bundle = client.ask("POST", f"{account}/invoice-bundles/{year}")
    assert bundle["state"] == "ready"
    assert client.ask("GET", bundle["zip"])
    save_card(client, account, guarded, "pm_card_visa")
    client.ask("POST", f"{account}/top-ups", {"amount": "25"}, expect=201)
    message = {"messageId": "1", "body": json.dumps({"account_id": "acme", "year": int(year)})}
    assert guarded.call("make_bundles", {"Records": [message]}) == {"batchItemFailures": []}
    assert client.ask("GET", f"{account}/invoice-bundles/{year}")["documents"] > bundle["documents"]


def test_the_api_may_make_statements(client: Client, account: str) -> None:
    client.ask("POST", f"{account}/adjustments", {"type": "credit", "amount": "1", "reason": "a test"}, expect=201)
    statement = client.ask("GET", f"{account}/statements/{month_of(now_ms())}")
    assert statement["credits"]["lines"]
    assert client.ask("GET", statement["pdf"]).startswith("%PDF-")


def test_issuing_invoices_may_do_what_it_does(client: Client, account: str, guarded: Guarded) -> None:
    """For a client, whose invoices bear its workspace's brand: that is all there is to read."""
    path = "/v1/accounts/florist"
    florist = {"kind": "client", "workspace_id": "acme", "name": "Florist", "email": "a@florist.example"}
    client.ask("PUT", path, {**florist, "currency": "usd"}, expect=201)
    connect(client, account, guarded)
    save_card(client, path, guarded, "pm_card_visa")
    payment = client.ask("POST", f"{path}/top-ups", {"amount": "25"}, expect=201)["payment"]
    body = json.dumps({"detail": {"account_id": "florist", "payment_id": payment["payment_id"]}})
    message = {"messageId": "1", "receiptHandle": "x", "body": body, "attributes": {}}
    assert guarded.call("issue_invoices", {"Records": [message]}) == {"batchItemFailures": []}
    (invoice,) = client.ask("GET", f"{path}/invoices")["data"]
    assert client.ask("GET", f"{path}/invoices/{invoice['number']}")["seller"]["name"] == "Acme"


def test_the_api_may_refund_and_be_told_of_disputes(client: Client, account: str, guarded: Guarded) -> None:
    save_card(client, account, guarded, "pm_card_visa")
    payment = client.ask("POST", f"{account}/top-ups", {"amount": "25"}, expect=201)["payment"]
    url = f"{account}/payments/{payment['payment_id']}"
    client.ask("POST", f"{url}/refunds", {"amount": "1", "reason": "a test"}, expect=201)
    guarded.stripe.open_dispute(payment["payment_intent_id"], amount=100)
    guarded.stripe.wait_for_webhooks()
    shown = client.ask("GET", url)
    assert (shown["refunded"], shown["disputes"][0]["debited"]) == ("1.00", "1.00")
    told = {"id": "1", "version": 1, "account_id": "acme", "occurred_at": "2026-11-01T00:00:00.000Z", "sequence": 1}
    told |= {name: payment[name] for name in ("payment_id", "kind", "amount", "currency", "payment_intent_id")}
    told |= {"status": "needs_response", "charge_id": None, "stripe_account": None}
    body = json.dumps({"detail-type": "payment.disputed", "detail": told})
    message = {"messageId": "1", "receiptHandle": "x", "body": body, "attributes": {}}
    assert guarded.call("send_mails", {"Records": [message]}) == {"batchItemFailures": []}


def test_warning_of_expiring_cards_may_do_what_it_does(client: Client, account: str, guarded: Guarded) -> None:
    save_card(client, account, guarded, "pm_card_visa")
    card = client.ask("GET", f"{account}/cards")["data"][0]
    this_month = {"exp_year": now().year, "exp_month": now().month}
    guarded.stripe.control("POST", f"payment_methods/{card['id']}/renew", this_month)
    guarded.stripe.wait_for_webhooks()
    assert guarded.call("warn_of_expiring_cards", scheduled()) == {"published": 1, "failed": 0}


def test_recording_usage_may_do_what_it_does(account: str, guarded: Guarded) -> None:
    def message(number: int, *events: Document) -> Document:
        return {"messageId": str(number), "receiptHandle": "x", "body": json.dumps(events), "attributes": {}}

    never = message(3, {**event("d"), "data": {"quantity": "none"}})
    records = [message(1, event("a"), event("b")), message(2, event("c", subject="nobody")), never]
    answer = guarded.call("record_usage", {"Records": records})
    assert answer == {"batchItemFailures": [{"itemIdentifier": "2"}]}
    # What was posted is looked for, in the pages that the wallet names.
    assert guarded.call("record_usage", {"Records": records[:1]}) == {"batchItemFailures": []}


def test_recording_usage_of_clients_and_ending_their_allowances_may_do_what_they_do(
    client: Client, account: str, guarded: Guarded
) -> None:
    shop = {"kind": "client", "workspace_id": "acme", "name": "Shop", "email": "a@shop.example", "currency": "usd"}
    client.ask("PUT", "/v1/accounts/acme.shop", shop, expect=201)
    with use(guarded.deployment.environment):
        keep("acme.shop", replace(on(), allowances_micros=dated((0, 5_000_000))))
    for number in range(2):
        message = {"messageId": "1", "receiptHandle": "x", "body": json.dumps(event(str(number), subject="acme.shop"))}
        assert guarded.call("record_usage", {"Records": [message]}) == {"batchItemFailures": []}
    assert guarded.call("end_allowances", scheduled()) == {"ended": 0, "failed": 0}
    with use(guarded.deployment.environment):
        (open_row,) = AllowanceRow.query("acme.shop")
        assert open_row.state == "credited"
        open_row.update(actions=[AllowanceRow.due_at_ms.set(1)])
    assert guarded.call("end_allowances", scheduled()) == {"ended": 1, "failed": 0}


def test_the_sweeper_may_do_what_it_does(client: Client, account: str, guarded: Guarded) -> None:
    save_card(client, account, guarded, "pm_card_authenticationRequired")
    client.ask("POST", f"{account}/top-ups", {"amount": "50"}, expect=202)
    guarded.stripe.fault("webhook_drop", times=100)
    guarded.stripe.authenticate(guarded.stripe.stripe_client().v1.payment_intents.list({"limit": 1}).data[0].id)
    make_due(guarded)
    swept = guarded.call("sweep_payments", scheduled())
    # The payment; and the refund and the dispute, of which more may come.
    assert (swept["ended"], swept["unresolved"], swept["failed"]) == (1, 2, 0)


def test_the_connection_of_a_workspace_may_be_made_tested_broken_and_told_of(
    client: Client, account: str, guarded: Guarded
) -> None:
    path, connection = "/v1/accounts/gardener", f"{account}/stripe-connection"
    gardener = {"kind": "client", "workspace_id": "acme", "name": "Gardener", "email": "a@gardener.example"}
    client.ask("PUT", path, {**gardener, "currency": "usd"}, expect=201)
    connect(client, account, guarded)
    save_card(client, path, guarded, "pm_card_visa")
    stripe_account = client.ask("POST", f"{connection}/test")["stripe_account"]
    guarded.stripe.fault("500_after_effect", method="POST", path="/v1/payment_intents", times=2)
    guarded.stripe.fault("webhook_drop", event="payment_intent.*", times=100)
    payment = client.ask("POST", f"{path}/top-ups", {"amount": "25"}, expect=202)["payment"]
    guarded.stripe.clear_faults()
    guarded.stripe.disconnect_account(stripe_account)
    guarded.stripe.wait_for_webhooks()
    assert client.ask("GET", connection)["state"] == "disconnected"
    make_due(guarded)
    assert guarded.call("sweep_payments", scheduled())["failed"] == 0
    assert client.ask("GET", f"{path}/payments/{payment['payment_id']}")["closed_at_break"]
    row = {"account_id": "acme", "workspace_id": "acme", "state": "active", "version": 1}
    record = stream_record(
        None, {**row, "stripe_account_id": stripe_account, "access_revoked": True}, keys=("account_id",)
    )
    assert guarded.call("follow_connections", {"Records": [record]}) == {"batchItemFailures": []}
    connect(client, account, guarded)
    assert client.ask("DELETE", connection)["access_revoked"]


def test_issuing_credit_notes_may_do_what_it_does(client: Client, account: str, guarded: Guarded) -> None:
    """For a client, as above, whose payment has no invoice yet: it comes first."""
    path = "/v1/accounts/refunded"
    refunded = {"kind": "client", "workspace_id": "acme", "name": "Refunded", "email": "a@refunded.example"}
    client.ask("PUT", path, {**refunded, "currency": "usd"}, expect=201)
    connect(client, account, guarded)
    save_card(client, path, guarded, "pm_card_visa")
    payment = client.ask("POST", f"{path}/top-ups", {"amount": "25"}, expect=201)["payment"]
    url = f"{path}/payments/{payment['payment_id']}/refunds"
    made = client.ask("POST", url, {"amount": "10", "reason": "a test"}, expect=201)["refund"]
    row = asdict(documents.refund(documents.payment("refunded", payment_id=payment["payment_id"]), 10_000_000))
    image = {**row, "failure": None, "refund_id": made["refund_id"]}
    record = stream_record(None, image)
    assert guarded.call("issue_credit_notes", {"Records": [record]}) == {"batchItemFailures": []}
    table = guarded.deployment.environment["INVOICES_TABLE"]
    rows = guarded.aws.client("dynamodb").query(
        TableName=table,
        KeyConditionExpression="account_id = :account AND begins_with(document, :documents)",
        ExpressionAttributeValues={":account": {"S": "refunded"}, ":documents": {"S": "document#"}},
    )["Items"]
    assert [row["kind"]["S"] for row in rows] == ["invoice", "credit_note"]


def test_a_webhook_whose_function_died_may_be_finished_by_the_sweeper(guarded: Guarded) -> None:
    event = {"id": "evt_died", "type": "invoice.created", "created": 1_795_600_000, "data": {"object": {}}}
    row = {"event_id": "evt_died", "type": "invoice.created", "created_at": "2026-11-25T00:00:00.000Z"}
    row |= {"received_at": "2020-01-01T00:00:00.000Z", "state": "received", "parked": "received"}
    item = {name: {"S": value} for name, value in {**row, "payload": json.dumps(event)}.items()}
    dynamodb, table = guarded.aws.client("dynamodb"), guarded.deployment.environment["WEBHOOK_EVENTS_TABLE"]
    dynamodb.put_item(TableName=table, Item={**item, "attempts": {"N": "0"}})
    guarded.call("sweep_payments", scheduled())
    found = dynamodb.get_item(TableName=table, Key={"event_id": {"S": "evt_died"}})["Item"]
    assert found["state"] == {"S": "ignored"}


def make_due(guarded: Guarded) -> None:
    """Let the time come at which the sweeper looks at what has not ended."""
    dynamodb = guarded.aws.client("dynamodb")
    sources = (("PAYMENTS_TABLE", "unresolved", "payment_id"), ("REVERSALS_TABLE", "unsettled", "reversal_key"))
    for variable, index, key in sources:
        table = guarded.deployment.environment[variable]
        for item in dynamodb.scan(TableName=table, IndexName=index)["Items"]:
            dynamodb.update_item(
                TableName=table,
                Key={name: item[name] for name in ("account_id", key)},
                UpdateExpression="SET check_at = :past",
                ExpressionAttributeValues={":past": {"S": "2020-01-01T00:00:00.000Z"}},
            )
