"""The deployed form, short: without its libraries, by the project's own commands, from its creation to its end.

`tests/deployed` has the whole: the real archives, journeys, the browser.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import requests

from infrastructure.package import ROOT
from local.aws import Aws, start_aws
from local.resources import CREDENTIALS, REGION
from tests.local.fakes import counts
from tests.wait import wait_for

pytestmark = pytest.mark.system
STACK = "billing-portal-dev"
PARAMETERS = {
    "UsageVisibilityTimeout": "20",
    "UsageMaxReceiveCount": "2",
    "UsageBatchWindow": "1",
    "PortalBaseUrl": "https://billing.example.com",
}
SECONDS = 120


@dataclass(frozen=True)
class Stage:
    """The stage `dev` in an emulator, driven by the commands that people use."""

    aws: Aws
    template: Path

    def run(self, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        where = {"AWS_ENDPOINT_URL": self.aws.endpoint, "AWS_DEFAULT_REGION": REGION, **CREDENTIALS}
        command = [sys.executable, "-m", "infrastructure.deploy", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env={**os.environ, **where}, capture_output=True, text=True, check=False, input=typed
        )

    def deploy(self, *options: str, typed: str = "y\n") -> subprocess.CompletedProcess[str]:
        return self.run("deploy", "dev", f"--template={self.template}", *options, typed=typed)

    @property
    def outputs(self) -> dict[str, str]:
        stack = self.aws.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
        return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}

    @cached_property
    def tables(self) -> Any:
        return self.aws.client("dynamodb")

    def table(self, logical_id: str) -> str:
        found = self.aws.client("cloudformation").describe_stack_resource(StackName=STACK, LogicalResourceId=logical_id)
        name: str = found["StackResourceDetail"]["PhysicalResourceId"]
        return name

    def ask(self, method: str, path: str, body: Any = None) -> requests.Response:
        url = f"{self.aws.endpoint}/restapis/{self.outputs['RestAPIId']}/api/_user_request_{path}"
        token = self.aws.keys.token("operator", "operator")
        return requests.request(method, url, json=body, headers={"Authorization": f"Bearer {token}"}, timeout=SECONDS)

    def send(self, body: str) -> None:
        self.aws.client("sqs").send_message(QueueUrl=self.outputs["UsageQueueUrl"], MessageBody=body)


@pytest.fixture(scope="module")
def stage(processes: None, template_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with start_aws(Path(tmp_path_factory.mktemp("deployed"))) as aws:
        secret = json.dumps(dict(aws.keys.secret))
        aws.client("secretsmanager").create_secret(Name=STACK, SecretString=secret)
        yield Stage(aws, template_file)


def test_a_stage_from_its_creation_to_its_end(stage: Stage) -> None:
    """One story, because each part begins with what the one before has left."""
    refuses_without_an_answer(stage)
    creates(stage)
    works(stage)
    is_adopted(stage)
    is_destroyed(stage)


def refuses_without_an_answer(stage: Stage) -> None:
    settings = [f"--set={name}={value}" for name, value in PARAMETERS.items()]
    declined = stage.deploy(*settings, typed="n\n")
    assert (declined.returncode, "nothing was changed" in declined.stderr) == (1, True), declined.stderr
    assert stage.tables.list_tables()["TableNames"] == []
    assert "never destroyed" in stage.run("destroy", "prod", "--name=billing-portal").stderr


def creates(stage: Stage) -> None:
    settings = [f"--set={name}={value}" for name, value in PARAMETERS.items()]
    done = stage.deploy(*settings)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "release 1" in done.stdout
    again = stage.deploy("--yes")
    assert (again.returncode, "no updates" in again.stdout) == (0, True), again.stderr


def works(stage: Stage) -> None:
    assert stage.ask("GET", "/health").status_code == 200
    workspace = {"kind": "workspace", "name": "Acme", "email": "billing@acme.example", "currency": "usd"}
    made = stage.ask("PUT", "/v1/accounts/acme", workspace)
    assert made.status_code == 201, made.text
    event = {
        "specversion": "1.0",
        "id": "1",
        "source": "/messaging",
        "type": "sms",
        "subject": "acme",
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "data": {"quantity": "1"},
    }
    for body in (json.dumps(event), "not an event", json.dumps(event)):
        stage.send(body)
    wait_for(lambda: counts(stage.aws, stage.outputs["UsageDeadLetterQueueUrl"]) == (1, 0), SECONDS)
    # The function answers after it has put the dead letter, and only then are its messages deleted.
    wait_for(lambda: counts(stage.aws, stage.outputs["UsageQueueUrl"]) == (0, 0), SECONDS)
    assert stage.ask("GET", "/v1/accounts/acme/access").json()["available"] == "-0.05"
    link = stage.ask("POST", "/v1/portal-sessions", {"account_id": "acme"}).json()["url"]
    page = stage.ask("GET", link.removeprefix(PARAMETERS["PortalBaseUrl"]))
    assert (page.status_code, "<html" in page.text) == (200, True), page.text


def is_adopted(stage: Stage) -> None:
    """Delete the stack, which leaves its tables; the next one has them, with their rows."""
    accounts = stage.table("AccountsTable")
    cloudformation = stage.aws.client("cloudformation")
    stack_id = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["StackId"]
    cloudformation.delete_stack(StackName=STACK)

    def status() -> str:
        found: str = cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"]
        return found

    wait_for(lambda: status() == "DELETE_COMPLETE", SECONDS)
    adopted = stage.run("adopt", "dev", f"--template={stage.template}", "--yes")
    assert adopted.returncode == 0, adopted.stdout + adopted.stderr
    assert stage.table("AccountsTable") == accounts
    assert len(stage.tables.scan(TableName=accounts)["Items"]) == 1
    stack = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
    kept = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
    assert {name: kept[name] for name in PARAMETERS} == PARAMETERS


def is_destroyed(stage: Stage) -> None:
    mistyped = stage.run("destroy", "dev", typed="something else\n")
    assert (mistyped.returncode, "nothing was deleted" in mistyped.stderr) == (1, True)
    done = stage.run("destroy", "dev", typed=f"{STACK}\n")
    assert done.returncode == 0, done.stdout + done.stderr
    assert stage.tables.list_tables()["TableNames"] == []
    assert stage.aws.client("sqs").list_queues().get("QueueUrls", []) == []
    names = [each["Name"] for each in stage.aws.client("s3").list_buckets()["Buckets"]]
    assert all(name.startswith("billing-portal-code-") for name in names)
