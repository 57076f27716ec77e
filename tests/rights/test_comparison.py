"""Nothing missing, nothing extra: and what is neither."""

import json
from pathlib import Path

from infrastructure.generator.__main__ import ROOT
from infrastructure.generator.files import STAGE
from infrastructure.generator.specification import read
from tests.rights.comparison import compare
from tests.rights.exceptions import NEVER_CALLED
from tests.rights.policies import granted, granted_by_files
from tests.rights.right import Right

READ = Right("pay", "dynamodb:GetItem", "WalletsTable")
WRITE = Right("pay", "dynamodb:PutItem", "WalletsTable")


def test_what_was_called_and_is_not_granted_is_missing() -> None:
    found = compare({READ, WRITE}, {READ}, {})
    assert (found.missing, found.extra, found.is_equal) == ([WRITE], [], False)
    assert [*found.lines()] == [
        "missing: pay: dynamodb:PutItem on WalletsTable: called in a test, refused when deployed"
    ]


def test_what_is_granted_and_was_never_called_is_extra_unless_there_is_a_reason() -> None:
    assert compare({READ}, {READ, WRITE}, {}).extra == [WRITE]
    assert compare({READ}, {READ, WRITE}, {WRITE: "once a year"}).is_equal


def test_a_reason_is_wrong_once_the_right_is_no_longer_granted() -> None:
    assert compare({READ}, {READ}, {READ: "now and then"}).is_equal
    assert compare({READ}, {READ}, {WRITE: "never"}).explained == [WRITE]


def test_what_lambda_does_in_a_functions_name_is_not_judged() -> None:
    statements = [
        {"Sid": "ReadQueue", "Action": ["sqs:ReceiveMessage"], "Resource": {"Fn::GetAtt": ["ChargesQueue", "Arn"]}},
        {"Sid": "UseKey", "Action": "kms:Decrypt", "Resource": "*"},
        {"Sid": "UseIndex", "Action": ["dynamodb:Query"], "Resource": [{"Fn::Sub": "${CardsTable.Arn}/index/due"}]},
        {"Sid": "SendMails", "Action": ["ses:SendEmail"], "Resource": [{"Fn::Sub": "arn:x:ses:y:identity/${Me}"}]},
        {"Sid": "ReadSecret", "Action": ["secretsmanager:GetSecretValue"], "Resource": [{"Ref": "Secret"}]},
    ]
    assert [*granted("pay", {"Statement": statements})] == [
        Right("pay", "dynamodb:Query", "CardsTable/index/due"),
        Right("pay", "ses:SendEmail", "MailIdentity"),
        Right("pay", "secretsmanager:GetSecretValue", "Secret"),
    ]


def test_every_policy_is_read_and_every_exception_is_of_one() -> None:
    rights = {*granted_by_files(ROOT, STAGE)}
    functions = {"api", *read((ROOT / "infrastructure/functions.toml").read_text()).functions}
    assert functions == {each.function for each in rights}
    assert NEVER_CALLED.keys() <= rights
    assert all(NEVER_CALLED.values())


def test_a_policys_resources_are_names_and_no_longer_references() -> None:
    assert not [each for each in granted_by_files(ROOT, STAGE) if "$" in each.resource or ":" in each.resource]


def test_the_record_is_of_all_processes(tmp_path: Path) -> None:
    from tests.rights.recorder import recorded  # noqa: PLC0415 - the hook is no part of what is compared here

    for number, right in enumerate((READ, WRITE)):
        (tmp_path / f"{number}.jsonl").write_text(json.dumps(right) + "\n")
    assert recorded(tmp_path) == {READ, WRITE}
