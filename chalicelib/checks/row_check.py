"""Check that what the ledger has of a payment, refund or dispute is what its row says: the ledger has nothing else."""

from typing import Final

from chalicelib.checks.compare import Kind
from chalicelib.ledger.posting import Posting
from chalicelib.ledger.transaction import Transaction
from chalicelib.payments import table as payments
from chalicelib.reversals import table as reversals

SOURCES: Final[dict[str, Kind]] = {"/payments": "payment", "/refunds": "refund", "/disputes": "dispute"}


class RowCheck:
    """Checks one account's transactions against its rows. Rows are written before the ledger.

    It reads each once, and again before it reports a difference: a refund may have come since.
    """

    def __init__(self, account_id: str) -> None:
        self._account_id = account_id
        self._postings: dict[tuple[str, bool], list[Posting]] = {}

    def difference(self, transaction: Transaction) -> str | None:
        """Return how a transaction differs from its row, or None; None for what has no row, such as usage."""
        kind = SOURCES.get(transaction.identity.source)
        if kind is None:
            return None
        key = (transaction.content.payment_id or "", kind == "payment")
        if self._difference(kind, transaction, key) is None:
            return None
        self._postings.pop(key)
        return self._difference(kind, transaction, key)

    def _difference(self, kind: Kind, transaction: Transaction, key: tuple[str, bool]) -> str | None:
        name = f"transaction {transaction.id}: its {kind} {transaction.identity.event_id}"
        posting = next((each for each in self._find(key) if each.identity == transaction.identity), None)
        if posting is None:
            return f"{name} has no row"
        expected_micros, found_micros = posting.legs[0].signed_micros, transaction.leg.signed_micros
        return None if found_micros == expected_micros else f"{name} is {found_micros} micros, not {expected_micros}"

    def _find(self, key: tuple[str, bool]) -> list[Posting]:
        if key not in self._postings:
            self._postings[key] = self._read(*key)
        return self._postings[key]

    def _read(self, payment_id: str, is_payment: bool) -> list[Posting]:  # noqa: FBT001 - the key of what is read once
        payment = payments.find(self._account_id, payment_id) if payment_id else None
        if payment is None:
            return []
        if is_payment:
            return [payment.posting()]
        return [posting for each in reversals.read(payment).rows for posting in each.postings()]
