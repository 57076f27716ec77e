"""Account for money that went back: disputes hold auto-pay, and refunds lower what it replaces. Pure."""

from collections.abc import Sequence

from msgspec.structs import replace

from chalicelib.accounts.account import Card
from chalicelib.auto_pay.auto_pay import AutoPay
from chalicelib.catalog.policies import Disputes
from chalicelib.payments.payment import Payment
from chalicelib.reversals.objection import answered, objections


def follow_reversals(
    auto_pay: AutoPay,
    reversed_: Sequence[Payment],
    recent: Sequence[Payment],
    now_ms: int,
    *,
    card: Card | None,
    policy: Disputes,
) -> AutoPay:
    """Return auto-pay as it is after money went back of these payments, or is disputed; `recent` tells what came since.

    An objection holds once: what was there when a person switched auto-pay on does not hold it again. It is to a card:
    with another one on file, it is forgotten.
    """
    objected = _objected(auto_pay, reversed_, recent, card, policy) if card else auto_pay
    return _refunded(objected, reversed_, recent, now_ms)


def _objected(
    auto_pay: AutoPay, reversed_: Sequence[Payment], recent: Sequence[Payment], card: Card, policy: Disputes
) -> AutoPay:
    found = objections(reversed_, card, policy)
    if auto_pay.objections is None:
        return replace(auto_pay, objections=tuple(sorted(found)), held_by=())
    known = set(auto_pay.objections)
    seen = {each.payment_id for each in reversed_}
    # One of a payment that is too old to be read is as it was, and not withdrawn.
    standing = found | {name for name in known if name.partition("/")[0] not in seen}
    unanswered = standing - answered([*reversed_, *recent], card, policy)
    held_by = (set(auto_pay.held_by) | (standing - known)) & unanswered
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
