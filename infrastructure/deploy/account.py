"""The AWS account and region that the caller's credentials belong to."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infrastructure.caller import NO_REGION, explain, use_region


class NoAccount(Exception):
    """No credentials, or no region."""


@dataclass(frozen=True)
class Account:
    """Clients of one account and region. `AWS_ENDPOINT_URL` points them at an emulator."""

    session: Any
    number: str
    region: str

    @cached_property
    def partition(self) -> str:
        """Return the region's part of AWS, as ARNs name it: `aws`, `aws-us-gov`."""
        return str(self.session.get_partition_for_region(self.region))

    @cached_property
    def cloudformation(self) -> Any:
        """Return the client of CloudFormation."""
        return self.session.client("cloudformation")

    @cached_property
    def s3(self) -> Any:
        """Return the client of S3."""
        return self.session.client("s3")

    @cached_property
    def functions(self) -> Any:
        """Return the client of Lambda."""
        return self.session.client("lambda")

    @cached_property
    def dynamodb(self) -> Any:
        """Return the client of DynamoDB."""
        return self.session.client("dynamodb")

    @cached_property
    def queues(self) -> Any:
        """Return the client of SQS."""
        return self.session.client("sqs")

    @cached_property
    def secrets(self) -> Any:
        """Return the client of Secrets Manager."""
        return self.session.client("secretsmanager")


def find_account() -> Account:
    """Return the account of the caller's credentials. Raises NoAccount."""
    use_region()
    session = boto3.Session()
    if not session.region_name:
        raise NoAccount(NO_REGION)
    try:
        number = session.client("sts").get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as error:
        raise NoAccount(f"AWS does not know you: {explain(error)}") from error
    return Account(session, number, session.region_name)
