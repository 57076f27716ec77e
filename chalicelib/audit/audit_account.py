"""Audit one account: open its new pages, find the usage that was charged again, and give it back.

New pages are found without opening any. The wallet's sequence number shows that there are some, and the daily totals
show on which days; of such a day, the pages after the sequence number of its last audit are opened. Both are written in
the same commits as the pages, so nothing is missed, and a commit writes nothing more for the audit.

The order of writes makes it safe to be cut off anywhere: first repeats are stored, then corrections are posted and
marked, then the day's file is written, and last the day's progress. The next run does the same again and finds what was
already written.
"""

from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Final

from chalicelib import clock, metrics
from chalicelib.audit import archive, table
from chalicelib.audit.day_file import find_by_hash, hash_of, make_record, shared_hashes, transaction_id_of
from chalicelib.audit.give_back_repeats import give_back_repeats
from chalicelib.audit.repeats import WINDOW_DAYS, Repeat, find_repeats, is_audited
from chalicelib.audit.table import DayProgress
from chalicelib.clock import Deadline
from chalicelib.ledger import statement
from chalicelib.ledger.daily_usage import DAY_MS, sum_usage_by_day
from chalicelib.ledger.page import SPAN_MS
from chalicelib.ledger.page_table import read_page_sizes, read_pages_posted
from chalicelib.ledger.read_page import transactions_of
from chalicelib.ledger.table import read_days, read_wallet
from chalicelib.ledger.transaction import Transaction
from chalicelib.log import log

CHUNK: Final = 100_000
"""Transactions of one day audited at a time: about 10 MB of records, and 1 KB more for each repeat."""

REPEATS_AT_ONCE: Final = 100
"""Repeats stored and given back together, in a few seconds; the deadline is checked after each such batch."""

READS_AT_ONCE: Final = 8
"""Day files read at the same time: a day is compared with up to 71."""

ALL_DAYS: Final = ("0", "9999-12-31")


class AccountAudit:
    """One audit of an account, up to its wallet's sequence at the start. The next audit covers what is posted later."""

    def __init__(self, account_id: str, *, gives_back: bool, deadline: Deadline) -> None:
        self.account_id = account_id
        self.gives_back = gives_back
        self.deadline = deadline
        self.events = 0
        self.repeats = 0
        self._up_to = read_wallet(account_id).sequence
        self._progress = table.read_days(account_id)

    def run(self) -> bool:
        """Audit the days that have new usage, oldest first; tell whether there was time for all of them."""
        # Read after the wallet, so they include everything up to its sequence, and perhaps more.
        for day, meters in read_days(self.account_id, *ALL_DAYS).items():
            count = sum(usage.count for usage in meters.values())
            while self._has_new(day, count):
                if self.deadline.is_over or not self._audit_chunk(day, count):
                    return False
        table.finish(self.account_id, self._up_to)
        return True

    def _has_new(self, day: str, count: int) -> bool:
        progress = self._progress.get(day, DayProgress())
        return progress.usage_count != count and progress.sequence < self._up_to

    def _audit_chunk(self, day: str, count: int) -> bool:
        """Audit the next new pages of a day; tell whether there was time for all of their repeats."""
        progress = self._progress.get(day, DayProgress())
        end = self._chunk_end(day, progress, count)
        records, counted = self._open_pages(day, progress.sequence, end)
        if not self._store_and_give_back(list(self._find_repeats(day, records))):
            return False
        if records:
            archive.add(self.account_id, day, records)
        self._progress[day] = DayProgress(end, progress.usage_count + counted)
        table.write_day(self.account_id, day, self._progress[day])
        self.events += len(records)
        return True

    def _chunk_end(self, day: str, progress: DayProgress, count: int) -> int:
        """Return the last sequence number of the next chunk, nearly always the audit's last one."""
        if count - progress.usage_count <= CHUNK:
            return self._up_to
        sizes = read_page_sizes(self.account_id, *_page_times(day), after_sequence=progress.sequence)
        end, taken = self._up_to, 0
        for first_sequence, size in sorted(sizes.items()):
            taken += size
            if taken > CHUNK and taken > size:
                return min(first_sequence - 1, self._up_to)
            end = first_sequence + size - 1
        return min(end, self._up_to)

    def _open_pages(self, day: str, after: int, up_to: int) -> tuple[list[bytes], int]:
        """Open the new pages of a day; return the records of its events and their usage count."""
        records: list[bytes] = []
        counted = 0
        pages = read_pages_posted(self.account_id, *_page_times(day), after_sequence=after, up_to_sequence=up_to)
        for page in pages:
            of_day = [each for each in transactions_of(page) if clock.day_of(each.identity.occurred_at_ms) == day]
            records += map(make_record, filter(is_audited, of_day))
            counted += _usage_count(of_day)
        return records, counted

    def _find_repeats(self, day: str, new: Sequence[bytes]) -> Iterable[Repeat]:
        """Return the repeats among the new events and the stored ones."""
        records = {*new, *self._stored_with_hashes(day, {hash_of(record) for record in new})}
        shared = shared_hashes(records)
        ids_to_compare = [transaction_id_of(record) for record in records if hash_of(record) in shared]
        # Read from their pages: two different events may have the same hash.
        transactions = statement.read_transactions(self.account_id, ids_to_compare)
        return find_repeats(transactions, found_at_ms=clock.now_ms(), give_back=self.gives_back)

    def _stored_with_hashes(self, day: str, hashes: Collection[bytes]) -> Iterable[bytes]:
        """Yield the stored records with one of the hashes, from the day and from the days in the window around it."""
        days = sorted(self._progress.keys() & _days_around(day)) if hashes else []
        for found in _readers().map(partial(self._read_with_hashes, hashes), days):
            yield from found

    def _read_with_hashes(self, hashes: Collection[bytes], day: str) -> list[bytes]:
        return find_by_hash(archive.read(self.account_id, day), hashes)

    def _store_and_give_back(self, repeats: Sequence[Repeat]) -> bool:
        """Store repeats and give back those that are due; tell whether there was time for all of them.

        Repeats that an earlier run has finished take little time, so each run gets further.
        """
        for start in range(0, len(repeats), REPEATS_AT_ONCE):
            if start and self.deadline.is_over:
                return False
            batch = repeats[start : start + REPEATS_AT_ONCE]
            known = table.read_kept(self.account_id, [repeat.transaction_id for repeat in batch])
            before = self.repeats
            kept = [known.get(repeat.transaction_id) or self._keep(repeat) for repeat in batch]
            if self.repeats > before:
                metrics.count("repeats_found", self.repeats - before, account_id=self.account_id)
            if due := [repeat for repeat in kept if repeat.state == "to_give_back"]:
                give_back_repeats(due)
        return True

    def _keep(self, repeat: Repeat) -> Repeat:
        kept, is_new = table.keep(repeat)
        if is_new:
            self.repeats += 1
            log().warning(
                "usage was charged again, with another time",
                account_id=repeat.account_id,
                source=repeat.source,
                event_id=repeat.event_id,
                transaction_id=repeat.transaction_id,
                original_transaction_id=repeat.original_transaction_id,
            )
        return kept


def _start_of(day: str) -> int:
    return clock.parse_iso(f"{day}T00:00:00.000Z")


def _page_times(day: str) -> tuple[int, int]:
    """Return the range of page time in which pages can hold events of a day."""
    start = _start_of(day)
    return start, start + DAY_MS - 1 + SPAN_MS


def _days_around(day: str) -> set[str]:
    start = _start_of(day)
    return {clock.day_of(start + offset * DAY_MS) for offset in range(-WINDOW_DAYS, WINDOW_DAYS + 1)}


def _usage_count(transactions: Sequence[Transaction]) -> int:
    """Count usage as the daily totals do: a receipt by its lines."""
    times = [each.identity.occurred_at_ms for each in transactions]
    days = sum_usage_by_day(times, [each.content for each in transactions], [each.leg for each in transactions])
    return sum(usage.count for meters in days.values() for usage in meters.values())


@cache
def _readers() -> ThreadPoolExecutor:
    """Return the process's readers of day files, created on first use."""
    return ThreadPoolExecutor(READS_AT_ONCE, thread_name_prefix="day-file-reader")
