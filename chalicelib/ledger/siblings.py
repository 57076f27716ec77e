"""Check that the two transactions of a posting, in two wallets, agree."""

from collections import OrderedDict
from collections.abc import Collection
from typing import Final

from chalicelib.ledger import page_table
from chalicelib.ledger.read_page import transactions_of
from chalicelib.ledger.transaction import Sibling, Transaction, UnknownTransaction, location_of

OPEN_PAGES: Final = 64
"""Pages kept open: a workspace's page refers to the pages of some of its clients repeatedly."""


class SiblingCheck:
    """Checks transactions against their siblings in a set of accounts. Siblings in other accounts are not checked."""

    def __init__(self, accounts: Collection[str]) -> None:
        self._accounts = accounts
        self._open: OrderedDict[tuple[str, int, int], list[Transaction]] = OrderedDict()

    def difference(self, transaction: Transaction) -> str | None:
        """Return the first difference from the sibling, or None. Raises UnreadablePage."""
        sibling = transaction.sibling
        if sibling is None or sibling.account_id not in self._accounts:
            return None
        name = f"transaction {transaction.id}: its sibling {sibling.transaction_id} of {sibling.account_id!r}"
        other = self._find(sibling)
        if other is None:
            return f"{name} is not there"
        if other.sibling != Sibling(transaction.account_id, transaction.id):
            return f"{name} names another as its own sibling"
        if (other.identity, other.content) != (transaction.identity, transaction.content):
            return f"{name} is of another event"
        return None

    def _find(self, sibling: Sibling) -> Transaction | None:
        try:
            location = location_of(sibling.transaction_id)
        except UnknownTransaction:
            return None
        transactions = self._page(sibling.account_id, location.latest_ms, location.first_sequence)
        return transactions[location.position] if location.position < len(transactions) else None

    def _page(self, account_id: str, latest_ms: int, first_sequence: int) -> list[Transaction]:
        """Return a page's transactions, or [] if there is no such page."""
        key = (account_id, latest_ms, first_sequence)
        if key not in self._open:
            page = page_table.read_page(account_id, latest_ms, first_sequence)
            self._open[key] = transactions_of(page) if page else []
            if len(self._open) > OPEN_PAGES:
                self._open.popitem(last=False)
        return self._open[key]
