"""Give back repeats: post one correction for each, and mark it."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from chalicelib.audit import table
from chalicelib.audit.repeats import Repeat, make_correction
from chalicelib.ledger import statement
from chalicelib.ledger.commit import EventConflict
from chalicelib.ledger.post import post
from chalicelib.ledger.posting import Posting
from chalicelib.ledger.transaction import Sibling, Transaction

Key = tuple[str, str]
"""An account, and the id of one of its transactions."""


def give_back_repeats(repeats: Sequence[Repeat]) -> None:
    """Post the corrections of repeats and mark the repeats as given back. A correction is posted only once.

    Raises EventConflict, and the errors that `post` refuses with. The next call finds what was already posted.
    """
    result = post(list(_corrections(repeats)))
    for conflict in result.conflicts:
        raise EventConflict(conflict)
    for refused in result.refused:
        raise refused.error
    for repeat in repeats:
        table.mark_given_back(repeat)


def _corrections(repeats: Sequence[Repeat]) -> Iterator[Posting]:
    own = _read_transactions((repeat.account_id, repeat.transaction_id) for repeat in repeats)
    siblings = _read_transactions(_key(each.sibling) for each in own.values() if each.sibling)
    for repeat in repeats:
        transaction = own[repeat.account_id, repeat.transaction_id]
        sibling = siblings[_key(transaction.sibling)] if transaction.sibling else None
        yield make_correction(repeat, transaction, sibling)


def _key(sibling: Sibling) -> Key:
    return sibling.account_id, sibling.transaction_id


def _read_transactions(keys: Iterable[Key]) -> dict[Key, Transaction]:
    """Read transactions of several accounts, with one read per page."""
    return {
        (account_id, each.id): each
        for account_id, group in groupby(sorted(keys), key=lambda key: key[0])
        for each in statement.read_transactions(account_id, [transaction_id for _, transaction_id in group])
    }
