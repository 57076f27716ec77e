"""Reads are parsed as botocore parses them."""

from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from chalicelib.settings import settings
from chalicelib.tables import connection

ROW: dict[str, Any] = {
    "account_id": {"S": "acme"},
    "text": {"S": 'quotes " and \u00e9 \U0001f4b6'},
    "number": {"N": "-12345678901234567890123456789012345678"},
    "bytes": {"B": b"\x00\xff"},
    "empty": {"S": ""},
    "yes": {"BOOL": True},
    "nothing": {"NULL": True},
    "texts": {"SS": ["a", "b"]},
    "all_bytes": {"BS": [b"\x01", b"\x02"]},
    "list": {"L": [{"B": b"in a list"}, {"M": {"deeper": {"B": b"in a map in a list"}}}]},
    "map": {"M": {"S": {"S": "named like a type"}, "B": {"B": b"\x03"}}},
}


@pytest.fixture
def table(memory: Mapping[str, str]) -> Iterator[str]:
    name = settings().wallets_table
    plain = boto3.client("dynamodb")
    plain.put_item(TableName=name, Item=ROW)
    yield name
    plain.delete_item(TableName=name, Key={"account_id": ROW["account_id"]})


def reads(client: Any, table: str) -> Iterator[dict[str, Any]]:
    """Yield the answer to each kind of read, of a row that is there and of none."""
    for account_id in ("acme", "nobody"):
        key = {"account_id": {"S": account_id}}
        yield client.get_item(TableName=table, Key=key)
        yield client.batch_get_item(RequestItems={table: {"Keys": [key]}})
        condition = {
            "KeyConditionExpression": "account_id = :a",
            "ExpressionAttributeValues": {":a": {"S": account_id}},
        }
        yield client.query(TableName=table, **condition)
    yield client.scan(TableName=table, Limit=1)


def test_every_read_is_what_botocore_makes_of_it(table: str) -> None:
    ours, of_botocore = (
        [{name: value for name, value in each.items() if name != "ResponseMetadata"} for each in reads(client, table)]
        for client in (connection().client, boto3.client("dynamodb"))
    )
    assert ours == of_botocore
    assert ours[0]["Item"] == ROW


def test_the_metadata_of_an_answer_is_still_there(table: str) -> None:
    for answer in reads(connection().client, table):
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_a_read_that_is_refused_is_botocores_error(table: str) -> None:
    with pytest.raises(ClientError) as refused:
        connection().client.get_item(TableName=table, Key={"no_such_key": {"S": "acme"}})
    assert refused.value.response["Error"]["Code"] == "ValidationException"
