"""The bucket for code: archives by the hash of their content, templates, and the list of releases."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from infrastructure.archive import CODE_KEYS
from infrastructure.deploy.account import Account

LARGEST_TEMPLATE: Final = 1_000_000
"""Bytes of a template that CloudFormation reads from S3."""

_MISSING: Final = {"404", "NoSuchBucket", "NoSuchKey", "NotFound"}


class TemplateTooLarge(Exception):
    """CloudFormation would refuse the template for its size."""


def ensure_bucket(account: Account) -> str:
    """Return the name of the account's bucket for code in this region; create it if it does not exist.

    It is private, encrypted and versioned, and answers only over TLS. Raises ClientError, also for a bucket of that
    name in another account.
    """
    name = f"billing-portal-code-{account.number}-{account.region}"
    owner = {"Bucket": name, "ExpectedBucketOwner": account.number}
    try:
        account.s3.head_bucket(**owner)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _MISSING:
            raise
        _create(account, name)
    # Each time, not only at first: what was interrupted half-way is completed, and what was opened since is closed.
    account.s3.put_public_access_block(
        **owner,
        PublicAccessBlockConfiguration=dict.fromkeys(
            ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
        ),
    )
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    account.s3.put_bucket_encryption(**owner, ServerSideEncryptionConfiguration={"Rules": [rule]})
    account.s3.put_bucket_versioning(**owner, VersioningConfiguration={"Status": "Enabled"})
    account.s3.put_bucket_policy(**owner, Policy=json.dumps(_only_tls(f"arn:{account.partition}:s3:::{name}")))
    return name


def upload_archives(account: Account, bucket: str, template_file: Path) -> dict[str, Any]:
    """Upload the archives that a packaged template names, and return the template with their addresses in S3."""
    template: dict[str, Any] = json.loads(template_file.read_text())
    addresses: dict[str, str] = {}
    for properties, key in _archives(template):
        path = properties[key]
        if path not in addresses:
            addresses[path] = f"s3://{bucket}/{_upload(account, bucket, template_file.parent / path)}"
        properties[key] = addresses[path]
    return template


def upload_template(account: Account, bucket: str, template: Mapping[str, Any]) -> str:
    """Upload a template and return its URL for CloudFormation. Raises TemplateTooLarge."""
    body = json.dumps(template, separators=(",", ":"), sort_keys=True).encode()
    if len(body) > LARGEST_TEMPLATE:
        raise TemplateTooLarge(f"the template has {len(body):,} bytes; CloudFormation takes {LARGEST_TEMPLATE:,}")
    key = f"templates/{hashlib.sha256(body).hexdigest()}.json"
    account.s3.put_object(Bucket=bucket, Key=key, Body=body, ExpectedBucketOwner=account.number)
    host = "s3.amazonaws.com" if account.region == "us-east-1" else f"s3.{account.region}.amazonaws.com"
    return f"https://{host}/{bucket}/{key}"


def _archives(template: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        for key in CODE_KEYS:
            if isinstance(properties.get(key), str):
                yield properties, key


def _upload(account: Account, bucket: str, archive: Path) -> str:
    with archive.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    key = f"archives/{archive.stem}-{content}{archive.suffix}"
    try:
        account.s3.head_object(Bucket=bucket, Key=key, ExpectedBucketOwner=account.number)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _MISSING:
            raise
        account.s3.upload_file(str(archive), bucket, key, ExtraArgs={"ExpectedBucketOwner": account.number})
    return key


def _create(account: Account, name: str) -> None:
    # The first region of AWS is the one that must not be named.
    where = {} if account.region == "us-east-1" else {"LocationConstraint": account.region}
    request: dict[str, Any] = {"Bucket": name, "ObjectOwnership": "BucketOwnerEnforced"}
    account.s3.create_bucket(**request, **({"CreateBucketConfiguration": where} if where else {}))


def _only_tls(bucket_arn: str) -> dict[str, Any]:
    statement = {
        "Sid": "OnlyOverTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket_arn, f"{bucket_arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}
