"""Load what a commit needs to know of each wallet: its head, and which of the events are in its pages already.

The order is what makes it exact: wallets first, pages second. Whatever is committed in between moves a wallet's
sequence, and a write on condition of the sequence that was read fails.
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
from chalicelib.ledger.read_page import Posted, find
from chalicelib.ledger.wallet import PageSpan, Wallet, WalletNotFound

READS_AT_ONCE: Final = 16
"""Queries side by side, in the whole process: events at many far-apart times take one for each."""

NOTHING_READ: Final = -1
END_OF_SEQUENCES: Final = 2**48
"""More than any wallet's sequence (`transaction.WIDTHS`)."""

Found = dict[EventKey, Posted]
"""The events that were found in pages."""

Keys = Mapping[str, Collection[EventKey]]
"""The events that are looked for, by account."""

_time_of: Final = attrgetter("identity.occurred_at_ms")


class Loaded(msgspec.Struct, frozen=True):
    """A wallet, and the events that its pages up to `sequence` hold. `wallet` is None where it must be read again."""

    wallet: Wallet | None = None
    sequence: int = NOTHING_READ
    posted: Found = {}

    @property
    def is_current(self) -> bool:
        """Tell whether the pages were read after the wallet."""
        return self.wallet is not None and self.sequence >= self.wallet.sequence

    def moved(self, wallet: Wallet | None) -> "Loaded":
        """Return what is still known after a commit of somebody else's, which led to `wallet`, if that was told."""
        return Loaded(wallet, self.sequence, self.posted)

    def committed(self, head: Wallet) -> "Loaded":
        """Return what is known after a commit of our own: nothing that is still to be posted is on its pages."""
        return Loaded(head, head.sequence, self.posted)


class Loads(msgspec.Struct, frozen=True):
    """What was loaded, by account, and what went wrong with others: an account fails alone."""

    loaded: dict[str, Loaded]
    failed: dict[str, Exception]

    def guard(self, account_id: str, work: Callable[[], Any]) -> Any:
        """Do a piece of work for an account; what it raises is that account's, and None is returned."""
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - told by account; those who posted to it get it as their answer
            self.failed[account_id] = error
            return None


def load(postings: Iterable[Posting], known: Mapping[str, Loaded]) -> Loads:
    """Load all wallets that postings move. What is `known` and current is not read again."""
    by_account: dict[str, list[Posting]] = defaultdict(list)
    for posting in postings:
        for leg in posting.legs:
            by_account[leg.account_id].append(posting)
    loads = Loads({account: known.get(account, Loaded()) for account in by_account}, {})
    _read_wallets(loads)
    _note_found(loads, _search(loads, by_account))
    return loads


def _search(loads: Loads, by_account: Mapping[str, list[Posting]]) -> Iterator[tuple[str, Found]]:
    """Look for the postings in the pages that may hold them: recent ones by name, others by their time."""
    named: list[tuple[str, PageSpan]] = []
    ranges: list[tuple[str, Window]] = []
    for account, each in loads.loaded.items():
        if each.wallet and not each.is_current:
            times = map(_time_of, by_account[account])
            recent, others = pages_to_read(times, each.wallet, each.sequence)
            named += [(account, span) for span in recent]
            ranges += [(account, window) for window in others]
    accounts = {account for account, _ in (*named, *ranges)}
    keys = {account: {posting.identity.key for posting in by_account[account]} for account in accounts}
    yield from _search_named(loads, named, keys)
    yield from _search_ranges(loads, ranges, keys)


def _search_named(loads: Loads, named: list[tuple[str, PageSpan]], keys: Keys) -> Iterator[tuple[str, Found]]:
    """Look into pages whose keys are known; those of all wallets are read together."""
    rows = page_table.read_page_rows([(account, span.latest_ms, span.first_sequence) for account, span in named])
    for (account, span), row in zip(named, rows, strict=True):
        yield account, loads.guard(account, partial(_find_named, account, span, row, keys[account]))


def _find_named(account_id: str, span: PageSpan, row: PageRow | None, wanted: Collection[EventKey]) -> Found:
    if row is None:
        key = page_key(span.latest_ms, span.first_sequence)
        raise UnreadablePage(account_id, key, "the wallet names it, and it is not there")
    return find(page_table.page_of(row), wanted)


def _search_ranges(loads: Loads, ranges: list[tuple[str, Window]], keys: Keys) -> Iterator[tuple[str, Found]]:
    """Look into the pages of ranges of time, range by range, side by side."""
    jobs = [
        (account, partial(_find_in_range, account, window, loads.loaded[account], keys[account]))
        for account, window in ranges
    ]
    yield from zip([account for account, _ in ranges], _side_by_side(loads, jobs), strict=True)


def _find_in_range(account_id: str, window: Window, loaded: Loaded, wanted: Collection[EventKey]) -> Found:
    """Look into the pages of a range that the wallet does not name, and that were not looked through before."""
    recent = loaded.wallet.recent if loaded.wallet else ()
    end = recent[0].first_sequence if recent else END_OF_SEQUENCES
    found: Found = {}
    for page in page_table.read_pages(account_id, *window):
        if loaded.sequence < page.first_sequence < end:
            found |= find(page, wanted)
    return found


def _side_by_side(loads: Loads, jobs: Sequence[tuple[str, Callable[[], Found]]]) -> Iterable[Found]:
    """Do jobs for accounts at once, and return in their order what they give."""
    if len(jobs) == 1:
        return [loads.guard(*jobs[0])]
    return _readers().map(loads.guard, *zip(*jobs, strict=True)) if jobs else ()


def _read_wallets(loads: Loads) -> None:
    """Read the wallets that are not known, in as few calls as that takes."""
    missing = [account for account, each in loads.loaded.items() if each.wallet is None]
    rows = table.read_wallet_rows(missing) if missing else {}
    for account in missing:
        row = rows.get(account)
        if row is None:
            loads.failed[account] = WalletNotFound(account)
        elif wallet := loads.guard(account, lambda row=row: table.wallet_of(row)):  # type: ignore[misc]
            loads.loaded[account] = loads.loaded[account].moved(wallet)


def _note_found(loads: Loads, found: Iterable[tuple[str, Found]]) -> None:
    """Add to each wallet what was found in its pages; they are read as far as the wallet now, unless reading failed."""
    posted: dict[str, Found] = defaultdict(dict)
    for account, more in found:
        posted[account] |= more or {}
    for account, each in loads.loaded.items():
        if each.wallet and not each.is_current and account not in loads.failed:
            loads.loaded[account] = Loaded(each.wallet, each.wallet.sequence, each.posted | posted[account])


@cache
def _readers() -> ThreadPoolExecutor:
    """Return the process's readers, made when they are first needed."""
    return ThreadPoolExecutor(READS_AT_ONCE, thread_name_prefix="ledger-reader")
