"""Day files: whatever is in them and however it came in, exactly what is alike is found."""

from collections import defaultdict
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.audit.day_file import (
    HASH_BYTES,
    MOST_ALIKE,
    RECORD_BYTES,
    DamagedDayFile,
    find_by_hash,
    hash_of,
    key_hash,
    make_record,
    merge,
    read_records,
    shared_hashes,
    transaction_id_of,
)
from chalicelib.ledger.build import build
from chalicelib.ledger.read_page import transactions_of
from chalicelib.ledger.wallet import Wallet
from tests.build import debit

HASHES = st.integers(0, 5).map(lambda number: number.to_bytes(HASH_BYTES, "big"))
"""So few that many records have the same."""

RECORDS = st.builds(
    lambda hashed, place: hashed + place.to_bytes(RECORD_BYTES - HASH_BYTES, "big"), HASHES, st.integers(0, 20)
)


@given(st.lists(RECORDS), st.lists(RECORDS))
def test_a_file_with_records_added_holds_each_once_and_in_order(stored: list[bytes], new: list[bytes]) -> None:
    assert list(merge(sorted(set(stored)), new)) == sorted({*stored, *new})


@given(st.lists(RECORDS), st.lists(RECORDS))
def test_records_that_are_added_again_change_nothing(stored: list[bytes], new: list[bytes]) -> None:
    once = list(merge(sorted(set(stored)), new))
    assert list(merge(once, new)) == once


@given(st.lists(RECORDS), st.sets(HASHES))
def test_what_is_alike_is_what_looking_at_each_pair_finds(stored: list[bytes], hashes: set[bytes]) -> None:
    file = sorted(set(stored))
    assert find_by_hash(file, hashes) == [record for record in file if any(record[:8] == each for each in hashes)]


@given(st.lists(RECORDS))
def test_a_hash_is_shared_by_records_of_two_places_and_not_by_one_that_comes_twice(records: list[bytes]) -> None:
    places = defaultdict(set)
    for record in records:
        places[hash_of(record)].add(transaction_id_of(record))
    assert shared_hashes(records) == {hashed for hashed, ids in places.items() if len(ids) > 1}


@given(st.lists(RECORDS), st.integers(1, 50))
def test_a_file_is_read_in_blocks_of_any_size(records: list[bytes], size: int) -> None:
    content = iter(b"".join(records))
    blocks = iter(lambda: bytes(islice(content, size)), b"")
    assert list(read_records(blocks)) == records


def test_a_file_that_ends_within_a_record_is_not_taken() -> None:
    with pytest.raises(DamagedDayFile):
        list(read_records([bytes(RECORD_BYTES + 1)]))


def test_of_a_thousand_alike_only_the_first_are_taken() -> None:
    alike = [bytes(HASH_BYTES) + place.to_bytes(RECORD_BYTES - HASH_BYTES, "big") for place in range(1000)]
    assert find_by_hash(alike, {bytes(HASH_BYTES)}) == alike[:MOST_ALIKE]


def test_a_record_leads_back_to_its_transaction() -> None:
    (plan,) = build({"acme": Wallet("acme", "usd")}, [debit(1), debit(2)], 0)
    for transaction in transactions_of(plan.pages[0]):
        record = make_record(transaction)
        assert len(record) == RECORD_BYTES
        assert transaction_id_of(record) == transaction.id
        assert hash_of(record) == key_hash(("acme", "/messaging", transaction.identity.event_id))


@given(st.tuples(st.text(), st.text(), st.text()), st.tuples(st.text(), st.text(), st.text()))
def test_names_that_run_into_each_other_have_different_hashes(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    assert (key_hash(one) == key_hash(other)) == (one == other)
