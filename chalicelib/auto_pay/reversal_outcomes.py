"""How refunds and disputes change the state of auto-pay. Pure.

Disputes and fraud warnings suspend auto-pay; what was refunded is not charged again automatically.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from chalicelib.auto_pay.auto_pay import AutoPay
from chalicelib.cards.card import Card, is_expired
from chalicelib.cards.payer import Payer
from chalicelib.catalog.policies import Disputes
from chalicelib.payments.backup import is_refused_for_good
from chalicelib.payments.payment import Payment
from chalicelib.reversals.objection import answered_objections, objections


def apply_reversals(
    auto_pay: AutoPay,
    reversed_: Sequence[Payment],
    recent: Sequence[Payment],
    now_ms: int,
    *,
    card: Card | None,
    policy: Disputes,
) -> AutoPay:
    """Return the state after refunds and disputes of the payments in `reversed_`; `recent` are the latest payments.

    An objection suspends auto-pay once: objections that existed when a person switched it on do not suspend it again.
    Only objections to the card on file count.
    """
    updated = _apply_objections(auto_pay, reversed_, recent, card, policy) if card else auto_pay
    return _apply_refunds(updated, reversed_, recent, now_ms)


def _apply_objections(
    auto_pay: AutoPay, reversed_: Sequence[Payment], recent: Sequence[Payment], card: Card, policy: Disputes
) -> AutoPay:
    found = objections(reversed_, card, policy)
    if auto_pay.objections is None:
        return replace(auto_pay, objections=tuple(sorted(found)), held_by=())
    known = set(auto_pay.objections)
    read = {each.payment_id for each in reversed_}
    # The objection to a payment that is too old to be read again still applies: it was not withdrawn.
    standing = found | {name for name in known if name.partition("/")[0] not in read}
    unanswered = standing - answered_objections([*reversed_, *recent], card, policy)
    held_by = (set(auto_pay.held_by) | (standing - known)) & unanswered
    return replace(auto_pay, objections=tuple(sorted(standing)), held_by=tuple(sorted(held_by)))


def _apply_refunds(auto_pay: AutoPay, reversed_: Sequence[Payment], recent: Sequence[Payment], now_ms: int) -> AutoPay:
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


def usable_backup(payer: Payer, payments: Sequence[Payment], policy: Disputes, now_ms: int) -> Card | None:
    """Return the backup if it can be charged by itself: it has not expired, and its bank does not object to that.

    `payments` are the latest, and those that were reversed.
    """
    backup = payer.chargeable_backup
    if backup is None or is_expired(backup, now_ms) or is_refused_for_good(backup, payments):
        return None
    unanswered = objections(payments, backup, policy) - answered_objections(payments, backup, policy)
    return None if unanswered else backup
