"""Load what a commit needs of each wallet: its head, and which of the events are in its pages already.

Wallets are read first, pages second. A commit in between changes a wallet's sequence, and then our write fails: it is
conditional on the sequence that was read.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from operator import attrgetter
from typing import Any, Final

import msgspec

from chalicelib.ledger import page_table, table
from chalicelib.ledger.commit import Window, pages_to_read
from chalicelib.ledger.page import UnreadablePage, page_key
from chalicelib.ledger.page_table import PageRow
from chalicelib.ledger.posting import EventKey, Posting
from chalicelib.ledger.read_page import PostedEvent, find_events
from chalicelib.ledger.wallet import PageSpan, Wallet, WalletNotFound
from chalicelib.threads import in_context

READS_AT_ONCE: Final = 16
"""Concurrent queries in the whole process. Events whose times are far apart need one query each."""

NOTHING_READ: Final = -1
END_OF_SEQUENCES: Final = 2**48
"""More than any wallet's sequence (`transaction.WIDTHS`)."""

PostedEvents = dict[EventKey, PostedEvent]
"""The events that were found in pages."""

WantedKeys = Mapping[str, Collection[EventKey]]
"""The events to look for, by account."""

_time_of: Final = attrgetter("identity.occurred_at_ms")


class WalletSnapshot(msgspec.Struct, frozen=True):
    """A wallet, and the events found in its pages up to `sequence`. `wallet` is None if it must be read again."""

    wallet: Wallet | None = None
    sequence: int = NOTHING_READ
    posted: PostedEvents = {}

    @property
    def is_current(self) -> bool:
        """Tell whether the pages were read after the wallet."""
        return self.wallet is not None and self.sequence >= self.wallet.sequence

    def with_wallet(self, wallet: Wallet | None) -> "WalletSnapshot":
        """Return the snapshot with the current wallet, or with None if it must be read again."""
        return WalletSnapshot(wallet, self.sequence, self.posted)

    def after_commit(self, head: Wallet) -> "WalletSnapshot":
        """Return the snapshot after our own commit, whose pages hold no event that is still to be posted."""
        return WalletSnapshot(head, head.sequence, self.posted)


class LoadResult(msgspec.Struct, frozen=True):
    """Snapshots by account, and the errors of accounts that could not be loaded. Each account fails independently."""

    snapshots: dict[str, WalletSnapshot]
    errors: dict[str, Exception]

    def attempt(self, account_id: str, work: Callable[[], Any]) -> Any:
        """Run `work` for an account. If it raises, keep the error for that account and return None."""
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - kept by account; its postings are refused with it
            self.errors[account_id] = error
            return None


def load_wallets(postings: Iterable[Posting], known: Mapping[str, WalletSnapshot]) -> LoadResult:
    """Load all wallets that postings change. Snapshots that are `known` and current are not read again."""
    by_account: dict[str, list[Posting]] = defaultdict(list)
    for posting in postings:
        for leg in posting.legs:
            by_account[leg.account_id].append(posting)
    result = LoadResult({account: known.get(account, WalletSnapshot()) for account in by_account}, {})
    _read_wallets(result)
    _add_found(result, _search(result, by_account))
    return result


def _search(result: LoadResult, by_account: Mapping[str, list[Posting]]) -> Iterator[tuple[str, PostedEvents]]:
    """Look for the postings in the pages that may hold them: recent pages by key, others by time."""
    recent_pages: list[tuple[str, PageSpan]] = []
    ranges: list[tuple[str, Window]] = []
    for account, each in result.snapshots.items():
        if each.wallet and not each.is_current:
            times = map(_time_of, by_account[account])
            recent, others = pages_to_read(times, each.wallet, each.sequence)
            recent_pages += [(account, span) for span in recent]
            ranges += [(account, window) for window in others]
    accounts = {account for account, _ in (*recent_pages, *ranges)}
    keys = {account: {posting.identity.key for posting in by_account[account]} for account in accounts}
    yield from _search_recent(result, recent_pages, keys)
    yield from _search_ranges(result, ranges, keys)


def _search_recent(
    result: LoadResult, recent_pages: list[tuple[str, PageSpan]], keys: WantedKeys
) -> Iterator[tuple[str, PostedEvents]]:
    """Search the pages that the wallets name; they are read together."""
    rows = page_table.read_page_rows([(account, span.latest_ms, span.first_sequence) for account, span in recent_pages])
    for (account, span), row in zip(recent_pages, rows, strict=True):
        yield account, result.attempt(account, partial(_find_in_recent, account, span, row, keys[account]))


def _find_in_recent(account_id: str, span: PageSpan, row: PageRow | None, wanted: Collection[EventKey]) -> PostedEvents:
    if row is None:
        key = page_key(span.latest_ms, span.first_sequence)
        raise UnreadablePage(account_id, key, "the wallet names it, and it is not there")
    return find_events(page_table.page_of(row), wanted)


def _search_ranges(
    result: LoadResult, ranges: list[tuple[str, Window]], keys: WantedKeys
) -> Iterator[tuple[str, PostedEvents]]:
    """Search the pages of each range of time, several ranges at once."""
    jobs = [
        (account, partial(_find_in_range, account, window, result.snapshots[account], keys[account]))
        for account, window in ranges
    ]
    yield from zip([account for account, _ in ranges], _run_side_by_side(result, jobs), strict=True)


def _find_in_range(
    account_id: str, window: Window, snapshot: WalletSnapshot, wanted: Collection[EventKey]
) -> PostedEvents:
    """Search the pages of a range that the wallet does not name and that were not searched before."""
    recent = snapshot.wallet.recent if snapshot.wallet else ()
    end = recent[0].first_sequence if recent else END_OF_SEQUENCES
    found: PostedEvents = {}
    for page in page_table.read_pages(account_id, *window):
        if snapshot.sequence < page.first_sequence < end:
            found |= find_events(page, wanted)
    return found


def _run_side_by_side(
    result: LoadResult, jobs: Sequence[tuple[str, Callable[[], PostedEvents]]]
) -> Iterable[PostedEvents]:
    """Run jobs for accounts concurrently, and return their results in the order of the jobs."""
    if len(jobs) == 1:
        return [result.attempt(*jobs[0])]
    return _readers().map(in_context(result.attempt), *zip(*jobs, strict=True)) if jobs else ()


def _read_wallets(result: LoadResult) -> None:
    """Read the wallets that are not known, in as few calls as possible."""
    missing = [account for account, each in result.snapshots.items() if each.wallet is None]
    rows = table.read_wallet_rows(missing) if missing else {}
    for account in missing:
        row = rows.get(account)
        if row is None:
            result.errors[account] = WalletNotFound(account)
        elif wallet := result.attempt(account, lambda row=row: table.wallet_of(row)):  # type: ignore[misc]
            result.snapshots[account] = result.snapshots[account].with_wallet(wallet)


def _add_found(result: LoadResult, found: Iterable[tuple[str, PostedEvents]]) -> None:
    """Add to each snapshot what was found in its pages. Unless reading failed, it then covers all of its pages."""
    posted: dict[str, PostedEvents] = defaultdict(dict)
    for account, more in found:
        posted[account] |= more or {}
    for account, each in result.snapshots.items():
        if each.wallet and not each.is_current and account not in result.errors:
            result.snapshots[account] = WalletSnapshot(each.wallet, each.wallet.sequence, each.posted | posted[account])


@cache
def _readers() -> ThreadPoolExecutor:
    """Return the process's readers, created on first use."""
    return ThreadPoolExecutor(READS_AT_ONCE, thread_name_prefix="ledger-reader")
