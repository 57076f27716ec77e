"""Pages: immutable, hash-chained blocks of transactions. Values and their rules. Pure."""

from hashlib import sha256
from typing import Final

import msgspec

from chalicelib.clock import iso
from chalicelib.ledger.wallet import RECENT_PAGES, PageSpan, Wallet

SPAN_MS: Final = 5 * 60 * 1000
"""The longest time between a page's first and last event. A search around an event reads no further than this."""

BODY_BYTES: Final = 300 * 1024
"""The largest body. A DynamoDB item holds 400 KB, including the other attributes."""

TRANSACTIONS: Final = 5_000
"""The most transactions in a page. The body of such a page has half the allowed size and opens in milliseconds."""

SEQUENCE_DIGITS: Final = 15


class UnreadablePage(Exception):
    """A stored page that cannot be read: its format is unknown, or it is damaged. Other accounts are not affected."""

    def __init__(self, account_id: str, key: str, why: str) -> None:
        super().__init__(f"page {key} of {account_id!r} cannot be read: {why}")


class Page(msgspec.Struct, frozen=True):
    """One stored page. The header repeats what the body implies, so a reader need not open it.

    `has_non_usage` is true if the page holds something other than usage: a credit, or a debit without a meter, such as
    a refund.
    """

    account_id: str
    earliest_ms: int
    latest_ms: int
    first_sequence: int
    count: int
    opening_balance_micros: int
    closing_balance_micros: int
    previous_hash: bytes
    hash: bytes
    body: bytes
    has_non_usage: bool
    format: int

    @property
    def key(self) -> str:
        """Return the sort key: the time of the latest event, then the first sequence number."""
        return page_key(self.latest_ms, self.first_sequence)

    @property
    def last_sequence(self) -> int:
        """Return the sequence number of the page's last transaction."""
        return self.first_sequence + self.count - 1


def page_key(latest_ms: int, first_sequence: int) -> str:
    """Write the sort key of a page."""
    return f"{iso(latest_ms)}#{first_sequence:0{SEQUENCE_DIGITS}d}"


def append(wallet: Wallet, page: Page) -> Wallet:
    """Return the wallet with the page appended."""
    spans = (*wallet.recent, PageSpan(page.earliest_ms, page.latest_ms, page.first_sequence))
    older, recent = spans[:-RECENT_PAGES], spans[-RECENT_PAGES:]
    return Wallet(
        account_id=wallet.account_id,
        currency=wallet.currency,
        balance_micros=page.closing_balance_micros,
        sequence=page.last_sequence,
        head_hash=page.hash,
        recent=recent,
        older_ms=max([wallet.older_ms, *(span.latest_ms for span in older)]),
    )


def chain_hash(previous_hash: bytes, content: bytes) -> bytes:
    """Return SHA-256 over the previous page's hash and this page's content, which its format defines."""
    return sha256(previous_hash + content).digest()
