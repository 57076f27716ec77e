"""Verify a wallet: read its pages again and check the chain, sequence, balances, daily and client totals, and row."""

from collections.abc import Callable, Collection, Iterable
from typing import Final

import msgspec

from chalicelib.clock import Deadline, iso
from chalicelib.ledger import page_table, table
from chalicelib.ledger.chain import Link, chain_difference, link_of
from chalicelib.ledger.client_usage_check import ClientUsageCheck
from chalicelib.ledger.daily_usage import Days, add_days, sum_usage_by_day
from chalicelib.ledger.page import SPAN_MS, Page, UnreadablePage
from chalicelib.ledger.read_page import expected_hash, read_header, transactions_of
from chalicelib.ledger.siblings import SiblingCheck
from chalicelib.ledger.transaction import Transaction
from chalicelib.ledger.wallet import END_OF_TIME_MS, Wallet

TRIES: Final = 5
"""How many times a wallet that keeps changing is read before StillMoving is raised."""

Difference = Callable[[Transaction], str | None]
"""Returns what is wrong with a transaction, or None."""


class StillMoving(Exception):
    """The wallet changed during every read. Verify it again when fewer events arrive."""


class Verification(msgspec.Struct, frozen=True):
    """The result of a verification of `wallet`. `difference` is the first difference found, or None."""

    account_id: str
    pages: int
    transactions: int
    balance_micros: int
    difference: str | None
    wallet: Wallet


def verify(
    account_id: str,
    among: Collection[str] = (),
    also: Difference | None = None,
    *,
    deadline: Deadline | None = None,
) -> Verification:
    """Verify one wallet, and compare its transactions with their siblings in the wallets of the accounts `among`.

    `also` tells what else may be wrong with a transaction. After the deadline, a wallet that changed is not read again.
    Raises WalletNotFound, StillMoving.
    """
    for _ in range(TRIES):
        before = table.read_wallet(account_id)
        stored = page_table.read_pages(account_id, 0, END_OF_TIME_MS)
        days = table.read_days(account_id, "0", "9999-12-31")
        siblings = SiblingCheck(among)

        def difference(transaction: Transaction) -> str | None:
            return siblings.difference(transaction) or (also(transaction) if also else None)  # noqa: B023 - used at once

        found = check_wallet(before, stored, days, difference, ClientUsageCheck(account_id))
        if found.difference is None or table.read_wallet(account_id).sequence == before.sequence:
            return found
        if deadline and deadline.is_over:
            break
    raise StillMoving(account_id)


def check_wallet(
    wallet: Wallet, stored: Iterable[Page], days: Days, sibling_difference: Difference, clients: ClientUsageCheck
) -> Verification:
    """Check pages (in any order) against the wallet, its days and its clients, and each transaction by itself.

    Keeps all headers in memory, but never more than one body.
    """
    chain: list[Link] = []
    summed: Days = {}
    difference = None
    for page in stored:
        difference = difference or page_difference(page, wallet, summed, sibling_difference, clients)
        chain.append(link_of(page))
    chain.sort(key=lambda link: link.first_sequence)
    difference = difference or chain_difference(wallet, chain) or days_difference(summed, days)
    difference = difference or clients.difference()
    return Verification(wallet.account_id, len(chain), wallet.sequence, wallet.balance_micros, difference, wallet)


def page_difference(
    page: Page, wallet: Wallet, summed: Days, sibling_difference: Difference, clients: ClientUsageCheck
) -> str | None:
    """Return the first difference within one page, or None; add the page's usage to `summed` and to `clients`."""
    try:
        found = _page_difference(page, wallet, summed)
        transactions = transactions_of(page)
        for transaction in transactions:
            clients.add(transaction)
        return found or next(filter(None, map(sibling_difference, transactions)), None)
    except UnreadablePage as error:
        return str(error)


def _page_difference(page: Page, wallet: Wallet, summed: Days) -> str | None:
    header, expected, transactions = read_header(page), expected_hash(page), transactions_of(page)
    if not transactions:
        return f"page {page.key}: holds no transaction"
    times = [each.identity.occurred_at_ms for each in transactions]
    add_days(
        summed, sum_usage_by_day(times, [each.content for each in transactions], [each.leg for each in transactions])
    )
    facts = {
        "hash": (page.hash, expected),
        "account": (header.account_id, page.account_id),
        "currency": (header.currency, wallet.currency),
        "first sequence": (page.first_sequence, header.first_sequence),
        "opening balance": (page.opening_balance_micros, header.opening_balance_micros),
        "count": (page.count, len(transactions)),
        "closing balance": (page.closing_balance_micros, transactions[-1].balance_after_micros),
        "earliest time": (iso(page.earliest_ms), iso(times[0])),
        "latest time": (iso(page.latest_ms), iso(times[-1])),
        "order of times": (times, sorted(times)),
        "span within five minutes": (True, times[-1] - times[0] <= SPAN_MS),
        "lines that add up": (None, next((each.id for each in transactions if not _adds_up(each)), None)),
    }
    return next(
        (f"page {page.key}: {name} is {_shown(a)}, not {_shown(b)}" for name, (a, b) in facts.items() if a != b), None
    )


def _adds_up(transaction: Transaction) -> bool:
    leg = transaction.leg
    return not leg.lines or leg.amount_micros == sum(line.amount_micros for line in leg.lines)


def days_difference(summed: Days, days: Days) -> str | None:
    """Return the first day on which the pages' totals and the table's differ, or None."""
    for day in sorted(summed.keys() | days.keys()):
        if summed.get(day) != days.get(day):
            return f"day {day}: the pages add up to {summed.get(day)}, the table says {days.get(day)}"
    return None


def _shown(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value
