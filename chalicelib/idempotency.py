"""The door to the table `idempotency`: what each Idempotency-Key identifies. Rows do not expire.

A claim ties a key to one operation, to its content, and to the id and the time from which everything else is made. So a
request that was cut off anywhere can be repeated: it finds its claim and resumes. There is no expiry, because a key
sent again after a year must not charge a card again.

The API's first successful answer is stored with the key, and returned unchanged to concurrent and later requests with
that key, whatever has changed since. Refusals are not stored, nor answers that say that the outcome is not known yet:
the verb makes those again from the claim. So it does for another reader: a client and its workspace may use the same
key for the same request, and are not shown the same names.

The keys of an account's customers and those of the operator are two spaces: neither knows the other's keys, so both may
use the same key. The space that uses a key first has its row under the key itself. The row of the other space is stored
under that space's name, a blank and the key (no key contains a blank). Rows are never removed, so a space has such a
row only if the one under the key itself is the other space's, and one read finds nearly every key.

Rows written before there were spaces name no space. They are under the key itself, which is read first, so their
operations are never done twice, not even while an old version of this code, which reads and writes the same rows, still
runs. An adjustment or a refund was certainly the operator's: a customer may use its key for another request. For any
other operation the space is not known, so the row belongs to both: the same request gets the same answer, and a
different one is refused and needs a new key. This errs on the side of moving no money.
"""

import secrets
from hashlib import sha256
from typing import Any, Final, Literal

import msgspec
from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.transactions import TransactWrite

from chalicelib import clock
from chalicelib.claim import Claim
from chalicelib.conflicts import conditional_write
from chalicelib.errors import Refusal
from chalicelib.tables import Table, TableMeta
from chalicelib.typed import convert

Space = Literal["customer", "operator"]

ONLY_OPERATORS: Final = frozenset({"adjustment", "refund"})
"""The operations that only an operator could ask for when rows named no space."""

RANDOM_BYTES: Final = 10
"""In a new id, after its time: 80 bits, so that the ids of requests in the same millisecond do not collide."""


class IdempotencyConflict(Refusal):
    """The key was used before, for another request."""

    status = 409
    type = "idempotency-conflict"
    title = "The Idempotency-Key was used for another request"

    def __init__(self, operation: str) -> None:
        super().__init__(
            f"this Idempotency-Key stands for another request ({operation.replace('_', '-')}) or other content; "
            "take a new key for a new request",
            header="Idempotency-Key",
        )


class Answer(msgspec.Struct, frozen=True):
    """The first answer to a key. `reader` is the account whose people it was made for; empty for the operator."""

    status: int
    body: str
    reader: str = ""

    def is_for(self, reader: str) -> bool:
        """Tell whether somebody may read it. Answers from before there were readers are for everybody."""
        return self.reader in {"", reader}


class AnsweredBeforeError(Exception):
    """The key has its answer already: nothing is done, and the API returns it again."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class Key(msgspec.Struct, frozen=True):
    """A key with the space that it belongs to. `keeps_answer` is True for callers that return a stored answer again.

    `reader` is for whom such an answer is made.
    """

    text: str
    space: Space
    keeps_answer: bool = False
    reader: str = ""

    @property
    def range_keys(self) -> tuple[str, str]:
        """Return the two range keys that its row may have: the key itself, and the key after its space's name."""
        return self.text, f"{self.space} {self.text}"


class IdempotencyRow(Table):
    """One row per key. What the key identifies is never changed; its result is added once."""

    class Meta(metaclass=TableMeta):
        setting = "idempotency_table"

    account_id = UnicodeAttribute(hash_key=True)
    idempotency_key = UnicodeAttribute(range_key=True)
    space = UnicodeAttribute(null=True)
    operation = UnicodeAttribute()
    content_hash = UnicodeAttribute()
    resource_id = UnicodeAttribute()
    created_at_ms = NumberAttribute()
    is_done = BooleanAttribute(null=True)
    answer = JSONAttribute(null=True)

    def belongs_to(self, space: Space) -> bool:
        """Tell whether the row belongs to a space; one from before there were spaces may belong to both."""
        if not self.space:
            return space == "operator" or self.operation not in ONLY_OPERATORS
        return self.space == space


def find(account_id: str, key: Key, *, operation: str, content: Any) -> Claim | None:
    """Return the claim of a key, strongly consistent; None for a new key.

    Raises IdempotencyConflict, AnsweredBeforeError.
    """
    row = _find_row(account_id, key)
    return _claim(row, key, operation, content) if row else None


def claim(account_id: str, key: Key, *, operation: str, content: Any, prefix: str) -> Claim:
    """Claim a key for an operation with its content, or find the claim that it already has.

    `prefix` begins the id of a new claim. Raises IdempotencyConflict for another operation or other content,
    AnsweredBeforeError.
    """
    moment = clock.now_ms()
    key_itself, key_with_space = key.range_keys
    row = IdempotencyRow(
        account_id,
        key_itself,
        space=key.space,
        operation=operation,
        content_hash=content_hash(content),
        resource_id=new_id(prefix, moment),
        created_at_ms=moment,
    )
    found = _put(row)
    if not found.belongs_to(key.space):
        row.idempotency_key = key_with_space
        found = _put(row)
    return _claim(found, key, operation, content)


def add_done(transaction: TransactWrite, account_id: str, key: Key) -> None:
    """Mark a claimed key's operation as done in a transaction, on condition that it is not marked yet."""
    row = _find_row(account_id, key) or IdempotencyRow(account_id, key.text)
    transaction.update(
        row, actions=[IdempotencyRow.is_done.set(True)], condition=IdempotencyRow.is_done.does_not_exist()
    )


def keep_answer(account_id: str, key: Key, answer: Answer) -> Answer:
    """Store the answer to a claimed key, unless one is stored, and return the stored one if it is for its reader."""
    row = _find_row(account_id, key)
    if row is None:
        return answer
    if row.answer is None:
        kept = IdempotencyRow.answer.set(msgspec.to_builtins(answer))
        if not conditional_write(row.update, [kept], condition=IdempotencyRow.answer.does_not_exist()):
            row.refresh(consistent_read=True)
    stored = convert(row.answer, Answer)
    return stored if stored.is_for(answer.reader) else answer


def _put(row: IdempotencyRow) -> IdempotencyRow:
    """Write a row unless it exists; return the row that is stored then."""
    applied = conditional_write(row.save, condition=IdempotencyRow.idempotency_key.does_not_exist())
    return row if applied else IdempotencyRow.get(row.account_id, row.idempotency_key, consistent_read=True)


def _find_row(account_id: str, key: Key) -> IdempotencyRow | None:
    """Return the row of a key, strongly consistent; None for a new key."""
    for range_key in key.range_keys:
        try:
            row = IdempotencyRow.get(account_id, range_key, consistent_read=True)
        except IdempotencyRow.DoesNotExist:
            return None
        if row.belongs_to(key.space):
            return row
    return None


def _claim(row: IdempotencyRow, key: Key, operation: str, content: Any) -> Claim:
    if (row.operation, row.content_hash) != (operation, content_hash(content)):
        raise IdempotencyConflict(row.operation)
    answer = convert(row.answer, Answer) if row.answer is not None and key.keeps_answer else None
    if answer and answer.is_for(key.reader):
        raise AnsweredBeforeError(answer)
    return Claim(row.resource_id, int(row.created_at_ms), bool(row.is_done))


def new_id(prefix: str, moment_ms: int) -> str:
    """Make an id that sorts by time: the prefix, 12 hexadecimal digits of milliseconds, 20 random ones."""
    return f"{prefix}{moment_ms:012x}{secrets.token_hex(RANDOM_BYTES)}"


def resource_of(account_id: str, key: Key) -> str | None:
    """Return the id that a key was claimed with, whatever its content; None for a new key. Strongly consistent."""
    row = _find_row(account_id, key)
    return row.resource_id if row else None


def content_hash(content: Any) -> str:
    """Return the SHA-256 of the content as JSON with sorted names."""
    return sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()
