"""The door to the bucket of day files."""

import pytest

from chalicelib.audit import archive
from chalicelib.audit.day_file import RECORD_BYTES, DamagedDayFile
from chalicelib.buckets import client
from chalicelib.settings import settings
from tests.build import unique

pytestmark = pytest.mark.usefixtures("memory")

DAY = "2026-11-01"


def record(number: int) -> bytes:
    return number.to_bytes(RECORD_BYTES, "big")


def test_a_day_without_a_file_has_no_records() -> None:
    assert list(archive.read("nobody", DAY)) == []


def test_records_come_back_sorted_and_each_once_however_often_they_were_added() -> None:
    account_id = unique("account")
    archive.add(account_id, DAY, [record(3), record(1)])
    archive.add(account_id, DAY, [record(2), record(3)])
    archive.add(account_id, DAY, [])
    assert list(archive.read(account_id, DAY)) == [record(1), record(2), record(3)]
    assert list(archive.read(account_id, "2026-11-02")) == []
    assert list(archive.read(f"{account_id}0", DAY)) == []


def test_a_file_larger_than_a_block_comes_back_whole() -> None:
    account_id = unique("account")
    records = [record(number) for number in range(archive.BLOCK_BYTES // RECORD_BYTES + 2)]
    archive.add(account_id, DAY, records)
    assert list(archive.read(account_id, DAY)) == records


def test_a_file_that_ends_within_a_record_is_not_taken() -> None:
    client().put_object(Bucket=settings().audit_bucket, Key=f"days/damaged/{DAY}", Body=record(1) + b"\x00")
    with pytest.raises(DamagedDayFile):
        list(archive.read("damaged", DAY))
