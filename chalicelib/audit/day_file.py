"""Day files: an account's usage of one UTC day as sorted records, each a hash and a transaction. Pure.

A record has 23 bytes. The first 8 are a hash over the event's account, source and id; the other 15 are the packed
transaction id, which gives its page. A hash only finds candidates: two events may have the same one.
"""

import heapq
from collections.abc import Collection, Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import groupby, islice, pairwise
from typing import Final

import msgspec

from chalicelib.ledger.posting import EventKey
from chalicelib.ledger.transaction import WIDTHS, Transaction, pack_id, unpack_id

HASH_BYTES: Final = 8
RECORD_BYTES: Final = HASH_BYTES + sum(WIDTHS)

MOST_ALIKE: Final = 100
"""The most records of one hash taken from one file: any others were found when that file's day was audited."""


class DamagedDayFile(Exception):
    """A file that does not end with a whole record."""


def key_hash(key: EventKey) -> bytes:
    """Return the hash of an event's key, which does not include its time."""
    return blake2b(msgspec.json.encode(key), digest_size=HASH_BYTES).digest()


def make_record(transaction: Transaction) -> bytes:
    """Return the record of a transaction."""
    return key_hash(transaction.identity.key) + pack_id(transaction.id)


def hash_of(record: bytes) -> bytes:
    """Return a record's hash."""
    return record[:HASH_BYTES]


def transaction_id_of(record: bytes) -> str:
    """Return the id of a record's transaction."""
    return unpack_id(record[HASH_BYTES:])


def read_records(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the records of a file that is read in blocks of any size. Raises DamagedDayFile."""
    rest = b""
    for block in blocks:
        content = rest + block
        whole = len(content) - len(content) % RECORD_BYTES
        yield from (content[start : start + RECORD_BYTES] for start in range(0, whole, RECORD_BYTES))
        rest = content[whole:]
    if rest:
        raise DamagedDayFile(f"{len(rest)} bytes are left over")


def merge(stored: Iterable[bytes], new: Sequence[bytes]) -> Iterator[bytes]:
    """Merge new records into sorted ones; records that are already there are not added again."""
    return (record for record, _ in groupby(heapq.merge(stored, sorted(new))))


def find_by_hash(stored: Iterable[bytes], hashes: Collection[bytes]) -> list[bytes]:
    """Return the records of a sorted file that have one of the hashes."""
    found = (record for record in stored if record[:HASH_BYTES] in hashes)
    return [record for _, group in groupby(found, hash_of) for record in islice(group, MOST_ALIKE)]


def shared_hashes(records: Iterable[bytes]) -> set[bytes]:
    """Return the hashes that several records have."""
    return {hash_of(first) for first, second in pairwise(sorted(set(records))) if hash_of(first) == hash_of(second)}
