"""A wallet as a commit needs it: balance, sequence, hash and recent pages. Pure."""

from typing import Final

import msgspec

from chalicelib.errors import Refusal

GENESIS: Final = bytes(32)
"""The hash before the first page of every wallet."""

END_OF_TIME_MS: Final = 253_402_300_799_999
"""The last millisecond of the year 9999, after which no time can be written."""


class WalletNotFound(Refusal):
    """There is no wallet, hence no account, of this id."""

    status = 404
    type = "account-not-found"
    title = "No such account"

    def __init__(self, account_id: str) -> None:
        super().__init__(f"there is no account {account_id[:64]!r}", account_id=account_id)


RECENT_PAGES: Final = 24
"""How many of its newest pages a wallet's row names, 18 bytes for each: the row stays below a KB, two write units."""


class PageSpan(msgspec.Struct, frozen=True):
    """Where a page stands in a wallet, and the times of its first and last event."""

    earliest_ms: int
    latest_ms: int
    first_sequence: int


class Wallet(msgspec.Struct, frozen=True):
    """A wallet's balance after `sequence` transactions, of which the last page hashes to `head_hash`.

    `recent` are the newest pages, oldest first; no event of any other page is later than `older_ms`. They say which
    pages may hold events of the last minutes, and which pages were added since a wallet was read.
    """

    account_id: str
    currency: str
    balance_micros: int = 0
    sequence: int = 0
    head_hash: bytes = GENESIS
    recent: tuple[PageSpan, ...] = ()
    older_ms: int = 0
