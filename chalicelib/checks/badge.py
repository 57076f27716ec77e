"""Whether an account is in step with Stripe: yes, no, or not known. Pure."""

from typing import Final

import msgspec

from chalicelib.checks.finding import Finding
from chalicelib.checks.plan import StripeCheck, start_of
from chalicelib.checks.wallet_check import WalletCheck
from chalicelib.clock import DAY_MS
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


def is_in_step(wallet: WalletCheck, new_transactions: int, stripe: StripeCheck | None, now_ms: int) -> bool | None:
    """Tell whether an account without differences was checked lately; None if not.

    What has not changed needs no newer check.
    """
    if wallet.checked_at_ms is None or (new_transactions and wallet.checked_at_ms < now_ms - CURRENT_MS):
        return None
    if stripe is None:
        return True
    done_day = stripe.progress.done_day
    is_current = stripe.checked_at_ms is not None and done_day is not None and start_of(done_day) > now_ms - CURRENT_MS
    return True if is_current else None
