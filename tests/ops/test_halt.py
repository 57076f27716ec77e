"""A stack is halted and resumed: no function is called in between, and each has reserved again what it had."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner

from local.aws import Aws
from ops.__main__ import ops
from tests.environment import use
from tests.wait import wait_for

STACK = "halted"
RESERVED = 3
FUNCTION = {
    "Type": "AWS::Lambda::Function",
    "Properties": {
        "Runtime": "python3.12",
        "Handler": "index.handler",
        "Role": "arn:aws:iam::000000000000:role/any",
        "Code": {"ZipFile": "def handler(event, context): return {}"},
        "Environment": {"Variables": {"DEPLOYMENT": STACK}},
    },
}
TEMPLATE = {
    "Resources": {
        "Queue": {"Type": "AWS::SQS::Queue"},
        "APIHandler": FUNCTION,
        "Limited": FUNCTION,
        "Source": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {"EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]}, "FunctionName": {"Ref": "APIHandler"}},
        },
    }
}


class Halted:
    """A stack of two functions, one of them with a source."""

    def __init__(self, aws: Aws) -> None:
        self.client: Any = aws.client("lambda")
        cloudformation: Any = aws.client("cloudformation")
        cloudformation.create_stack(StackName=STACK, TemplateBody=json.dumps(TEMPLATE))

        def status() -> str:
            return str(cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"])

        wait_for(lambda: status() == "CREATE_COMPLETE")
        found = cloudformation.list_stack_resources(StackName=STACK)["StackResourceSummaries"]
        self.ids = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found}
        # The emulator's CloudFormation leaves it out.
        self.client.put_function_concurrency(FunctionName=self.ids["Limited"], ReservedConcurrentExecutions=RESERVED)

    def reserved(self, name: str) -> int | None:
        answer = self.client.get_function_concurrency(FunctionName=self.ids[name])
        found: int | None = answer.get("ReservedConcurrentExecutions")
        return found

    def state(self) -> tuple[int | None, int | None, bool]:
        source = self.client.get_event_source_mapping(UUID=self.ids["Source"])["State"]
        return self.reserved("APIHandler"), self.reserved("Limited"), source in {"Enabled", "Enabling"}


@pytest.fixture(scope="module")
def stack(aws: Aws) -> Iterator[Halted]:
    with use(aws.environment):
        yield Halted(aws)


def on_stack(command: str) -> None:
    done = CliRunner().invoke(ops, ["--stack", STACK, command])
    assert done.exit_code == 0, done.output


def test_a_halted_stack_calls_nothing_and_a_resumed_one_is_as_before(stack: Halted) -> None:
    before = (None, RESERVED, True)
    assert stack.state() == before
    for _ in range(2):
        on_stack("halt")
        assert stack.state() == (0, 0, False)
    for _ in range(2):
        on_stack("resume")
        assert stack.state() == before


@pytest.mark.parametrize("command", ["halt", "resume"])
def test_a_stack_has_to_be_named(processes: None, command: str) -> None:
    assert "name the stack" in CliRunner().invoke(ops, [command]).output
