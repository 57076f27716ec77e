"""The operator's door to the secret of a deployment: one JSON object in Secrets Manager.

Two people may write at once, so a change is made to the version that was read or not at all: the new version is stored
beside it first, and then takes the label AWSCURRENT from exactly that version
(https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html).
"""

import json
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infrastructure.caller import explain

DRAFT: Final = "draft-"
"""Begins the label of a version that is stored and not yet current. Each writer's is its own. Secrets Manager deletes
versions without a label; one that a writer left behind when it was cut off stays, and is never read."""

ATTEMPTS: Final = 5
CHANGED_MEANWHILE: Final = frozenset({"InvalidParameterException", "ResourceNotFoundException"})


class SecretStoreError(Exception):
    """The secret cannot be read or written; the text says why, without a value."""


class SecretExists(SecretStoreError):
    """There is a secret of this name already."""


class ChangedMeanwhile(SecretStoreError):
    """Somebody else has written the secret since it was read; nothing was written."""


@dataclass(frozen=True)
class Version:
    """The values of a secret, and the version that they were read from. Values are not shown in logs."""

    secret_id: str
    version_id: str
    created: str
    values: Mapping[str, Any] = field(repr=False)


def load(secret_id: str) -> dict[str, Any]:
    """Return the current values of a secret. Raises SecretStoreError."""
    return dict(load_version(secret_id).values)


def load_version(secret_id: str) -> Version:
    """Return the current version of a secret. Raises SecretStoreError."""
    found = _call("get_secret_value", SecretId=secret_id)
    try:
        values = json.loads(found.get("SecretString", ""))
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise SecretStoreError(f"the secret {secret_id} is not a JSON object")
    return Version(secret_id, found["VersionId"], found["CreatedDate"].isoformat(timespec="minutes"), values)


def create(secret_id: str, values: Mapping[str, Any], *, kms_key_id: str | None = None) -> None:
    """Create a secret. Raises SecretExists, SecretStoreError."""
    key = {"KmsKeyId": kms_key_id} if kms_key_id else {}
    _call("create_secret", Name=secret_id, SecretString=json.dumps(values), **key)


def save(secret_id: str, values: Mapping[str, Any]) -> None:
    """Make these the values of a secret that exists. Raises ChangedMeanwhile, SecretStoreError.

    It protects only against others who write at this moment. A change of values that were read is `change`.
    """
    replace(load_version(secret_id), values)


def change(secret_id: str, changed: Callable[[dict[str, Any]], Mapping[str, Any]]) -> Mapping[str, Any]:
    """Replace the values by what a function makes of them; return them. Raises ChangedMeanwhile, SecretStoreError.

    The function is called again with the newer values if somebody else has written in between.
    """
    for left in reversed(range(ATTEMPTS)):
        found = load_version(secret_id)
        values = changed(json.loads(json.dumps(found.values)))
        try:
            replace(found, values)
        except ChangedMeanwhile:
            if not left:
                raise
        else:
            return values
    raise AssertionError


def replace(found: Version, values: Mapping[str, Any]) -> None:
    """Make these the values of a secret, if the version found is still current. Raises ChangedMeanwhile."""
    if values == found.values:
        return
    draft = DRAFT + secrets.token_hex(8)
    put = _call("put_secret_value", SecretId=found.secret_id, SecretString=json.dumps(values), VersionStages=[draft])
    move = partial(_call, "update_secret_version_stage", SecretId=found.secret_id)
    try:
        move(VersionStage="AWSCURRENT", MoveToVersionId=put["VersionId"], RemoveFromVersionId=found.version_id)
    except ChangedMeanwhile:
        # If the answer is lost, the client moves the label again, which it cannot: the one who was faster is this one.
        if load_version(found.secret_id).version_id != put["VersionId"]:
            raise
    finally:
        # What has become of the values is decided: a label that stays behind does no harm.
        with suppress(SecretStoreError):
            move(VersionStage=draft, RemoveFromVersionId=put["VersionId"])


@cache
def client() -> Any:
    """Return the client of Secrets Manager, made on first use."""
    return boto3.Session().client("secretsmanager")


def _call(operation: str, **parameters: Any) -> Any:
    try:
        return getattr(client(), operation)(**parameters)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code == "ResourceExistsException":
            raise SecretExists(f"there is a secret {parameters['Name']} already") from None
        if operation == "update_secret_version_stage" and code in CHANGED_MEANWHILE:
            raise ChangedMeanwhile("the secret was changed by somebody else at the same time") from None
        if code == "ResourceNotFoundException":
            raise SecretStoreError(f"there is no secret {parameters['SecretId']}: {explain(error)}") from None
        raise SecretStoreError(explain(error)) from None
    except BotoCoreError as error:
        raise SecretStoreError(explain(error)) from None
