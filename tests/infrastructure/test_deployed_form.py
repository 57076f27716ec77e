"""The package itself, deployed as a whole: CloudFormation makes the functions, and Lambda runs them."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from local.aws import Aws, start_aws
from tests.local.fakes import counts
from tests.wait import wait_for

pytestmark = pytest.mark.system
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
PARAMETERS = {
    "SecretName": "secrets-of-the-stack",
    "AlarmEmail": "operator@example.com",
    "UsageVisibilityTimeout": "20",
    "UsageMaxReceiveCount": "2",
    "UsageBatchWindow": "1",
    "PortalBaseUrl": "https://billing.example.com",
}


@dataclass(frozen=True)
class Stack:
    """The deployed stack: its outputs, and its API through API Gateway."""

    aws: Aws
    outputs: dict[str, str]

    def ask(self, method: str, path: str, body: Any = None) -> requests.Response:
        url = f"{self.aws.endpoint}/restapis/{self.outputs['RestAPIId']}/api/_user_request_{path}"
        token = self.aws.keys.token("operator", "operator")
        return requests.request(method, url, json=body, headers={"Authorization": f"Bearer {token}"}, timeout=60)

    def send(self, body: str) -> None:
        self.aws.client("sqs").send_message(QueueUrl=self.outputs["UsageQueueUrl"], MessageBody=body)


@pytest.fixture(scope="module")
def stack(processes: None, template_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with start_aws(Path(tmp_path_factory.mktemp("deployed"))) as aws:
        secret = json.dumps(dict(aws.keys.secret))
        aws.client("secretsmanager").create_secret(Name=PARAMETERS["SecretName"], SecretString=secret)
        yield Stack(aws, deploy(aws, uploaded(aws, template_file)))


def uploaded(aws: Aws, template_file: Path) -> str:
    """Upload the code, as `aws cloudformation package` does; return the template that says where it is."""
    s3, template = aws.client("s3"), json.loads(template_file.read_text())
    s3.create_bucket(Bucket="code")
    s3.put_object(Bucket="code", Key="code.zip", Body=template_file.with_name("deployment.zip").read_bytes())
    for resource in template["Resources"].values():
        if "CodeUri" in resource["Properties"]:
            resource["Properties"]["CodeUri"] = "s3://code/code.zip"
    return json.dumps(template)


def deploy(aws: Aws, template: str) -> dict[str, str]:
    """Create the stack and return its outputs. A template of this size comes from S3: a request holds 51,200 bytes."""
    aws.client("s3").put_object(Bucket="code", Key="template.json", Body=template.encode())
    cloudformation = aws.client("cloudformation")
    parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in PARAMETERS.items()]
    cloudformation.create_stack(
        StackName="deployed",
        TemplateURL="https://s3.amazonaws.com/code/template.json",
        Parameters=parameters,
        Capabilities=CAPABILITIES,
    )

    def described() -> dict[str, Any]:
        found: dict[str, Any] = cloudformation.describe_stacks(StackName="deployed")["Stacks"][0]
        return found

    wait_for(lambda: described()["StackStatus"] != "CREATE_IN_PROGRESS")
    assert described()["StackStatus"] == "CREATE_COMPLETE", described()
    return {output["OutputKey"]: output["OutputValue"] for output in described()["Outputs"]}


def test_the_api_and_the_queues_function_work_as_they_are_deployed(stack: Stack) -> None:
    assert stack.ask("GET", "/health").status_code == 200
    workspace = {"kind": "workspace", "name": "Acme", "email": "billing@acme.example", "currency": "usd"}
    made = stack.ask("PUT", "/v1/accounts/acme", workspace)
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
        stack.send(body)
    wait_for(lambda: counts(stack.aws, stack.outputs["UsageDeadLetterQueueUrl"]) == (1, 0))
    # The function answers after it has put the dead letter, and only then are its messages deleted.
    wait_for(lambda: counts(stack.aws, stack.outputs["UsageQueueUrl"]) == (0, 0))
    assert stack.ask("GET", "/v1/accounts/acme/access").json()["available"] == "-0.05"
