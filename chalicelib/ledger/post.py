"""Post: each event exactly once, with all its legs or with none, and an answer for each posting by itself."""

from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import chain
from threading import Lock
from typing import Final

import msgspec
from botocore.exceptions import BotoCoreError
from pynamodb.exceptions import PynamoDBException

from chalicelib import clock
from chalicelib.clock import Deadline
from chalicelib.conflicts import pause
from chalicelib.errors import Busy
from chalicelib.ledger import commit, table
from chalicelib.ledger.build import build
from chalicelib.ledger.commit import EventConflict
from chalicelib.ledger.load import Loaded, load
from chalicelib.ledger.posting import Posting
from chalicelib.ledger.wallet import Wallet

ATTEMPTS: Final = 20
"""Conflicts in a row after which a posting is refused: sixteen functions at once need up to sixteen turns."""

ATTEMPTS_TOGETHER: Final = 5
"""Conflicts in a row after which the wallets that had them are left behind, so that they do not hold up the others."""

LONGEST_WAIT_SECONDS: Final = 20.0
"""For a turn at a wallet in this process; the API has 29 seconds for an answer."""

TRANSIENT: Final = (PynamoDBException, BotoCoreError)
"""What is raised when DynamoDB cannot be reached or will not do it now; what it refuses for good is NotStorable."""

_turns: Final = tuple(Lock() for _ in range(1024))
"""One committer a wallet and process: those of one process would only be in each other's way. Wallets share a few."""


class LedgerBusy(Busy):
    """Too many commits to the same wallet at once. Nothing was posted."""

    type = "ledger-busy"
    title = "The wallet is being changed by others"


class OutOfTime(LedgerBusy):
    """The caller's time was over before it was this posting's turn. Nothing was posted."""


class Refused(msgspec.Struct, frozen=True):
    """A posting that was not posted, and why: an expected refusal, or whatever else was raised."""

    posting: Posting
    error: Exception


class PostResult(msgspec.Struct, frozen=True):
    """What became of each posting: posted now, posted before, in conflict with what was posted before, or refused."""

    posted: list[Posting]
    repeats: list[Posting]
    conflicts: list[Posting]
    refused: list[Refused]


def post(
    postings: Iterable[Posting], wallets: Mapping[str, Wallet] | None = None, deadline: Deadline | None = None
) -> PostResult:
    """Post events, and answer for each as a whole and alone. Raises nothing that is about one of them.

    All legs of a posting change in one commit; so does all that is posted together, as far as one commit holds it.
    `wallets` are heads that the caller has read just before, to save reading them again. What cannot be done before the
    `deadline` is refused with OutOfTime. Other refusals: WalletNotFound, UnreadablePage, LedgerBusy, NotStorable, and
    what AWS's libraries raise when DynamoDB cannot be reached.
    """
    firsts, others = commit.unique(postings)
    known = {account: Loaded(wallet) for account, wallet in (wallets or {}).items()}
    run = _Run(known, deadline or Deadline(LONGEST_WAIT_SECONDS))
    with _turn(firsts, run.deadline) as is_ours:
        if is_ours:
            run.settle(firsts)
        else:
            run.refuse(firsts, LedgerBusy("other commits of this process took too long; nothing was posted"))
    run.settle_others(others)
    return run.result


def post_one(posting: Posting) -> bool:
    """Post a single event; tell whether it is new. Raises EventConflict, and what `post` refuses with."""
    result = post([posting])
    if result.conflicts:
        raise EventConflict(posting)
    for refused in result.refused:
        raise refused.error
    return bool(result.posted)


@contextmanager
def _turn(postings: Iterable[Posting], deadline: Deadline) -> Iterator[bool]:
    """Wait for the turn at all wallets of postings, and hold it; tell whether it came in time."""
    numbers = {hash(leg.account_id) % len(_turns) for posting in postings for leg in posting.legs}
    with ExitStack() as held:
        for number in sorted(numbers):
            if not _turns[number].acquire(timeout=deadline.seconds_left(at_most=LONGEST_WAIT_SECONDS)):
                yield False
                return
            held.callback(_turns[number].release)
        yield True


class _Run:
    """One call of `post`: what is known of the wallets, and what became of the postings so far."""

    def __init__(self, known: dict[str, Loaded], deadline: Deadline) -> None:
        self.known = known
        self.deadline = deadline
        self.result = PostResult([], [], [], [])

    def refuse(self, postings: Iterable[Posting], error: Exception) -> None:
        self.result.refused.extend(Refused(posting, error) for posting in postings)

    def settle(self, waiting: Sequence[Posting]) -> None:
        """Post what is new; afterwards there is an answer for each."""
        attempts = 0
        conflicts: Counter[str] = Counter()
        while waiting and attempts < ATTEMPTS:
            if self.deadline.is_over:
                self.refuse(waiting, OutOfTime("there was no time left for it; nothing was posted, send it again"))
                return
            if attempts == ATTEMPTS_TOGETHER:
                waiting = self._leave_behind(
                    waiting, {account for account in conflicts if conflicts[account] == attempts}
                )
            posted = len(self.result.posted)
            waiting, busy = self._commit(self._new_ones(waiting))
            if len(self.result.posted) > posted:
                attempts, conflicts = 0, Counter()
            if waiting:
                attempts += 1
                conflicts.update(busy)
            if attempts > 1:
                pause(attempts)
                self.known.update({account: self.known[account].moved(None) for account in busy})
        self.refuse(waiting, LedgerBusy(f"no turn came in {ATTEMPTS} attempts; nothing was posted, send it again"))

    def settle_others(self, others: Iterable[tuple[Posting, Posting]]) -> None:
        """Answer for the further postings of events that came more than once, as for the first of each."""
        others = list(others)
        errors = {refused.posting.identity.key: refused.error for refused in self.result.refused} if others else {}
        for posting, first in others:
            if not commit.is_same(posting, first):
                self.result.conflicts.append(posting)
            elif first.identity.key in errors:
                self.refuse([posting], errors[first.identity.key])
            else:
                self.result.repeats.append(posting)

    def _new_ones(self, waiting: Sequence[Posting]) -> list[Posting]:
        """Load the wallets, answer for what is not new or has a wallet that cannot be loaded, and return the rest."""
        loads = load(waiting, self.known)
        self.known.update(loads.loaded)
        if loads.failed:
            failed = [(posting, _first_error(posting, loads.failed)) for posting in waiting]
            self.result.refused.extend(Refused(posting, error) for posting, error in failed if error)
            waiting = [posting for posting, error in failed if not error]
        told = commit.classify(waiting, {account: each.posted for account, each in loads.loaded.items()})
        self.result.repeats.extend(told.repeats)
        self.result.conflicts.extend(told.conflicts)
        return told.new

    def _commit(self, new: Iterable[Posting]) -> tuple[list[Posting], list[str]]:
        """Commit new postings, some together at a time, until a concurrent commit comes first.

        Return those that are left then, and the wallets that had moved. What DynamoDB refuses for good, or what cannot
        even be built, is halved until it stands alone.
        """
        chunks: deque[Sequence[Posting]] = deque(commit.chunks(new))
        while chunks and not self.deadline.is_over:
            chunk = chunks.popleft()
            try:
                self._commit_chunk(chunk)
            except table.ConcurrentCommit as conflict:
                self.known.update(
                    {account: self.known[account].moved(head) for account, head in conflict.heads.items()}
                )
                return [*chunk, *chain.from_iterable(chunks)], list(conflict.heads)
            except TRANSIENT as error:
                self.refuse(chain(chunk, *chunks), error)
                return [], []
            except Exception as error:  # noqa: BLE001 - whatever it is, it is one posting's: found by halving, and told
                if len(chunk) > 1:
                    chunks.extendleft(reversed(commit.halves(chunk)))
                else:
                    self.refuse(chunk, error)
        return list(chain.from_iterable(chunks)), []

    def _commit_chunk(self, chunk: Sequence[Posting]) -> None:
        """Commit postings together. Raises ConcurrentCommit, or whatever else goes wrong; nothing is written then."""
        wallets = {account: each.wallet for account, each in self.known.items() if each.wallet}
        plans = build(wallets, chunk, clock.now_ms())
        if not commit.fits(plans):
            raise table.NotStorable("what it comes to does not fit into one transaction of DynamoDB")
        table.commit(plans)
        self.known.update(
            {each.wallet.account_id: self.known[each.wallet.account_id].committed(each.head) for each in plans}
        )
        self.result.posted.extend(chunk)

    def _leave_behind(self, waiting: Sequence[Posting], busy: Collection[str]) -> list[Posting]:
        """Settle first what does not touch the wallets that moved every time; return what does."""
        behind = [posting for posting in waiting if any(leg.account_id in busy for leg in posting.legs)]
        others = [posting for posting in waiting if not any(leg.account_id in busy for leg in posting.legs)]
        if behind:
            self.settle(others)
            return behind
        return others


def _first_error(posting: Posting, failed: Mapping[str, Exception]) -> Exception | None:
    return next((failed[leg.account_id] for leg in posting.legs if leg.account_id in failed), None)
