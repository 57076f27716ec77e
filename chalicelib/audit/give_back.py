"""Give repeats back: post their corrections, each once, and note it."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from chalicelib.audit import table
from chalicelib.audit.repeats import Repeat, correction
from chalicelib.ledger import statement
from chalicelib.ledger.commit import EventConflict
from chalicelib.ledger.post import post
from chalicelib.ledger.posting import Posting
from chalicelib.ledger.transaction import Sibling, Transaction

Key = tuple[str, str]
"""An account, and the id of one of its transactions."""


def give_back(repeats: Sequence[Repeat]) -> None:
    """Post the corrections of repeats, and note it. What was posted before is only noted.

    Raises EventConflict, and what `post` refuses with. What was posted by then is found to be posted by the next call.
    """
    result = post(list(_corrections(repeats)))
    for conflict in result.conflicts:
        raise EventConflict(conflict)
    for refused in result.refused:
        raise refused.error
    for repeat in repeats:
        table.mark_given_back(repeat)


def _corrections(repeats: Sequence[Repeat]) -> Iterator[Posting]:
    own = _read((repeat.account_id, repeat.transaction_id) for repeat in repeats)
    siblings = _read((each.account_id, each.transaction_id) for each in map(_sibling, own.values()) if each)
    for repeat in repeats:
        transaction = own[repeat.account_id, repeat.transaction_id]
        sibling = _sibling(transaction)
        yield correction(repeat, transaction, siblings[sibling.account_id, sibling.transaction_id] if sibling else None)


def _sibling(transaction: Transaction) -> Sibling | None:
    return transaction.sibling


def _read(keys: Iterable[Key]) -> dict[Key, Transaction]:
    """Read transactions of several accounts, a read a page."""
    return {
        (account_id, each.id): each
        for account_id, group in groupby(sorted(keys), key=lambda key: key[0])
        for each in statement.transactions(account_id, [transaction_id for _, transaction_id in group])
    }
