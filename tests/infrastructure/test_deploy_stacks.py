"""What a deployment does to stacks that somebody else works on, or that a run before has left half done."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infrastructure.deploy.account import Account, find_account
from infrastructure.deploy.change_set import ChangeSet, create_change_set, discard, execute
from infrastructure.deploy.code_bucket import ensure_bucket, upload_template
from infrastructure.deploy.deployment import Deployment
from infrastructure.deploy.destroy import destroy
from infrastructure.deploy.leftovers import holds_nothing
from infrastructure.deploy.stacks import Resource, find_stack, resources
from infrastructure.deploy.stages import Stage
from local.aws import Aws
from tests.build import unique
from tests.environment import use
from tests.wait import wait_for

TABLE = {
    "Type": "AWS::DynamoDB::Table",
    "DeletionPolicy": "Retain",
    "UpdateReplacePolicy": "Retain",
    "Properties": {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "DeletionProtectionEnabled": {"Fn::If": ["IsProtected", True, False]},
    },
}
TEMPLATE: dict[str, Any] = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Parameters": {"DeletionProtection": {"Type": "String", "Default": "true"}},
    "Conditions": {"IsProtected": {"Fn::Equals": [{"Ref": "DeletionProtection"}, "true"]}},
    "Globals": {"Function": {}},
    "Resources": {"Table": TABLE},
}
UNPROTECTED = {"ParameterKey": "DeletionProtection", "ParameterValue": "false"}


@pytest.fixture(scope="module")
def account(aws: Aws) -> Iterator[Account]:
    with use(aws.environment):
        yield find_account()


@pytest.fixture
def name() -> str:
    return unique("deployed").replace("_", "-")


def propose(account: Account, name: str, kind: str = "CREATE", **more: Any) -> ChangeSet:
    url = upload_template(account, ensure_bucket(account), TEMPLATE)
    found = create_change_set(account, name, kind, url, [UNPROTECTED], **more)
    assert found
    return found


def create(account: Account, name: str, kind: str = "CREATE", **more: Any) -> None:
    execute(account, propose(account, name, kind, **more))
    wait_for(lambda: (found := find_stack(account, name)) and found.status.endswith("_COMPLETE"))


def table_of(account: Account, stack: str) -> str:
    (found,) = resources(account, stack)
    return found.name


def test_who_declines_a_first_deployment_does_not_delete_the_stack_that_somebody_else_made_meanwhile(
    account: Account, name: str
) -> None:
    declined = propose(account, name)
    create(account, name)
    discard(account, declined)
    found = find_stack(account, name)
    assert found
    assert found.status == "CREATE_COMPLETE"


def test_who_declines_a_first_deployment_leaves_no_empty_stack(account: Account, name: str) -> None:
    discard(account, propose(account, name))
    described = account.cloudformation.get_paginator("describe_stacks").paginate()
    assert name not in [each["StackName"] for page in described for each in page["Stacks"]]


def test_what_another_stack_has_adopted_is_not_destroyed_with_the_stage_that_left_it(
    account: Account, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    create(account, name)
    table = table_of(account, name)
    account.cloudformation.delete_stack(StackName=name)
    wait_for(lambda: find_stack(account, name) is None)
    entry = {
        "ResourceType": TABLE["Type"],
        "LogicalResourceId": "Table",
        "ResourceIdentifier": {"TableName": table},
    }
    create(account, f"{name}-heir", "IMPORT", imports=[entry])
    destroy(account, Stage("dev", name, disposable=True), typed=name)
    assert account.dynamodb.describe_table(TableName=table)["Table"]["TableStatus"] == "ACTIVE"
    said = capsys.readouterr().out
    assert f"{name}-heir has it now" in said
    destroy(account, Stage("heir", f"{name}-heir", disposable=True), typed=f"{name}-heir")
    assert table not in account.dynamodb.list_tables()["TableNames"]


def test_tables_are_protected_although_the_first_deployment_was_cut_off_before_it_did_that(
    account: Account, name: str, tmp_path: Path
) -> None:
    create(account, name)
    (template := tmp_path / "sam.json").write_text(json.dumps(TEMPLATE))
    deployment = Deployment(account, Stage("prod", name), yes=True)

    def is_protected() -> bool:
        found = account.dynamodb.describe_table(TableName=table_of(account, name))["Table"]
        return bool(found.get("DeletionProtectionEnabled"))

    assert not is_protected()
    deployment.run(template)
    assert is_protected()


def test_what_a_person_has_said_about_protection_is_remembered(account: Account, name: str, tmp_path: Path) -> None:
    (template := tmp_path / "sam.json").write_text(json.dumps(TEMPLATE))
    Deployment(account, Stage("prod", name), {"DeletionProtection": "false"}, yes=True).run(template)
    stack = Deployment(account, Stage("prod", name), yes=True).run(template)
    assert stack.parameters["DeletionProtection"] == "false"


def test_a_queue_whose_messages_are_all_delayed_is_not_empty(account: Account, name: str) -> None:
    url = account.queues.create_queue(QueueName=name)["QueueUrl"]
    queue = Resource("Queue", "AWS::SQS::Queue", url, "")
    assert holds_nothing(account, queue)
    account.queues.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=900)
    assert not holds_nothing(account, queue)
