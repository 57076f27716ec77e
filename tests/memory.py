"""The project's tables, queues, buckets and bus in moto, within this process: all that the tests of one door need.

They are created from `infrastructure/resources.json`, as it is deployed, by direct calls: moto's CloudFormation needs
libraries that nothing else here needs. The environment is made by the code that also makes it for `make run`.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
from moto import mock_aws

from local.keys import Keys
from local.resources import CREDENTIALS, REGION, SHORT_TIMES, Overlay, put_secret
from tests.environment import use

SECRET = "secret-in-memory"
TABLE = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
"""The properties that a table is created with here: a door does not depend on its stream, encryption and others."""


@contextmanager
def aws_in_memory() -> Iterator[Mapping[str, str]]:
    """Create the resources, all empty, and point the settings at them inside the block; yield the environment."""
    overlay = Overlay.read()
    # An endpoint that other tests have set would lead to a process in spite of moto.
    with use({}, without=("AWS_ENDPOINT_URL",)), mock_aws():
        references = {**SHORT_TIMES, **_create(overlay.template["Resources"])}
        outputs = overlay.stack_template()["Outputs"]
        resolved = {name: _resolve(output["Value"], references) for name, output in outputs.items()}
        environment = {**overlay.environment(resolved), "SECRET_ID": SECRET}
        put_secret(boto3.Session(region_name=REGION).client("secretsmanager"), SECRET, Keys.generate().secret)
        with use({**environment, **CREDENTIALS, "AWS_DEFAULT_REGION": REGION}):
            yield environment


def _create(resources: Mapping[str, Any]) -> dict[str, str]:
    """Create all resources of the kinds that doors use; return the value of a reference to each."""
    session = boto3.Session(region_name=REGION)
    clients = {service: session.client(service) for service, _ in KINDS.values()}
    created = {}
    for name, resource in resources.items():
        if resource.get("Type") in KINDS:
            service, create = KINDS[resource["Type"]]
            created[name] = create(clients[service], name, resource.get("Properties", {}))
    return created


def _create_table(dynamodb: Any, name: str, properties: Mapping[str, Any]) -> str:
    dynamodb.create_table(TableName=name, **{key: properties[key] for key in TABLE if key in properties})
    return name


def _create_queue(sqs: Any, name: str, properties: Mapping[str, Any]) -> str:
    url: str = sqs.create_queue(QueueName=name)["QueueUrl"]
    return url


def _create_bucket(s3: Any, name: str, properties: Mapping[str, Any]) -> str:
    bucket = name.lower()
    s3.create_bucket(Bucket=bucket)
    return bucket


def _create_bus(events: Any, name: str, properties: Mapping[str, Any]) -> str:
    events.create_event_bus(Name=name)
    return name


KINDS: Mapping[str, tuple[str, Callable[[Any, str, Mapping[str, Any]], str]]] = {
    "AWS::DynamoDB::Table": ("dynamodb", _create_table),
    "AWS::SQS::Queue": ("sqs", _create_queue),
    "AWS::S3::Bucket": ("s3", _create_bucket),
    "AWS::Events::EventBus": ("events", _create_bus),
}


def _resolve(value: Any, references: Mapping[str, str]) -> str:
    """Return the value of a reference; empty for those that no door's setting needs."""
    if "Fn::If" in value:
        return _resolve(value["Fn::If"][1], references)
    return references.get(value.get("Ref"), "")
