"""What usage leads to, in sentences."""

from chalicelib.ledger.daily_usage import Days, Usage
from chalicelib.portal.forecast import AutoPayTerms
from chalicelib.portal.outlook import Outlook, outlook
from chalicelib.portal.spending import spending
from chalicelib.portal.words import Words

USD = 1_000_000
TODAY = "2026-11-24"


def days(number: int, micros: int = 2 * USD) -> Days:
    """Return so many days of usage up to yesterday."""
    return {f"2026-11-{24 - back:02d}": {"sms": Usage(USD, micros, 1)} for back in range(1, number + 1)}


def found(used: Days, balance: int, terms: AutoPayTerms | None = None, language: str = "en") -> Outlook:
    seen = spending(used, TODAY, balance_micros=balance * USD, floor_micros=0, auto_pay=terms)
    return outlook(Words(language), seen, "usd", is_out=balance <= 0, may_suggest=True)


def test_a_balance_says_when_it_runs_out() -> None:
    assert found(days(20), 14).balance == "At your current pace this runs out around Nov 30, 2026 (about 6 days)."
    assert found(days(20), 4).balance == "At your current pace this runs out around Nov 25, 2026 (about 1 day)."
    assert found(days(20), 2).balance == "At your current pace this runs out today."
    assert found(days(20), 9_000).balance == "At your current pace this lasts more than a year."
    assert found(days(20), 0).balance is None


def test_auto_pay_says_when_it_refills_or_why_it_will_not() -> None:
    terms = AutoPayTerms(10 * USD, 50 * USD, None)
    assert found(days(20), 16, terms).balance == "At your current pace, auto-pay adds $50.00 around Nov 27, 2026."
    assert found(days(20), 9, terms).balance == "At your current pace, auto-pay adds $50.00 today."
    limited = found(days(20), 16, AutoPayTerms(10 * USD, 50 * USD, 49 * USD)).balance
    assert limited == (
        "At your current pace this runs out around Dec 1, 2026 (about 7 days). "
        "Auto-pay won't refill it before then: too little of its monthly limit is left."
    )


def test_the_first_day_is_neither_nothing_nor_a_pace() -> None:
    first = found({TODAY: {"sms": Usage(USD, 5 * USD, 1)}}, 9)
    assert first.balance == "$5.00 used today. After the first full day, you'll see how long it lasts."
    assert (first.month, first.basis, first.suggestion) == (None, None, None)
    assert found({}, 9) == Outlook(None, None, None, None)


def test_a_forecast_says_what_it_is_made_from() -> None:
    few, many = found(days(1), 9), found(days(20), 9)
    assert few.month == "At your current pace: about $16 by Nov 30, 2026"
    assert few.basis == "This estimate uses your average of 1 full day so far, so it may still change a lot."
    assert many.month == "At your current pace: about $54 by Nov 30, 2026"
    assert many.basis is not None
    assert many.basis.startswith("This estimate uses what each weekday cost in the last 20 full days.")


def test_a_threshold_is_suggested_with_what_a_typical_day_is() -> None:
    suggested = found(days(20, 17_200_000), 9).suggestion
    assert suggested is not None
    assert (
        suggested.text
        == "Suggested auto-pay threshold: $20, a bit more than a typical day in the last 20 days ($17.20)."
    )
    assert (suggested.amount, suggested.threshold) == ("$20", "20")
    in_german = found(days(20, 1_300_000), 9, language="de").suggestion
    assert in_german is not None
    assert (in_german.amount, in_german.threshold) == ("1,50\xa0$", "1.5")
