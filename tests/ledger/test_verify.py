from collections.abc import Callable

import msgspec
import pytest
from msgspec.structs import replace

from chalicelib.ledger.build import NO_SIBLINGS, build, posting_order, write_page
from chalicelib.ledger.client_usage_check import ClientUsageCheck
from chalicelib.ledger.daily_usage import Days, sum_usage_by_day
from chalicelib.ledger.page import Page
from chalicelib.ledger.posting import Posting
from chalicelib.ledger.read_page import transactions_of
from chalicelib.ledger.verify import Verification, check_wallet
from chalicelib.ledger.wallet import Wallet
from tests.build import TIME_MS, credit, debit

BATCHES = [[credit(1)], [debit(number) for number in range(2, 50)], [debit(100)], [debit(101, occurred_at_ms=TIME_MS)]]


def ledger() -> tuple[Wallet, list[Page]]:
    wallet, made = Wallet("acme", "usd"), []
    for batch in BATCHES:
        for plan in build({"acme": wallet}, batch, TIME_MS):
            made += plan.pages
            wallet = plan.head
    return wallet, made


def no_clients() -> ClientUsageCheck:
    return ClientUsageCheck("acme", lambda _: {})


def checked(wallet: Wallet, stored: list[Page]) -> Verification:
    return check_wallet(wallet, sorted(stored, key=lambda page: page.key), days(), lambda _: None, no_clients())


def days() -> Days:
    every = sorted((posting for batch in BATCHES for posting in batch), key=posting_order)
    times = [posting.identity.occurred_at_ms for posting in every]
    return sum_usage_by_day(times, [posting.content for posting in every], [posting.legs[0] for posting in every])


def test_a_sound_ledger_verifies_in_whatever_order_its_pages_come() -> None:
    wallet, stored = ledger()
    found = checked(wallet, stored)
    assert found.difference is None
    assert (found.pages, found.transactions, found.balance_micros) == (4, 51, wallet.balance_micros)


def test_an_empty_wallet_verifies() -> None:
    assert check_wallet(Wallet("acme", "usd"), [], {}, lambda _: None, no_clients()).difference is None


def rebuilt(page: Page, **changes: object) -> Page:
    return msgspec.structs.replace(page, **changes)


def with_other_body(page: Page, change: Callable[[Posting], Posting] | None = None) -> Page:
    """Return the page with its first transaction changed, by default its amount."""
    transactions = transactions_of(page)
    postings = [Posting(each.identity, each.content, (each.leg,), each.actor) for each in transactions]
    leg = postings[0].legs[0]
    dearer = (replace(leg, amount_micros=leg.amount_micros + 1),)
    postings[0] = change(postings[0]) if change else replace(postings[0], legs=dearer)
    head = Wallet("acme", "usd", page.opening_balance_micros, page.first_sequence - 1, page.previous_hash)
    return write_page(head, postings, [posting.legs[0] for posting in postings], NO_SIBLINGS, TIME_MS)


TAMPERINGS: dict[str, Callable[[Wallet, list[Page]], tuple[Wallet, list[Page]]]] = {
    "a page is missing": lambda wallet, stored: (wallet, stored[:1] + stored[2:]),
    "the first page is missing": lambda wallet, stored: (wallet, stored[1:]),
    "the last page is missing": lambda wallet, stored: (wallet, stored[:-1]),
    "a page is there twice": lambda wallet, stored: (wallet, [*stored, stored[1]]),
    "an amount was changed, with its hash": lambda wallet, stored: (
        wallet,
        [stored[0], with_other_body(stored[1]), *stored[2:]],
    ),
    "an amount was changed, without its hash": lambda wallet, stored: (
        wallet,
        [stored[0], rebuilt(with_other_body(stored[1]), hash=stored[1].hash), *stored[2:]],
    ),
    "a header's closing balance was changed": lambda wallet, stored: (
        wallet,
        [stored[0], rebuilt(stored[1], closing_balance_micros=1), *stored[2:]],
    ),
    "a header's count was changed": lambda wallet, stored: (
        wallet,
        [stored[0], rebuilt(stored[1], count=3), *stored[2:]],
    ),
    "a header's earliest time was changed": lambda wallet, stored: (
        wallet,
        [stored[0], rebuilt(stored[1], earliest_ms=0), *stored[2:]],
    ),
    "the wallet's balance was changed": lambda wallet, stored: (
        msgspec.structs.replace(wallet, balance_micros=1),
        stored,
    ),
    "the wallet's sequence was changed": lambda wallet, stored: (msgspec.structs.replace(wallet, sequence=1), stored),
    "the wallet's hash was changed": lambda wallet, stored: (
        msgspec.structs.replace(wallet, head_hash=bytes(32)),
        stored,
    ),
    "the wallet names other pages": lambda wallet, stored: (
        msgspec.structs.replace(wallet, recent=wallet.recent[:-1]),
        stored,
    ),
    "the wallet does not know of an older page's time": lambda wallet, stored: (
        msgspec.structs.replace(wallet, recent=wallet.recent[2:]),
        stored,
    ),
    "a page's format was changed": lambda wallet, stored: (wallet, [rebuilt(stored[0], format=7), *stored[1:]]),
    "a page's body was damaged": lambda wallet, stored: (wallet, [rebuilt(stored[0], body=b"x"), *stored[1:]]),
    "the page is another account's": lambda wallet, stored: (
        wallet,
        [rebuilt(stored[0], account_id="evil"), *stored[1:]],
    ),
}


@pytest.mark.parametrize("tampering", TAMPERINGS.values(), ids=TAMPERINGS)
def test_any_tampering_is_found_and_named(tampering: Callable[[Wallet, list[Page]], tuple[Wallet, list[Page]]]) -> None:
    assert checked(*tampering(*ledger())).difference


def test_a_day_that_does_not_add_up_is_found() -> None:
    wallet, stored = ledger()
    wrong = days()
    next(iter(wrong.values()))["sms"].amount_micros += 1
    assert "day 2026-09-21" in (check_wallet(wallet, stored, wrong, lambda _: None, no_clients()).difference or "")
