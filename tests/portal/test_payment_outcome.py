"""What a payment's page says: every state of every kind, each refund and each status of a dispute."""

import re
from itertools import product
from typing import Any, get_args

import pytest
from msgspec.structs import replace

from chalicelib.payments.payment import CLOSED_AT_BREAK, ENDED, Failure, Kind, State
from chalicelib.payments.words import DECLINED, DECLINES
from chalicelib.portal.payment_outcome import DISPUTES, SAYS_NOT_CHARGED, Outcome, name_dispute, outcome_of
from chalicelib.portal.words import Words
from chalicelib.reversals.dispute import CLOSED, RANKS
from chalicelib.reversals.reversal import Reversals
from tests.portal.seen import ENGLISH
from tests.reversals.reversal_news import News, disputed, paid, refunded, told, wanted
from tests.subscriptions.build import END_MS, START_MS

KINDS = get_args(Kind)
STATES = get_args(State)
LANGUAGES = (ENGLISH, Words("de-DE"))
RAW = re.compile(r"\w+_\w+|%\(|\b(?:warning|needs response|None)\b")


def after(*news: News, **changes: Any) -> Reversals:
    found = Reversals(paid(**changes))
    for each in news:
        found = told(found, each)
    return found


def text_of(outcome: Outcome) -> str:
    return " ".join([outcome.heading, *outcome.sentences])


def everything() -> list[Reversals]:
    """Return payments in every state, with every failure, refund and dispute that there is."""
    open_or_failed: list[Reversals] = [
        Reversals(replace(paid(kind=kind), state=state, failure=Failure(code) if code else None))
        for kind, state in product(KINDS, STATES)
        for code in ((None, "canceled", "unheard_of", *DECLINES) if state in {"failed", "canceled"} else (None,))
    ]
    disputes: list[News] = [
        disputed(status, *moves) for status in (*RANKS, "of_the_future") for moves in ((), (-25,), (-25, 25))
    ]
    refunds: list[News] = [
        refunded(state) for state in ("pending", "succeeded", "failed", "canceled", "requires_action")
    ]
    stories = [*([each] for each in [*disputes, *refunds]), *([refunded(), each] for each in disputes)]
    reversed_ = [after(*news, kind=kind) for kind in KINDS for news in stories]
    return open_or_failed + reversed_


@pytest.mark.parametrize("words", LANGUAGES, ids=lambda words: words.language)
def test_whatever_a_payment_is_it_is_told_in_words(words: Words) -> None:
    for found in everything():
        outcome = outcome_of(found, words)
        assert outcome.heading
        assert RAW.search(text_of(outcome)) is None, text_of(outcome)
        assert len(set(outcome.sentences)) == len(outcome.sentences), outcome


def stays(found: Reversals) -> bool:
    """Tell whether a payment's money was paid, and nobody has any of it back or asks for it."""
    has_gone_back = found.refunded_micros or any(each.withdrawn_micros for each in found.disputes)
    is_open = any(
        each.status not in CLOSED or (each.status, each.balance_movements) == ("lost", ()) for each in found.disputes
    )
    return found.payment.state == "succeeded" and not has_gone_back and not is_open


def test_only_money_that_was_paid_and_stays_is_a_success() -> None:
    results = {stays(found) for found in everything()}
    assert results == {True, False}
    for found in everything():
        assert outcome_of(found, ENGLISH).is_success == stays(found), found


def test_nothing_is_said_of_a_balance_that_the_payment_does_not_fill() -> None:
    for found in everything():
        text = text_of(outcome_of(found, ENGLISH)).replace("Your balance is not affected.", "")
        assert found.payment.fills_wallet or "balance" not in text, text


def test_what_no_bank_has_declined_is_not_said_to_be_declined() -> None:
    told_alike = {code for code, decline in DECLINES.items() if decline.advice == DECLINED.advice}
    assert told_alike == {"lost_card", "stolen_card"}


@pytest.mark.parametrize("code", sorted(DECLINES))
def test_that_nothing_was_charged_is_said_exactly_once(code: str) -> None:
    assert ("Nothing was charged" in DECLINES[code].advice) == (code in SAYS_NOT_CHARGED)
    for kind, state in product(KINDS, ("failed", "canceled")):
        payment = replace(paid(kind=kind), state=state, failure=Failure(code))
        text = text_of(outcome_of(Reversals(payment), ENGLISH))
        assert text.count("Nothing was charged") == (code != CLOSED_AT_BREAK)


@pytest.mark.parametrize("kind", KINDS)
def test_a_payment_that_has_not_ended_asks_not_to_pay_again_or_says_what_it_waits_for(kind: str) -> None:
    headings = {
        state: outcome_of(Reversals(replace(paid(kind=kind), state=state)), ENGLISH).heading
        for state in STATES
        if state not in ENDED
    }
    assert headings == {
        "created": "This payment isn't confirmed yet",
        "requires_action": "Your bank needs to verify it's you",
        "processing": "Your bank is processing this payment",
    }


def test_a_subscriptions_payment_names_its_period_whatever_the_subscription_is_by_now() -> None:
    found = paid(kind="subscription", period_start_ms=START_MS, period_end_ms=END_MS)
    outcome = outcome_of(Reversals(found), ENGLISH)
    assert outcome.heading == "$25.00 paid"
    assert outcome.sentences == ("Your subscription from Jan 31, 2027 to Feb 28, 2027.",)


def test_money_that_came_too_late_and_waits_is_no_receipt() -> None:
    outcome = outcome_of(Reversals(paid(kind="subscription", late="parked")), ENGLISH)
    assert not outcome.is_success
    assert "hasn't paid for anything" in outcome.sentences[0]


@pytest.mark.parametrize(("amount", "heading"), [(10, "$10.00 of $25.00 refunded"), (25, "$25.00 refunded")])
def test_a_refund_says_how_much_went_back_and_where(amount: int, heading: str) -> None:
    outcome = outcome_of(after(refunded(amount=amount)), ENGLISH)
    assert outcome.heading == heading
    assert f"${amount}.00 went back to Visa ending in 4242" in outcome.sentences[0]
    assert outcome.sentences[1] == "It was taken off your balance."


def test_a_refund_of_a_subscription_says_nothing_of_the_balance() -> None:
    assert len(outcome_of(after(refunded(), kind="subscription"), ENGLISH).sentences) == 1


def test_a_refund_that_stripe_does_not_have_yet_is_being_made() -> None:
    found = Reversals(paid(), (wanted(),))
    outcome = outcome_of(found, ENGLISH)
    assert outcome.heading == "$25.00 added"
    assert outcome.sentences == ("A refund of $10.00 is being made.",)


def test_a_refund_that_came_back_is_in_the_balance_again() -> None:
    outcome = outcome_of(after(refunded(), refunded("failed")), ENGLISH)
    assert outcome.heading == "$25.00 added"
    assert outcome.sentences == ("A refund of $10.00 didn't reach Visa ending in 4242.", "It's back in your balance.")


@pytest.mark.parametrize(
    ("news", "heading", "said"),
    [
        (disputed("warning_needs_response"), "The bank is asking about this payment", "nothing has been taken back"),
        (disputed("needs_response"), "This payment is disputed", "Nothing has been taken back so far."),
        (disputed("under_review", -25), "This payment is disputed", "$25.00 is held back from your balance."),
        (disputed("lost", -25), "The bank returned this payment", "$25.00 was taken off your balance."),
        (
            disputed("won", -25),
            "The dispute is decided: this payment stands",
            "back to your balance as soon as the bank returns it.",
        ),
        (disputed("won", -25, 25), "$25.00 added", "the bank decided that it stands."),
        (disputed("lost", -25, 25), "$25.00 added", "the bank decided that it stands."),
        (disputed("lost"), "The bank returned this payment", "the money goes back to the card."),
        (disputed("warning_closed"), "$25.00 added", "Nothing was taken back."),
        (disputed("prevented", -25), "The bank returned this payment", "$25.00 was taken off your balance."),
    ],
)
def test_a_dispute_says_what_it_does_to_the_balance(news: News, heading: str, said: str) -> None:
    outcome = outcome_of(after(news), ENGLISH)
    assert outcome.heading == heading
    assert said in text_of(outcome)


def test_what_was_held_back_and_came_back_is_said() -> None:
    text = text_of(outcome_of(after(disputed("needs_response", -25), disputed("won", -25, 25)), ENGLISH))
    assert "What was held back is back in your balance." in text


def test_a_question_after_a_lost_dispute_does_not_hide_it() -> None:
    later = disputed("warning_closed", id="du_2", created_at_ms=disputed().created_at_ms + 1)
    assert outcome_of(after(disputed("lost", -25), later), ENGLISH).heading == "The bank returned this payment"


def test_a_dispute_after_a_refund_takes_the_rest() -> None:
    text = text_of(outcome_of(after(refunded(), disputed("lost", -25)), ENGLISH))
    assert "$15.00 was taken off your balance." in text
    assert "$10.00 went back to Visa ending in 4242" in text


def test_each_status_of_a_dispute_has_a_name() -> None:
    assert set(DISPUTES) == set(RANKS)
    assert name_dispute("of_the_future", ENGLISH) == "With the bank"
