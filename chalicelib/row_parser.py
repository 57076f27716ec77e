"""Parse DynamoDB's answers to reads, as botocore would.

botocore walks through an answer by its model of DynamoDB, a call for each value of each attribute. Only binary values
need it: everything else stands in JSON as botocore returns it. So a month of usage is parsed in a seventh of the time.
"""

from base64 import b64decode
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from chalicelib.typed import json_decoder

READS: Final = ("BatchGetItem", "GetItem", "Query", "Scan")
BINARY: Final = (b'"B"', b'"BS"')
"""What stands in the JSON of every answer with a binary value, and in hardly another."""

_OK: Final = 200


def register(session: Any) -> None:
    """Parse the reads of a session's clients here. Safe to repeat."""
    for operation in READS:
        session.register(f"before-parse.dynamodb.{operation}", _parse, unique_id=f"rows-of-{operation}")


def _parse(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
    """Give botocore what an answer holds, and an empty body to parse. Errors and what is no JSON stay its own."""
    if response_dict["status_code"] != _OK:
        return
    try:
        answer = json_decoder(dict[str, Any]).decode(response_dict["body"])
    except msgspec.DecodeError:
        return
    if any(kind in response_dict["body"] for kind in BINARY):
        for row in _rows(answer):
            for name, value in row.items():
                row[name] = _parsed(value)
    customized_response_dict.update(answer)
    response_dict["body"] = b"{}"


def _rows(answer: dict[str, Any]) -> Iterable[dict[str, Any]]:
    """Return an answer's rows. Keys, which it may name, too, are never binary here."""
    if "Item" in answer:
        return [answer["Item"]]
    return [*answer.get("Items", ()), *(row for rows in answer.get("Responses", {}).values() for row in rows)]


def _parsed(value: dict[str, Any]) -> dict[str, Any]:
    """Return a value with bytes where they are base64 in JSON."""
    ((kind, content),) = value.items()
    if kind == "B":
        return {"B": b64decode(content)}
    if kind == "BS":
        return {"BS": [b64decode(each) for each in content]}
    if kind == "L":
        return {"L": [_parsed(each) for each in content]}
    if kind == "M":
        return {"M": {name: _parsed(each) for name, each in content.items()}}
    return value
