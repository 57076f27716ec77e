"""What becomes of a refund: unknown at first, two at once, pending, failed later."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib import clock
from chalicelib.idempotency import Key
from chalicelib.payments.payment import Payment
from chalicelib.reversals import gateway as refund_gateway
from chalicelib.reversals import table as reversal_table
from chalicelib.reversals.issue_refund import RefundRequest, RefundTooLarge, refund
from chalicelib.reversals.reversal import apply_refund_update
from chalicelib.text import Line
from local.stripe_emulator.client import Emulator, wait_until
from tests.api import Api, problem
from tests.payments.payer import NewPayer, Payer
from tests.reversals.refund_calls import REFUND, post, show, spend
from tests.reversals.refunder import (
    REFUNDS,
    UNIT,
    assert_refunded_once,
    assert_sound,
    events,
    kinds,
    only_refund,
    refund_payment,
    stripes_refunds,
    sweep_all,
    tell,
)


def test_an_unknown_outcome_is_202_and_is_resolved_by_repeating(api: Api, paid: Payer, emulator: Emulator) -> None:
    emulator.fault("cut_after_effect", method="POST", path=REFUNDS, times=0)
    answer = post(api, paid)
    assert (answer.status_code, answer.headers["Retry-After"]) == (202, "3")
    assert answer.json()["refund"]["state"] == "created"
    # It may be made: nothing else of the payment can be promised.
    problem(post(api, paid, key="refund-2"), 409, "nothing-to-refund")
    emulator.clear_faults()
    assert post(api, paid).status_code == 201
    assert_refunded_once(paid)


def test_two_at_once_with_one_key_are_one_refund(api: Api, paid: Payer) -> None:
    with ThreadPoolExecutor(4) as pool:
        statuses = {answer.status_code for answer in pool.map(lambda _: post(api, paid), range(4))}
    assert statuses <= {201, 202}
    post(api, paid)
    assert_refunded_once(paid)


@pytest.mark.parametrize(
    ("spent", "outcomes"),
    [("25", ["refused", "succeeded"]), ("0.01", ["refused", "succeeded"]), ("", ["succeeded"] * 2)],
)
def test_two_refunds_of_two_payments_at_once_never_take_the_same_balance(
    payer: Payer, spent: str, outcomes: list[str]
) -> None:
    pair = [payer.top_up("30", key).payment for key in ("one", "two")]
    if spent:
        spend(payer, spent)

    def outcome(payment: Payment) -> str:
        request = RefundRequest(Line("goodwill"), "30")
        try:
            done = refund(
                payer.account(), payment.payment_id, request, key=Key(payment.payment_id, "operator"), actor="operator"
            )
        except RefundTooLarge:
            return "refused"
        return done.state

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(outcome, pair)) == outcomes
    assert 0 <= payer.balance_micros < 30 * UNIT
    assert_sound(payer)


def test_a_refund_that_was_cut_off_before_its_debit_is_debited_before_another_is_decided(
    payer: Payer, emulator: Emulator
) -> None:
    first, second = (payer.top_up("30", key).payment for key in ("one", "two"))
    emulator.refund_in_dashboard(str(first.charge_id))
    (made,) = refund_gateway.list_refunds(first)
    reversal_table.change(first, lambda seen: apply_refund_update(seen, made, clock.now_ms()))
    assert kinds(payer) == []
    request = RefundRequest(Line("goodwill"), "30")
    done = refund(payer.account(), second.payment_id, request, key=Key("refund-2", "operator"), actor="operator")
    assert done.state == "succeeded"
    assert kinds(payer) == [("refund", -30), ("refund", -30)]
    assert_sound(payer)


def test_a_promise_of_another_refund_is_kept(api: Api, payer: Payer, emulator: Emulator) -> None:
    first, second = (payer.top_up("30", key).payment for key in ("one", "two"))
    spend(payer, "25")
    emulator.fault("cut_before_effect", method="POST", path=REFUNDS, times=2)
    assert post(api, payer, {**REFUND, "amount": "30"}, payment_id=first.payment_id).status_code == 202
    answer = post(api, payer, {**REFUND, "amount": "10"}, key="refund-2", payment_id=second.payment_id)
    assert problem(answer, 422, "refund-too-large")["maximum"] == "5.00"


def test_a_refund_that_fails_later_is_credited_once(api: Api, new_payer: NewPayer, emulator: Emulator) -> None:
    payer = new_payer("pm_card_refundFail")
    payer.top_up()
    assert post(api, payer).status_code == 201
    wait_until(lambda: bool(events(payer, "refund.failed")))
    tell(payer)
    tell(payer)
    assert kinds(payer) == [("refund", -25), ("refund_failed", 25)]
    assert post(api, payer).status_code == 201  # a repeat is answered as the first was
    assert show(api, payer)["refunded"] == "0.00"
    # It is back in the wallet, and can be refunded once more.
    assert post(api, payer, key="refund-2").status_code == 201
    assert_sound(payer)


def test_a_refund_whose_failure_no_webhook_told_is_found_by_the_sweeper(
    api: Api, paid: Payer, emulator: Emulator
) -> None:
    post(api, paid)
    emulator.fail_refund(str(only_refund(paid).stripe_refund_id))
    sweep_all(paid)
    assert kinds(paid) == [("refund", -25), ("refund_failed", 25)]
    assert_sound(paid)


def test_a_pending_refund_is_debited_at_once_and_once(api: Api, new_payer: NewPayer) -> None:
    payer = new_payer("pm_card_pendingRefund")
    payer.top_up()
    answer = post(api, payer)
    assert (answer.status_code, answer.json()["refund"]["state"]) == (201, "pending")
    assert payer.balance_micros == 0
    wait_until(lambda: stripes_refunds(payer.emulator, payer)[0]["status"] == "succeeded")
    sweep_all(payer)
    assert_refunded_once(payer)


def test_what_became_of_a_payment_is_read_back_as_it_was_written(paid: Payer, emulator: Emulator) -> None:
    refund_payment(paid, "10")
    emulator.open_dispute(paid.charges[0]["id"], amount=1000)
    tell(paid)
    refunds, disputes = reversal_table.of_account(paid.account_id)
    seen = reversal_table.read(paid.payment())
    assert (tuple(refunds), tuple(disputes)) == (seen.refunds, seen.disputes)
    assert [each.posted for each in seen.rows] == [1, 1]
