"""An account, the bus with a queue that hears all of it, and the inbox."""

import json
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
import requests

from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account
from chalicelib.clock import now_ms
from local.aws import Aws
from local.resources import Deployment
from tests.wait import wait_for

_numbers = count(1)
NewAccount = Callable[..., Account]
EVERYTHING = json.dumps({"source": ["billing-portal"]})


@pytest.fixture
def new_account(stack: Deployment) -> NewAccount:
    """Return a function that makes an account with an empty wallet; its address is its own."""

    def make(**changes: Any) -> Account:
        number = next(_numbers)
        fields: dict[str, Any] = {
            "account_id": f"account-{number}",
            "kind": "workspace",
            "workspace_id": None,
            "name": "Acme",
            "email": f"billing-{number}@acme.example",
            "currency": "usd",
            "locale": "en",
            "country": None,
            "billing_details": None,
            "created_at_ms": now_ms(),
        }
        account = Account(**{**fields, **changes})
        assert accounts.create(account)
        return account

    return make


class Bus:
    """A consumer of all events of the module's stack."""

    def __init__(self, aws: Aws, name: str) -> None:
        self.sqs = aws.client("sqs")
        self.url = self.sqs.create_queue(QueueName=f"{name}-hears-all")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        events = aws.client("events")
        events.put_rule(Name="hear-all", EventBusName=name, EventPattern=EVERYTHING)
        events.put_targets(Rule="hear-all", EventBusName=name, Targets=[{"Id": "1", "Arn": arn}])

    def heard(self) -> list[dict[str, Any]]:
        """Return the events since the last look, and forget them."""
        found: list[dict[str, Any]] = []
        while messages := self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def hear(self, number: int) -> list[dict[str, Any]]:
        """Wait for so many events."""
        found: list[dict[str, Any]] = []

        def enough() -> bool:
            found.extend(self.heard())
            return len(found) >= number

        wait_for(enough)
        return found


@pytest.fixture(scope="module")
def module_bus(aws: Aws, stack: Deployment) -> Bus:
    return Bus(aws, stack.environment["EVENT_BUS_NAME"])


@pytest.fixture
def bus(module_bus: Bus) -> Bus:
    """Return the bus; nothing has been heard on it yet."""
    module_bus.heard()
    return module_bus


class Inbox:
    """All mails that went out, as the emulator keeps them."""

    def __init__(self, endpoint: str) -> None:
        self.url = f"{endpoint}/_ministack/ses/messages"

    def mails(self, address: str) -> list[dict[str, Any]]:
        """Return the mails to an address, the oldest first."""
        found = requests.get(self.url, timeout=30).json()["messages"]
        return [mail for mails in found.values() for mail in mails if address in mail["To"]]

    def only(self, address: str) -> dict[str, Any]:
        """Return the one mail to an address."""
        (mail,) = self.mails(address)
        return mail


@pytest.fixture
def inbox(aws: Aws) -> Inbox:
    return Inbox(aws.endpoint)
