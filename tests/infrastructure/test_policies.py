"""Each function may do what it does, and little else: the policies in `.chalice/`."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
import requests
from chalice.utils import to_cfn_resource_name
from msgspec.structs import asdict

from chalicelib.audit.table import ACCOUNT, AuditRow, RepeatRow, read_repeats
from chalicelib.clock import now_ms
from chalicelib.ledger.post import post
from chalicelib.notices.event import Event
from infrastructure.check_resources import functions
from infrastructure.package import ROOT, STAGE
from local.aws import Aws, start_aws
from local.ports import HOST, free_port
from local.processes import Processes, http_answers
from local.resources import SHORT_TIMES, Deployment
from local.stripe_emulator.client import PUBLISHABLE_KEY, SECRET_KEY, Emulator
from local.stripe_emulator.process import WEBHOOK_SECRET
from tests.build import pair
from tests.environment import use
from tests.invoices import documents
from tests.invoices.logos import png
from tests.notices.records import (
    auto_pay,
    card_record,
    invoice,
    invoice_record,
    payment_record,
    repeat,
    repeat_record,
    subscription,
    wallet_record,
)
from tests.notices.records import record as stream_record
from tests.notices.told import payment_events, subscription_events

Document = dict[str, Any]
CONFIG: Document = json.loads((ROOT / ".chalice" / "config.json").read_text())
POLICIES = sorted((ROOT / ".chalice").glob("policy-*.json"))
API_POLICY: str = CONFIG["stages"][STAGE]["iam_policy_file"]
FUNCTIONS: dict[str, str] = {
    name: function["iam_policy_file"] for name, function in CONFIG["stages"][STAGE]["lambda_functions"].items()
}
ANYTHING = {"WriteTraces"}
"""Statements about actions that have no resource to name."""
UNNAMED = {"SendMails"}
"""Statements about actions that AWS checks against a resource, and the emulator against none."""
ARNS = {
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:us-east-1:000000000000:table/",
    "AWS::Events::EventBus": "arn:aws:events:us-east-1:000000000000:event-bus/",
    "AWS::SQS::Queue": "arn:aws:sqs:us-east-1:000000000000:",
    "AWS::S3::Bucket": "arn:aws:s3:::",
}


def statements(policy: Path) -> list[Document]:
    found: list[Document] = json.loads(policy.read_text())["Statement"]
    return found


def test_every_function_has_a_policy_of_its_own_that_nobody_guessed(template: Document) -> None:
    assert CONFIG["autogen_policy"] is False
    assert {"APIHandler", *map(to_cfn_resource_name, FUNCTIONS)} == functions(template)
    assert sorted([API_POLICY, *FUNCTIONS.values()]) == [policy.name for policy in POLICIES]


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.stem)
def test_a_policy_names_actions_and_resources_of_this_stack(policy: Path, template: Document) -> None:
    for statement in statements(policy):
        assert statement["Effect"] == "Allow"
        assert not any("*" in action for action in statement["Action"])
        for resource in statement["Resource"]:
            if statement["Sid"] in ANYTHING:
                continue
            assert isinstance(resource, dict), f"{statement['Sid']} allows more than this stack"
            for name in re.findall(r"\$\{(\w+)\.Arn\}", str(resource)) or resource.get("Fn::GetAtt", [])[:1]:
                assert name in template["Resources"]


@dataclass(frozen=True)
class Guarded:
    """An emulator of AWS that enforces policies, with the resources deployed."""

    aws: Aws
    deployment: Deployment
    stripe: Emulator

    def environment(self, policy: str) -> Mapping[str, str]:
        """Return the environment of a function that may do what a policy allows."""
        iam = self.aws.client("iam")
        user = f"{Path(policy).stem}-{time.monotonic_ns()}"
        iam.create_user(UserName=user)
        document = {
            "Version": "2012-10-17",
            "Statement": [*map(self._resolved, statements(ROOT / ".chalice" / policy))],
        }
        iam.put_user_policy(UserName=user, PolicyName="policy", PolicyDocument=json.dumps(document))
        key = iam.create_access_key(UserName=user)["AccessKey"]
        return {
            **self.deployment.environment,
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
            "STRIPE_API_BASE": self.stripe.url,
            "STRIPE_SECRET_KEY": SECRET_KEY,
            "STRIPE_PUBLISHABLE_KEY": PUBLISHABLE_KEY,
            "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "PORTAL_BASE_URL": f"http://{HOST}",  # cookies for HTTPS alone would not come back here
        }

    def call(self, handler: str, event: Document) -> Any:
        """Call a handler in a process that has the rights of its function and no others."""
        command = [sys.executable, "-m", "tests.infrastructure.call_handler", handler, json.dumps(event)]
        environment = {**os.environ, **self.environment(FUNCTIONS[handler])}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "AccessDenied" not in done.stderr + done.stdout, done.stdout
        return json.loads(done.stdout.splitlines()[-1])

    def _resolved(self, statement: Document) -> Document:
        resources = [self._arn(resource) for resource in statement["Resource"]]
        # To send ten messages in one call takes the right to send one; the emulator asks for a right that AWS has not.
        actions = [f"{action}Batch" for action in statement["Action"] if action == "sqs:SendMessage"]
        actions += statement["Action"]
        return {**statement, "Action": actions, "Resource": ["*"] if statement["Sid"] in UNNAMED else resources}

    def _arn(self, resource: Any) -> str:
        if isinstance(resource, str):
            return resource
        if "Fn::GetAtt" in resource:
            return self._arn_of(resource["Fn::GetAtt"][0])
        text = re.sub(r"\$\{(\w+)\.Arn\}", lambda match: self._arn_of(match[1]), resource["Fn::Sub"])
        values = {"Partition": "aws", "Region": "us-east-1", "AccountId": "000000000000", "StackName": "guarded"}
        text = re.sub(r"\$\{AWS::(\w+)\}", lambda match: values[match[1]], text)
        return re.sub(r"\$\{(\w+)\}", lambda match: SHORT_TIMES[match[1]], text)

    def _arn_of(self, name: str) -> str:
        answer = self.aws.client("cloudformation").describe_stack_resource(
            StackName=self.deployment.stack, LogicalResourceId=name
        )
        found = answer["StackResourceDetail"]
        physical = found["PhysicalResourceId"].rsplit("/", 1)[-1]
        return f"{ARNS[found['ResourceType']]}{physical}"


@pytest.fixture(scope="module")
def api_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def guarded(processes: None, tmp_path_factory: pytest.TempPathFactory, api_port: int) -> Iterator[Guarded]:
    webhook_url = f"http://{HOST}:{api_port}/webhooks/stripe"
    with (
        start_aws(Path(tmp_path_factory.mktemp("guarded")), guarded=True) as aws,
        Emulator(webhook_url=webhook_url, webhook_secret=WEBHOOK_SECRET) as stripe,
    ):
        deployment = aws.deploy("guarded")
        # It only says "not without TLS", which nothing on this machine has.
        for bucket in ("INVOICES_BUCKET", "AUDIT_BUCKET"):
            aws.client("s3").delete_bucket_policy(Bucket=deployment.environment[bucket])
        yield Guarded(aws, deployment, stripe)


@dataclass(frozen=True)
class Client:
    """Asks the API and takes nothing but the answers that are expected."""

    url: str
    token: str

    def ask(self, method: str, path: str, body: Any = None, *, expect: int = 200) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": f"key-{time.monotonic_ns()}"}
        answer = requests.request(method, self.url + path, json=body, headers=headers, timeout=30)
        assert answer.status_code == expect, f"{method} {path}: {answer.status_code} {answer.text}"
        is_json = "json" in answer.headers["Content-Type"] and answer.content
        return answer.json() if is_json else answer.text


@pytest.fixture(scope="module")
def client(guarded: Guarded, api_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with Processes(Path(tmp_path_factory.mktemp("api"))) as processes:
        url = f"http://{HOST}:{api_port}"
        processes.start(
            "local.api",
            *("--port", str(api_port)),
            environment=guarded.environment(API_POLICY),
            answers=http_answers(f"{url}/health"),
        )
        yield Client(url, guarded.aws.keys.token("operator", "operator"))
        assert "AccessDenied" not in processes.children[0].log.read_text()


@pytest.fixture(scope="module")
def account(client: Client) -> str:
    workspace = {"kind": "workspace", "name": "Acme", "email": "billing@acme.example", "currency": "usd"}
    client.ask("PUT", "/v1/accounts/acme", workspace, expect=201)
    return "/v1/accounts/acme"


def save_card(client: Client, account: str, guarded: Guarded, method: str) -> None:
    setup = client.ask("POST", f"{account}/card-setups", expect=201)["client_secret"].split("_secret_")[0]
    confirmed = guarded.stripe.stripe_client().v1.setup_intents.confirm(
        setup, {"payment_method": method, "use_stripe_sdk": True, "return_url": "https://app.example.com/"}
    )
    if confirmed.status == "requires_action":
        guarded.stripe.authenticate(setup)
    client.ask("PUT", f"{account}/card", {"setup_intent_id": setup})


def event(event_id: str, subject: str = "acme") -> Document:
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": "/messaging",
        "type": "sms",
        "subject": subject,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "data": {"quantity": "1"},
    }


def test_without_a_policy_nothing_goes(guarded: Guarded) -> None:
    """The emulator does enforce: otherwise this file would prove nothing."""
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


def test_the_api_may_do_all_that_its_routes_do(client: Client, account: str, guarded: Guarded) -> None:
    ask = client.ask
    bakery = {"kind": "client", "workspace_id": "acme", "name": "Bakery", "email": "a@bakery.example"}
    ask("PUT", "/v1/accounts/bakery", {**bakery, "currency": "usd"}, expect=201)
    ask("PUT", "/v1/accounts/bakery", {**bakery, "name": "Bakery Bloom", "currency": "usd"})
    ask("GET", "/v1/accounts/bakery")
    ask("GET", "/v1/accounts/bakery/access")

    save_card(client, account, guarded, "pm_card_visa")
    payment = ask("POST", f"{account}/top-ups", {"amount": "25"}, expect=201)["payment"]
    ask("GET", f"{account}/payments/{payment['payment_id']}")
    ask("POST", f"{account}/payments/{payment['payment_id']}/refresh")
    assert ask("GET", f"{account}/payments")["data"]
    ask("POST", f"{account}/adjustments", {"type": "debit", "amount": "1", "reason": "a test"}, expect=201)
    assert ask("GET", f"{account}/access")["allowed"]
    assert ask("GET", f"{account}/billing")["wallet"]["balance"] == "24.00"

    credit = ask("GET", f"{account}/transactions?type=credit")["data"][0]
    ask("GET", f"{account}/transactions/{credit['id']}")
    ask("GET", f"{account}/transactions.csv")
    ask("GET", f"{account}/usage?from=2026-01-01&to=2026-01-31")
    ask("POST", "/v1/usage", [event("over-http")], expect=202)
    ask("DELETE", f"{account}/card", expect=204)
    ask("PUT", f"{account}/notices", {"mails": {"low_balance": False}})
    ask("GET", f"{account}/notices")
    link = urlsplit(ask("POST", "/v1/portal-sessions", {"account_id": "acme"}, expect=201)["url"])
    with requests.Session() as browser:
        assert browser.get(client.url + link.path, timeout=30).status_code == 200
        home = browser.post(client.url + link.path, timeout=30)
        assert home.status_code == 200, home.text
        for page in ("history", "history/search?q=a", "invoices", "details", "plan", "auto-pay", "add-balance"):
            assert browser.get(f"{home.url}/{page}", timeout=30).status_code == 200, page
    assert ask("GET", f"{account}/transactions/{credit['id']}/invoice").startswith("%PDF-")
    (invoice,) = ask("GET", f"{account}/invoices")["data"]
    assert ask("GET", f"{account}/invoices/{invoice['number']}")["total"] == "25.00"
    assert ask("GET", invoice["pdf"]).startswith("%PDF-")
    ask("PUT", f"{account}/brand", {"color": "#7a3e9d", "logo": png(40, 20)})
    ask("GET", f"{account}/brand")
    assert any(guarded.stripe.events())


def test_issuing_invoices_may_do_what_it_does(client: Client, account: str, guarded: Guarded) -> None:
    """For a client, whose invoices bear its workspace's brand: that is all there is to read."""
    path = "/v1/accounts/florist"
    florist = {"kind": "client", "workspace_id": "acme", "name": "Florist", "email": "a@florist.example"}
    client.ask("PUT", path, {**florist, "currency": "usd"}, expect=201)
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


def test_recording_usage_may_do_what_it_does(account: str, guarded: Guarded) -> None:
    def message(number: int, *events: Document) -> Document:
        return {"messageId": str(number), "receiptHandle": "x", "body": json.dumps(events), "attributes": {}}

    never = message(3, {**event("d"), "data": {"quantity": "none"}})
    records = [message(1, event("a"), event("b")), message(2, event("c", subject="nobody")), never]
    answer = guarded.call("record_usage", {"Records": records})
    assert answer == {"batchItemFailures": [{"itemIdentifier": "2"}]}
    # What was posted is looked for, in the pages that the wallet names.
    assert guarded.call("record_usage", {"Records": records[:1]}) == {"batchItemFailures": []}


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
        AuditRow("repeated", ACCOUNT).delete()
        for row in AuditRow.query("repeated"):
            row.delete()
        found = next(read_repeats("repeated"))
        RepeatRow("repeated", found.transaction_id).update([RepeatRow.state.set("to_give_back")])
        assert guarded.call("audit_usage", scheduled())["repeats"] == 0
        assert only_given_back(client, "repeated") == only_given_back(client, "audited") == 1


def only_given_back(client: Client, account_id: str) -> int:
    return len(client.ask("GET", f"/v1/accounts/{account_id}/transactions?kind=repeat_given_back")["data"])


def test_the_sweeper_may_do_what_it_does(client: Client, account: str, guarded: Guarded) -> None:
    save_card(client, account, guarded, "pm_card_authenticationRequired")
    client.ask("POST", f"{account}/top-ups", {"amount": "50"}, expect=202)
    guarded.stripe.fault("webhook_drop", times=100)
    guarded.stripe.authenticate(guarded.stripe.stripe_client().v1.payment_intents.list({"limit": 1}).data[0].id)
    make_due(guarded)
    swept = guarded.call("sweep_payments", scheduled())
    # The payment; and the refund and the dispute, of which more may come.
    assert (swept["ended"], swept["unresolved"], swept["failed"]) == (1, 2, 0)


def test_issuing_credit_notes_may_do_what_it_does(client: Client, account: str, guarded: Guarded) -> None:
    """For a client, as above, whose payment has no invoice yet: it comes first."""
    path = "/v1/accounts/refunded"
    refunded = {"kind": "client", "workspace_id": "acme", "name": "Refunded", "email": "a@refunded.example"}
    client.ask("PUT", path, {**refunded, "currency": "usd"}, expect=201)
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


@pytest.mark.parametrize(
    ("handler", "record"),
    [
        ("announce_wallets", wallet_record(12, 0)),
        ("announce_payments", payment_record("created", "succeeded")),
        ("announce_payments", payment_record("created", "succeeded", amount_micros="cannot be read")),
        ("announce_auto_pay", stream_record(auto_pay(), auto_pay("declines", 3))),
        ("announce_subscriptions", stream_record(subscription(), subscription("past_due"))),
        ("announce_subscriptions", stream_record(subscription(), subscription("past_due", add_ons="{"))),
        ("announce_repeats", repeat_record(repeat())),
        ("announce_repeats", repeat_record(repeat(amount_micros="cannot be read"))),
        ("announce_invoices", invoice_record(invoice())),
        ("announce_invoices", invoice_record(invoice(total_micros="cannot be read"))),
    ],
)
def test_telling_the_platform_may_do_what_it_does(guarded: Guarded, handler: str, record: Document) -> None:
    assert guarded.call(handler, {"Records": [record]}) == {"batchItemFailures": []}


def test_sending_mails_may_do_what_it_does(account: str, guarded: Guarded) -> None:
    (told,) = payment_events(payment_record("created", "succeeded"))
    send_mail_of(guarded, told)
    assert "pay_1" in requests.get(f"{guarded.aws.endpoint}/_ministack/ses/messages", timeout=30).text
    (owed,) = subscription_events(stream_record(subscription(), subscription("past_due")))
    send_mail_of(guarded, owed)


def send_mail_of(guarded: Guarded, told: Event) -> None:
    """Deliver an event to the function that sends mails."""
    envelope = {"detail-type": told.type, "detail": msgspec.to_builtins(told.detail)}
    message = {"messageId": "1", "receiptHandle": "x", "body": json.dumps(envelope), "attributes": {}}
    assert guarded.call("send_mails", {"Records": [message]}) == {"batchItemFailures": []}


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


def scheduled() -> Document:
    return {
        "version": "0",
        "id": "1",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "detail": {},
        "account": "000000000000",
        "time": "2026-11-24T12:00:00Z",
        "region": "us-east-1",
        "resources": [],
    }
