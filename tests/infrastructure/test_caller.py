"""In which region a command works, and what it says to a caller whom AWS does not know."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner

from infrastructure.caller import is_of_the_caller
from infrastructure.deploy.__main__ import commands
from infrastructure.deploy.account import NoAccount, find_account
from infrastructure.deploy.adopt import NotAdopted, read_resources
from local.aws import Aws
from ops.__main__ import ops
from tests.environment import use

REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
NOTHING_ELSE = {
    "AWS_CONFIG_FILE": "/nonexistent",
    "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@pytest.fixture
def elsewhere(aws: Aws) -> Iterator[None]:
    """Ask for another region than the one that is set beside it, as for a stack in a second region."""
    with use({**aws.environment, "AWS_DEFAULT_REGION": "us-east-1", "AWS_REGION": "eu-central-1"}):
        yield


def test_aws_region_is_the_region_of_a_deployment_whatever_the_default_is(elsewhere: None) -> None:
    assert find_account().region == "eu-central-1"


def test_aws_region_is_the_region_of_a_stack_whatever_the_default_is(elsewhere: None) -> None:
    done = CliRunner().invoke(ops, ["--stack", "nothing", "parked"])
    assert "the stack nothing cannot be read" in done.output
    assert "(region eu-central-1)" in done.output


def test_without_a_region_both_command_lines_say_what_to_set() -> None:
    with use(NOTHING_ELSE, without=REGIONS):
        with pytest.raises(NoAccount, match="no region: set AWS_REGION"):
            find_account()
        done = CliRunner().invoke(ops, ["--stack", "billing-portal", "parked"])
        failures = CliRunner().invoke(ops, ["failures", "show"])
    assert "no region: set AWS_REGION" in done.output
    assert "Error: no region: set AWS_REGION" in failures.output


def test_without_credentials_both_command_lines_say_what_to_set() -> None:
    with use({**NOTHING_ELSE, "AWS_DEFAULT_REGION": "us-east-1"}, without=(*CREDENTIALS, "AWS_REGION")):
        with pytest.raises(NoAccount, match="set AWS_PROFILE"):
            find_account()
        of_a_stack = CliRunner().invoke(ops, ["--stack", "billing-portal", "parked"])
        of_a_secret = CliRunner().invoke(ops, ["secrets", "show", "--name", "billing-portal"])
    assert "set AWS_PROFILE" in of_a_stack.output
    assert "set AWS_PROFILE" in of_a_secret.output


@pytest.mark.parametrize(
    ("code", "expected"),
    [("AccessDeniedException", True), ("ExpiredTokenException", True), ("ValidationException", False)],
)
def test_only_what_is_about_the_caller_is_told_without_a_stack_trace(code: str, expected: bool) -> None:
    assert is_of_the_caller(ClientError({"Error": {"Code": code}}, "Scan")) is expected


@pytest.mark.parametrize("text", ["# A title", "[]", "{}"])
def test_a_file_that_is_no_packaged_template_is_refused_at_once(text: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text(text)
    done = CliRunner().invoke(commands, ["deploy", "dev", f"--template={file}"])
    assert done.exit_code == 2
    assert "is no packaged template" in done.output


@pytest.mark.parametrize("text", ["# A title", '["WalletsTable"]', '{"WalletsTable": 3}'])
def test_a_file_that_names_no_resources_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text(text)
    with pytest.raises(NotAdopted, match="is not a JSON object"):
        read_resources(file, {"Resources": {"WalletsTable": {"Type": "AWS::DynamoDB::Table"}}})
