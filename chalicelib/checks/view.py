"""How an account's checks are presented to the operator. Pure."""

import msgspec

from chalicelib.checks.badge import ChecksState
from chalicelib.checks.finding import Finding, Kind
from chalicelib.checks.plan import StripeCheck, start_of
from chalicelib.clock import DAY_MS, day_of, iso
from chalicelib.money import format_amount


class WalletCheckView(msgspec.Struct):
    """The last verification of the wallet: of its first `transactions`; `new_transactions` have come since.

    `whole_at` is when the wallet was last verified from its first page.
    """

    checked_at: str | None
    whole_at: str | None
    transactions: int
    new_transactions: int


class PaymentsCheckView(msgspec.Struct):
    """How far the Stripe account that it pays on was reconciled: all days up to `last_day`.

    `stripe_account` null is the platform's own. `unread` says why it could not be read lately.
    """

    stripe_account: str | None
    checked_at: str | None
    last_day: str | None
    unread: str | None


class DifferenceView(msgspec.Struct):
    """An open difference; an amount is null if that side does not have it at all."""

    kind: Kind
    problem: str
    object_id: str | None
    payment_id: str | None
    stripe_account: str | None
    found_at: str
    at_stripe: str | None
    in_rows: str | None
    in_ledger: str | None
    currency: str | None


class ChecksView(msgspec.Struct):
    """Whether an account's books agree with themselves and with Stripe.

    `in_step` is false if something differs, and null if it is not known: never checked, or not for three days.
    """

    in_step: bool | None
    wallet: WalletCheckView
    payments: PaymentsCheckView | None
    differences: list[DifferenceView]


def view_checks(state: ChecksState) -> ChecksView:
    """Present an account's checks."""
    wallet = state.wallet
    return ChecksView(
        in_step=state.in_step,
        wallet=WalletCheckView(
            checked_at=_time(wallet.checked_at_ms),
            whole_at=_time(wallet.whole_at_ms),
            transactions=wallet.verified.sequence,
            new_transactions=state.new_transactions,
        ),
        payments=_payments(state.stripe, state.stripe_account.id) if state.stripe and state.stripe_account else None,
        differences=[_difference(found) for found in state.differences],
    )


def _payments(check: StripeCheck, stripe_account_id: str | None) -> PaymentsCheckView:
    done_day = check.progress.done_day
    last_day = day_of(start_of(done_day) - DAY_MS) if done_day and check.checked_at_ms is not None else None
    return PaymentsCheckView(stripe_account_id, _time(check.checked_at_ms), last_day, check.unread)


def _difference(found: Finding) -> DifferenceView:
    return DifferenceView(
        kind=found.kind,
        problem=found.problem,
        object_id=found.object_id,
        payment_id=found.payment_id,
        stripe_account=found.stripe_account,
        found_at=iso(found.found_at_ms),
        at_stripe=_amount(found.stripe_micros, found.currency),
        in_rows=_amount(found.row_micros, found.currency),
        in_ledger=_amount(found.ledger_micros, found.currency),
        currency=found.currency,
    )


def _time(moment_ms: int | None) -> str | None:
    return None if moment_ms is None else iso(moment_ms)


def _amount(micros: int | None, currency: str | None) -> str | None:
    return None if micros is None or currency is None else format_amount(micros, currency)
