import base64
import json
from pathlib import Path
from random import Random
from string import ascii_letters
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.clock import LAST_MS
from chalicelib.ledger import format_2
from chalicelib.ledger.build import build
from chalicelib.ledger.client_usage_check import ClientUsageCheck
from chalicelib.ledger.daily_usage import sum_usage_by_day
from chalicelib.ledger.page import BODY_BYTES, SPAN_MS, TRANSACTIONS, Page, UnreadablePage, append, chain_hash
from chalicelib.ledger.posting import Content, Identity, Leg, Line, Part, Posting
from chalicelib.ledger.read_page import expected_hash, find_events, read_texts, transactions_of
from chalicelib.ledger.transaction import Location, UnknownTransaction, id_of, location_of
from chalicelib.ledger.verify import check_wallet
from chalicelib.ledger.wallet import END_OF_TIME_MS, Wallet
from tests.build import TIME_MS, credit, debit, pair, receipt
from tests.depth import examples

WALLET = Wallet("acme", "usd", balance_micros=1_000_000, sequence=7, head_hash=b"h" * 32)


def pages_of(postings: list[Posting], *others: str) -> list[Page]:
    """Return the pages that postings make in the wallet of `acme`."""
    wallets = {"acme": WALLET, **{each: Wallet(each, "usd") for each in others}}
    return next(plan.pages for plan in build(wallets, postings, TIME_MS) if plan.wallet == WALLET)


def test_a_page_gives_back_what_was_put_in_with_balances_and_sequences() -> None:
    postings = [
        debit(1, description="to Zoë"),
        debit(2, url="https://a.example/2"),
        credit(3, metadata={"order": "17"}, actor="kim"),
    ]
    (page,) = pages_of(postings)
    transactions = transactions_of(page)
    assert [Posting(each.identity, each.content, (each.leg,), each.actor) for each in transactions] == postings
    assert [each.sequence for each in transactions] == [8, 9, 10]
    assert [each.balance_after_micros for each in transactions] == [950_000, 900_000, 25_900_000]
    assert {each.posted_at_ms for each in transactions} == {TIME_MS}
    assert (page.opening_balance_micros, page.closing_balance_micros) == (1_000_000, 25_900_000)
    assert page.previous_hash == WALLET.head_hash
    assert {each.sibling for each in transactions} == {None}


@pytest.mark.parametrize("balance_micros", [2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 10**30, -(10**30)])
def test_a_page_opens_with_a_balance_of_any_size(balance_micros: int) -> None:
    wallet = Wallet("acme", "usd", balance_micros=balance_micros)
    ((page,),) = [plan.pages for plan in build({"acme": wallet}, [debit(1), credit(2)], TIME_MS)]
    balances = [each.balance_after_micros for each in transactions_of(page)]
    assert balances == [balance_micros - 50_000, balance_micros + 24_950_000]
    assert page.closing_balance_micros == balances[-1]


def test_pages_are_chained_and_none_spans_more_than_five_minutes() -> None:
    made = pages_of([debit(number, occurred_at_ms=TIME_MS + number * 100_000) for number in range(10)])
    assert [page.count for page in made] == [4, 4, 2]
    assert all(page.latest_ms - page.earliest_ms <= SPAN_MS for page in made)
    assert [page.first_sequence for page in made] == [8, 12, 16]
    assert [page.previous_hash for page in made] == [WALLET.head_hash, made[0].hash, made[1].hash]


def test_a_page_holds_no_more_transactions_than_are_quickly_opened() -> None:
    made = pages_of([debit(number, occurred_at_ms=TIME_MS) for number in range(TRANSACTIONS + 1)])
    assert [page.count for page in made] == [TRANSACTIONS // 2, TRANSACTIONS // 2 + 1]


def test_bodies_that_would_be_too_large_become_several_pages_whose_siblings_still_lead_to_each_other() -> None:
    postings = [
        pair(number, "acme", "agency", occurred_at_ms=TIME_MS, description=_noise(number)) for number in range(1500)
    ]
    plans = build({"acme": WALLET, "agency": Wallet("agency", "usd")}, postings, TIME_MS)
    assert [len(plan.pages) > 1 for plan in plans] == [True, True]
    assert all(len(page.body) < BODY_BYTES for plan in plans for page in plan.pages)
    by_id = {each.id: each for plan in plans for page in plan.pages for each in transactions_of(page)}
    assert len(by_id) == 3000
    for each in by_id.values():
        assert each.sibling is not None
        other = by_id[each.sibling.transaction_id]
        assert (other.account_id, other.identity) == (each.sibling.account_id, each.identity)
        assert other.sibling is not None
        assert other.sibling.transaction_id == each.id


def _noise(number: int) -> str:
    """Return 400 characters that do not compress well, the same on every run."""
    return "".join(Random(number).choices(ascii_letters, k=400))


def test_only_a_page_with_more_than_usage_goes_to_the_credits_index() -> None:
    assert not pages_of([debit()])[0].has_non_usage
    assert not pages_of([receipt()])[0].has_non_usage
    assert pages_of([credit()])[0].has_non_usage
    assert pages_of([debit(1), credit(2)])[0].has_non_usage
    assert pages_of([debit(1), debit(2, meter=None)])[0].has_non_usage


def test_an_event_is_found_by_its_account_source_and_id_alone() -> None:
    (page,) = pages_of([debit(1), receipt(2), pair(3, "client", "acme")], "client")
    wanted = {each.identity.key for each in (receipt(2), pair(3, "client"), debit(3), debit(1, "client"))}
    found = find_events(page, wanted)
    assert {key: (each.identity, each.content) for key, each in found.items()} == {
        each.identity.key: (each.identity, each.content) for each in (receipt(2), pair(3, "client"))
    }


def test_the_texts_of_a_page_are_its_ids_and_what_transactions_and_their_lines_are_described_as() -> None:
    (page,) = pages_of([debit(1, description="to Zoë"), receipt(2, description="Call")])
    event_ids, descriptions = read_texts(page)
    assert event_ids == ["event-1", "event-2"]
    assert descriptions == [("to Zoë",), ("Call", *(line.description for line in receipt(2).legs[0].lines))]


DAMAGED: dict[str, dict[str, Any]] = {
    "unknown format": {"format": 3},
    "another format": {"format": 1},
    "no body": {"body": b""},
    "a body that breaks off": {"body": pages_of([debit(1), debit(2)])[0].body[:-20]},
    "no body at all": {"body": b"damaged"},
    "a body of another shape": {"body": msgspec.msgpack.encode([1, 2, {}])},
}


@pytest.mark.parametrize("changes", DAMAGED.values(), ids=DAMAGED)
def test_a_page_that_cannot_be_read_is_told_with_its_account_and_key(changes: dict[str, Any]) -> None:
    page = msgspec.structs.replace(pages_of([debit(1), debit(2)])[0], **changes)
    for read in (
        transactions_of,
        lambda page: find_events(page, {debit(1).identity.key}),
        read_texts,
    ):
        with pytest.raises(UnreadablePage, match=f"page {page.key} of 'acme' cannot be read"):
            read(page)


def format_1_pages() -> tuple[Wallet, list[tuple[Page, list[dict[str, Any]]]]]:
    """Return pages as they were stored before format 2, with what is in them: real bytes, never made again."""
    kept = json.loads(Path(__file__).with_name("format_1_pages.json").read_text())
    wallet = {**kept["wallet"], "head_hash": base64.b64decode(kept["wallet"]["head_hash"])}
    pages = []
    for each in kept["pages"]:
        page = {
            **each["page"],
            **{name: base64.b64decode(each["page"][name]) for name in ("previous_hash", "hash", "body")},
        }
        pages.append((Page(**page), each["transactions"]))
    return Wallet(**wallet, older_ms=END_OF_TIME_MS), pages


def test_pages_of_format_1_are_read_as_they_were_written() -> None:
    for page, expected in format_1_pages()[1]:
        assert page.format == 1
        assert expected_hash(page) == page.hash
        for found, told in zip(transactions_of(page), expected, strict=True):
            leg, content, identity = found.leg, found.content, found.identity
            given = {
                **msgspec.structs.asdict(content),
                **msgspec.structs.asdict(identity),
                **{name: getattr(leg, name) for name in ("type", "amount_micros", "unit_price_micros")},
                **{
                    name: getattr(found, name)
                    for name in told
                    if name not in content.__struct_fields__ and hasattr(found, name)
                },
            }
            assert {name: given[name] for name in told} == told
            assert content.amount_micros == (leg.amount_micros if content.quantity_micros is None else None)


def test_a_chain_goes_over_from_format_1_to_2() -> None:
    wallet, old = format_1_pages()
    (plan,) = build({"acme": wallet}, [receipt(500), debit(501)], TIME_MS)
    stored = [*(page for page, _ in old), *plan.pages]
    assert [page.format for page in stored] == [1, 1, 1, 1, 2]
    head = append(wallet, plan.pages[0])
    every = [each for page in stored for each in transactions_of(page)]
    every.sort(key=lambda each: each.identity.occurred_at_ms)
    times = [each.identity.occurred_at_ms for each in every]
    days = sum_usage_by_day(times, [each.content for each in every], [each.leg for each in every])
    found = check_wallet(head, stored, days, lambda _: None, ClientUsageCheck(head.account_id, lambda _: {}))
    assert found.difference is None
    assert (found.pages, found.transactions) == (5, head.sequence)


def test_an_event_on_a_page_of_format_1_is_found_as_the_repeat_that_it_is() -> None:
    _, old = format_1_pages()
    late = debit(3, event_id="late")
    found = find_events(old[-1][0], {late.identity.key})
    assert found[late.identity.key].content == late.content
    assert found[late.identity.key].identity == late.identity


texts = st.text(max_size=20)
micros = st.integers(0, 10**15)
parts = st.builds(Part, texts, st.none() | micros, st.none() | micros, texts)


@st.composite
def postings_strategy(draw: st.DrawFn) -> Posting:
    """Draw a posting of one leg as the rules make them: with an amount that was sent where there is no quantity."""
    quantity = draw(st.none() | micros)
    amount = draw(micros)
    sent_parts = tuple(draw(st.lists(parts, max_size=3)))
    sent_parts = tuple(
        part
        if part.quantity_micros is not None
        else msgspec.structs.replace(part, amount_micros=part.amount_micros or 7)
        for part in sent_parts
    )
    lines = tuple(
        Line(part.meter, draw(micros), part.quantity_micros, draw(st.none() | micros), part.description)
        for part in sent_parts
    )
    sent_amount = draw(micros) if quantity is None and not sent_parts else None
    return Posting(
        Identity(draw(texts), draw(texts), draw(texts), draw(st.integers(TIME_MS, TIME_MS + SPAN_MS))),
        Content(
            *(draw(texts), draw(texts), draw(st.none() | texts), quantity, sent_amount),
            *(draw(st.none() | texts), draw(st.none() | texts)),
            draw(st.none() | st.dictionaries(texts, texts, max_size=3)),
            sent_parts,
        ),
        (Leg("acme", draw(st.sampled_from(["credit", "debit"])), amount, draw(st.none() | micros), lines),),
        draw(st.none() | texts),
    )


@settings(max_examples=examples(300))
@given(st.lists(postings_strategy(), min_size=1, max_size=8))
def test_any_postings_survive_storing(postings: list[Posting]) -> None:
    (page,) = pages_of(postings)
    transactions = transactions_of(page)
    read = [Posting(each.identity, each.content, (each.leg,), each.actor) for each in transactions]
    assert sorted(map(str, read)) == sorted(map(str, postings))
    assert page.closing_balance_micros == WALLET.balance_micros + sum(each.legs[0].signed_micros for each in postings)
    assert page.hash == chain_hash(page.previous_hash, format_2.hashed(page.body)) == expected_hash(page)


@given(st.integers(0, LAST_MS), st.integers(0, 2**48 - 1), st.integers(0, 2**24 - 1))
def test_an_id_leads_back_to_its_place(latest_ms: int, first_sequence: int, position: int) -> None:
    location = Location(latest_ms, first_sequence, position)
    assert location_of(id_of(location)) == location


@pytest.mark.parametrize(
    "text", ["", "txn_", "txn_!!!!", "pay_abc", "txn_" + "a" * 23, "txn_" + "a" * 32, "txn_" + "A" * 24, "../x"]
)
def test_a_text_that_is_no_id_is_an_unknown_transaction(text: str) -> None:
    with pytest.raises(UnknownTransaction):
        location_of(text)
