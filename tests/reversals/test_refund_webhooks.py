"""Webhooks about refunds and disputes, signed as Stripe does: in every order, twice, late, or some of them never."""

import contextlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib import clock
from chalicelib.history.adjust import AdjustmentRequest, adjust
from chalicelib.idempotency import Key
from chalicelib.ledger.verify import verify
from chalicelib.payments.table import PaymentRow
from chalicelib.reversals.refund import parse_refund
from chalicelib.reversals.reversal import Reversals, apply_refund_update
from chalicelib.reversals.settle import settle
from chalicelib.runs import RunIncomplete
from chalicelib.text import Line
from chalicelib.webhooks import table as webhooks
from chalicelib.webhooks.receive import WebhookUnprocessed
from local.stripe_emulator.client import Emulator
from tests.payments.payer import HOUR_MS, Json, NewPayer, Payer, deliver
from tests.reversals.refunder import (
    UNIT,
    assert_refunded_once,
    assert_sound,
    dispute,
    events,
    kinds,
    only_dispute,
    only_refund,
    refund_payment,
    reversals,
    sweep_all,
    tell,
    tell_one,
)
from tests.wait import wait_for

Kinds = list[tuple[str, int]]


@pytest.mark.parametrize(
    ("type", "outcome", "expected"),
    [
        ("charge.dispute.created", "", []),
        ("charge.dispute.funds_withdrawn", "", [("dispute", -25)]),
        ("charge.dispute.funds_withdrawn", "win", [("dispute", -25)]),
        ("charge.dispute.closed", "lose", [("dispute", -25)]),
        ("charge.dispute.funds_reinstated", "win", []),
        ("charge.dispute.closed", "win", []),
    ],
)
def test_of_a_disputes_webhooks_one_may_be_all_that_comes_until_the_sweeper_asks(
    paid: Payer, type: str, outcome: str, expected: Kinds
) -> None:
    dispute(paid, outcome)
    tell(paid, type)
    assert kinds(paid) == expected
    sweep_all(paid)
    assert paid.balance_micros == (25 if outcome == "win" else 0) * UNIT
    assert only_dispute(paid).status == {"": "needs_response", "win": "won", "lose": "lost"}[outcome]
    assert_sound(paid)


@pytest.mark.parametrize("type", ["refund.created", "charge.refunded", "charge.refund.updated", "refund.failed"])
def test_of_a_refunds_webhooks_one_may_be_all_that_comes_until_the_sweeper_asks(paid: Payer, type: str) -> None:
    made = paid.emulator.refund_in_dashboard(paid.charges[0]["id"])
    paid.emulator.fail_refund(made["id"])
    tell(paid, type)
    sweep_all(paid)
    assert kinds(paid) == [("refund", -25), ("refund_failed", 25)]
    assert_sound(paid)


def test_the_sweeper_comes_to_disputes_and_refunds_that_are_due(paid: Payer, new_payer: NewPayer) -> None:
    refunded = new_payer("pm_card_pendingRefund")
    refunded.top_up()
    refund_payment(refunded)
    dispute(paid)
    tell(paid, "charge.dispute.created")
    with contextlib.suppress(RunIncomplete):  # disputes of other tests are not at Stripe any more
        paid.sweep_at(2 * HOUR_MS)
    assert kinds(paid) == [("dispute", -25)]
    assert (only_dispute(paid).checks, only_refund(refunded).checks) == (1, 1)


def test_a_dispute_that_is_not_at_stripe_any_more_is_loud_and_holds_up_nothing(paid: Payer) -> None:
    dispute(paid)
    tell(paid, "charge.dispute.created")
    paid.emulator.reset()
    with pytest.raises(RunIncomplete):
        paid.sweep_at(2 * HOUR_MS)


def test_a_refund_larger_than_the_balance_leaves_it_below_zero(paid: Payer) -> None:
    request = AdjustmentRequest("debit", "20", Line("usage"))
    adjust(paid.account(), request, key=Key("spend", "operator"), actor="operator")
    paid.emulator.refund_in_dashboard(paid.charges[0]["id"])
    tell(paid)
    assert paid.balance_micros == -20 * UNIT
    assert_sound(paid)


def test_money_that_went_back_before_we_knew_that_it_came_is_credited_first(payer: Payer, emulator: Emulator) -> None:
    emulator.fault("500_after_effect", method="POST", path="/v1/payment_intents")
    payer.top_up()
    assert payer.payment().state == "created"
    emulator.refund_in_dashboard(payer.charges[0]["id"], 1000)
    tell(payer, "refund.created")
    assert payer.payment().state == "succeeded"
    assert_refunded_once(payer, 10)
    payer.deliver("payment_intent")
    assert_refunded_once(payer, 10)


def test_webhooks_of_one_payment_at_once_lose_nothing(paid: Payer, emulator: Emulator) -> None:
    charge = paid.charges[0]["id"]
    for _ in range(3):
        emulator.refund_in_dashboard(charge, 500)
    dispute(paid, "lose", amount=2500)
    told = events(paid)
    with ThreadPoolExecutor(4) as pool:
        refused = [each for each in pool.map(delivered, told) if each is not None]
    for each in refused:
        tell_one(each)
    assert paid.balance_micros == 0
    assert paid.payment().refunded_micros == 15 * UNIT
    assert only_dispute(paid).debited_micros == 10 * UNIT
    assert_sound(paid)


def test_a_hundred_small_refunds_heard_of_at_once_are_each_debited_once(paid: Payer, emulator: Emulator) -> None:
    for _ in range(101):
        emulator.refund_in_dashboard(paid.charges[0]["id"], 10)
    tell_one(events(paid, "charge.refunded")[-1])
    assert paid.balance_micros == 25 * UNIT - 101 * UNIT // 10
    assert paid.payment().refunded_micros == 101 * UNIT // 10
    assert len(reversals(paid).refunds) == 101
    assert_sound(paid)


def test_news_that_comes_while_other_news_is_being_decided_on_is_not_lost(paid: Payer, emulator: Emulator) -> None:
    charge = paid.charges[0]["id"]
    emulator.refund_in_dashboard(charge, 1000)
    dispute(paid, amount=2500)
    (refunded,), (withdrawn,) = events(paid, "refund.created"), events(paid, "charge.dispute.funds_withdrawn")
    overtaken: list[Json] = [withdrawn]

    def told(seen: Reversals) -> Reversals:
        if overtaken:
            tell_one(overtaken.pop())
        return apply_refund_update(seen, parse_refund(refunded["data"]["object"], None), clock.now_ms())

    settle(paid.payment(), told)
    assert kinds(paid) == [("dispute", -25), ("refund", -10), ("dispute_reversal", 10)]
    assert paid.balance_micros == 0
    assert_sound(paid)


def delivered(event: Json) -> Json | None:
    """Deliver an event; return it if it was refused, for Stripe would send it again."""
    try:
        tell_one(event)
    except WebhookUnprocessed:
        return event
    return None


def test_a_webhook_that_comes_while_the_refund_is_being_answered_changes_nothing(
    paid: Payer, emulator: Emulator
) -> None:
    emulator.fault("slow_after_effect", method="POST", path="/v1/refunds", seconds=0.5)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(refund_payment, paid)
        wait_for(lambda: events(paid, "refund.created"))
        tell(paid)
        assert only_refund(paid).state == "succeeded"
        assert answer.result().state == "succeeded"
    assert_refunded_once(paid)


def test_a_refund_whose_metadata_somebody_removed_is_still_the_one_that_was_asked_for(paid: Payer) -> None:
    refund_payment(paid, "10")
    (event,) = events(paid, "refund.created")
    event["data"]["object"]["metadata"] = {}
    tell_one(event)
    assert_refunded_once(paid, 10)


def test_an_inquiry_is_shown_and_moves_no_money(paid: Payer, emulator: Emulator) -> None:
    found = emulator.control("POST", f"charges/{paid.charges[0]['id']}/dispute", {"inquiry": True})
    tell(paid)
    assert paid.payment().dispute_status == "warning_needs_response"
    # The customer can still be given the money back, which ends most inquiries.
    assert refund_payment(paid).state == "succeeded"
    emulator.close_dispute(found["id"], "lose")
    tell(paid)
    assert (paid.payment().dispute_status, kinds(paid)) == ("warning_closed", [("refund", -25)])
    assert_sound(paid)


def test_a_warning_of_fraud_is_kept_on_the_payment(paid: Payer, emulator: Emulator) -> None:
    emulator.control("POST", f"charges/{paid.charges[0]['id']}/fraud_warning")
    assert [each.state for each in tell(paid, "radar.")] == ["processed"]
    assert paid.payment().fraud_warning == "made_with_stolen_card"
    assert (paid.payment().state, paid.balance_micros) == ("succeeded", 25 * UNIT)
    # Another change of the payment leaves it there.
    refund_payment(paid)
    assert paid.payment().fraud_warning == "made_with_stolen_card"


def test_what_goes_back_of_a_payment_that_was_not_made_here_is_parked(payer: Payer, emulator: Emulator) -> None:
    intents = emulator.stripe_client().v1.payment_intents
    intents.create(
        {
            "amount": 2500,
            "currency": "usd",
            "customer": payer.customer_id,
            "payment_method": payer.card().payment_method_id,
            "allowed_payment_method_types": ["card"],
            "confirm": True,
        }
    )
    emulator.refund_in_dashboard(payer.charges[0]["id"], 500)
    dispute(payer)
    emulator.control("POST", f"charges/{payer.charges[0]['id']}/fraud_warning")
    verdicts = tell(payer)
    assert {each.state for each in verdicts} == {"parked"}
    assert all("not made here" in str(each.reason) for each in verdicts)
    assert verify(payer.account_id).transactions == 0


def test_a_refund_that_is_not_of_the_payment_is_parked_and_posts_nothing(paid: Payer) -> None:
    paid.emulator.refund_in_dashboard(paid.charges[0]["id"], 500)
    (event,) = events(paid, "refund.created")
    event["data"]["object"]["currency"] = "eur"
    with pytest.raises(WebhookUnprocessed):
        deliver(event)
    (parked,) = [each for each in webhooks.parked(100) if each.event_id == event["id"]]
    assert str(parked.reason).startswith("ReversalMismatch")
    assert kinds(paid) == []


def test_a_refund_of_a_payment_whose_row_is_gone_is_parked(paid: Payer) -> None:
    paid.emulator.refund_in_dashboard(paid.charges[0]["id"], 500)
    (event,) = events(paid, "refund.created")
    PaymentRow.get(paid.account_id, paid.payment().payment_id).delete()
    with pytest.raises(WebhookUnprocessed):
        deliver(event)


def test_a_month_of_a_disputed_and_refunded_payment_reads_as_a_story(paid: Payer, emulator: Emulator) -> None:
    charge = paid.charges[0]["id"]
    made = refund_payment(paid, "5")
    emulator.fail_refund(str(made.stripe_refund_id))
    tell(paid)
    emulator.refund_in_dashboard(charge, 700)
    tell(paid)
    found = emulator.open_dispute(charge, amount=1800)
    tell(paid)
    with clock.moved_to(clock.from_ms(clock.now_ms() + 20 * 24 * HOUR_MS)):
        emulator.close_dispute(found["id"], "win")
        tell(paid)
        assert kinds(paid) == [
            ("refund", -5),
            ("refund_failed", 5),
            ("refund", -7),
            ("dispute", -18),
            ("dispute_reversal", 18),
        ]
        assert paid.balance_micros == 18 * UNIT
        assert {each.state for each in reversals(paid).refunds} == {"failed", "succeeded"}
        assert_sound(paid)
