import json
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import ConnectionClosedError
from botocore.httpsession import URLLib3Session

from local.aws import Aws
from local.resources import Deployment
from ops import secret_store
from ops.secret_store import ChangedMeanwhile, SecretExists, SecretStoreError
from tests.build import unique

VALUES = {"token_secret": "t" * 40, "stripe_secret_key": "sk_test_1"}


@pytest.fixture
def secret_id(stack: Deployment) -> str:
    name = unique("secret")
    secret_store.create(name, VALUES)
    return name


def test_what_is_saved_is_loaded(secret_id: str) -> None:
    assert secret_store.load(secret_id) == VALUES
    secret_store.save(secret_id, {**VALUES, "stripe_secret_key": "sk_test_2"})
    assert secret_store.load(secret_id) == {**VALUES, "stripe_secret_key": "sk_test_2"}


def test_a_secret_that_exists_is_not_created_again(secret_id: str) -> None:
    with pytest.raises(SecretExists):
        secret_store.create(secret_id, {"token_secret": "other"})
    assert secret_store.load(secret_id) == VALUES


def test_the_second_of_two_who_read_the_same_version_writes_nothing(secret_id: str) -> None:
    first, second = secret_store.load_version(secret_id), secret_store.load_version(secret_id)
    secret_store.replace(first, {**VALUES, "stripe_secret_key": "sk_of_the_first"})
    with pytest.raises(ChangedMeanwhile):
        secret_store.replace(second, {**VALUES, "stripe_secret_key": "sk_of_the_second"})
    assert secret_store.load(secret_id)["stripe_secret_key"] == "sk_of_the_first"


def test_a_change_is_made_again_to_what_somebody_else_wrote_in_between(secret_id: str) -> None:
    seen: list[list[str]] = []

    def add_mine(values: dict[str, Any]) -> Mapping[str, Any]:
        if not seen:
            secret_store.save(secret_id, {**values, "theirs": "1"})
        seen.append(sorted(values))
        return {**values, "mine": "2"}

    secret_store.change(secret_id, add_mine)
    assert secret_store.load(secret_id) == {**VALUES, "theirs": "1", "mine": "2"}
    assert len(seen) == 2


def test_who_always_comes_too_late_is_told(secret_id: str) -> None:
    def overtaken(values: dict[str, Any]) -> Mapping[str, Any]:
        secret_store.save(secret_id, {**values, "count": values.get("count", 0) + 1})
        return {**values, "mine": "2"}

    with pytest.raises(ChangedMeanwhile):
        secret_store.change(secret_id, overtaken)
    assert secret_store.load(secret_id) == {**VALUES, "count": secret_store.ATTEMPTS}


@pytest.mark.parametrize("lost", [1, 2], ids=["of the new version", "of the draft's label"])
def test_a_change_whose_answer_is_lost_is_made_once(secret_id: str, lost: int) -> None:
    """The client asks again by itself, and the repeat is refused: the label has moved already."""
    calls: list[str] = []
    seen: list[Mapping[str, Any]] = []

    def lose(request: AWSPreparedRequest, **_: Any) -> None:
        calls.append(request.url)
        if len(calls) == lost:
            URLLib3Session().send(request)
            raise ConnectionClosedError(endpoint_url=request.url)

    def add_mine(values: dict[str, Any]) -> Mapping[str, Any]:
        seen.append(values)
        return {**values, "mine": "2"}

    secret_store.client().meta.events.register("before-send.secretsmanager.UpdateSecretVersionStage", lose)
    secret_store.change(secret_id, add_mine)
    assert seen == [VALUES]
    assert secret_store.load(secret_id) == {**VALUES, "mine": "2"}
    secret_store.client.cache_clear()


def test_a_writer_that_is_cut_off_leaves_the_values_and_hinders_nobody(aws: Aws, secret_id: str) -> None:
    client = aws.client("secretsmanager")
    draft = json.dumps({"token_secret": "half"})
    client.put_secret_value(SecretId=secret_id, SecretString=draft, VersionStages=["draft-1"])
    assert secret_store.load(secret_id) == VALUES
    secret_store.save(secret_id, {**VALUES, "a": "b"})
    assert secret_store.load(secret_id) == {**VALUES, "a": "b"}
    versions = client.list_secret_version_ids(SecretId=secret_id)["Versions"]
    assert sorted(each["VersionStages"] for each in versions) == [["AWSCURRENT"], ["AWSPREVIOUS"], ["draft-1"]]


def test_the_same_values_make_no_version(aws: Aws, secret_id: str) -> None:
    secret_store.save(secret_id, VALUES)
    versions = aws.client("secretsmanager").list_secret_version_ids(SecretId=secret_id, IncludeDeprecated=True)
    assert len(versions["Versions"]) == 1


def test_no_error_holds_a_value(aws: Aws, secret_id: str) -> None:
    with pytest.raises(SecretStoreError):
        secret_store.load(unique("nowhere"))
    aws.client("secretsmanager").put_secret_value(SecretId=secret_id, SecretString='{"token_secret": "hush"')
    with pytest.raises(SecretStoreError, match="is not a JSON object") as caught:
        secret_store.load(secret_id)
    assert "hush" not in str(caught.value)
    assert "hush" not in repr(caught.value.__context__)
