"""The logs of all accounts, as they would be if each of their rows had just been written."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import boto3

from chalicelib.clock import now_ms
from chalicelib.portal.handlers import ALL_SOURCES
from chalicelib.settings import settings
from tests.functions import call

_numbers = count(1)


def log_all_changes() -> None:
    """Deliver the records of all rows whose changes are logged: for each, what it says differs from what it said."""
    for setting in ALL_SOURCES:
        table = getattr(settings(), setting)
        rows = boto3.client("dynamodb").scan(TableName=table)["Items"]
        records = [each for row in rows for each in _records(table, row)]
        assert call("log_changes", {"Records": records}) == {"batchItemFailures": []}


def _records(table: str, row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the record of a row that is new, and of an account that was active before."""
    yield _record(table, row)
    if "standing" in row:
        kept = {name: value for name, value in row.items() if not name.startswith("standing_")}
        yield _record(table, row, OldImage={**kept, "standing": {"S": "active"}})


def _record(table: str, row: dict[str, Any], **old: dict[str, Any]) -> dict[str, Any]:
    names = {"account_id", *({"number"} if "secret_hash" in row else {"notice", "stripe_account"} & row.keys())}
    if row.keys() & {"state", "way"}:  # of a connection the Stripe account is no key
        names = {"account_id"}
    dynamodb = {
        "ApproximateCreationDateTime": now_ms() / 1000,
        "Keys": {name: row[name] for name in names},
        "SequenceNumber": str(next(_numbers)),
        "NewImage": row,
        **old,
    }
    arn = f"arn:aws:dynamodb:us-east-1:000000000000:table/{table}/stream/1"
    return {"eventName": "MODIFY" if old else "INSERT", "eventSourceARN": arn, "dynamodb": dynamodb}
