"""What usage leads to, in sentences: when the balance runs out or is refilled, what the month will cost, and why."""

import msgspec

from chalicelib.auto_pay.evaluate import Snapshot
from chalicelib.ledger.daily_usage import Days
from chalicelib.money import format_micros
from chalicelib.portal.forecast import AutoPayTerms
from chalicelib.portal.pace import WEEKLY_FROM_DAYS
from chalicelib.portal.request import PortalRequest
from chalicelib.portal.spending import Spending, spending
from chalicelib.portal.words import Words


class Suggestion(msgspec.Struct, frozen=True):
    """A threshold for auto-pay, as a sentence, as an amount, and as the form's address takes it."""

    text: str
    amount: str
    threshold: str


class Outlook(msgspec.Struct, frozen=True):
    """Sentences on the balance, the month, and what both were made from; None where there is nothing to say."""

    balance: str | None
    month: str | None
    basis: str | None
    suggestion: Suggestion | None


def load_outlook(request: PortalRequest, snapshot: Snapshot, days: Days, today: str) -> tuple[Spending, Outlook]:
    """Return what was spent, and what it leads to. `days` begin with `first_needed` or before."""
    auto_pay, limits, balance = snapshot.auto_pay, request.limits, snapshot.situation.balance_micros
    limit, charged = auto_pay.monthly_limit_micros, snapshot.situation.charged_this_month_micros
    can_charge = request.payer.card is not None and request.payer.unconnected is None
    refills = auto_pay.enabled and not auto_pay.is_suspended and can_charge
    left = None if limit is None else max(0, limit - charged)
    found = spending(
        days,
        today,
        balance_micros=balance,
        floor_micros=limits.floor_micros,
        auto_pay=AutoPayTerms(auto_pay.threshold_micros, auto_pay.amount_micros, left) if refills else None,
    )
    may_suggest = request.may_pay and (found.suggested_threshold_micros or 0) <= limits.auto_pay_maximum_micros
    is_out = balance <= limits.floor_micros
    return found, outlook(request.words, found, request.currency, is_out=is_out, may_suggest=may_suggest)


def outlook(words: Words, found: Spending, currency: str, *, is_out: bool, may_suggest: bool) -> Outlook:
    """Say what was found, in sentences; `is_out` if the balance is used up."""
    return Outlook(
        balance=_balance(words, found, currency, is_out=is_out),
        month=_month(words, found, currency),
        basis=_basis(words, found),
        suggestion=_suggestion(words, found, currency) if may_suggest else None,
    )


def _balance(words: Words, found: Spending, currency: str, *, is_out: bool) -> str | None:
    say, pace, refill, runway = words.say, found.pace, found.refill, found.runway
    if not pace.is_known and pace.today_micros:
        used = words.total(pace.today_micros, currency)
        return say("%(amount)s used today. After the first full day, you'll see how long it lasts.", amount=used)
    if is_out or not pace.is_known:
        return None
    if refill and refill.is_within_limit:
        amount = words.amount(refill.amount_micros, currency)
        if refill.is_today:
            return say("At your current pace, auto-pay adds %(amount)s today.", amount=amount)
        day = words.day(refill.day)
        return say("At your current pace, auto-pay adds %(amount)s around %(day)s.", amount=amount, day=day)
    return _runs_out(words, found) + (" " + _limit_note(words) if refill and runway else "")


def _runs_out(words: Words, found: Spending) -> str:
    runway = found.runway
    if runway is None:
        return words.say("At your current pace this lasts more than a year.")
    if runway.days == 0:
        return words.say("At your current pace this runs out today.")
    return words.count(
        "At your current pace this runs out around %(day)s (about %(number)s day).",
        "At your current pace this runs out around %(day)s (about %(number)s days).",
        runway.days,
        day=words.day(runway.day),
    )


def _limit_note(words: Words) -> str:
    return words.say("Auto-pay won't refill it before then: too little of its monthly limit is left.")


def _month(words: Words, found: Spending, currency: str) -> str | None:
    if found.forecast is None:
        return None
    amount = words.estimate(found.forecast.micros, currency)
    day = words.day(found.forecast.last_day)
    return words.say("At your current pace: about %(amount)s by %(day)s", amount=amount, day=day)


def _basis(words: Words, found: Spending) -> str | None:
    days = found.pace.full_days
    if not found.pace.is_known:
        return None
    if days < WEEKLY_FROM_DAYS:
        return words.count(
            "This estimate uses your average of %(number)s full day so far, so it may still change a lot.",
            "This estimate uses your average of the last %(number)s full days.",
            days,
        )
    return words.say(
        "This estimate uses what each weekday cost in the last %(number)s full days. It leaves out "
        "one unusually large day, future credits and your subscription.",
        number=words.number(days),
    )


def _suggestion(words: Words, found: Spending, currency: str) -> Suggestion | None:
    threshold = found.suggested_threshold_micros
    if threshold is None:
        return None
    amount = words.brief(threshold, currency)
    typical = words.estimate(found.pace.typical_micros, currency)
    text = words.count(
        "Suggested auto-pay threshold: %(amount)s, a bit more than a typical day in the last %(number)s day "
        "(%(typical)s).",
        "Suggested auto-pay threshold: %(amount)s, a bit more than a typical day in the last %(number)s days "
        "(%(typical)s).",
        found.pace.full_days,
        amount=amount,
        typical=typical,
    )
    return Suggestion(text, amount, format_micros(threshold))
