import json
from pathlib import Path

import pytest
from msgspec.structs import fields

from chalicelib.settings import Settings
from local.aws import Aws, start_aws
from local.keys import Keys
from local.ports import free_port
from local.resources import Overlay


def test_the_environment_holds_every_setting_and_leads_only_to_the_emulator(aws: Aws) -> None:
    environment = aws.environment
    needed = {field.name.upper() for field in fields(Settings) if field.required}
    assert needed <= set(environment)
    secret = aws.client("secretsmanager").get_secret_value(SecretId=environment["SECRET_ID"])
    assert json.loads(secret["SecretString"]) == aws.keys.secret
    assert not set(aws.keys.secret.values()) & set(environment.values())
    assert environment["AWS_ENDPOINT_URL"] == aws.endpoint
    assert environment["AWS_ACCESS_KEY_ID"] == environment["AWS_SECRET_ACCESS_KEY"] == "test"
    assert not any("{" in value for value in environment.values())


def test_the_tables_and_queues_are_there(aws: Aws) -> None:
    environment = aws.environment
    tables = [environment[name] for name in environment if name.endswith("_TABLE")]
    assert len(set(tables)) == len(tables) >= 7
    assert set(tables) <= set(aws.client("dynamodb").list_tables()["TableNames"])
    attributes = aws.client("sqs").get_queue_attributes(
        QueueUrl=aws.deployment.usage_queue_url, AttributeNames=["All"]
    )["Attributes"]
    assert attributes["VisibilityTimeout"] == "10"
    assert '"maxReceiveCount":"3"' in attributes["RedrivePolicy"]


def test_stacks_share_nothing(aws: Aws) -> None:
    one, other = aws.deploy("one"), aws.deploy("other")
    resources = [
        name for name in one.environment if name.endswith(("_TABLE", "_QUEUE_URL", "_BUCKET", "_BUS_NAME", "SECRET_ID"))
    ]
    assert len(resources) >= 10
    assert [name for name in resources if one.environment[name] == other.environment[name]] == []


def test_deploying_again_keeps_what_is_there(aws: Aws) -> None:
    first = aws.deploy("again")
    item = {"account_id": {"S": "acme"}}
    aws.client("dynamodb").put_item(TableName=first.environment["WALLETS_TABLE"], Item=item)
    second = aws.deploy("again")
    assert second == first
    stored = aws.client("dynamodb").get_item(TableName=first.environment["WALLETS_TABLE"], Key=item)
    assert stored["Item"] == item


def test_a_functions_queue_and_times_come_from_the_template(aws: Aws) -> None:
    deployment = aws.deploy("functions")
    function = deployment.functions["RecordUsage"]
    queue = deployment.usage_queue_url.rsplit("/", 1)[-1]
    assert function.timeout_seconds == 60
    assert function.event_source["Queue"] == f"arn:aws:sqs:us-east-1:000000000000:{queue}"
    assert function.event_source["MaximumBatchingWindowInSeconds"] == "1"


def test_references_are_resolved_however_deep_they_are() -> None:
    destination = {"OnFailure": {"Type": "SQS", "Destination": {"Fn::GetAtt": ["Failures", "Arn"]}}}
    source = {"Stream": {"Fn::GetAtt": ["Wallets", "StreamArn"]}, "BatchSize": 10, "DestinationConfig": destination}
    function = {"Properties": {"Timeout": 60, "Events": {"Source": {"Properties": source}}}}
    overlay = Overlay(
        {
            "Parameters": {},
            "Conditions": {},
            "Outputs": {},
            "Globals": {"Function": {"Environment": {"Variables": {}}}},
            "Resources": {"Watch": function},
        }
    )
    outputs = overlay.stack_template()["Outputs"]
    resolved = overlay.resolved_functions({name: f"arn-{index}" for index, name in enumerate(outputs)})
    assert [output["Value"] for output in outputs.values()] == [
        {"Fn::GetAtt": ["Wallets", "StreamArn"]},
        {"Fn::GetAtt": ["Failures", "Arn"]},
    ]
    assert resolved["Watch"].event_source == {
        "Stream": "arn-0",
        "BatchSize": 10,
        "DestinationConfig": {"OnFailure": {"Type": "SQS", "Destination": "arn-1"}},
    }


def test_nothing_of_the_functions_themselves_is_deployed() -> None:
    template = Overlay.read().stack_template()
    kinds = {resource["Type"].rsplit("::", 1)[0] for resource in template["Resources"].values()}
    assert kinds == {"AWS::DynamoDB", "AWS::SQS", "AWS::S3", "AWS::Events"}


@pytest.mark.system
@pytest.mark.usefixtures("processes")
def test_a_second_run_on_another_port_finds_the_data_of_the_first(tmp_path: Path) -> None:
    keys = Keys.generate()
    item = {"account_id": {"S": "acme"}}
    with start_aws(tmp_path, keys=keys, keep=True) as first:
        table = first.environment["WALLETS_TABLE"]
        first.client("dynamodb").put_item(TableName=table, Item=item)
        first.client("sqs").send_message(QueueUrl=first.environment["USAGE_QUEUE_URL"], MessageBody="waiting")
        first.client("s3").put_object(Bucket=first.environment["INVOICES_BUCKET"], Key="1.pdf", Body=b"pdf")
    with start_aws(tmp_path, port=free_port(), keys=keys, keep=True) as second:
        environment = second.environment
        assert second.endpoint != first.endpoint
        assert environment["WALLETS_TABLE"] == table
        assert environment["USAGE_QUEUE_URL"].startswith(second.endpoint)
        assert second.client("dynamodb").get_item(TableName=table, Key=item)["Item"] == item
        messages = second.client("sqs").receive_message(QueueUrl=environment["USAGE_QUEUE_URL"])["Messages"]
        assert [message["Body"] for message in messages] == ["waiting"]
        stored = second.client("s3").get_object(Bucket=environment["INVOICES_BUCKET"], Key="1.pdf")
        assert stored["Body"].read() == b"pdf"
