"""An emulator of AWS that enforces policies, and what calls functions and routes with the rights of their policies."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import requests

from infrastructure.generator.files import STAGE
from infrastructure.package import ROOT
from local.aws import Aws
from local.keys import Keys
from local.ports import HOST
from local.resources import SHORT_TIMES, Deployment
from local.stripe_emulator.client import CLIENT_ID, PUBLISHABLE_KEY, SECRET_KEY, Emulator
from local.stripe_emulator.process import CONNECT_WEBHOOK_SECRET, WEBHOOK_SECRET
from tests.connection.browser import Browser

Document = dict[str, Any]
CONFIG: Document = json.loads((ROOT / ".chalice" / "config.json").read_text())
POLICIES = sorted((ROOT / ".chalice").glob("policy-*.json"))
API_POLICY: str = CONFIG["stages"][STAGE]["iam_policy_file"]
FUNCTIONS: dict[str, str] = {
    name: function["iam_policy_file"] for name, function in CONFIG["stages"][STAGE]["lambda_functions"].items()
}
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
            "STRIPE_CONNECT_CLIENT_ID": CLIENT_ID,
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
        parameters = {**SHORT_TIMES, "SecretName": self.deployment.environment["SECRET_ID"]}
        return re.sub(r"\$\{(\w+)\}", lambda match: parameters[match[1]], text)

    def _arn_of(self, name: str) -> str:
        if name.endswith("LogGroup"):
            return f"arn:aws:logs:us-east-1:000000000000:log-group:{name}"  # Lambda's, which is not here
        answer = self.aws.client("cloudformation").describe_stack_resource(
            StackName=self.deployment.stack, LogicalResourceId=name
        )
        found = answer["StackResourceDetail"]
        physical = found["PhysicalResourceId"].rsplit("/", 1)[-1]
        return f"{ARNS[found['ResourceType']]}{physical}"


def emulator_keys() -> Keys:
    """Return keys whose Stripe part is what the emulator of Stripe uses by itself."""
    return replace(
        Keys.generate(),
        stripe_secret_key=SECRET_KEY,
        stripe_publishable_key=PUBLISHABLE_KEY,
        stripe_webhook_secret=WEBHOOK_SECRET,
        stripe_connect_webhook_secret=CONNECT_WEBHOOK_SECRET,
    )


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


def connect(client: Client, account: str, guarded: Guarded) -> None:
    """Connect a Stripe account to a workspace, unless it has one: its clients pay through it."""
    connection = f"{account}/stripe-connection"
    if client.ask("GET", connection)["state"] != "active":
        url = client.ask("POST", connection, {"way": "oauth"}, expect=201)["url"]
        browser = Browser()
        here = f"{client.url}/stripe/connect?{url.partition('?')[2]}"
        query = guarded.stripe.answer_oauth(browser.go_to_stripe(here, origin=f"http://{HOST}")).partition("?")[2]
        assert "Your Stripe account is connected" in browser.open(f"{client.url}/stripe/callback?{query}").text


def save_card(client: Client, account: str, guarded: Guarded, method: str) -> None:
    begun = client.ask("POST", f"{account}/card-setups", expect=201)
    setup = begun["setup_intent_id"]
    confirmed = guarded.stripe.stripe_client(stripe_account=begun["stripe_account"]).v1.setup_intents.confirm(
        setup, {"payment_method": method, "use_stripe_sdk": True, "return_url": "https://app.example.com/"}
    )
    if confirmed.status == "requires_action":
        guarded.stripe.authenticate(setup)
    client.ask("PUT", f"{account}/card", {"setup_intent_id": setup})


def remove_cards(client: Client, account: str) -> None:
    """Call every route of the cards on file; none is left."""
    (card,) = client.ask("GET", f"{account}/cards")["data"]
    client.ask("PUT", f"{account}/cards/{card['id']}", {"role": "default"})
    client.ask("DELETE", f"{account}/cards/{card['id']}", expect=204)
    client.ask("DELETE", f"{account}/card", expect=204)


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
