"""The door to the bucket of day files: one object for each account and day, read and written as streams.

The files are made from the ledger's pages. If they and the rows of `audits` are deleted, the next audits recreate
them.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from tempfile import SpooledTemporaryFile
from typing import Final

from chalicelib.audit.day_file import merge, read_records
from chalicelib.buckets import client
from chalicelib.settings import settings

BLOCK_BYTES: Final = 1024 * 1024
"""Bytes read at a time, and bytes of a new file kept in memory before it goes to disk."""


def read(account_id: str, day: str) -> Iterator[bytes]:
    """Yield the records of a day, sorted; none if there is no file. Raises DamagedDayFile."""
    errors = client().exceptions
    try:
        answer = client().get_object(Bucket=settings().audit_bucket, Key=_key(account_id, day))
    except errors.NoSuchKey:
        return
    with closing(answer["Body"]) as body:
        yield from read_records(body.iter_chunks(BLOCK_BYTES))


def add(account_id: str, day: str, records: Sequence[bytes]) -> None:
    """Add records to a day's file. Records that are already there are not added again."""
    with SpooledTemporaryFile(BLOCK_BYTES) as file:
        file.writelines(merge(read(account_id, day), records))
        file.seek(0)
        client().put_object(Bucket=settings().audit_bucket, Key=_key(account_id, day), Body=file)


def _key(account_id: str, day: str) -> str:
    return f"days/{account_id}/{day}"
