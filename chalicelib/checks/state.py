"""Read how an account stands by its checks."""

from chalicelib import clock
from chalicelib.accounts.account import Account
from chalicelib.checks import findings_table, table
from chalicelib.checks.badge import ChecksState, is_in_step
from chalicelib.connection.table import connection_of
from chalicelib.ledger.table import read_wallet


def load_state(account: Account) -> ChecksState:
    """Read how an account stands."""
    wallet = table.read_wallet_check(account.account_id)
    new_transactions = read_wallet(account.account_id).sequence - wallet.verified.sequence
    stripe_account = connection_of(account).stripe_account
    stripe = table.read_stripe_check(stripe_account) if stripe_account else None
    differences = [found for found in findings_table.of_account(account.account_id) if found.is_open]
    in_step = False if differences else is_in_step(wallet, new_transactions, stripe, clock.now_ms())
    return ChecksState(wallet, new_transactions, stripe_account, stripe, differences, in_step)
