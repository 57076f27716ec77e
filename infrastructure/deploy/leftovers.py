"""Tables, buckets and queues that outlive their stack."""

from collections.abc import Iterable
from typing import Final

from botocore.exceptions import ClientError

from infrastructure.deploy.account import Account
from infrastructure.deploy.changes import BUCKET, PRECIOUS, TABLE
from infrastructure.deploy.stacks import Resource, pauses, resources, skipped

_GONE: Final = {
    "ResourceNotFoundException",
    "NoSuchBucket",
    "404",
    "AWS.SimpleQueueService.NonExistentQueue",
    "QueueDoesNotExist",
}


def leftovers(account: Account, stack_id: str) -> list[Resource]:
    """Return the tables, buckets and queues of a stack, running or deleted, that exist."""
    found = {each.name: each for each in [*skipped(account, stack_id), *resources(account, stack_id)]}
    return [each for each in found.values() if each.type in PRECIOUS and each.name and exists(account, each)]


def exists(account: Account, resource: Resource) -> bool:
    """Tell whether a table, bucket or queue exists."""
    try:
        if resource.type == TABLE:
            account.dynamodb.describe_table(TableName=resource.name)
        elif resource.type == BUCKET:
            account.s3.head_bucket(Bucket=resource.name)
        else:
            account.queues.get_queue_attributes(QueueUrl=resource.name)
    except ClientError as error:
        if error.response["Error"]["Code"] in _GONE:
            return False
        raise
    return True


def holds_nothing(account: Account, resource: Resource) -> bool:
    """Tell whether a table has no row, a bucket no version of an object, a queue no message."""
    if resource.type == TABLE:
        return not account.dynamodb.scan(TableName=resource.name, Limit=1, ConsistentRead=True)["Items"]
    if resource.type == BUCKET:
        listed = account.s3.list_object_versions(Bucket=resource.name, MaxKeys=1)
        return not listed.get("Versions") and not listed.get("DeleteMarkers")
    names = [f"ApproximateNumberOfMessages{which}" for which in ("", "NotVisible", "Delayed")]
    counts = account.queues.get_queue_attributes(QueueUrl=resource.name, AttributeNames=names)["Attributes"]
    return not any(int(counts[name]) for name in names)


def lift_protection(account: Account, found: Iterable[Resource]) -> None:
    """Lift the deletion protection of tables."""
    for each in found:
        if each.type == TABLE:
            table = account.dynamodb.describe_table(TableName=each.name)["Table"]
            if table.get("DeletionProtectionEnabled"):
                account.dynamodb.update_table(TableName=each.name, DeletionProtectionEnabled=False)
                _wait_until_active(account, each.name)


def delete_leftovers(account: Account, found: Iterable[Resource]) -> None:
    """Delete tables, buckets and queues with all that they hold. What is gone already is left out."""
    present = [each for each in found if exists(account, each)]
    lift_protection(account, present)
    for each in present:
        if each.type == TABLE:
            account.dynamodb.delete_table(TableName=each.name)
        elif each.type == BUCKET:
            _empty(account, each.name)
            account.s3.delete_bucket(Bucket=each.name)
        else:
            account.queues.delete_queue(QueueUrl=each.name)


def _wait_until_active(account: Account, table: str) -> None:
    for _ in pauses():
        if account.dynamodb.describe_table(TableName=table)["Table"]["TableStatus"] == "ACTIVE":
            return


def _empty(account: Account, bucket: str) -> None:
    for page in account.s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        versions = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        keys = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in versions]
        if keys:
            account.s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
