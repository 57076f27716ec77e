"""The door to the table `checks`: how far each account, and each Stripe account, was checked."""

from collections.abc import Iterable
from typing import Final

import msgspec
from pynamodb.attributes import BinaryAttribute, BooleanAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.checks.finding import account_at
from chalicelib.checks.plan import Progress, StripeCheck
from chalicelib.checks.wallet_check import WalletCheck
from chalicelib.conflicts import conditional_write
from chalicelib.ledger.chain import Verified
from chalicelib.readable import read_each
from chalicelib.stripe_api.stripe_account import StripeAccount
from chalicelib.tables import Table, TableMeta, read_rows, set_or_remove

WALLET: Final = "wallet"
PAYMENTS: Final = "payments"
EVERY_WALLET: Final = "#wallets"
"""Stands for the account of the row that says for which night all wallets are done. No account's id has a `#`."""


class CheckRow(Table):
    """One row an account (`check` is `wallet`), one a Stripe account (`payments`), under `stripe#acct_...`."""

    class Meta(metaclass=TableMeta):
        setting = "checks_table"

    account_id = UnicodeAttribute(hash_key=True)
    check = UnicodeAttribute(range_key=True)
    taken_at_ms = NumberAttribute(null=True)
    checked_at_ms = NumberAttribute(null=True)
    sequence = NumberAttribute(null=True)
    balance_micros = NumberAttribute(null=True)
    head_hash = BinaryAttribute(legacy_encoding=False, null=True)
    latest_ms = NumberAttribute(null=True)
    whole_at_ms = NumberAttribute(null=True)
    difference = UnicodeAttribute(null=True)
    found_whole = BooleanAttribute(null=True)
    done_day = UnicodeAttribute(null=True)
    reached = UnicodeAttribute(null=True)
    step = NumberAttribute(null=True)
    until_ms = NumberAttribute(null=True)
    unread = UnicodeAttribute(null=True)


def read_wallet_checks(account_ids: Iterable[str]) -> dict[str, WalletCheck]:
    """Read how far wallets were verified, strongly consistent. One that cannot be read counts as never verified."""
    ids = list(account_ids)
    rows = read_rows({CheckRow: [(account_id, WALLET) for account_id in ids]})
    found, unread = read_each(ids, lambda each: _wallet_check(each, rows.find(CheckRow, (each, WALLET))), what="check")
    return {**found, **{account_id: WalletCheck(account_id) for account_id in unread}}


def read_wallet_check(account_id: str) -> WalletCheck:
    """Read how far a wallet was verified."""
    return read_wallet_checks([account_id])[account_id]


def _wallet_check(account_id: str, row: CheckRow | None) -> WalletCheck:
    if row is None or row.sequence is None:
        return WalletCheck(account_id)
    return WalletCheck(
        account_id,
        Verified(int(row.sequence), int(row.balance_micros), row.head_hash, int(row.latest_ms)),
        _whole_number(row.checked_at_ms),
        _whole_number(row.whole_at_ms),
        row.difference,
        bool(row.found_whole),
    )


def _whole_number(stored: float | None) -> int | None:
    return None if stored is None else int(stored)


def take(account_id: str, check: str, now_ms: int, *, not_since_ms: int) -> bool:
    """Take a check that begins now; return False if one began at `not_since_ms` or later and was not put back."""
    free = CheckRow.taken_at_ms.does_not_exist() | (CheckRow.taken_at_ms < not_since_ms)
    row = CheckRow(account_id, check)
    return conditional_write(row.update, [CheckRow.taken_at_ms.set(now_ms)], condition=free)


def put_back(account_id: str, check: str) -> None:
    """Put back a check that is not finished, so that the next run takes it again."""
    CheckRow(account_id, check).update([CheckRow.taken_at_ms.remove()])


def write_wallet_check(check: WalletCheck, *, is_finished: bool) -> None:
    """Write how far a wallet was verified; one that is not finished is put back."""
    verified = check.verified
    CheckRow(check.account_id, WALLET).update(
        [
            CheckRow.sequence.set(verified.sequence),
            CheckRow.balance_micros.set(verified.balance_micros),
            CheckRow.head_hash.set(verified.head_hash),
            CheckRow.latest_ms.set(verified.latest_ms),
            set_or_remove(CheckRow.checked_at_ms, check.checked_at_ms),
            set_or_remove(CheckRow.whole_at_ms, check.whole_at_ms),
            set_or_remove(CheckRow.difference, check.difference),
            set_or_remove(CheckRow.found_whole, check.found_whole or None),
            *([] if is_finished else [CheckRow.taken_at_ms.remove()]),
        ]
    )


class Night(msgspec.Struct, frozen=True):
    """The last night that was done, and the wallet that the last run came to if it ran out of time."""

    done_day: str | None = None
    reached: str | None = None


def read_night() -> Night:
    """Read how far the nights have come, strongly consistent."""
    try:
        row = CheckRow.get(EVERY_WALLET, WALLET, consistent_read=True)
    except CheckRow.DoesNotExist:
        return Night()
    return Night(row.done_day, row.reached)


def write_night_done(day: str) -> None:
    """Write that all wallets that were due in a night are done: reading them all again would find nothing."""
    CheckRow(EVERY_WALLET, WALLET).update([CheckRow.done_day.set(day), CheckRow.reached.remove()])


def write_reached(account_id: str) -> None:
    """Write which wallet a run came to, so that the next one begins behind it, also if that is another night's."""
    CheckRow(EVERY_WALLET, WALLET).update([CheckRow.reached.set(account_id)])


def read_stripe_check(stripe_account: StripeAccount) -> StripeCheck:
    """Read how far a Stripe account was reconciled, strongly consistent."""
    try:
        row = CheckRow.get(account_at(stripe_account), PAYMENTS, consistent_read=True)
    except CheckRow.DoesNotExist:
        return StripeCheck()
    progress = Progress(row.done_day, int(row.step or 0), _whole_number(row.until_ms))
    return StripeCheck(progress, _whole_number(row.checked_at_ms), row.unread)


def write_progress(stripe_account: StripeAccount, progress: Progress, now_ms: int) -> None:
    """Write how far a Stripe account was reconciled."""
    CheckRow(account_at(stripe_account), PAYMENTS).update(
        [
            set_or_remove(CheckRow.done_day, progress.done_day),
            CheckRow.step.set(progress.step),
            set_or_remove(CheckRow.until_ms, progress.until_ms),
            CheckRow.checked_at_ms.set(now_ms),
            CheckRow.unread.remove(),
        ]
    )


def write_unread(stripe_account: StripeAccount, reason: str) -> None:
    """Write why a Stripe account could not be read."""
    CheckRow(account_at(stripe_account), PAYMENTS).update([CheckRow.unread.set(reason)])
