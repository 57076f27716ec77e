"""What a payment's refunds and disputes come to, without AWS or Stripe: in every order, with every repetition."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from msgspec.structs import replace

from chalicelib.payments.payment import Failure
from chalicelib.reversals import refund
from chalicelib.reversals.dispute import StripeDispute
from chalicelib.reversals.refund import Refund, State
from chalicelib.reversals.reversal import (
    ReversalMismatch,
    Reversals,
    allocate_dispute_debits,
    refundable_micros,
    with_new_refund,
)
from tests.reversals.reversal_news import (
    LOST,
    NOW_MS,
    REFUND_NEWS,
    UNIT,
    WON,
    News,
    disputed,
    moved,
    orders,
    paid,
    refunded,
    story,
    told,
    wanted,
)


@pytest.mark.parametrize("news", orders((*REFUND_NEWS[:2], *REFUND_NEWS[:2])))
def test_a_refund_is_debited_once_whatever_the_order(news: tuple[News, ...]) -> None:
    seen, ledger = story(news)
    assert ledger.kinds == ["refund"]
    assert ledger.taken_micros == 10 * UNIT
    assert (seen.refunds[0].state, seen.payment.refunded_micros) == ("succeeded", 10 * UNIT)


@pytest.mark.parametrize("news", orders((*REFUND_NEWS, REFUND_NEWS[2])))
def test_a_refund_that_comes_back_is_debited_and_credited_once_whatever_the_order(news: tuple[News, ...]) -> None:
    seen, ledger = story(news)
    assert sorted(ledger.kinds) == ["refund", "refund_failed"]
    assert ledger.taken_micros == 0
    assert (seen.refunds[0].state, seen.payment.refunded_micros) == ("failed", 0)


@pytest.mark.parametrize("news", orders((*WON, WON[1])))
def test_a_dispute_that_is_won_takes_nothing_in_the_end_whatever_the_order(news: tuple[News, ...]) -> None:
    seen, ledger = story(news)
    assert ledger.taken_micros == 0
    assert sorted(ledger.kinds) in ([], ["dispute", "dispute_reversal"])
    assert seen.payment.dispute_status == "won"


@pytest.mark.parametrize("news", orders((*LOST, LOST[1])))
def test_a_dispute_that_is_lost_takes_the_money_once_whatever_the_order(news: tuple[News, ...]) -> None:
    seen, ledger = story(news)
    assert ledger.kinds == ["dispute"]
    assert ledger.taken_micros == 25 * UNIT
    assert seen.payment.dispute_status == "lost"


@pytest.mark.parametrize("only", [*WON[1:3], LOST[3]])
def test_one_webhook_of_a_dispute_is_enough(only: StripeDispute) -> None:
    _, ledger = story((only,))
    assert ledger.taken_micros == (0 if only.status == "won" else 25 * UNIT)


def test_a_dispute_that_is_only_opened_takes_nothing_yet() -> None:
    seen, ledger = story((disputed(),))
    assert ledger.posted == {}
    assert seen.payment.dispute_status == "needs_response"


@pytest.mark.parametrize("status", ["warning_needs_response", "warning_under_review", "warning_closed"])
def test_an_inquiry_takes_nothing(status: str) -> None:
    seen, ledger = story((disputed(status),))
    assert ledger.posted == {}
    assert not seen.disputes[0].blocks_refunds


def test_an_inquiry_that_becomes_a_dispute_takes_the_money_then() -> None:
    inquiry, grown = disputed("warning_needs_response"), disputed("needs_response", -25)
    for news in permutations((inquiry, grown)):
        seen, ledger = story(news)
        assert (seen.disputes[0].status, ledger.taken_micros) == ("needs_response", 25 * UNIT)


def test_a_dispute_of_which_a_part_is_won_gives_back_that_part() -> None:
    _, ledger = story((disputed("needs_response", -25), disputed("won", -25, 15)))
    assert ledger.taken_micros == 10 * UNIT


def test_a_balance_in_another_currency_counts_by_direction_alone() -> None:
    abroad = tuple(replace(moved(number, amount), currency="eur") for number, amount in enumerate((-23, 22)))
    taken, ledger = story((disputed(balance_movements=abroad[:1]),))
    assert (taken.disputes[0].withdrawn_micros, ledger.taken_micros) == (25 * UNIT, 25 * UNIT)
    assert story((disputed("won", balance_movements=abroad),))[1].taken_micros == 0


@pytest.mark.parametrize("news", orders((refunded(), disputed("needs_response", -25), disputed("lost", -25))))
def test_a_refund_and_a_lost_dispute_never_take_more_than_was_paid(news: tuple[News, ...]) -> None:
    seen, ledger = story(news)
    assert ledger.taken_micros == 25 * UNIT
    assert seen.refunds[0].postings()[0].legs[0].amount_micros == 10 * UNIT
    assert seen.disputes[0].debited_micros == 15 * UNIT


@pytest.mark.parametrize("news", orders((refunded(), disputed("needs_response", -25), disputed("won", -25, 25))))
def test_a_refund_that_comes_to_light_during_a_dispute_that_is_won_is_still_taken(news: tuple[News, ...]) -> None:
    _, ledger = story(news)
    assert ledger.taken_micros == 10 * UNIT


@pytest.mark.parametrize("news", orders((refunded(), refunded("failed"), disputed("lost", -25))))
def test_a_refund_that_comes_back_leaves_the_whole_to_the_dispute(news: tuple[News, ...]) -> None:
    assert story(news)[1].taken_micros == 25 * UNIT


def facts(refund_states: list[list[State]], dispute_ends: list[str]) -> list[News]:
    """Return all that Stripe ever says of some refunds and disputes."""
    news: list[News] = []
    for number, states in enumerate(refund_states):
        news += [refunded(state, 5 + number, id=f"re_{number}") for state in states]
    for number, end in enumerate(dispute_ends):
        amounts = {"won": (-20, 20), "lost": (-20,), "warning_closed": ()}[end]
        moves = tuple(moved(10 * number + place, each) for place, each in enumerate(amounts))
        facts: dict[str, Any] = {"id": f"du_{number}", "created_at_ms": NOW_MS + number, "amount": 20}
        news += [
            disputed(**facts),
            disputed(balance_movements=moves[:1], **facts),
            disputed(end, balance_movements=moves, **facts),
        ]
    return news


paths: some.SearchStrategy[list[State]] = some.sampled_from(
    [["pending", "succeeded"], ["succeeded"], ["pending", "succeeded", "failed"], ["requires_action", "canceled"]]
)


@given(
    refunds=some.lists(paths, max_size=3),
    disputes=some.lists(some.sampled_from(["won", "lost", "warning_closed"]), max_size=2),
    data=some.data(),
)
def test_whatever_is_told_in_whatever_order_the_wallet_lacks_what_went_back_and_never_more_than_was_paid(
    refunds: list[list[State]], disputes: list[str], data: some.DataObject
) -> None:
    news = facts(refunds, disputes)
    order = data.draw(
        some.permutations(news + data.draw(some.lists(some.sampled_from(news), max_size=4)) if news else [])
    )
    _, ledger = story(tuple(order))
    out = sum(5 + number for number, states in enumerate(refunds) if states[-1] == "succeeded")
    lost = sum(20 for end in disputes if end == "lost")
    assert ledger.taken_micros == min(25, out + lost) * UNIT


def test_a_refund_asked_for_here_and_told_of_by_stripe_is_one() -> None:
    seen = with_new_refund(Reversals(paid()), wanted())
    assert seen.postings() == []
    answer = refunded(metadata={"refund_id": "ref_1"})
    for news in ((answer, answer), (answer, replace(answer, metadata={}))):
        found = seen
        for each in news:
            found = told(found, each)
        (only,) = found.refunds
        assert (only.refund_id, only.stripe_refund_id, only.actor) == ("ref_1", "re_1", "operator")
        assert [posting.identity.event_id for posting in found.postings()] == ["re_1"]


def test_a_refund_made_elsewhere_has_the_same_id_whoever_hears_of_it() -> None:
    first, second = (told(Reversals(paid()), refunded(), NOW_MS + later).refunds[0] for later in (0, 5000))
    assert first.refund_id == second.refund_id
    assert first.postings() == second.postings()
    assert first.actor == "stripe"


@pytest.mark.parametrize("metadata", [{"refund_id": "ref_2"}, {}])
def test_another_refund_is_not_taken_for_the_one_asked_for_here(metadata: dict[str, str]) -> None:
    seen = told(with_new_refund(Reversals(paid()), wanted()), refunded(amount=10, metadata=metadata))
    assert [each.stripe_refund_id for each in seen.refunds] == [None, "re_1"]


def test_a_second_refund_of_stripes_for_one_of_ours_is_a_refund_of_its_own() -> None:
    seen = with_new_refund(Reversals(paid()), wanted())
    for name in ("re_1", "re_2"):
        seen = told(seen, refunded(id=name, metadata={"refund_id": "ref_1"}))
    assert [each.stripe_refund_id for each in seen.refunds] == ["re_1", "re_2"]
    assert sum(posting.legs[0].amount_micros for posting in seen.postings()) == 20 * UNIT


def test_what_stripe_says_wins_over_what_was_concluded_while_it_was_silent() -> None:
    lost = refund.with_failure(wanted(), Failure("not_found"))
    assert not lost.counts_against_payment
    seen = told(with_new_refund(Reversals(paid()), lost), refunded(metadata={"refund_id": "ref_1"}))
    (only,) = seen.refunds
    assert (only.state, only.failure) == ("succeeded", None)
    assert len(seen.postings()) == 1


@pytest.mark.parametrize(
    "changes",
    [{"payment_intent_id": "pi_2"}, {"currency": "eur"}, {"stripe_account": "acct_1"}, {"payment_intent_id": None}],
)
def test_what_is_not_of_the_payment_is_refused_loudly(changes: dict[str, Any]) -> None:
    with pytest.raises(ReversalMismatch):
        told(Reversals(paid()), refunded(**changes))
    with pytest.raises(ReversalMismatch):
        told(Reversals(paid()), disputed(**changes))


def test_what_goes_back_of_a_subscriptions_payment_is_recorded_and_moves_no_wallet() -> None:
    seen = Reversals(paid(kind="subscription"))
    for news in (refunded(), disputed("lost", -25)):
        seen = told(seen, news)
    assert seen.postings() == []
    assert (seen.payment.refunded_micros, seen.payment.dispute_status) == (10 * UNIT, "lost")
    assert seen.disputes[0].withdrawn_micros == 25 * UNIT


@pytest.mark.parametrize(
    ("balance", "promised", "refunds", "currency", "expected"),
    [
        (25, 0, [], "usd", 25),
        (100, 0, [], "usd", 25),
        (7.129999, 0, [], "usd", 7.12),
        (7.9, 0, [], "jpy", 7),
        (7.999, 0, [], "kwd", 7.99),
        (0, 0, [], "usd", 0),
        (-3, 0, [], "usd", 0),
        (25, 20, [], "usd", 5),
        (25, 30, [], "usd", 0),
        (100, 0, [wanted()], "usd", 15),
        (100, 0, [wanted(state="failed")], "usd", 25),
        (100, 0, [wanted(state="succeeded", stripe_refund_id="re_1"), wanted(refund_id="ref_2")], "usd", 5),
    ],
)
def test_what_is_unspent_and_not_refunded_can_be_refunded(
    balance: float, promised: int, refunds: list[Refund], currency: str, expected: float
) -> None:
    seen = Reversals(paid(currency=currency), tuple(refunds))
    assert refundable_micros(seen, round(balance * UNIT), promised * UNIT) == round(expected * UNIT)


def test_a_subscriptions_payment_can_be_refunded_whatever_the_wallet_holds() -> None:
    assert refundable_micros(Reversals(paid(kind="subscription")), 0, 0) == 25 * UNIT


def test_weighing_again_changes_nothing() -> None:
    seen, _ = story((refunded(), disputed("lost", -25)))
    assert allocate_dispute_debits(seen, NOW_MS + 99) == seen
