"""A wallet as a commit needs it: balance, sequence, hash and recent pages. Pure."""

from typing import Final

import msgspec

from chalicelib.errors import Refusal

GENESIS: Final = bytes(32)
"""The hash before the first page of every wallet."""

END_OF_TIME_MS: Final = 253_402_300_799_999
"""The last millisecond of the year 9999, after which no time can be written."""


class WalletNotFound(Refusal):
    """There is no wallet, and so no account, with this id."""

    status = 404
    type = "account-not-found"
    title = "No such account"

    def __init__(self, account_id: str) -> None:
        super().__init__(f"there is no account {account_id[:64]!r}", account_id=account_id)


RECENT_PAGES: Final = 24
"""How many of its newest pages a wallet's row names, at 18 bytes each: the row stays below 1 KB (two write units)."""


class PageSpan(msgspec.Struct, frozen=True):
    """A page's place in a wallet, and the times of its first and last events."""

    earliest_ms: int
    latest_ms: int
    first_sequence: int


class Wallet(msgspec.Struct, frozen=True):
    """A wallet's balance after `sequence` transactions. `head_hash` is the hash of its last page.

    `recent` names the newest pages, oldest first; no event on any other page is later than `older_ms`. They show which
    pages may hold events of the last minutes, and which pages were added since a wallet was read.
    """

    account_id: str
    currency: str
    balance_micros: int = 0
    sequence: int = 0
    head_hash: bytes = GENESIS
    recent: tuple[PageSpan, ...] = ()
    older_ms: int = 0


class Head(msgspec.Struct, frozen=True):
    """The head of a wallet's chain: its number of transactions, its balance, and the hash of its last page."""

    sequence: int
    balance_micros: int
    head_hash: bytes
