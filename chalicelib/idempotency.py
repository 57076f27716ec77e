"""The door to the table `idempotency`: what a caller's Idempotency-Key stands for, for ever.

A claim ties a key to one operation, to its content, and to the id and the time from which all that follows is made.
So a request that was cut off anywhere can be repeated: it finds its claim and goes on. There is no expiry, because a
key sent again after a year must not charge a card again.
"""

import secrets
from hashlib import sha256
from typing import Any, Final

import msgspec
from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib import clock
from chalicelib.errors import Refusal
from chalicelib.tables import Table, TableMeta, race

RANDOM_BYTES: Final = 10
"""Of a new id, behind its time: 80 bits, so that no two requests of one millisecond ever meet."""


class IdempotencyConflict(Refusal):
    """The key was used before, for something else."""

    status = 409
    type = "idempotency-conflict"
    title = "The Idempotency-Key was used for another request"

    def __init__(self, operation: str) -> None:
        super().__init__(
            f"this Idempotency-Key stands for another request ({operation.replace('_', '-')}) or other content; "
            "take a new key for a new request",
            header="Idempotency-Key",
        )


class Claim(msgspec.Struct, frozen=True):
    """What a key stands for: the id of the thing that it makes, and when it was first asked for."""

    resource_id: str
    created_at_ms: int


class IdempotencyRow(Table):
    """One row a key; written once, never changed."""

    class Meta(metaclass=TableMeta):
        setting = "idempotency_table"

    account_id = UnicodeAttribute(hash_key=True)
    idempotency_key = UnicodeAttribute(range_key=True)
    operation = UnicodeAttribute()
    content_hash = UnicodeAttribute()
    resource_id = UnicodeAttribute()
    created_at_ms = NumberAttribute()


def find(account_id: str, key: str, *, operation: str, content: Any) -> Claim | None:
    """Return what the key stands for, strongly consistent; None for a new key. Raises IdempotencyConflict."""
    try:
        row = IdempotencyRow.get(account_id, key, consistent_read=True)
    except IdempotencyRow.DoesNotExist:
        return None
    return _claim(row, operation, content)


def claim(account_id: str, key: str, *, operation: str, content: Any, prefix: str) -> Claim:
    """Claim a key for an operation with its content, or find the claim that it already has.

    `prefix` begins the id of a new claim. Raises IdempotencyConflict for another operation or other content.
    """
    moment = clock.now_ms()
    row = IdempotencyRow(
        account_id,
        key,
        operation=operation,
        content_hash=content_hash(content),
        resource_id=new_id(prefix, moment),
        created_at_ms=moment,
    )
    with race() as it:
        row.save(condition=IdempotencyRow.idempotency_key.does_not_exist())
    if not it.won:
        row = IdempotencyRow.get(account_id, key, consistent_read=True)
    return _claim(row, operation, content)


def _claim(row: IdempotencyRow, operation: str, content: Any) -> Claim:
    if (row.operation, row.content_hash) != (operation, content_hash(content)):
        raise IdempotencyConflict(row.operation)
    return Claim(row.resource_id, int(row.created_at_ms))


def new_id(prefix: str, moment_ms: int) -> str:
    """Make an id that sorts by time: the prefix, 12 hexadecimal digits of milliseconds, 20 random ones."""
    return f"{prefix}{moment_ms:012x}{secrets.token_hex(RANDOM_BYTES)}"


def resource_of(account_id: str, key: str) -> str | None:
    """Return the id of what a key stands for, whatever its content; None for a free key. Strongly consistent."""
    try:
        return IdempotencyRow.get(account_id, key, consistent_read=True).resource_id
    except IdempotencyRow.DoesNotExist:
        return None


def content_hash(content: Any) -> str:
    """Return the SHA-256 of the content as JSON with its names in order."""
    return sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()
