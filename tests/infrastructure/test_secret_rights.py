"""Only the functions that need the keys may read the secret that holds them."""

import json
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from infrastructure.generator.specification import SPECIFICATION, read
from infrastructure.package import ROOT
from tests.infrastructure.calls import calls, path_to
from tests.infrastructure.guarded import API_POLICY, FUNCTIONS, POLICIES, Guarded, statements

READERS = frozenset({"chalicelib.secrets.secrets", "chalicelib.secrets.with_secrets"})
"""The only functions that return the keys."""

CALLS = calls(ROOT / "chalicelib")
SPECIFIED = read(SPECIFICATION.read_text())


@pytest.mark.parametrize("name", SPECIFIED.functions)
def test_a_function_may_read_the_secret_if_its_code_can_come_to_that(name: str) -> None:
    function = SPECIFIED.functions[name]
    path = path_to(READERS, function.handler, CALLS)
    assert function.secrets == bool(path), path or f"[functions.{name}] never reads the secret: take the right away"


def test_the_api_may_read_the_secret() -> None:
    assert SPECIFIED.api.secrets


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.stem)
def test_the_right_is_one_action_on_one_secret(policy: Path) -> None:
    found = [each for each in statements(policy) if "secretsmanager" in json.dumps(each)]
    for statement in found:
        assert statement["Action"] == ["secretsmanager:GetSecretValue"]
        (resource,) = statement["Resource"]
        assert resource["Fn::Sub"].endswith(":${AWS::Region}:${AWS::AccountId}:secret:${SecretName}-??????")


@pytest.mark.parametrize("policy", [API_POLICY, FUNCTIONS["charge_payments"], FUNCTIONS["record_usage"]])
def test_a_function_without_the_right_is_refused(guarded: Guarded, policy: str) -> None:
    environment = guarded.environment(policy)
    caller = boto3.Session(
        environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"], region_name="us-east-1"
    ).client("secretsmanager", endpoint_url=environment["AWS_ENDPOINT_URL"])
    if policy == FUNCTIONS["record_usage"]:
        with pytest.raises(ClientError, match="AccessDenied"):
            caller.get_secret_value(SecretId=environment["SECRET_ID"])
    else:
        assert caller.get_secret_value(SecretId=environment["SECRET_ID"])["SecretString"]
        with pytest.raises(ClientError, match="AccessDenied"):
            caller.put_secret_value(SecretId=environment["SECRET_ID"], SecretString="{}")
