"""The rights that the policies grant, in the words in which calls are recorded. Pure but for `granted_by_files`."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tests.rights.right import Right

Document = Mapping[str, Any]

OF_LAMBDA: Final = frozenset(
    {"ReadQueue", "ReadStream", "ListStreams", "PutAsideWhatFails", "WriteLogs", "WriteTraces"}
)
"""Statements about what Lambda itself does in a function's name: read its source, put aside what fails, log, trace."""
JUDGED: Final = ("dynamodb:", "s3:", "sqs:", "events:", "ses:", "secretsmanager:")
"""The services that the code calls. Others, as keys of KMS, follow from these: no call of ours names them."""


def granted(function: str, policy: Document) -> Iterator[Right]:
    """Yield what a policy lets the code of a function do."""
    for statement in policy["Statement"]:
        if statement.get("Sid") not in OF_LAMBDA:
            yield from _of_statement(function, statement)


def _of_statement(function: str, statement: Document) -> Iterator[Right]:
    for action in _listed(statement["Action"]):
        if action.startswith(JUDGED):
            for resource in _listed(statement["Resource"]):
                yield Right(function, action, resource_name(resource))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def resource_name(resource: Any) -> str:
    """Return the logical id that a resource of a policy refers to, with what follows it."""
    if isinstance(resource, str):
        return resource
    if "Fn::GetAtt" in resource:
        return str(resource["Fn::GetAtt"][0])
    if "Ref" in resource:
        return str(resource["Ref"])
    text = str(resource["Fn::Sub"])
    if ":ses:" in text:
        return "MailIdentity"  # its configuration sets belong to it: SES chooses one, no call of ours
    if ":secretsmanager:" in text:
        return "Secret"
    return re.sub(r"^\$\{(\w+)(?:\.Arn)?\}", r"\1", text)


def granted_by_files(root: Path, stage: str) -> Iterator[Right]:
    """Yield what the policies of the repository grant, by the functions' names."""
    folder = root / ".chalice"
    config = json.loads((folder / "config.json").read_text())["stages"][stage]
    files = {"api": config["iam_policy_file"]}
    files |= {name: each["iam_policy_file"] for name, each in config["lambda_functions"].items()}
    for name, file in files.items():
        yield from granted(name, json.loads((folder / file).read_text()))
