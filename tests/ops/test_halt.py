"""A stack is halted and resumed: no function is called in between, and each has reserved again what it had."""

import json
import os
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from click.testing import CliRunner

from infrastructure.aliases import ALIAS
from local.aws import Aws
from ops.__main__ import ops
from ops.environment import use_stack
from tests.environment import use
from tests.wait import wait_for

STACK = "halted"
RESERVED = 3
PROVISIONED = 2
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
        "Gone": FUNCTION,
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

        version = self.client.publish_version(FunctionName=self.ids["Limited"])["Version"]
        self.client.create_alias(FunctionName=self.ids["Limited"], Name=ALIAS, FunctionVersion=version)
        self.provision(PROVISIONED)

    def provision(self, number: int) -> None:
        self.client.put_provisioned_concurrency_config(
            FunctionName=self.ids["Limited"], Qualifier=ALIAS, ProvisionedConcurrentExecutions=number
        )

    def provisioned(self) -> int | None:
        try:
            found = self.client.get_provisioned_concurrency_config(FunctionName=self.ids["Limited"], Qualifier=ALIAS)
        except self.client.exceptions.ProvisionedConcurrencyConfigNotFoundException:
            return None
        number: int = found["RequestedProvisionedConcurrentExecutions"]
        return number

    def reserved(self, name: str) -> int | None:
        answer = self.client.get_function_concurrency(FunctionName=self.ids[name])
        found: int | None = answer.get("ReservedConcurrentExecutions")
        return found

    def state(self) -> tuple[int | None, int | None, int | None, bool]:
        source = self.client.get_event_source_mapping(UUID=self.ids["Source"])["State"]
        return (
            self.reserved("APIHandler"),
            self.reserved("Limited"),
            self.provisioned(),
            source in {"Enabled", "Enabling"},
        )


@pytest.fixture(scope="module")
def stack(aws: Aws) -> Iterator[Halted]:
    with use(aws.environment):
        yield Halted(aws)


def on_stack(command: str) -> None:
    done = CliRunner().invoke(ops, ["--stack", STACK, command])
    assert done.exit_code == 0, done.output


def test_a_halted_stack_calls_nothing_and_a_resumed_one_is_as_before(stack: Halted) -> None:
    before = (None, RESERVED, PROVISIONED, True)
    assert stack.state() == before
    for _ in range(2):
        on_stack("halt")
        assert stack.state() == (0, 0, None, False)
    for _ in range(2):
        on_stack("resume")
        assert stack.state() == before


@pytest.mark.parametrize("call", ["ListTags", "GetFunctionConcurrency", "PutFunctionConcurrency"])
def test_of_two_halts_at_once_neither_notes_what_the_other_has_reserved(stack: Halted, call: str) -> None:
    before = stack.state()
    events = boto3.DEFAULT_SESSION.events  # those of the clients that the command makes
    others = iter(["halt"])

    def halt_meanwhile(**_: object) -> None:
        for command in others:
            on_stack(command)

    events.register(f"before-call.lambda.{call}", halt_meanwhile)
    try:
        on_stack("halt")
    finally:
        events.unregister(f"before-call.lambda.{call}", halt_meanwhile)
    assert next(others, None) is None
    assert stack.state() == (0, 0, None, False)
    on_stack("resume")
    assert stack.state() == before


def test_a_function_that_cannot_be_halted_keeps_back_no_other(stack: Halted) -> None:
    before = stack.state()
    stack.client.delete_function(FunctionName=stack.ids["Gone"])
    done = CliRunner().invoke(ops, ["--stack", STACK, "halt"])
    assert done.exit_code == 1
    assert f"{stack.ids['Gone']} FAILED" in done.output
    assert stack.state() == (0, 0, None, False)
    assert CliRunner().invoke(ops, ["--stack", STACK, "resume"]).exit_code == 1
    assert stack.state() == before


def test_the_settings_are_those_of_the_version_that_is_live(stack: Halted) -> None:
    """After a roll back, what was deployed last is not what runs."""
    api = stack.ids["APIHandler"]
    version = stack.client.publish_version(FunctionName=api)["Version"]
    stack.client.create_alias(FunctionName=api, Name=ALIAS, FunctionVersion=version)
    stack.client.update_function_configuration(
        FunctionName=api, Environment={"Variables": {"DEPLOYMENT": "deployed last"}}
    )
    with use({"DEPLOYMENT": ""}):
        use_stack(STACK)
        assert os.environ["DEPLOYMENT"] == STACK


def test_no_setting_of_another_system_is_left(stack: Halted) -> None:
    """An emulator's address in the shell would be sent the stack's key for Stripe."""
    with use({"STRIPE_API_BASE": "http://127.0.0.1:9"}):
        use_stack(STACK)
        assert "STRIPE_API_BASE" not in os.environ


def test_a_stack_that_is_not_there_is_told_in_a_sentence(stack: Halted) -> None:
    done = CliRunner().invoke(ops, ["--stack", "nothing", "halt"])
    assert "the stack nothing cannot be read" in done.output
    assert isinstance(done.exception, SystemExit)


def test_two_systems_cannot_be_named_at_once(processes: None) -> None:
    done = CliRunner().invoke(ops, ["--local", "--stack", STACK, "parked"])
    assert (done.exit_code, "--local or --stack" in done.output) == (2, True)


@pytest.mark.parametrize("command", ["halt", "resume"])
def test_a_stack_has_to_be_named(processes: None, command: str) -> None:
    assert f"name the stack: ops --stack NAME {command}" in CliRunner().invoke(ops, [command]).output
