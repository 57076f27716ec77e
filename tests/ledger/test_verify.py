from collections.abc import Callable

import msgspec
import pytest

from chalicelib.ledger import page as pages
from chalicelib.ledger.daily_usage import totals
from chalicelib.ledger.page import Page
from chalicelib.ledger.verify import Verified, check
from chalicelib.ledger.wallet import Wallet
from tests.build import TIME_MS, credit, debit

ENTRIES = [[credit(1)], [debit(number) for number in range(2, 50)], [debit(100)], [debit(101, occurred_at_ms=TIME_MS)]]


def ledger() -> tuple[Wallet, list[Page]]:
    wallet, made = Wallet("acme", "usd"), []
    for batch in ENTRIES:
        for page in pages.build(wallet, batch, TIME_MS):
            made.append(page)
            wallet = pages.after(wallet, page)
    return wallet, made


def checked(wallet: Wallet, stored: list[Page]) -> Verified:
    days = totals(entry for batch in ENTRIES for entry in batch)
    return check(wallet, sorted(stored, key=lambda page: page.key), days)


def test_a_sound_ledger_verifies_in_whatever_order_its_pages_come() -> None:
    wallet, stored = ledger()
    found = checked(wallet, stored)
    assert found.difference is None
    assert (found.pages, found.transactions, found.balance_micros) == (4, 51, wallet.balance_micros)


def test_an_empty_wallet_verifies() -> None:
    assert check(Wallet("acme", "usd"), [], {}).difference is None


def rebuilt(page: Page, **changes: object) -> Page:
    return msgspec.structs.replace(page, **changes)


def with_other_body(page: Page) -> Page:
    entries = [each.entry for each in pages.transactions_of(page)]
    entries[0] = msgspec.structs.replace(entries[0], amount_micros=entries[0].amount_micros + 1)
    head = Wallet("acme", "usd", page.opening_balance_micros, page.first_sequence - 1, page.previous_hash)
    return pages.build_page(head, entries, TIME_MS)


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
    days = totals(entry for batch in ENTRIES for entry in batch)
    next(iter(days.values()))["sms"].amount_micros += 1
    assert "day 2026-09-21" in (check(wallet, stored, days).difference or "")
