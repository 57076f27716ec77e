import zlib

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.ledger import page as pages
from chalicelib.ledger.page import BODY_BYTES, SPAN_MS
from chalicelib.ledger.transaction import Entry, Location, UnknownTransaction, id_of, location_of
from chalicelib.ledger.wallet import Wallet
from tests.build import TIME_MS, credit, debit

WALLET = Wallet("acme", "usd", balance_micros=1_000_000, sequence=7, head_hash=b"h" * 32)


def test_a_page_gives_back_what_was_put_in_with_balances_and_sequences() -> None:
    entries = [debit(1, description="to Zoë"), debit(2, url="https://a.example/2"), credit(3, metadata={"order": "17"})]
    (page,) = pages.build(WALLET, entries, posted_at_ms=TIME_MS)
    transactions = pages.transactions_of(page)
    assert [each.entry for each in transactions] == entries
    assert [each.sequence for each in transactions] == [8, 9, 10]
    assert [each.balance_after_micros for each in transactions] == [950_000, 900_000, 25_900_000]
    assert {each.posted_at_ms for each in transactions} == {TIME_MS}
    assert (page.opening_balance_micros, page.closing_balance_micros) == (1_000_000, 25_900_000)
    assert page.previous_hash == WALLET.head_hash


def test_pages_are_chained_and_none_spans_more_than_five_minutes() -> None:
    entries = [debit(number, occurred_at_ms=TIME_MS + number * 100_000) for number in range(10)]
    made = pages.build(WALLET, entries, posted_at_ms=TIME_MS)
    assert [page.count for page in made] == [4, 4, 2]
    assert all(page.latest_ms - page.earliest_ms <= SPAN_MS for page in made)
    assert [page.first_sequence for page in made] == [8, 12, 16]
    assert [page.previous_hash for page in made] == [WALLET.head_hash, made[0].hash, made[1].hash]


def test_a_body_that_would_be_too_large_becomes_several_pages() -> None:
    entries = [debit(number, occurred_at_ms=TIME_MS, description=_noise(number)) for number in range(1500)]
    made = pages.build(WALLET, entries, posted_at_ms=TIME_MS)
    assert len(made) > 1
    assert all(len(page.body) < BODY_BYTES for page in made)
    assert [each.entry for page in made for each in pages.transactions_of(page)] == entries
    assert len({page.key for page in made}) == len(made)


def _noise(number: int) -> str:
    """Return 400 characters that do not compress well, the same on every run."""
    return "".join(f"{(number * 7919 + step * 104729) ** 3 % 16**8:08x}" for step in range(50))


def test_only_a_page_with_a_credit_goes_to_the_credits_index() -> None:
    assert not pages.build(WALLET, [debit()], TIME_MS)[0].beyond_usage
    assert pages.build(WALLET, [credit()], TIME_MS)[0].beyond_usage
    assert pages.build(WALLET, [debit(1), credit(2)], TIME_MS)[0].beyond_usage
    assert pages.build(WALLET, [debit(1), debit(2, meter=None)], TIME_MS)[0].beyond_usage


def test_the_hash_is_of_the_content_not_of_its_compression() -> None:
    (page,) = pages.build(WALLET, [debit()], TIME_MS)
    again = msgspec.structs.replace(page, body=zlib.compress(pages.plain_body(page), 9))
    assert pages.chain_hash(again.previous_hash, pages.plain_body(again)) == page.hash


texts = st.text(max_size=20)
entries_strategy = st.builds(
    Entry,
    occurred_at_ms=st.integers(TIME_MS, TIME_MS + SPAN_MS),
    source=texts,
    event_id=texts,
    type=st.sampled_from(["credit", "debit"]),
    kind=texts,
    amount_micros=st.integers(0, 10**15),
    description=texts,
    meter=st.none() | texts,
    quantity_micros=st.none() | st.integers(0, 10**15),
    unit_price_micros=st.none() | st.integers(0, 10**15),
    url=st.none() | texts,
    payment_id=st.none() | texts,
    actor=st.none() | texts,
    metadata=st.none() | st.dictionaries(texts, texts, max_size=3),
)


@settings(max_examples=200)
@given(st.lists(entries_strategy, min_size=1, max_size=8))
def test_any_entries_survive_storing(entries: list[Entry]) -> None:
    ordered = pages.in_order(entries)
    (page,) = pages.build(WALLET, ordered, posted_at_ms=TIME_MS)
    transactions = pages.transactions_of(page)
    assert [each.entry for each in transactions] == ordered
    assert page.closing_balance_micros == WALLET.balance_micros + sum(entry.signed_micros for entry in entries)


@given(st.integers(0, 2**48 - 1), st.integers(0, 2**48 - 1), st.integers(0, 2**24 - 1))
def test_an_id_leads_back_to_its_place(latest_ms: int, first_sequence: int, position: int) -> None:
    location = Location(latest_ms, first_sequence, position)
    assert location_of(id_of(location)) == location


@pytest.mark.parametrize(
    "text", ["", "txn_", "txn_!!!!", "pay_abc", "txn_" + "a" * 23, "txn_" + "a" * 32, "txn_" + "A" * 24, "../x"]
)
def test_a_text_that_is_no_id_is_an_unknown_transaction(text: str) -> None:
    with pytest.raises(UnknownTransaction):
        location_of(text)
