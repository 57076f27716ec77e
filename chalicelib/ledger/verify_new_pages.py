"""Verify what a wallet has got since it was last verified: its new pages, the chain up to its head, its newest days.

A page is written once and never changed, and each carries the hash of the one before it. So what was verified up to a
sequence number needs only that page's hash and balance to go on. A page that somebody changes afterwards is found when
the whole wallet is verified again (see `verify`).
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

import msgspec

from chalicelib.clock import DAY_MS, Deadline, parse_iso
from chalicelib.ledger import page_table, table
from chalicelib.ledger.chain import Link, Verified, chain_difference, link_of, links_difference
from chalicelib.ledger.client_usage_check import ClientUsageCheck
from chalicelib.ledger.daily_usage import Days
from chalicelib.ledger.page import SPAN_MS, Page
from chalicelib.ledger.transaction import Transaction
from chalicelib.ledger.verify import days_difference, page_difference
from chalicelib.ledger.wallet import END_OF_TIME_MS, PageSpan, Wallet

WINDOWS_MS: Final = (DAY_MS // 24, DAY_MS, 3 * DAY_MS, 40 * DAY_MS)
"""How long before the last verified page new ones are looked for, until none is missing: events may come late."""

DAYS: Final = 3
"""Days whose totals are checked, the newest that have new usage. Older ones wait until the whole wallet is verified."""

DAY_MOST: Final = 1_000_000
"""The most transactions of a day that are read again for its total, in about ten seconds."""

TRIES: Final = 3
"""How many times a day is read whose wallet keeps changing."""


class NewPages(msgspec.Struct, frozen=True):
    """The result: how far the wallet is verified now, and the first difference; unfinished if there was no time."""

    verified: Verified
    pages: int
    difference: str | None
    is_finished: bool


def verify_new_pages(
    account_id: str, since: Verified, transaction_difference: Callable[[Transaction], str | None], deadline: Deadline
) -> NewPages:
    """Verify the pages of a wallet after `since`, as far as there is time. Raises WalletNotFound.

    `transaction_difference` tells what is wrong with a transaction, or None. With a difference nothing counts as
    verified, so that the next call finds it again.
    """
    wallet = table.read_wallet(account_id)
    if wallet.sequence <= since.sequence:
        return NewPages(since, 0, _head_difference(wallet, since), is_finished=True)
    summed: Days = {}
    chain: list[Link] = []
    difference: str | None = None
    is_finished = True
    for page in _new_pages(wallet, since):
        if deadline.is_over:
            is_finished = False
            break
        difference = difference or page_difference(
            page, wallet, summed, transaction_difference, ClientUsageCheck(account_id)
        )
        chain.append(link_of(page))
    chain.sort(key=lambda link: link.first_sequence)
    start = _start_of(since)
    if is_finished:
        difference = difference or chain_difference(wallet, chain, start) or _days_difference(wallet, summed, deadline)
    else:
        chain = list(_without_gap(chain, since.sequence))
        difference = difference or links_difference(chain, start)
    verified = since if difference or not chain else _end_of(chain[-1])
    return NewPages(verified, len(chain), difference, is_finished)


def verified_of(wallet: Wallet) -> Verified:
    """Return a wallet, all of which was just verified, as verified up to its head."""
    latest_ms = wallet.recent[-1].latest_ms if wallet.recent else 0
    return Verified(wallet.sequence, wallet.balance_micros, wallet.head_hash, latest_ms)


def _head_difference(wallet: Wallet, since: Verified) -> str | None:
    """Return how a wallet that has nothing new differs from what was verified, or None."""
    if wallet.sequence < since.sequence:
        return f"the wallet is at sequence {wallet.sequence}, it was verified up to {since.sequence}"
    if wallet.balance_micros != since.balance_micros:
        return f"the wallet has {wallet.balance_micros} micros, verified at its sequence were {since.balance_micros}"
    if wallet.head_hash != since.head_hash:
        return f"the wallet's hash is {wallet.head_hash.hex()}, verified at its sequence was {since.head_hash.hex()}"
    return None


def _new_pages(wallet: Wallet, since: Verified) -> Iterator[Page]:
    """Yield the pages after `since`, in no particular order: by name where the wallet names them all, else by time."""
    named = [span for span in wallet.recent if span.first_sequence > since.sequence]
    if named and named[0].first_sequence == since.sequence + 1:
        keys = [(wallet.account_id, span.latest_ms, span.first_sequence) for span in named]
        yield from (page_table.page_of(row) for row in page_table.read_page_rows(keys) if row is not None)
        return
    missing = wallet.sequence - since.sequence
    high_ms = END_OF_TIME_MS
    for low_ms in (*(max(0, since.latest_ms - each) for each in WINDOWS_MS), 0):
        if missing > 0 and low_ms <= high_ms:
            for page in page_table.read_pages_posted(
                wallet.account_id, low_ms, high_ms, after_sequence=since.sequence, up_to_sequence=wallet.sequence
            ):
                missing -= page.count
                yield page
            high_ms = low_ms - 1


def _without_gap(chain: Iterable[Link], sequence: int) -> Iterator[Link]:
    """Yield the links that follow on a sequence number without a gap."""
    for link in chain:
        if link.first_sequence != sequence + 1:
            return
        sequence = link.last_sequence
        yield link


def _days_difference(wallet: Wallet, summed: Days, deadline: Deadline) -> str | None:
    """Return the first of the newest days with new usage whose total is not what its pages add up to, or None."""
    for day in sorted(summed, reverse=True)[:DAYS]:
        stored = table.read_days(wallet.account_id, day, day)
        if stored == {day: summed[day]} or _count_of(stored) > DAY_MOST:
            continue  # all of the day is new, or there is too much of it
        difference = _day_difference(wallet, day, deadline)
        if difference:
            return difference
    return None


def _day_difference(wallet: Wallet, day: str, deadline: Deadline) -> str | None:
    """Read a day's pages again and compare its total; None also if the wallet keeps changing, or time is up."""
    start_ms = parse_iso(f"{day}T00:00:00.000Z")
    for _ in range(TRIES):
        summed: Days = {}
        before = table.read_wallet(wallet.account_id).sequence
        for page in page_table.read_pages(wallet.account_id, start_ms, start_ms + DAY_MS - 1 + SPAN_MS):
            if deadline.is_over:
                return None
            difference = page_difference(page, wallet, summed, _nothing, ClientUsageCheck(wallet.account_id))
            if difference:
                return difference
        of_day = {day: summed[day]} if day in summed else {}
        found = days_difference(of_day, table.read_days(wallet.account_id, day, day))
        if found is None or table.read_wallet(wallet.account_id).sequence == before:
            return found
    return None


def _nothing(_transaction: Transaction) -> None:
    """Find nothing wrong with a transaction that was checked before."""


def _count_of(days: Days) -> int:
    return sum(usage.count for meters in days.values() for usage in meters.values())


def _start_of(since: Verified) -> Link:
    name = f"what was verified up to {since.sequence}" if since.sequence else "the start"
    return Link(name, PageSpan(0, 0, 0), 0, since.sequence, 0, since.balance_micros, b"", since.head_hash)


def _end_of(link: Link) -> Verified:
    return Verified(link.last_sequence, link.closing_balance_micros, link.hash, link.span.latest_ms)
