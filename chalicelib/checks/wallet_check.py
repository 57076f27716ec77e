"""How far a wallet was verified, and when it is due again. Pure."""

from typing import Final
from zlib import crc32

import msgspec

from chalicelib.clock import DAY_MS
from chalicelib.ledger.chain import Verified
from chalicelib.ledger.wallet import Head

WHOLE_DAYS: Final = 28
"""After so many days the whole wallet is verified again, from its first page."""

WHOLE_MOST: Final = 500_000
"""The most transactions of a wallet that is verified whole by the function, at a third of a millisecond for each that
has a page of its own. A larger one is the operator's command's: its pages are verified once, when they are new."""


class WalletCheck(msgspec.Struct, frozen=True):
    """The result of an account's last verification. `whole_at_ms` is when the whole wallet was last verified.

    A `difference` that was found in the whole wallet (`found_whole`) is not resolved by one that reads new pages alone.
    """

    account_id: str
    verified: Verified = Verified()
    checked_at_ms: int | None = None
    whole_at_ms: int | None = None
    difference: str | None = None
    found_whole: bool = False


def is_due(check: WalletCheck, head: Head | None, now_ms: int) -> bool:
    """Tell whether a wallet must be verified: it has changed, it did not agree, or all of it is due again.

    `head` is None if the wallet cannot be read: verifying it says why.
    """
    if head is None or check.checked_at_ms is None or check.difference is not None:
        return True
    verified = check.verified
    return head != Head(verified.sequence, verified.balance_micros, verified.head_hash) or is_whole_due(
        check, head.sequence, now_ms
    )


def is_whole_due(check: WalletCheck, sequence: int, now_ms: int) -> bool:
    """Tell whether all of a wallet is to be verified: every 28 days, with the accounts spread, and while it differs."""
    if sequence > WHOLE_MOST:
        return False
    if check.whole_at_ms is None or check.difference is not None:
        return True
    return _round_of(check.account_id, now_ms) > _round_of(check.account_id, check.whole_at_ms)


def _round_of(account_id: str, moment_ms: int) -> int:
    return (moment_ms // DAY_MS + crc32(account_id.encode())) // WHOLE_DAYS
