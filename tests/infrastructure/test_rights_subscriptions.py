"""The functions of auto-pay, subscriptions, follow-up and audit may do what they do."""

import json
import time

from chalicelib.audit.table import ACCOUNT, AuditRow, RepeatRow, read_repeats
from chalicelib.clock import now_ms
from chalicelib.ledger.post import post
from tests.build import pair
from tests.environment import use
from tests.infrastructure.guarded import Client, Document, Guarded, save_card, scheduled
from tests.notices.records import card_record, payment_record, wallet_record


def test_the_audit_of_repeats_may_do_what_it_does(client: Client, guarded: Guarded) -> None:
    for account_id, kind in (("audited", "workspace"), ("repeated", "client")):
        more = {"workspace_id": "audited"} if kind == "client" else {}
        body = {"kind": kind, "name": "A", "email": "a@audited.example", "currency": "usd", **more}
        client.ask("PUT", f"/v1/accounts/{account_id}", body, expect=201)
    with use(guarded.deployment.environment):
        times = [now_ms() - minutes * 60_000 for minutes in (30, 20, 10)]
        post([pair(1, "repeated", "audited", event_id="call", occurred_at_ms=times[0])])
        post([pair(1, "repeated", "audited", event_id="call", occurred_at_ms=times[1])])
        assert guarded.call("audit_usage", scheduled())["repeats"] == 1
        # Found again by an audit that is cut off before it has noted how far it came, and given back.
        AuditRow("audited", ACCOUNT).delete()
        for row in AuditRow.query("audited"):
            row.delete()
        found = next(read_repeats("audited"))
        RepeatRow("audited", found.transaction_id).update([RepeatRow.state.set("to_give_back")])
        assert guarded.call("audit_usage", scheduled())["repeats"] == 0
        assert only_given_back(client, "repeated") == only_given_back(client, "audited") == 1


def only_given_back(client: Client, account_id: str) -> int:
    return len(client.ask("GET", f"/v1/accounts/{account_id}/transactions?kind=repeat_given_back")["data"])


def test_auto_pay_may_do_what_it_does(client: Client, guarded: Guarded) -> None:
    workspace = {"kind": "workspace", "name": "Refilled", "email": "billing@refilled.example", "currency": "usd"}
    path = "/v1/accounts/refilled"
    client.ask("PUT", path, workspace, expect=201)
    save_card(client, path, guarded, "pm_card_visa")
    begun = client.ask("PUT", f"{path}/auto-pay", {"enabled": True, "threshold": "20", "amount": "50"})["charge"]
    body = json.dumps({"account_id": "refilled", "payment_id": begun["payment_id"]})
    message = {"messageId": "1", "receiptHandle": "x", "body": body, "attributes": {}}
    done: Document = {"batchItemFailures": []}
    assert guarded.call("charge_payments", {"Records": [message]}) == done
    assert (
        guarded.call("follow_payments", {"Records": [payment_record("created", "succeeded", account_id="refilled")]})
        == done
    )
    assert client.ask("GET", f"{path}/auto-pay")["reason"] == "above_threshold"
    client.ask("POST", f"{path}/adjustments", {"type": "debit", "amount": "60", "reason": "a test"}, expect=201)
    assert guarded.call("refill_wallets", {"Records": [wallet_record(50, -10, account_id="refilled")]}) == done
    assert client.ask("GET", f"{path}/auto-pay")["reason"] == "in_flight"
    assert guarded.call("follow_cards", {"Records": [card_record(None, "pm_1", "refilled")]}) == done
    guarded.aws.client("dynamodb").update_item(
        TableName=guarded.deployment.environment["AUTO_PAY_TABLE"],
        Key={"account_id": {"S": "refilled"}},
        UpdateExpression="SET due_at_ms = :past",
        ExpressionAttributeValues={":past": {"N": "1"}},
    )
    assert guarded.call("retry_refills", scheduled())["evaluated"] == 1


def test_renewals_may_do_what_they_do(client: Client, guarded: Guarded) -> None:
    workspace = {"kind": "workspace", "name": "Renewed", "email": "billing@renewed.example", "currency": "usd"}
    path = "/v1/accounts/renewed"
    client.ask("PUT", path, workspace, expect=201)
    save_card(client, path, guarded, "pm_card_visa")
    client.ask("PUT", f"{path}/subscription?preview=true", {"plan": "agency"})
    client.ask("PUT", f"{path}/subscription", {"plan": "agency"})
    client.ask("PUT", f"{path}/subscription/in-use", {"add_ons": {}})
    client.ask("DELETE", f"{path}/subscription")
    client.ask("POST", f"{path}/subscription/resume")
    client.ask("POST", f"{path}/subscription/cancel", {"reason": "unused"})
    client.ask("POST", f"{path}/subscription/resume")
    pausable = client.ask("GET", f"{path}/subscription")["pausable"]
    client.ask("POST", f"{path}/subscription/pause", {"until": pausable["latest"]})
    client.ask("POST", f"{path}/subscription/resume")
    days_ago = {f"days_{days}_ago": {"N": str(int(time.time() - days * 86400) * 1000)} for days in (35, 4)}
    past = {"anchor_ms": "days_35_ago", "period_start_ms": "days_35_ago"}
    past |= {"period_end_ms": "days_4_ago", "due_at_ms": "days_4_ago"}
    change_subscription(guarded, {name: days_ago[moment] for name, moment in past.items()})
    assert guarded.call("find_renewals", scheduled()) == {"found": 1}
    done: Document = {"batchItemFailures": []}
    about = {"account_id": "renewed"}
    message = {"messageId": "1", "receiptHandle": "x", "body": json.dumps(about), "attributes": {}}
    assert guarded.call("renew_subscriptions", {"Records": [message]}) == done
    pending = client.ask("GET", f"{path}/subscription")["pending"]["payment_id"]
    message["body"] = json.dumps({**about, "payment_id": pending})
    assert guarded.call("charge_payments", {"Records": [message]}) == done
    paid = payment_record("created", "succeeded", account_id="renewed", payment_id=pending, kind="subscription")
    assert guarded.call("follow_payments", {"Records": [paid]}) == done
    assert client.ask("GET", f"{path}/subscription")["pending"] is None
    mark_late(guarded, pending)
    assert guarded.call("find_renewals", scheduled())["found"] >= 1
    assert guarded.call("renew_subscriptions", {"Records": [message]}) == done
    assert client.ask("GET", f"{path}/payments/{pending}")["refunded"] == "97.00"
    change_subscription(guarded, {"status": {"S": "past_due"}, "charged_card": {"S": "another"}})
    assert guarded.call("follow_cards", {"Records": [card_record(None, "pm_1", "renewed")]}) == done
    assert client.ask("GET", f"{path}/subscription")["pending"]["purpose"] == "renewal"


def test_following_payments_up_may_do_what_it_does(client: Client, guarded: Guarded) -> None:
    """A top-up and a subscription, of which no stream and no event has told."""
    workspace = {"kind": "workspace", "name": "Followed", "email": "billing@followed.example", "currency": "usd"}
    path = "/v1/accounts/followed"
    client.ask("PUT", path, workspace, expect=201)
    save_card(client, path, guarded, "pm_card_visa")
    client.ask("PUT", f"{path}/auto-pay", {"enabled": True, "threshold": "0", "amount": "50"})
    client.ask("POST", f"{path}/top-ups", {"amount": "25"}, expect=201)
    client.ask("PUT", f"{path}/subscription", {"plan": "agency"})
    dynamodb, table = guarded.aws.client("dynamodb"), guarded.deployment.environment["PAYMENTS_TABLE"]
    waiting = dynamodb.scan(TableName=table, IndexName="follow_up")["Items"]
    assert len(waiting) >= 2
    for item in waiting:
        dynamodb.update_item(
            TableName=table,
            Key={name: item[name] for name in ("account_id", "payment_id")},
            UpdateExpression="SET follow_up_at_ms = :past",
            ExpressionAttributeValues={":past": {"N": "1"}},
        )
    assert guarded.call("follow_up_payments", scheduled()) == {"followed": len(waiting), "failed": 0}
    assert dynamodb.scan(TableName=table, IndexName="follow_up")["Items"] == []


def mark_late(guarded: Guarded, payment_id: str) -> None:
    """Have a payment looked at as one that succeeded after it was given up."""
    guarded.aws.client("dynamodb").update_item(
        TableName=guarded.deployment.environment["PAYMENTS_TABLE"],
        Key={"account_id": {"S": "renewed"}, "payment_id": {"S": payment_id}},
        UpdateExpression="SET late = :late, unresolved_shard = :shard, check_at = :past ADD version :one",
        ExpressionAttributeValues={
            ":late": {"S": "undecided"},
            ":shard": {"S": "late"},
            ":past": {"S": "2020-01-01T00:00:00.000Z"},
            ":one": {"N": "1"},
        },
    )


def change_subscription(guarded: Guarded, values: Document) -> None:
    """Set attributes of the subscription's row."""
    guarded.aws.client("dynamodb").update_item(
        TableName=guarded.deployment.environment["SUBSCRIPTIONS_TABLE"],
        Key={"account_id": {"S": "renewed"}},
        UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
        ExpressionAttributeNames={f"#{name}": name for name in values},
        ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
    )
