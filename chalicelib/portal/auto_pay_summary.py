"""What auto-pay will do, in plain words: when the card is charged, with how much, and what blocks it."""

from typing import Final

from chalicelib.auto_pay.decision import REASONS, Reason
from chalicelib.auto_pay.view import AutoPayView
from chalicelib.catalog.currency_limits import CurrencyLimits
from chalicelib.money import parse_micros
from chalicelib.portal.names import Names
from chalicelib.portal.refusals import why_failed
from chalicelib.portal.request import PortalRequest

NOT_SHOWN: Final[frozenset[Reason]] = frozenset({"disabled", "in_flight", "above_threshold", "backing_off"})
"""Reasons for charging nothing that are no problem, or are shown in other words."""


def auto_pay_summary(request: PortalRequest, auto_pay: AutoPayView, limits: CurrencyLimits) -> list[str]:
    """Say what will happen, in sentences."""
    words, say, currency = request.words, request.words.say, request.currency
    if not auto_pay.enabled:
        return [say("Auto-pay is off. When your balance reaches zero, calls and messages stop until you add balance.")]
    card = request.payer.card
    threshold, amount = (words.money(each or "0", currency) for each in (auto_pay.threshold, auto_pay.amount))
    name = Names(words, request.catalog).card(card.brand, card.last_four) if card else say("your card")
    if is_used_up_first(parse_micros(auto_pay.threshold or "0"), limits):
        when = say("When your balance is used up, we charge %(amount)s to %(card)s.", amount=amount, card=name)
    else:
        when = say(
            "When your balance drops below %(threshold)s, we charge %(amount)s to %(card)s.",
            threshold=threshold,
            amount=amount,
            card=name,
        )
    return [
        when,
        say(
            "If %(amount)s isn't enough to get back above %(threshold)s, we charge a multiple of it in one payment, up "
            "to %(maximum)s.",
            threshold=threshold,
            amount=amount,
            maximum=words.amount(limits.auto_pay_maximum_micros, currency),
        ),
        _monthly_limit(request, auto_pay),
    ]


def is_used_up_first(threshold_micros: int, limits: CurrencyLimits) -> bool:
    """Tell whether access ends at the threshold or before: auto-pay then charges when the balance is used up."""
    return threshold_micros <= limits.floor_micros


def _monthly_limit(request: PortalRequest, auto_pay: AutoPayView) -> str:
    words, currency = request.words, request.currency
    charged = words.money(auto_pay.charged_this_month, currency)
    if auto_pay.monthly_limit is None:
        return words.say("No monthly limit. %(charged)s charged so far this month.", charged=charged)
    limit = words.money(auto_pay.monthly_limit, currency)
    return words.say("Monthly limit: %(limit)s. %(charged)s charged so far this month.", limit=limit, charged=charged)


def blocking_reason(request: PortalRequest, auto_pay: AutoPayView) -> str | None:
    """Say what blocks auto-pay, or that a refill is on its way; None if a person need not know."""
    words, say = request.words, request.words.say
    if auto_pay.charge:
        amount = words.money(auto_pay.charge.amount, auto_pay.charge.currency)
        return say("A refill of %(amount)s is on its way.", amount=amount)
    if auto_pay.reason == "backing_off" and auto_pay.next_attempt_at:
        last = auto_pay.last_refusal
        why = why_failed(last.code or "", last.decline_code, words) if last else ""
        again = say("We'll try again on %(moment)s.", moment=words.moment(auto_pay.next_attempt_at))
        return f"{why} {again}".strip()
    if auto_pay.reason is None or auto_pay.reason in NOT_SHOWN:
        return None
    return say(REASONS[auto_pay.reason])
