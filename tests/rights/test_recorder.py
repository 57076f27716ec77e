"""A function's calls are recorded under its name, with the names that its settings give to resources."""

from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path

import boto3
import pytest

from chalicelib import queues
from chalicelib.accounts import table as accounts
from chalicelib.invoices import archive
from chalicelib.lambda_function import lambda_function
from chalicelib.log import log_context
from chalicelib.settings import settings
from chalicelib.threads import in_threads, side_by_side
from tests.build import account
from tests.environment import use
from tests.rights.recorder import DIRECTORY, recorded
from tests.rights.right import Right

_numbers = count(1)


@pytest.fixture
def directory(memory: Mapping[str, str], tmp_path: Path) -> Iterator[Path]:
    """Record into a directory of the test's own: its functions are none of those that have policies."""
    with use({DIRECTORY: str(tmp_path)}):
        yield tmp_path


@pytest.fixture
def name() -> str:
    return f"function_{next(_numbers)}"


def rights(directory: Path, name: str) -> set[tuple[str, str]]:
    found = recorded(directory)
    assert {each.function for each in found} <= {name}
    return {(each.action, each.resource) for each in found}


def test_a_functions_calls_are_recorded_under_its_name(directory: Path) -> None:
    @lambda_function
    def a_function(_event: object, _context: object) -> None:
        accounts.find("nobody")

    a_function({}, None)
    assert recorded(directory) == {Right("a_function", "dynamodb:GetItem", "AccountsTable")}


def test_calls_outside_of_functions_are_not_recorded(directory: Path) -> None:
    accounts.find("nobody")
    assert recorded(directory) == set()


def test_a_transaction_is_recorded_by_its_parts(directory: Path, name: str) -> None:
    with log_context(function=name):
        accounts.create(account(f"account-of-{name}"))
    assert rights(directory, name) == {("dynamodb:PutItem", "AccountsTable"), ("dynamodb:PutItem", "WalletsTable")}


def test_calls_of_a_functions_threads_are_its_calls(directory: Path, name: str) -> None:
    with log_context(function=name):
        in_threads(lambda queue: queues.send(queue, "{}"), [settings().charges_queue_url], 2)
        side_by_side(lambda: None, lambda: accounts.find("nobody"))
    assert rights(directory, name) == {
        ("sqs:SendMessage", "ChargesQueue"),
        ("dynamodb:GetItem", "AccountsTable"),
    }


def test_a_missing_object_takes_the_right_to_list(directory: Path, name: str) -> None:
    with log_context(function=name):
        assert not archive.has("acme", "1")
        archive.keep("acme", "1", b"%PDF")
        assert archive.has("acme", "1")
    assert rights(directory, name) == {
        ("s3:GetObject", "InvoicesBucket/documents/*"),
        ("s3:PutObject", "InvoicesBucket/documents/*"),
        ("s3:ListBucket", "InvoicesBucket"),
    }


def test_a_link_is_read_with_the_rights_of_who_signs_it(directory: Path, name: str) -> None:
    with log_context(function=name):
        archive.link("acme", "2")
    assert rights(directory, name) == {("s3:GetObject", "InvoicesBucket/documents/*")}


def test_a_resource_that_no_setting_names_keeps_its_own_name(directory: Path, name: str) -> None:
    with log_context(function=name):
        url = boto3.Session().client("sqs").create_queue(QueueName="stray")["QueueUrl"]
        queues.send(url, "{}")
    assert ("sqs:SendMessage", url) in rights(directory, name)
