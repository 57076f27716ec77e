"""What a deployment does to stacks that somebody else works on, or that a run before has left half done."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from infrastructure.aliases import ALIAS
from infrastructure.deploy.__main__ import commands
from infrastructure.deploy.account import Account, find_account
from infrastructure.deploy.change_set import ChangeSet, create_change_set, discard, execute
from infrastructure.deploy.code_bucket import ensure_bucket, upload_template
from infrastructure.deploy.deployment import Deployment, NotDeployed
from infrastructure.deploy.destroy import destroy
from infrastructure.deploy.leftovers import holds_nothing
from infrastructure.deploy.releases import record_release
from infrastructure.deploy.roll_back import NotRolledBack
from infrastructure.deploy.secret import NoSecret, require_secret
from infrastructure.deploy.stacks import Resource, find_stack, resources
from infrastructure.deploy.stages import Stage, find_stage
from infrastructure.deploy.versions import delete_unused, live_versions, point, published_versions
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
FUNCTION = {
    "Type": "AWS::Lambda::Function",
    "Properties": {
        "Runtime": "python3.13",
        "Handler": "index.handler",
        "Role": "arn:aws:iam::000000000000:role/any",
        "Code": {"ZipFile": "def handler(event, context): return {}"},
    },
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
    paginator = account.cloudformation.get_paginator("describe_stacks")
    wait_for(lambda: name not in [each["StackName"] for page in paginator.paginate() for each in page["Stacks"]])


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


def test_a_halted_stack_is_not_deployed_by_a_machine(account: Account, name: str, tmp_path: Path) -> None:
    (template := tmp_path / "sam.json").write_text(
        json.dumps({**TEMPLATE, "Resources": {"Table": TABLE, "APIHandler": FUNCTION}})
    )
    deployment = Deployment(account, Stage("prod", name), yes=True)
    deployment.run(template)
    api = next(each.name for each in resources(account, name) if each.logical_id == "APIHandler")
    account.functions.put_function_concurrency(FunctionName=api, ReservedConcurrentExecutions=0)
    with pytest.raises(NotDeployed, match="is halted"):
        deployment.run(template)
    account.functions.delete_function_concurrency(FunctionName=api)
    deployment.run(template)


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


class Answering(io.RawIOBase):
    """A person who says yes, after something else has happened."""

    def __init__(self, before: Callable[[], object]) -> None:
        self.before = before

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.before()
        buffer[:2] = b"y\n"
        return 2


@pytest.fixture(scope="module")
def released(account: Account) -> str:
    """Make three releases of a function; the newest is live. Return its name."""
    stack = find_stage("dev").stack
    account.cloudformation.create_stack(StackName=stack, TemplateBody=json.dumps({"Resources": {"Function": FUNCTION}}))
    wait_for(lambda: (found := find_stack(account, stack)) and found.status == "CREATE_COMPLETE")
    (function,) = resources(account, stack)
    client, found = account.functions, find_stack(account, stack)
    assert found
    for number in range(3):
        client.update_function_configuration(FunctionName=function.name, Description=str(number))
        version = client.publish_version(FunctionName=function.name)["Version"]
        if not number:
            client.create_alias(FunctionName=function.name, Name=ALIAS, FunctionVersion=version)
        point(account, {function.name: version})
        record_release(account, ensure_bucket(account), found.id, {function.name: version})
    return function.name


def roll_back(before: Callable[[], object]) -> Result:
    answer: Any = io.BufferedReader(Answering(before))
    return CliRunner().invoke(commands, ["rollback", "dev"], input=answer)


def test_what_somebody_else_made_live_during_the_question_is_not_rolled_back(account: Account, released: str) -> None:
    done = roll_back(lambda: point(account, {released: "1"}))
    assert isinstance(done.exception, NotRolledBack)
    assert live_versions(account, [released]) == {released: "1"}
    point(account, {released: "3"})
    assert roll_back(lambda: None).exit_code == 0
    assert live_versions(account, [released]) == {released: "2"}


def test_a_release_of_which_a_version_is_gone_is_refused_before_anything_moves(account: Account, released: str) -> None:
    point(account, {released: "3"})
    account.functions.delete_function(FunctionName=released, Qualifier="2")
    done = roll_back(lambda: None)
    assert isinstance(done.exception, NotRolledBack)
    assert "Function" in str(done.exception)
    assert live_versions(account, [released]) == {released: "3"}


def test_a_secret_that_is_about_to_be_deleted_does_not_count_as_there(account: Account, name: str) -> None:
    declared, chosen = {"SecretName": {"Default": name}}, list[dict[str, Any]]()
    account.secrets.create_secret(Name=name, SecretString="{}")
    require_secret(account, declared, chosen, None, yes=True)
    account.secrets.delete_secret(SecretId=name)
    with pytest.raises(NoSecret, match="restore-secret"):
        require_secret(account, declared, chosen, None, yes=True)


def test_a_version_that_is_published_while_unused_ones_are_deleted_stays(account: Account, released: str) -> None:
    client = account.functions
    client.update_function_configuration(FunctionName=released, Description="failed")
    failed = client.publish_version(FunctionName=released)["Version"]
    published = published_versions(account, [released])
    client.update_function_configuration(FunctionName=released, Description="meanwhile")
    meanwhile = client.publish_version(FunctionName=released)["Version"]
    assert delete_unused(account, published, {released: frozenset({"1", "2", "3"})}) == 1
    left = published_versions(account, [released])[released]
    assert meanwhile in left
    assert failed not in left
    assert delete_unused(account, published_versions(account, [released]), {released: frozenset()}) == 0
