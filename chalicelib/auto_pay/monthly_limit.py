"""How much of a monthly limit auto-pay has charged: noted when 80 % of it, and when all of it, is reached. Pure."""

from typing import Final

from msgspec.structs import replace

from chalicelib.auto_pay.auto_pay import LIMIT_REACHED, AutoPay, LimitUse
from chalicelib.auto_pay.decision import Decision, Situation, Wait
from chalicelib.clock import month_of

NEAR_PERCENT: Final = 80


def note_limit_use(auto_pay: AutoPay, decision: Decision, situation: Situation) -> AutoPay:
    """Return auto-pay with what is reached of its limit, noted once for each month and limit.

    It is all reached when it is all charged, or when a refill was not made because of it. While a refill is in flight
    nothing is noted, because it may fail.
    """
    limit_micros, charged_micros = auto_pay.monthly_limit_micros, situation.charged_this_month_micros
    if not auto_pay.enabled or auto_pay.in_flight_payment_id or not limit_micros:
        return auto_pay
    is_refused = isinstance(decision, Wait) and decision.reason == LIMIT_REACHED
    is_near = charged_micros * 100 >= limit_micros * NEAR_PERCENT
    use = LimitUse(
        month=month_of(situation.now_ms),
        percent=100 if is_refused or charged_micros >= limit_micros else NEAR_PERCENT,
        limit_micros=limit_micros,
        charged_micros=charged_micros,
        currency=situation.currency,
    )
    if not (is_refused or is_near) or _is_noted(auto_pay.limit_use, use):
        return auto_pay
    return replace(auto_pay, limit_use=use)


def _is_noted(last: LimitUse | None, use: LimitUse) -> bool:
    is_same_limit = last is not None and (last.month, last.limit_micros) == (use.month, use.limit_micros)
    return is_same_limit and last is not None and last.percent >= use.percent
