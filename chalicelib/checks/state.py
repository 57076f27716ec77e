"""How an account stands by its checks: in step, not in step, or not known."""

from typing import Final

import msgspec

from chalicelib import clock
from chalicelib.accounts.account import Account
from chalicelib.checks import findings_table, table
from chalicelib.checks.finding import Finding
from chalicelib.checks.plan import start_of
from chalicelib.checks.table import StripeCheck
from chalicelib.checks.wallet_check import WalletCheck
from chalicelib.clock import DAY_MS
from chalicelib.connection.table import connection_of
from chalicelib.ledger.table import read_wallet
from chalicelib.stripe_api.stripe_account import StripeAccount

CURRENT_MS: Final = 3 * DAY_MS
"""How old a check may be before nothing is known any more: the nightly runs have failed for days."""


class ChecksState(msgspec.Struct, frozen=True):
    """What is known of an account: its last verification, how many transactions came since, and open differences.

    `stripe` is how far the Stripe account that it pays on was reconciled; None if it pays on none.
    """

    wallet: WalletCheck
    new_transactions: int
    stripe_account: StripeAccount | None
    stripe: StripeCheck | None
    differences: list[Finding]
    in_step: bool | None


def load_state(account: Account) -> ChecksState:
    """Read how an account stands."""
    wallet = table.read_wallet_check(account.account_id)
    new_transactions = read_wallet(account.account_id).sequence - wallet.verified.sequence
    stripe_account = connection_of(account).stripe_account
    stripe = table.read_stripe_check(stripe_account) if stripe_account else None
    differences = [found for found in findings_table.of_account(account.account_id) if found.is_open]
    in_step = False if differences else _in_step(wallet, new_transactions, stripe, clock.now_ms())
    return ChecksState(wallet, new_transactions, stripe_account, stripe, differences, in_step)


def _in_step(wallet: WalletCheck, new_transactions: int, stripe: StripeCheck | None, now_ms: int) -> bool | None:
    """Tell whether everything was checked lately; None if not. What has not changed needs no newer check."""
    if wallet.checked_at_ms is None or (new_transactions and wallet.checked_at_ms < now_ms - CURRENT_MS):
        return None
    if stripe is None:
        return True
    done_day = stripe.progress.done_day
    is_current = stripe.checked_at_ms is not None and done_day is not None and start_of(done_day) > now_ms - CURRENT_MS
    return True if is_current else None
