"""The rights that a call to AWS requires, from its operation and parameters. Pure.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

Parameters = Mapping[str, Any]
Required = Iterator[tuple[str, str]]
"""Actions, each with the physical name of its resource; what is below a table or a bucket follows after a slash."""

PARTS: Final = {
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
    "Get": "dynamodb:GetItem",
}
"""A transaction requires the actions of its parts, and none of its own."""
OBJECT_ACTIONS: Final = {
    "HeadObject": "s3:GetObject",
    "CreateMultipartUpload": "s3:PutObject",
    "UploadPart": "s3:PutObject",
    "CompleteMultipartUpload": "s3:PutObject",
}
"""Operations on objects that require an action of another name."""


def required(service: str, operation: str, parameters: Parameters) -> Required:
    """Yield the rights that a call requires. `service` is botocore's id of the service, as in its events."""
    yield from READERS.get(service, _unknown(service))(operation, parameters)


def _dynamodb(operation: str, parameters: Parameters) -> Required:
    if operation.startswith("Transact"):
        for item in parameters["TransactItems"]:
            for part, content in item.items():
                yield PARTS[part], content["TableName"]
    elif operation.startswith("Batch"):
        for table in parameters["RequestItems"]:
            yield f"dynamodb:{operation}", table
    else:
        index = parameters.get("IndexName")
        table = parameters.get("TableName", "")
        yield f"dynamodb:{operation}", f"{table}/index/{index}" if index else table


def _s3(operation: str, parameters: Parameters) -> Required:
    bucket = parameters.get("Bucket", "")
    if "Key" in parameters:
        folder, slash, _ = parameters["Key"].partition("/")
        yield OBJECT_ACTIONS.get(operation, f"s3:{operation}"), f"{bucket}/{folder}/*" if slash else f"{bucket}/*"
    else:
        yield "s3:ListBucket" if operation.startswith("List") else f"s3:{operation}", bucket


def _sqs(operation: str, parameters: Parameters) -> Required:
    yield f"sqs:{operation.removesuffix('Batch')}", parameters.get("QueueUrl", "")


def _events(operation: str, parameters: Parameters) -> Required:
    for bus in {entry.get("EventBusName", "default") for entry in parameters.get("Entries", ())}:
        yield f"events:{operation}", bus


def _ses(operation: str, parameters: Parameters) -> Required:
    yield f"ses:{operation}", "MailIdentity"


def _secrets(operation: str, parameters: Parameters) -> Required:
    yield f"secretsmanager:{operation}", parameters.get("SecretId", "")


def _unknown(service: str) -> Callable[[str, Parameters], Required]:
    def read(operation: str, parameters: Parameters) -> Required:
        yield f"{service}:{operation}", "*"

    return read


READERS: Final[Mapping[str, Callable[[str, Parameters], Required]]] = {
    "dynamodb": _dynamodb,
    "s3": _s3,
    "sqs": _sqs,
    "eventbridge": _events,
    "sesv2": _ses,
    "secrets-manager": _secrets,
}
