"""Post each event exactly once, with all its legs or none, and return the outcome of each posting."""

from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import chain
from threading import Lock
from typing import Final, Generic

import msgspec
from botocore.exceptions import BotoCoreError
from pynamodb.exceptions import PynamoDBException

from chalicelib import clock
from chalicelib.backoff import pause
from chalicelib.clock import Deadline
from chalicelib.errors import Busy
from chalicelib.ledger import commit, table
from chalicelib.ledger.build import build
from chalicelib.ledger.commit import EventConflict
from chalicelib.ledger.load import WalletSnapshot, load_wallets
from chalicelib.ledger.posting import EventKey, Posting, PostingT
from chalicelib.ledger.wallet import Wallet

ATTEMPTS: Final = 20
"""Consecutive conflicts after which a posting is refused: sixteen concurrent functions need up to sixteen attempts."""

ATTEMPTS_TOGETHER: Final = 5
"""Consecutive conflicts after which the postings of those wallets wait until the others are posted."""

LONGEST_WAIT_SECONDS: Final = 20.0
"""How long a call waits for another call in this process; the API has 29 seconds to answer."""

TRANSIENT: Final = (PynamoDBException, BotoCoreError)
"""Raised when DynamoDB cannot be reached or fails temporarily. What it refuses permanently is NotStorable."""

_turns: Final = tuple(Lock() for _ in range(1024))
"""In one process, only one call at a time commits to a wallet: two would make each other's writes fail."""


class LedgerBusy(Busy):
    """Too many commits to the same wallet at once. Nothing was posted."""

    type = "ledger-busy"
    title = "The wallet is being changed by others"


class OutOfTime(LedgerBusy):
    """The caller's deadline passed before this posting could be posted. Nothing was posted."""


class RefusedPosting(msgspec.Struct, Generic[PostingT], frozen=True):
    """A posting that was not posted, and why: a refusal or another exception."""

    posting: PostingT
    error: Exception


class PostResult(msgspec.Struct, Generic[PostingT], frozen=True):
    """Each posting in one of four lists: posted now, posted before, in conflict with what was posted before, refused.

    The lists hold the objects that were passed in, so a caller's subclass of Posting can say where each came from.
    """

    posted: list[PostingT]
    repeats: list[PostingT]
    conflicts: list[PostingT]
    refused: list[RefusedPosting[PostingT]]


def post(
    postings: Iterable[PostingT], wallets: Mapping[str, Wallet] | None = None, deadline: Deadline | None = None
) -> PostResult[PostingT]:
    """Post events, each as a whole and independently. Errors of single postings are in the result, not raised.

    All legs of a posting are written in one commit, and so are all postings of a call, as far as they fit into one.
    `wallets` are those that the caller has just read, by account, so that they are not read again. What cannot be done
    before the `deadline` is refused with OutOfTime. Other refusals: WalletNotFound, UnreadablePage, LedgerBusy,
    NotStorable, and the exceptions of AWS's libraries when DynamoDB cannot be reached.
    """
    firsts, duplicates = commit.separate_duplicates(postings)
    known = {account: WalletSnapshot(wallet) for account, wallet in (wallets or {}).items()}
    call: _PostCall[PostingT] = _PostCall(known, deadline or Deadline(LONGEST_WAIT_SECONDS))
    with _hold_turn(firsts, call.deadline) as has_turn:
        if has_turn:
            call.post_all(firsts)
        else:
            call.refuse(firsts, LedgerBusy("other commits of this process took too long; nothing was posted"))
    call.sort_duplicates(duplicates)
    return call.result


def post_one(posting: Posting) -> bool:
    """Post a single event; tell whether it is new. Raises EventConflict, and the errors that `post` refuses with."""
    result = post([posting])
    if result.conflicts:
        raise EventConflict(posting)
    for refused in result.refused:
        raise refused.error
    return bool(result.posted)


@contextmanager
def _hold_turn(postings: Iterable[Posting], deadline: Deadline) -> Iterator[bool]:
    """Wait until no other call of this process commits to the postings' wallets; yield False if that takes too long."""
    numbers = {hash(leg.account_id) % len(_turns) for posting in postings for leg in posting.legs}
    with ExitStack() as held:
        for number in sorted(numbers):
            if not _turns[number].acquire(timeout=deadline.seconds_left(at_most=LONGEST_WAIT_SECONDS)):
                yield False
                return
            held.callback(_turns[number].release)
        yield True


class _PostCall(Generic[PostingT]):
    """One call of `post`: what is known about the wallets, and the result so far."""

    def __init__(self, known: dict[str, WalletSnapshot], deadline: Deadline) -> None:
        self.known = known
        self.deadline = deadline
        self.result: PostResult[PostingT] = PostResult([], [], [], [])

    def refuse(self, postings: Iterable[PostingT], error: Exception) -> None:
        self.result.refused.extend(RefusedPosting(posting, error) for posting in postings)

    def post_all(self, waiting: Sequence[PostingT]) -> None:
        """Post what is new. Afterwards every posting is in the result."""
        attempts = 0
        conflicts: Counter[str] = Counter()
        while waiting and attempts < ATTEMPTS:
            if self.deadline.is_over:
                self.refuse(waiting, OutOfTime("there was no time left for it; nothing was posted, send it again"))
                return
            if attempts == ATTEMPTS_TOGETHER:
                waiting = self._postpone(waiting, {account for account in conflicts if conflicts[account] == attempts})
            posted = len(self.result.posted)
            waiting, busy = self._commit(self._load_new(waiting))
            if len(self.result.posted) > posted:
                attempts, conflicts = 0, Counter()
            if waiting:
                attempts += 1
                conflicts.update(busy)
            if attempts > 1:
                pause(attempts)
                self.known.update({account: self.known[account].with_wallet(None) for account in busy})
        self.refuse(waiting, LedgerBusy(f"no turn came in {ATTEMPTS} attempts; nothing was posted, send it again"))

    def sort_duplicates(self, duplicates: Sequence[tuple[PostingT, PostingT]]) -> None:
        """Add the further postings of each event to the result, by the outcome of the first."""
        errors: dict[EventKey, Exception] = {}
        if duplicates:
            errors = {refused.posting.identity.key: refused.error for refused in self.result.refused}
        for posting, first in duplicates:
            if not commit.have_same_content(posting, first):
                self.result.conflicts.append(posting)
            elif first.identity.key in errors:
                self.refuse([posting], errors[first.identity.key])
            else:
                self.result.repeats.append(posting)

    def _load_new(self, waiting: Sequence[PostingT]) -> list[PostingT]:
        """Load the wallets and return the new postings. Add the others to the result."""
        loaded = load_wallets(waiting, self.known)
        self.known.update(loaded.snapshots)
        if loaded.errors:
            checked = [(posting, _first_error(posting, loaded.errors)) for posting in waiting]
            self.result.refused.extend(RefusedPosting(posting, error) for posting, error in checked if error)
            waiting = [posting for posting, error in checked if not error]
        found = commit.classify(waiting, {account: each.posted for account, each in loaded.snapshots.items()})
        self.result.repeats.extend(found.repeats)
        self.result.conflicts.extend(found.conflicts)
        return found.new

    def _commit(self, new: Iterable[PostingT]) -> tuple[list[PostingT], list[str]]:
        """Commit new postings in chunks, until a concurrent commit changes a wallet first.

        Return the postings that are left, and the accounts whose wallets had changed. A chunk that fails permanently is
        halved until the one posting that makes it fail is found.
        """
        chunks: deque[Sequence[PostingT]] = deque(commit.split_into_commits(new))
        while chunks and not self.deadline.is_over:
            chunk = chunks.popleft()
            try:
                self._commit_chunk(chunk)
            except table.ConcurrentCommit as conflict:
                self.known.update(
                    {account: self.known[account].with_wallet(conflict.heads[account]) for account in conflict.heads}
                )
                return [*chunk, *chain.from_iterable(chunks)], list(conflict.heads)
            except TRANSIENT as error:
                self.refuse(chain(chunk, *chunks), error)
                return [], []
            except Exception as error:  # noqa: BLE001 - one posting's error: found by halving, and kept with it
                if len(chunk) > 1:
                    chunks.extendleft(reversed(commit.split_in_half(chunk)))
                else:
                    self.refuse(chunk, error)
        return list(chain.from_iterable(chunks)), []

    def _commit_chunk(self, chunk: Sequence[PostingT]) -> None:
        """Commit postings together, or write nothing. Raises ConcurrentCommit, NotStorable or any other error."""
        wallets = {account: each.wallet for account, each in self.known.items() if each.wallet}
        plans = build(wallets, chunk, clock.now_ms())
        if not commit.fit_in_one_write(plans):
            raise table.NotStorable("what it comes to does not fit into one transaction of DynamoDB")
        table.commit(plans)
        self.known.update(
            {each.wallet.account_id: self.known[each.wallet.account_id].after_commit(each.head) for each in plans}
        )
        self.result.posted.extend(chunk)

    def _postpone(self, waiting: Sequence[PostingT], busy: Collection[str]) -> list[PostingT]:
        """Post first what does not touch the wallets that conflicted in every attempt; return the rest."""
        delayed = [posting for posting in waiting if any(leg.account_id in busy for leg in posting.legs)]
        others = [posting for posting in waiting if not any(leg.account_id in busy for leg in posting.legs)]
        if delayed:
            self.post_all(others)
            return delayed
        return others


def _first_error(posting: Posting, failed: Mapping[str, Exception]) -> Exception | None:
    return next((failed[leg.account_id] for leg in posting.legs if leg.account_id in failed), None)
