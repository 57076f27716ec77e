"""The shape of auto-pay in an answer."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from chalicelib import clock
from chalicelib.accounts.account import Account
from chalicelib.auto_pay import table
from chalicelib.auto_pay.auto_pay import AutoPay, SuspendedReason
from chalicelib.auto_pay.decision import REASONS, Charge, Reason, Wait, decide
from chalicelib.auto_pay.evaluate import Snapshot, build_snapshot, with_in_flight
from chalicelib.auto_pay.table import AutoPayRow
from chalicelib.cards.payer import Payer
from chalicelib.catalog.catalog import Catalog
from chalicelib.catalog.currency_limits import CurrencyLimits
from chalicelib.clock import iso
from chalicelib.ledger.table import WalletRow, find_wallet_in
from chalicelib.money import card_step_micros, format_amount
from chalicelib.payments import table as payments
from chalicelib.payments.payment import Payment
from chalicelib.tables import Keys, Rows, read_rows


class ChargeView(msgspec.Struct):
    """A refill in flight, with the id of its payment."""

    payment_id: str
    amount: str
    currency: str


class RefusalView(msgspec.Struct):
    """Why the last refill was refused, and since when. For a payment that failed, the codes are Stripe's."""

    reason: str
    at: str
    code: str | None
    decline_code: str | None


class AutoPayLimits(msgspec.Struct):
    """The limits of the setting `amount`, which is a multiple of `step`. `maximum` is also the most for one charge."""

    minimum: str
    maximum: str
    step: str


class AutoPayView(msgspec.Struct):
    """Auto-pay: its settings, what it does now and why, and its results so far.

    `reason` says why nothing is charged right now, `detail` the same for people; both are null if a refill is about
    to begin. `last_refusal` is set until a refill or a top-up succeeds, the card is replaced, or a
    person switches auto-pay on. `threshold` and `amount` are null if it was never set.
    """

    enabled: bool
    status: Literal["off", "on", "suspended"]
    threshold: str | None
    amount: str | None
    monthly_limit: str | None
    currency: str
    reason: Reason | None
    detail: str | None
    charge: ChargeView | None
    charged_this_month: str
    failures: int
    suspended_reason: SuspendedReason | None
    next_attempt_at: str | None
    last_refusal: RefusalView | None
    limits: AutoPayLimits


def load_for_view(payer: Payer, catalog: Catalog) -> Snapshot:
    """Load an account's auto-pay for display; it is off if it was never set."""
    return load_with_rows(read_rows(keys_for_view(payer.account_id)), payer, catalog)


def keys_for_view(account_id: str) -> Keys:
    """Return the rows that auto-pay's display needs besides the payer's and the payments."""
    return {AutoPayRow: [account_id], WalletRow: [account_id]}


def load_with_rows(rows: Rows, payer: Payer, catalog: Catalog) -> Snapshot:
    """Load an account's auto-pay for display, by the rows of `keys_for_view`; the payments are read.

    Nothing is charged by it, so the order of the reads matters less than in `load_snapshot`: a payment that ends
    meanwhile may count twice, or not at all, on one page.
    """
    now_ms = clock.now_ms()
    auto_pay = table.find_in(rows, payer.account_id) or _never_set(payer.account)
    wallet = find_wallet_in(rows, payer.account_id)
    recent, reversed_ = payments.recent_and_reversed(payer.account_id, now_ms)
    found = with_in_flight(recent, auto_pay)
    return build_snapshot(auto_pay, payer, wallet, found, reversed_, catalog=catalog, now_ms=now_ms)


def _never_set(account: Account) -> AutoPay:
    return AutoPay(
        account_id=account.account_id,
        enabled=False,
        threshold_micros=0,
        amount_micros=0,
        monthly_limit_micros=None,
        actor="",
        updated_at_ms=account.created_at_ms,
    )


def view_auto_pay(snapshot: Snapshot, limits: CurrencyLimits) -> AutoPayView:
    """Show auto-pay as it was read, with the decision that follows from it now."""
    auto_pay, currency = snapshot.auto_pay, snapshot.payer.account.currency
    decision = decide(auto_pay, snapshot.situation)
    reason: Reason | None = None if isinstance(decision, Charge) else decision.reason
    was_set = auto_pay.amount_micros > 0
    until_ms = decision.until_ms if isinstance(decision, Wait) else None
    return AutoPayView(
        enabled=auto_pay.enabled,
        status=_status(auto_pay),
        threshold=format_amount(auto_pay.threshold_micros, currency) if was_set else None,
        amount=format_amount(auto_pay.amount_micros, currency) if was_set else None,
        monthly_limit=_optional_amount(auto_pay.monthly_limit_micros, currency),
        currency=currency,
        reason=reason,
        detail=REASONS[reason] if reason else None,
        charge=_charge(auto_pay.in_flight_payment_id, snapshot.payments),
        charged_this_month=format_amount(snapshot.situation.charged_this_month_micros, currency),
        failures=auto_pay.failures,
        suspended_reason=auto_pay.suspended_reason,
        next_attempt_at=iso(until_ms) if until_ms else None,
        last_refusal=_refusal(auto_pay),
        limits=_limits(limits, currency),
    )


def _status(auto_pay: AutoPay) -> Literal["off", "on", "suspended"]:
    if not auto_pay.enabled:
        return "off"
    return "suspended" if auto_pay.is_suspended else "on"


def _optional_amount(amount_micros: int | None, currency: str) -> str | None:
    return None if amount_micros is None else format_amount(amount_micros, currency)


def _charge(payment_id: str | None, payments: Sequence[Payment]) -> ChargeView | None:
    found = next((each for each in payments if each.payment_id == payment_id), None)
    if found is None:
        return None
    return ChargeView(found.payment_id, format_amount(found.amount_micros, found.currency), found.currency)


def _refusal(auto_pay: AutoPay) -> RefusalView | None:
    last = auto_pay.last_refusal
    return RefusalView(last.reason, iso(last.at_ms), last.code, last.decline_code) if last else None


def _limits(limits: CurrencyLimits, currency: str) -> AutoPayLimits:
    return AutoPayLimits(
        minimum=format_amount(limits.auto_pay_minimum_micros, currency),
        maximum=format_amount(limits.auto_pay_maximum_micros, currency),
        step=format_amount(card_step_micros(currency), currency),
    )
