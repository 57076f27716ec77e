"""The wallet's head: what one needs to know to append to it. Pure."""

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


class Wallet(msgspec.Struct, frozen=True):
    """A wallet's balance after `sequence` transactions, of which the last page hashes to `head_hash`.

    No event of it is later than `latest_ms`, so nothing later needs to be looked for in its pages. A wallet whose row
    does not tell may have events at any time.
    """

    account_id: str
    currency: str
    balance_micros: int = 0
    sequence: int = 0
    head_hash: bytes = GENESIS
    latest_ms: int = 0
