"""Encryption at rest: with keys that AWS owns, or with the customer's own where `KmsKeyArn` is given. Pure."""

from typing import Final

from infrastructure.generator.names import Document, function_id, ref
from infrastructure.generator.specification import Specification

HAS_KEY: Final = "HasKmsKey"
NOTHING: Final = ref("AWS::NoValue")
KEY: Final = ref("KmsKeyArn")
KEY_ACTIONS: Final = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey")
"""What DynamoDB, SQS, S3 and Lambda ask of the key in a function's name."""


def either(*, with_key: object, without: object) -> Document:
    """Return one value for stacks that have a key of their own, and another for those that have none."""
    return {"Fn::If": [HAS_KEY, with_key, without]}


def of_table() -> Document:
    """Return a table's encryption. `SSEEnabled: false` is a key that AWS owns: nothing is ever stored unencrypted."""
    return either(with_key={"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEY}, without={"SSEEnabled": False})


def of_queue() -> Document:
    """Return the properties of a queue's encryption."""
    return {"KmsMasterKeyId": of_setting(), "SqsManagedSseEnabled": either(with_key=NOTHING, without=True)}


def of_setting() -> Document:
    """Return the key for a property that takes one, and is left out without."""
    return either(with_key=KEY, without=NOTHING)


def key_policy(specification: Specification) -> Document:
    """Let every function use the key, where there is one. It is apart from their own policies, which name no key."""
    names = [function_id("api"), *(function_id(name) for name in specification.functions)]
    statement = {"Sid": "UseTheKey", "Effect": "Allow", "Action": list(KEY_ACTIONS), "Resource": KEY}
    properties = {
        "PolicyName": "key",
        "Roles": [ref(role_id(name)) for name in names],
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
    }
    return {"Type": "AWS::IAM::Policy", "Condition": HAS_KEY, "Properties": properties}


def role_id(function: str) -> str:
    """Return the logical id that Chalice gives a function's role."""
    return "ApiHandlerRole" if function == "APIHandler" else f"{function}Role"
