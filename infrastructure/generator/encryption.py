"""Encryption at rest: with keys that AWS owns, or with the customer's own where `KmsKeyArn` is given. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final

from infrastructure.generator.names import API, Document, ref, role_id
from infrastructure.generator.specification import Specification

HAS_KEY: Final = "HasKmsKey"
NOTHING: Final = ref("AWS::NoValue")
KEY: Final = ref("KmsKeyArn")
HAS_FORMER_KEY: Final = "HasFormerKmsKey"
FORMER_KEY: Final = ref("FormerKmsKeyArn")
POLICY: Final = "FunctionsKeyPolicy"
FORMER_POLICY: Final = "FunctionsFormerKeyPolicy"
KEY_ACTIONS: Final = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey")
"""What DynamoDB, SQS, S3 and Lambda ask of the key in a function's name."""
FORMER_KEY_ACTIONS: Final = ("kms:Decrypt", "kms:DescribeKey")
"""Objects and messages keep the key that they were stored with: the archive of invoices for as long as it is kept."""


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


def of_function() -> Document:
    """Return the key of a function's settings, once the function may use it: it could not even start without.

    The reference to the policy is what waits. `DependsOn` cannot name what exists under a condition only.
    """
    return either(with_key={"Fn::Select": [0, [KEY, ref(POLICY)]]}, without=NOTHING)


def key_policies(specification: Specification) -> Iterator[tuple[str, Document]]:
    """Let every function use the key, and read what a former key has encrypted, where there is one.

    Both are apart from the functions' own policies, which name no key.
    """
    yield POLICY, _policy("key", HAS_KEY, KEY_ACTIONS, KEY, specification)
    yield FORMER_POLICY, _policy("former-key", HAS_FORMER_KEY, FORMER_KEY_ACTIONS, FORMER_KEY, specification)


def _policy(name: str, condition: str, actions: Sequence[str], key: Document, specification: Specification) -> Document:
    statement = {"Sid": "UseTheKey", "Effect": "Allow", "Action": list(actions), "Resource": key}
    properties = {
        "PolicyName": name,
        "Roles": [ref(role_id(function)) for function in (API, *specification.functions)],
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
    }
    return {"Type": "AWS::IAM::Policy", "Condition": condition, "Properties": properties}
