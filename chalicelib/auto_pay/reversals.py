"""Account for money that went back: disputes hold auto-pay, and refunds lower what it replaces. Pure."""

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from chalicelib.auto_pay.auto_pay import AutoPay
from chalicelib.payments.payment import Payment

HARMLESS: Final = frozenset({"won", "warning_closed"})
"""Statuses of a dispute after which the money is ours, and nobody objects any more."""


def follow_reversals(
    auto_pay: AutoPay, reversed_: Sequence[Payment], recent: Sequence[Payment], now_ms: int
) -> AutoPay:
    """Return auto-pay as it is after money went back of these payments, or is disputed; `recent` tells what came since.

    An objection holds once: what was there when a person switched auto-pay on does not hold it again.
    """
    return _refunded(_objected(auto_pay, reversed_), reversed_, recent, now_ms)


def objection(payment: Payment) -> str | None:
    """Name what a bank holds against a payment: a dispute that is open or lost, or without any, a warning of fraud."""
    if payment.dispute_status:
        return None if payment.dispute_status in HARMLESS else f"{payment.payment_id}/dispute"
    return f"{payment.payment_id}/fraud_warning" if payment.fraud_warning else None


def _objected(auto_pay: AutoPay, reversed_: Sequence[Payment]) -> AutoPay:
    found = {name for name in map(objection, reversed_) if name}
    if auto_pay.objections is None:
        return replace(auto_pay, objections=tuple(sorted(found)), held_by=())
    known = set(auto_pay.objections)
    seen = {each.payment_id for each in reversed_}
    # One of a payment that is too old to be read is as it was, and not withdrawn.
    standing = found | {name for name in known if name.partition("/")[0] not in seen}
    held_by = (set(auto_pay.held_by) | (standing - known)) & standing
    return replace(auto_pay, objections=tuple(sorted(standing)), held_by=tuple(sorted(held_by)))


def _refunded(auto_pay: AutoPay, reversed_: Sequence[Payment], recent: Sequence[Payment], now_ms: int) -> AutoPay:
    total = sum(each.refunded_micros for each in reversed_ if each.fills_wallet)
    known = total if auto_pay.refunds_known_micros is None else min(auto_pay.refunds_known_micros, total)
    since_ms = auto_pay.refunded_at_ms or now_ms
    if any(each.state == "succeeded" and each.fills_wallet and each.created_at_ms > since_ms for each in recent):
        known = total
    return replace(
        auto_pay,
        refunds_known_micros=known,
        refunded_micros=total - known,
        refunded_at_ms=since_ms if total > known else None,
    )
