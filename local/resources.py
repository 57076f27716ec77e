"""The resources of `infrastructure/resources.json`, deployed by CloudFormation into the emulator of AWS.

The file is an overlay over the template that `chalice package` writes. Resources with a type of their own are deployed
as they are; those that only add to Chalice's functions and API are left out. The values that the overlay gives the
functions are references to the resources; they become outputs of the stack, so that CloudFormation resolves them.
"""

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

TEMPLATE = Path(__file__).resolve().parent.parent / "infrastructure" / "resources.json"
REGION = "us-east-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
LEFT_OUT = ("AWS::ApiGateway::", "AWS::CloudWatch::", "AWS::IAM::", "AWS::Logs::", "AWS::SNS::", "AWS::Serverless::")
SHORT_TIMES = {
    "Stage": "local",
    "DeletionProtection": "false",
    "Deployment": "local",
    "UsageVisibilityTimeout": "10",
    "UsageMaxReceiveCount": "3",
    "UsageBatchWindow": "1",
    "ChargesVisibilityTimeout": "10",
    "ChargesMaxReceiveCount": "3",
    "MailFrom": "Example Billing <billing@example.com>",
    "MailIdentity": "example.com",
    "MailDelay": "2",
    "PortalBaseUrl": "https://billing.example.com",
}
"""Parameters of a local stack: a message that cannot be charged is in the dead-letter queue after about 35 seconds."""

_DEPLOY_SECONDS = 30


class DeploymentFailed(Exception):
    """CloudFormation did not create or update the stack."""


@dataclass(frozen=True)
class Function:
    """What the template says about a function: its time limit, the properties of its event source, its entry point.

    The API's function has Chalice's entry point, and API Gateway calls it. A function may have `more_sources`.
    """

    timeout_seconds: int
    event_source: Mapping[str, Any]
    handler: str = ""
    more_sources: Sequence[Mapping[str, Any]] = ()

    @property
    def event_sources(self) -> Sequence[Mapping[str, Any]]:
        """Return all sources; none for the API's function."""
        return [each for each in (self.event_source, *self.more_sources) if each]


@dataclass(frozen=True)
class Deployment:
    """A deployed stack: its outputs, its functions by logical id, and the environment that they all have."""

    endpoint: str
    stack: str
    environment: Mapping[str, str]
    functions: Mapping[str, Function]
    outputs: Mapping[str, str]

    @property
    def usage_queue_url(self) -> str:
        """Return the URL of the queue that producers send usage events to."""
        return self.outputs["UsageQueueUrl"]

    @property
    def dead_letter_queue_url(self) -> str:
        """Return the URL of the queue for messages that could not be charged."""
        return self.outputs["UsageDeadLetterQueueUrl"]


@dataclass(frozen=True)
class Overlay:
    """The content of `resources.json`, as used on a machine that runs the functions itself."""

    template: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path = TEMPLATE) -> "Overlay":
        """Read the overlay from its file."""
        return cls(json.loads(path.read_text()))

    @cached_property
    def variables(self) -> Mapping[str, Any]:
        """Return the functions' environment variables with their unresolved values."""
        variables: Mapping[str, Any] = self.template["Globals"]["Function"]["Environment"]["Variables"]
        return variables

    @cached_property
    def functions(self) -> Mapping[str, Function]:
        """Return the functions that the overlay adds to; references in their event sources are not resolved."""
        functions = {}
        for name, resource in self.template["Resources"].items():
            properties = resource.get("Properties", {})
            if "Timeout" in properties:
                events = [event["Properties"] for event in properties.get("Events", {}).values()]
                source, *more = events or [{}]
                functions[name] = Function(properties["Timeout"], source, properties.get("Handler", ""), more)
        return functions

    def stack_template(self) -> dict[str, Any]:
        """Return a complete template of the resources alone, with every reference as an output."""
        resources = {
            name: resource
            for name, resource in self.template["Resources"].items()
            if "Type" in resource and not resource["Type"].startswith(LEFT_OUT)
        }
        left_out = [f"'{name}'" for name in self.template["Resources"].keys() - resources.keys()]
        outputs = {
            name: output
            for name, output in self.template["Outputs"].items()
            if not any(each in str(output["Value"]) for each in left_out)
        }
        references = {key: {"Value": value} for key, value in self._references()}
        return {
            "AWSTemplateFormatVersion": "2010-09-09",
            "Parameters": _without_descriptions(self.template["Parameters"]),
            "Conditions": self.template["Conditions"],
            "Resources": resources,
            "Outputs": {**_without_descriptions(outputs), **references},
        }

    def environment(self, outputs: Mapping[str, str]) -> dict[str, str]:
        """Return the functions' environment, from the outputs of the stack."""
        return {name: _resolved(_variable_key(name), value, outputs) for name, value in self.variables.items()}

    def resolved_functions(self, outputs: Mapping[str, str]) -> dict[str, Function]:
        """Return the functions, with the references in their event sources resolved from the outputs of the stack."""
        return {
            name: replace(
                function,
                event_source=_resolved(name, function.event_source, outputs),
                more_sources=[
                    _resolved(f"{name}{number}", source, outputs) for number, source in enumerate(function.more_sources)
                ],
            )
            for name, function in self.functions.items()
        }

    def _references(self) -> Iterator[tuple[str, Any]]:
        for name, value in self.variables.items():
            yield from _references(_variable_key(name), value)
        for name, function in self.functions.items():
            yield from _references(name, function.event_source)
            for number, source in enumerate(function.more_sources):
                yield from _references(f"{name}{number}", source)


def deploy(
    endpoint: str, stack: str, secrets: Mapping[str, str], parameters: Mapping[str, str] = SHORT_TIMES
) -> Deployment:
    """Create the stack, or update it if it exists, and its secret with these values. Raises DeploymentFailed."""
    parameters = {"SecretName": stack, **parameters}
    put_secret(client("secretsmanager", endpoint), parameters["SecretName"], secrets)
    overlay = Overlay.read()
    cloudformation = client("cloudformation", endpoint)
    request = {
        "StackName": stack,
        # Without spaces: CloudFormation takes 51,200 bytes in a request.
        "TemplateBody": json.dumps(overlay.stack_template(), separators=(",", ":")),
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
    }
    try:
        cloudformation.create_stack(**request)
    except cloudformation.exceptions.AlreadyExistsException:
        _update(cloudformation, request)
    return _deployment(endpoint, stack, _outputs(cloudformation, stack, endpoint), overlay)


def put_secret(secretsmanager: Any, name: str, values: Mapping[str, Any]) -> None:
    """Make these the values of a secret, which is created if there is none of this name."""
    text = json.dumps(dict(values))
    try:
        secretsmanager.create_secret(Name=name, SecretString=text)
    except secretsmanager.exceptions.ResourceExistsException:
        secretsmanager.put_secret_value(SecretId=name, SecretString=text)


def functions(endpoint: str, stack: str) -> Mapping[str, Function]:
    """Return the functions of a stack that was deployed before."""
    return Overlay.read().resolved_functions(_outputs(client("cloudformation", endpoint), stack, endpoint))


def client(service: str, endpoint: str, connections: int = 10) -> Any:
    """Return a boto3 client of the emulator of AWS."""
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        config=Config(
            max_pool_connections=connections,
            retries={"mode": "standard", "total_max_attempts": 3},
            user_agent="billing-portal",  # else botocore makes a long one anew for each call
        ),
    )


def _deployment(endpoint: str, stack: str, outputs: Mapping[str, str], overlay: Overlay) -> Deployment:
    environment = {
        **overlay.environment(outputs),
        **CREDENTIALS,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": endpoint,
    }
    return Deployment(endpoint, stack, environment, overlay.resolved_functions(outputs), outputs)


def _update(cloudformation: Any, request: Mapping[str, Any]) -> None:
    try:
        cloudformation.update_stack(**request)
    except ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise


def _outputs(cloudformation: Any, name: str, endpoint: str) -> dict[str, str]:
    deadline = time.monotonic() + _DEPLOY_SECONDS
    while True:
        stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        status = stack["StackStatus"]
        if status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
            return {output["OutputKey"]: _here(output["OutputValue"], endpoint) for output in stack["Outputs"]}
        if "ROLLBACK" in status or "FAILED" in status or time.monotonic() > deadline:
            raise DeploymentFailed(f"stack {name} is {status}: {stack.get('StackStatusReason', '')}")
        time.sleep(0.02)


def _here(value: str, endpoint: str) -> str:
    # A queue that was created in an earlier run still has the port of that run in its URL.
    return re.sub(r"^http://127\.0\.0\.1:\d+", endpoint, value)


def _without_descriptions(entries: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {
        name: {key: value for key, value in entry.items() if key != "Description"} for name, entry in entries.items()
    }


def _is_reference(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)).startswith(("Ref", "Fn::"))


def _references(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield each reference in a value, with the key of the output that resolves it: the path to it."""
    if _is_reference(value):
        yield key, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _references(f"{key}{name}", item)


def _resolved(key: str, value: Any, outputs: Mapping[str, str]) -> Any:
    if _is_reference(value):
        return outputs[key]
    if isinstance(value, dict):
        return {name: _resolved(f"{key}{name}", item, outputs) for name, item in value.items()}
    return value


def _variable_key(name: str) -> str:
    # The name of an output may hold letters and digits only.
    return "Variable" + name.title().replace("_", "")
