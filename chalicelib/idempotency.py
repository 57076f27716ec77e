"""The door to the table `idempotency`: what a caller's Idempotency-Key stands for, for ever.

A claim ties a key to one operation, to its content, and to the id and the time from which all that follows is made.
So a request that was cut off anywhere can be repeated: it finds its claim and goes on. There is no expiry, because a
key sent again after a year must not charge a card again.

The first good answer of the API is kept with the key, and given again as it was: to all who ask at once, and to whoever
asks later, whatever has moved since. A refusal is not kept, nor an answer that says that the outcome is not known yet:
the verb makes it again from what the key stands for.

The keys of an account's customers and those of the operator are two spaces: neither knows the other's keys, so the same
one may come from both. Whoever uses a key first has the row under the key itself. The row of the other space stands
beside it, under that space's name, a blank and the key (no key has a blank in it). As rows are never removed, a space
has a row beside only if the one under the key is the other's, and one read finds nearly every key.

Rows written before there were spaces name none. They lie under the key itself, where they are looked for first, so what
they stand for is never done twice, not even while an old version of this code, which reads and writes the same rows,
still runs. An adjustment or a refund was the operator's for certain: a customer may use its key anew. Who asked for
anything else cannot be told, and it stays with both spaces: the same request gets the same answer, and another one is
refused and takes a new key. That errs on the side that moves no money.
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


class Answer(msgspec.Struct, frozen=True):
    """What was answered first."""

    status: int
    body: str


class AnsweredBeforeError(Exception):
    """The key has its answer: nothing is done, and the API gives it again."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class Key(msgspec.Struct, frozen=True):
    """A key with the space that it belongs to. `keeps_answer` is for callers that give a kept answer again."""

    text: str
    space: Space
    keeps_answer: bool = False

    @property
    def places(self) -> tuple[str, str]:
        """Return where its row is: under the key itself, or beside that of the other space."""
        return self.text, f"{self.space} {self.text}"


class IdempotencyRow(Table):
    """One row a key; what it stands for is never changed, and what became of it is added once."""

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
        """Tell whether the row is of a space; one of before there were spaces may be of both."""
        if not self.space:
            return space == "operator" or self.operation not in ONLY_OPERATORS
        return self.space == space


def find(account_id: str, key: Key, *, operation: str, content: Any) -> Claim | None:
    """Return what the key stands for, strongly consistent; None for a new key.

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
    first, beside = key.places
    row = IdempotencyRow(
        account_id,
        first,
        space=key.space,
        operation=operation,
        content_hash=content_hash(content),
        resource_id=new_id(prefix, moment),
        created_at_ms=moment,
    )
    found = _put(row)
    if not found.belongs_to(key.space):
        row.idempotency_key = beside
        found = _put(row)
    return _claim(found, key, operation, content)


def add_done(transaction: TransactWrite, account_id: str, key: Key) -> None:
    """Note in a transaction that it does what a claimed key stands for, on condition that nothing has yet."""
    row = _find_row(account_id, key) or IdempotencyRow(account_id, key.text)
    transaction.update(
        row, actions=[IdempotencyRow.is_done.set(True)], condition=IdempotencyRow.is_done.does_not_exist()
    )


def keep_answer(account_id: str, key: Key, answer: Answer) -> Answer:
    """Keep the first answer to a key that was claimed, and return it: it may be another's."""
    row = _find_row(account_id, key)
    if row is None:
        return answer
    if row.answer is None:
        kept = IdempotencyRow.answer.set(msgspec.to_builtins(answer))
        if not conditional_write(row.update, [kept], condition=IdempotencyRow.answer.does_not_exist()):
            row.refresh(consistent_read=True)
    return convert(row.answer, Answer)


def _put(row: IdempotencyRow) -> IdempotencyRow:
    """Write a row unless there is one; return the one that is there then."""
    applied = conditional_write(row.save, condition=IdempotencyRow.idempotency_key.does_not_exist())
    return row if applied else IdempotencyRow.get(row.account_id, row.idempotency_key, consistent_read=True)


def _find_row(account_id: str, key: Key) -> IdempotencyRow | None:
    """Return the row of a key, strongly consistent; None for a new key."""
    for place in key.places:
        try:
            row = IdempotencyRow.get(account_id, place, consistent_read=True)
        except IdempotencyRow.DoesNotExist:
            return None
        if row.belongs_to(key.space):
            return row
    return None


def _claim(row: IdempotencyRow, key: Key, operation: str, content: Any) -> Claim:
    if (row.operation, row.content_hash) != (operation, content_hash(content)):
        raise IdempotencyConflict(row.operation)
    if row.answer is not None and key.keeps_answer:
        raise AnsweredBeforeError(convert(row.answer, Answer))
    return Claim(row.resource_id, int(row.created_at_ms), bool(row.is_done))


def new_id(prefix: str, moment_ms: int) -> str:
    """Make an id that sorts by time: the prefix, 12 hexadecimal digits of milliseconds, 20 random ones."""
    return f"{prefix}{moment_ms:012x}{secrets.token_hex(RANDOM_BYTES)}"


def resource_of(account_id: str, key: Key) -> str | None:
    """Return the id of what a key stands for, whatever its content; None for a free key. Strongly consistent."""
    row = _find_row(account_id, key)
    return row.resource_id if row else None


def content_hash(content: Any) -> str:
    """Return the SHA-256 of the content as JSON with its names in order."""
    return sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()
