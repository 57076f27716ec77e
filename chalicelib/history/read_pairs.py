"""Read the other side of a workspace's transactions: what its clients paid, in one call for up to 100 pages."""

from collections.abc import Iterable, Mapping, Sequence

from chalicelib.history.pair import Pair, pair_of
from chalicelib.ledger.page_table import page_of, read_page_rows
from chalicelib.ledger.read_page import transactions_of
from chalicelib.ledger.transaction import Sibling, Transaction, location_of


def read_pairs(transactions: Iterable[Transaction]) -> dict[str, Pair]:
    """Return the pairs of those transactions that are a client's usage, by transaction id.

    One whose sibling cannot be found has none: the audit reports it.
    """
    of_clients = [each for each in transactions if each.client_id]
    others = _read_siblings([each.sibling for each in of_clients if each.sibling])
    pairs = {
        each.id: pair_of(each, others.get(each.sibling) if each.sibling else None)
        for each in of_clients
        if each.sibling is None or each.sibling in others
    }
    return {transaction_id: pair for transaction_id, pair in pairs.items() if pair}


def _read_siblings(siblings: Sequence[Sibling]) -> Mapping[Sibling, Transaction]:
    located = [(each, location_of(each.transaction_id)) for each in siblings]
    keys = list(dict.fromkeys((each.account_id, at.latest_ms, at.first_sequence) for each, at in located))
    rows = read_page_rows(keys) if keys else []
    pages = {key: transactions_of(page_of(row)) for key, row in zip(keys, rows, strict=True) if row}
    found = {}
    for sibling, at in located:
        held = pages.get((sibling.account_id, at.latest_ms, at.first_sequence), [])
        if at.position < len(held):
            found[sibling] = held[at.position]
    return found
