"""The limits of CloudFormation, Lambda and IAM, for a stack with the longest name that a stage may have."""

import json
import re
from typing import Any, Final

import pytest

from infrastructure.check_resources import of_type
from infrastructure.deploy.code_bucket import LARGEST_TEMPLATE
from infrastructure.deploy.stages import LONGEST_STACK, WrongStage, read_stages

Template = dict[str, Any]

REGION: Final = "ap-southeast-2"
PSEUDO: Final = {
    "AWS::StackName": "s" * LONGEST_STACK,
    "AWS::Region": REGION,
    "AWS::AccountId": "1" * 12,
    "AWS::Partition": "aws",
}
OPTIONS: Final = {"IsProtected": True, "MakesAlarmTopic": True, "MakesLogsRole": True}
GIVEN: Final = {
    "MailFrom": "Example Billing <billing@mail.example.com>",
    "MailIdentity": "mail.example.com",
    "PortalBaseUrl": "https://billing.example.com",
    "PortalUrl": "https://app.example.com/accounts/{account_id}/settings/billing/{page}",
    "PortalFrameOrigins": "https://app.example.com https://staging.example.com",
    "StripeConnectClientId": "ca_" + "x" * 32,
    "StripeConnectOnboarding": "on",
}
NAMES_AT_MOST: Final = {"AWS::SQS::Queue": 80, "AWS::S3::Bucket": 63, "AWS::Lambda::Function": 64}


class Values:
    """What references of a template become in a stack with the longest name."""

    def __init__(self, template: Template) -> None:
        self.resources = template["Resources"]
        defaults = {name: each.get("Default", "") for name, each in template["Parameters"].items()}
        self.parameters = {**defaults, **GIVEN}

    def of(self, value: Any) -> Any:
        """Return a value with all its references resolved."""
        if isinstance(value, list):
            return [self.of(each) for each in value]
        return self._resolved(value) if isinstance(value, dict) else value

    def _resolved(self, value: Template) -> Any:
        match value:
            case {"Ref": name}:
                return self._ref(name)
            case {"Fn::GetAtt": [name, attribute]}:
                return self._arn(name) + ("/stream/2026-11-30T08:00:00.000" if attribute == "StreamArn" else "")
            case {"Fn::Sub": str(text)}:
                return re.sub(r"\$\{([\w:.]+)\}", lambda found: self._named(found[1]), text)
            case {"Fn::If": [condition, then, otherwise]}:
                return self.of(then if OPTIONS.get(condition, False) else otherwise)
        return {key: self.of(each) for key, each in value.items()}

    def _named(self, name: str) -> str:
        logical_id, _, attribute = name.partition(".")
        return self._arn(logical_id) if attribute else str(self._ref(logical_id))

    def _ref(self, name: str) -> Any:
        if name in PSEUDO or name in self.parameters:
            return PSEUDO.get(name) or self.parameters[name]
        queue = f"https://sqs.{REGION}.amazonaws.com/{'1' * 12}/"
        return (queue if self._type(name) == "AWS::SQS::Queue" else "") + self._physical(name)

    def _arn(self, name: str) -> str:
        if self._type(name) == "AWS::S3::Bucket":
            return f"arn:aws:s3:::{self._physical(name)}"
        group = self.resources[name]["Properties"].get("LogGroupName")
        held = f"log-group:{self.of(group)}:*" if group else f"table/{self._physical(name)}"
        return f"arn:aws:dynamodb:{REGION}:{'1' * 12}:{held}"

    def _physical(self, name: str) -> str:
        generated = f"{PSEUDO['AWS::StackName']}-{name}-1ABCDEFGHIJKL"
        return generated[: NAMES_AT_MOST.get(self._type(name), 255)]

    def _type(self, name: str) -> str:
        return str(self.resources[name]["Type"])


def size(value: object) -> int:
    return len(json.dumps(value, separators=(",", ":")).encode())


def test_the_settings_of_a_function_fit_into_4_kb(translated: Template) -> None:
    values = Values(translated)
    for name, function in of_type(translated, "AWS::Lambda::Function"):
        assert 3000 < size(values.of(function["Environment"]["Variables"])) <= 4096, name


def test_a_longer_name_of_a_stack_is_refused() -> None:
    assert read_stages(f'[x]\nstack = "{"a" * LONGEST_STACK}"')
    with pytest.raises(WrongStage, match="longer than"):
        read_stages(f'[x]\nstack = "{"a" * (LONGEST_STACK + 1)}"')


def test_the_policies_of_a_role_fit_into_it(translated: Template) -> None:
    values = Values(translated)
    key = 600  # the policies of the key and of the former one, which are of every role
    for name, role in of_type(translated, "AWS::IAM::Role"):
        policies = [values.of(each["PolicyDocument"]) for each in role.get("Policies", [])]
        assert sum(map(size, policies)) + key <= 10_240, name


def test_the_stack_is_within_the_limits_of_cloudformation(template: Template, translated: Template) -> None:
    assert len(translated["Resources"]) <= 500
    assert len(translated["Parameters"]) <= 200
    assert len(translated["Outputs"]) <= 200
    assert max(size(template), size(translated)) <= LARGEST_TEMPLATE
