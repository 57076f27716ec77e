"""Plan commits: which postings are new, which pages to read for that, and what goes into one write. Pure."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Generic

import msgspec

from chalicelib.clock import month_of
from chalicelib.errors import Refusal
from chalicelib.ledger.build import WalletPlan, posting_order
from chalicelib.ledger.client_usage import is_usage_of_client
from chalicelib.ledger.daily_usage import DAY_MS
from chalicelib.ledger.page import SPAN_MS
from chalicelib.ledger.posting import EventKey, Posting, PostingT
from chalicelib.ledger.read_page import PostedEvent
from chalicelib.ledger.wallet import PageSpan, Wallet

MAXIMUM_ITEMS: Final = 100
"""Items in one transaction (Amazon DynamoDB API Reference, TransactWriteItems)."""

MAXIMUM_BYTES: Final = 3_500_000
"""Bytes of page bodies in one commit. A transaction takes 4 MB, including everything else in it (the same page)."""

Window = tuple[int, int]
"""A range of page time in ms, both ends included."""


class EventConflict(Refusal):
    """An event with the same source and id was posted with other content. Nothing is posted."""

    status = 409
    type = "event-conflict"
    title = "The event was sent before with other content"

    def __init__(self, posting: Posting) -> None:
        identity = posting.identity
        super().__init__(
            f"event {identity.event_id!r} of {identity.source!r} was posted to {identity.account_id!r} before with "
            "other content",
            account_id=identity.account_id,
            event_id=identity.event_id,
            source=identity.source,
        )


class Classification(msgspec.Struct, Generic[PostingT], frozen=True):
    """Postings by what was posted of their event before: nothing, the same content, or other content."""

    new: list[PostingT]
    repeats: list[PostingT]
    conflicts: list[PostingT]


def separate_duplicates(postings: Iterable[PostingT]) -> tuple[list[PostingT], list[tuple[PostingT, PostingT]]]:
    """Return the first posting of each event, and each further posting with the first one of its event."""
    first_of: dict[EventKey, PostingT] = {}
    duplicates: list[tuple[PostingT, PostingT]] = []
    for posting in postings:
        key = posting.identity.key
        if key in first_of:
            duplicates.append((posting, first_of[key]))
        else:
            first_of[key] = posting
    return list(first_of.values()), duplicates


def have_same_content(posting: Posting, other: Posting) -> bool:
    """Tell whether two postings of one event have the same content. Prices and the legs' wallets are not compared."""
    return (
        posting.identity == other.identity
        and posting.content == other.content
        and posting.legs[0].type == other.legs[0].type
    )


def classify(
    postings: Sequence[PostingT], posted: Mapping[str, Mapping[EventKey, PostedEvent]]
) -> Classification[PostingT]:
    """Classify postings as new, repeats or conflicts, by what was found in the pages of each wallet.

    A posting is not new if any of its legs was posted, even if it would change other wallets today.
    """
    if not any(posted.values()):
        return Classification(list(postings), [], [])
    result: Classification[PostingT] = Classification([], [], [])
    for posting in postings:
        key = posting.identity.key
        found = [(leg, before) for leg in posting.legs if (before := posted[leg.account_id].get(key))]
        if not found:
            result.new.append(posting)
        elif all(before == PostedEvent(posting.identity, posting.content, leg.type) for leg, before in found):
            result.repeats.append(posting)
        else:
            result.conflicts.append(posting)
    return result


def pages_to_read(times: Iterable[int], wallet: Wallet, sequence: int) -> tuple[list[PageSpan], list[Window]]:
    """Return which of a wallet's pages can hold events of these times: recent pages one by one, others as time ranges.

    Pages up to `sequence` have already been read.
    """
    ordered = sorted(set(times))
    recent = [span for span in wallet.recent if span.first_sequence > sequence and _has_one_in(ordered, span)]
    others_end = wallet.recent[0].first_sequence - 1 if wallet.recent else wallet.sequence
    return recent, windows_around(ordered, wallet.older_ms) if sequence < others_end else []


def _has_one_in(ordered: Sequence[int], span: PageSpan) -> bool:
    """Tell whether one of the sorted times is between a page's first and last event."""
    place = bisect_left(ordered, span.earliest_ms)
    return place < len(ordered) and ordered[place] <= span.latest_ms


def windows_around(ordered: Iterable[int], latest_ms: int) -> list[Window]:
    """Return the ranges of page time to search for events of these times. No such page is later than `latest_ms`.

    An event of time t is on a page whose latest time is between t and t plus five minutes, so a batch that mixes old
    and new events reads only around each of them. Two ranges less than five minutes apart become one: a call costs
    more than the few pages between them.
    """
    ranges: list[Window] = []
    for moment in ordered:
        if moment > latest_ms:
            break
        if ranges and moment <= ranges[-1][1] + SPAN_MS:
            ranges[-1] = (ranges[-1][0], moment + SPAN_MS)
        else:
            ranges.append((moment, moment + SPAN_MS))
    return ranges


def fit_in_one_write(plans: Iterable[WalletPlan]) -> bool:
    """Tell whether the plans fit into one DynamoDB transaction."""
    plans = list(plans)
    size = sum(len(page.body) for each in plans for page in each.pages)
    return sum(each.item_count for each in plans) <= MAXIMUM_ITEMS and size <= MAXIMUM_BYTES


def split_into_commits(postings: Iterable[PostingT]) -> Iterator[list[PostingT]]:
    """Split postings into as few commits as the number of items allows.

    Postings that change the same wallets stay together, in time order. So the events of many clients of one workspace
    take a few commits, each for some of the clients, instead of one commit for every few events.
    """
    chunk: list[PostingT] = []
    items: set[tuple[object, ...]] = set()
    for group in _group_by_wallets(postings):
        needed = _items_needed(group[0])
        if chunk and len(items | needed) > MAXIMUM_ITEMS:
            yield chunk
            chunk, items = [], set()
        chunk += group
        items |= needed
    if chunk:
        yield chunk


def _group_by_wallets(postings: Iterable[PostingT]) -> Iterator[list[PostingT]]:
    """Yield groups of postings that change the same wallets in the same five minutes."""
    groups: dict[tuple[str, ...], list[PostingT]] = {}
    for posting in postings:
        groups.setdefault(tuple([leg.account_id for leg in posting.legs]), []).append(posting)
    for _, group in sorted(groups.items()):
        group.sort(key=posting_order)
        times = [posting.identity.occurred_at_ms for posting in group]
        start = 0
        while start < len(group):
            stop = bisect_left(times, (times[start] // SPAN_MS + 1) * SPAN_MS, lo=start)
            yield group[start:stop]
            start = stop


def _items_needed(posting: Posting) -> set[tuple[object, ...]]:
    """Return keys of the items that a commit of the posting's five minutes writes: of each wallet row, page and day.

    Two pages of one wallet never begin in the same five minutes, unless one page would be too large.
    """
    moment = posting.identity.occurred_at_ms
    items: set[tuple[object, ...]] = {
        (leg.account_id, *item)
        for leg in posting.legs
        for item in ((), ("page", moment // SPAN_MS), ("day", moment // DAY_MS))
    }
    for leg in posting.legs:
        if is_usage_of_client(leg.account_id, posting):
            items.add((leg.account_id, "client", posting.identity.account_id, month_of(moment)))
    return items


def split_in_half(postings: Sequence[PostingT]) -> tuple[Sequence[PostingT], Sequence[PostingT]]:
    """Split postings in two. The legs of one posting stay together."""
    middle = len(postings) // 2
    return postings[:middle], postings[middle:]
