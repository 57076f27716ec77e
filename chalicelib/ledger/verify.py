"""Prove a wallet: re-read its pages and check the chain, the sequence, the balances, the days and the wallet itself."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

import msgspec

from chalicelib.clock import EPOCH, iso, to_ms
from chalicelib.ledger import page as pages
from chalicelib.ledger import table
from chalicelib.ledger.daily_usage import Days, Usage, totals
from chalicelib.ledger.page import SPAN_MS, Page
from chalicelib.ledger.wallet import GENESIS, Wallet

TRIES: Final = 5
"""Readings of a wallet that is being posted to, before it is said to be too busy to verify."""

END_OF_TIME_MS: Final = to_ms(EPOCH.replace(year=9999))


class StillMoving(Exception):
    """The wallet changed during every reading; verify it again when fewer events come in."""


class Verified(msgspec.Struct, frozen=True):
    """The outcome. `difference` is None when all agrees, else the first thing that does not."""

    account_id: str
    pages: int
    transactions: int
    balance_micros: int
    difference: str | None


class _Link(msgspec.Struct, frozen=True):
    """What the chain needs of a page once its body has been checked."""

    key: str
    first_sequence: int
    last_sequence: int
    opening_balance_micros: int
    closing_balance_micros: int
    previous_hash: bytes
    hash: bytes


def verify(account_id: str) -> Verified:
    """Verify one wallet. Raises WalletNotFound, StillMoving."""
    for _ in range(TRIES):
        before = table.read_wallet(account_id)
        found = check(
            before, table.read_pages(account_id, 0, END_OF_TIME_MS), table.read_days(account_id, "0", "9999-12-31")
        )
        if found.difference is None or table.read_wallet(account_id).sequence == before.sequence:
            return found
    raise StillMoving(account_id)


def check(wallet: Wallet, stored: Iterable[Page], days: Days) -> Verified:
    """Check pages (in any order) against the wallet and its days. Pure; holds headers, never more than one body."""
    chain: list[_Link] = []
    summed: Days = {}
    difference = None
    for page in stored:
        difference = difference or page_difference(page, wallet)
        _add(summed, totals(pages.entries_of(pages.decode_body(page))))
        chain.append(_link(page))
    chain.sort(key=lambda link: link.first_sequence)
    difference = difference or next(_chain_differences(wallet, chain), None) or _days_difference(summed, days)
    return Verified(wallet.account_id, len(chain), wallet.sequence, wallet.balance_micros, difference)


def page_difference(page: Page, wallet: Wallet) -> str | None:
    """Return what is wrong within one page, or None."""
    plain = pages.plain_body(page)
    body = pages.decode_body(page)
    transactions = pages.transactions_of(page)
    times = [each.entry.occurred_at_ms for each in transactions]
    facts = {
        "hash": (page.hash, pages.chain_hash(page.previous_hash, plain)),
        "account": (body.account_id, page.account_id),
        "currency": (body.currency, wallet.currency),
        "first sequence": (page.first_sequence, body.first_sequence),
        "opening balance": (page.opening_balance_micros, body.opening_balance_micros),
        "count": (page.count, len(transactions)),
        "closing balance": (page.closing_balance_micros, transactions[-1].balance_after_micros),
        "earliest time": (iso(page.earliest_ms), iso(times[0])),
        "latest time": (iso(page.latest_ms), iso(times[-1])),
        "order of times": (times, sorted(times)),
        "span within five minutes": (True, times[-1] - times[0] <= SPAN_MS),
    }
    return next(
        (f"page {page.key}: {name} is {_shown(a)}, not {_shown(b)}" for name, (a, b) in facts.items() if a != b), None
    )


def _chain_differences(wallet: Wallet, chain: list[_Link]) -> Iterator[str]:
    """Yield what does not fit between neighbours, from the empty wallet to the wallet's head."""
    start = _Link("the start", 0, 0, 0, 0, b"", GENESIS)
    for earlier, later in pairwise([start, *chain]):
        if later.first_sequence != earlier.last_sequence + 1:
            yield f"page {later.key}: starts at {later.first_sequence}, {earlier.key} ends at {earlier.last_sequence}"
        if later.opening_balance_micros != earlier.closing_balance_micros:
            yield f"page {later.key}: opens with {later.opening_balance_micros}, not {earlier.closing_balance_micros}"
        if later.previous_hash != earlier.hash:
            yield f"page {later.key}: does not follow {earlier.key} in the hash chain"
    last = chain[-1] if chain else start
    if (wallet.sequence, wallet.balance_micros, wallet.head_hash) != (
        last.last_sequence,
        last.closing_balance_micros,
        last.hash,
    ):
        yield (
            f"the wallet is at sequence {wallet.sequence} with {wallet.balance_micros} micros, "
            f"its last page {last.key} at {last.last_sequence} with {last.closing_balance_micros}"
        )


def _days_difference(summed: Days, days: Days) -> str | None:
    for day in sorted(summed.keys() | days.keys()):
        if summed.get(day) != days.get(day):
            return f"day {day}: the pages add up to {summed.get(day)}, the table says {days.get(day)}"
    return None


def _add(days: Days, more: Days) -> None:
    for day, meters in more.items():
        for meter, usage in meters.items():
            days.setdefault(day, {}).setdefault(meter, Usage()).add(usage)


def _link(page: Page) -> _Link:
    return _Link(
        page.key,
        page.first_sequence,
        page.last_sequence,
        page.opening_balance_micros,
        page.closing_balance_micros,
        page.previous_hash,
        page.hash,
    )


def _shown(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value
