"""Stripe fails in every way, the process ends at every call; then all come in every order: one refund, one debit."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.reversals.issue_refund import RefundFailed
from chalicelib.reversals.refund import Refund
from chalicelib.stripe_api.attempt import LATE_EFFECT_MS
from chalicelib.stripe_api.client import CHARGE_SECONDS
from chalicelib.webhooks.receive import WebhookUnprocessed
from local.stripe_emulator.client import Emulator
from tests.depth import some
from tests.payments.payer import HOUR_MS, NewPayer, Payer
from tests.reversals.refunder import (
    REFUNDS,
    UNIT,
    assert_refunded_once,
    assert_sound,
    kinds,
    only_refund,
    refund_payment,
    reversals,
    stripes_refunds,
    sweep_all,
    tell,
)
from tests.wire import cut_off, cut_points

ORDERS = some(list(permutations(["operator", "webhook", "sweeper"])))

BEFORE: list[dict[str, Any]] = [
    {"kind": "cut_before_effect"},
    {"kind": "status", "status": 429},
    {"kind": "status", "status": 500},
]
AFTER: list[dict[str, Any]] = [{"kind": "cut_after_effect"}, {"kind": "500_after_effect"}]


def named(fault: dict[str, Any]) -> str:
    return "-".join(str(value) for value in fault.values())


def paid(new_payer: NewPayer) -> Payer:
    payer = new_payer()
    payer.top_up()
    return payer


def refund_all(payers: list[Payer], emulator: Emulator, fault: dict[str, Any], times: int = 0) -> list[Refund]:
    """Let all of them be refunded while Stripe fails; the library's own repeats meet the fault as well."""
    emulator.fault(**fault, method="POST", path=REFUNDS, times=times)
    with ThreadPoolExecutor(len(payers)) as pool:
        made = list(pool.map(refund_payment, payers))
    emulator.clear_faults()
    return made


def learn(payer: Payer, who: str) -> None:
    if who == "operator":
        refund_payment(payer)
    elif who == "webhook":
        tell(payer)
    else:
        sweep_all(payer)


@pytest.mark.parametrize("fault", [*BEFORE, *AFTER], ids=named)
def test_a_failing_stripe_ends_in_one_refund_and_one_debit_in_every_order(
    new_payer: NewPayer, emulator: Emulator, fault: dict[str, Any]
) -> None:
    payers = [paid(new_payer) for _ in ORDERS]
    assert {made.state for made in refund_all(payers, emulator, fault)} == {"created"}
    for payer, order in zip(payers, ORDERS, strict=True):
        for who in order:
            learn(payer, who)
        tell(payer)
        assert_refunded_once(payer)


def test_a_slow_stripe_ends_in_one_refund_and_one_debit(new_payer: NewPayer, emulator: Emulator) -> None:
    payers = [paid(new_payer) for _ in ORDERS]
    refund_all(payers, emulator, {"kind": "slow_after_effect", "seconds": CHARGE_SECONDS + 1.5})
    for payer, order in zip(payers, ORDERS, strict=True):
        for who in order:
            learn(payer, who)
        tell(payer)
        assert_refunded_once(payer)


def test_a_failure_that_stripe_remembers_is_overcome_with_a_second_key(new_payer: NewPayer, emulator: Emulator) -> None:
    payers = [paid(new_payer) for _ in ORDERS]
    refund_all(payers, emulator, {"kind": "500_saved"})
    for payer, order in zip(payers, ORDERS, strict=True):
        for who in order:
            learn(payer, who)
        assert (only_refund(payer).state, only_refund(payer).attempt) == ("created", 1)
        with clock.moved_to(clock.now() + timedelta(milliseconds=LATE_EFFECT_MS + 1000)):
            for who in order:
                learn(payer, who)
        assert_refunded_once(payer)
        keys = [call["idempotency_key"] for call in emulator.calls("POST", REFUNDS)]
        refund_id = only_refund(payer).refund_id
        assert {key for key in keys if key.startswith(refund_id)} == {refund_id, f"{refund_id}-2"}


def test_an_effect_that_comes_to_light_late_is_found_before_another_key_is_used(
    payer: Payer, emulator: Emulator
) -> None:
    payer.top_up()
    emulator.fault("500_after_effect", method="POST", path=REFUNDS, times=0)
    emulator.fault("status", status=500, method="GET", path=REFUNDS, times=0)
    refund_payment(payer)
    refund_payment(payer)
    emulator.clear_faults()
    with clock.moved_to(clock.now() + timedelta(milliseconds=LATE_EFFECT_MS + 1000)):
        sweep_all(payer)
    assert_refunded_once(payer)
    assert only_refund(payer).attempt == 1


def test_resolving_may_itself_be_cut_off_at_every_call_to_stripe(new_payer: NewPayer, emulator: Emulator) -> None:
    for kind in ("cut_before_effect", "cut_after_effect"):
        for method in ("GET", "POST"):
            payer = paid(new_payer)
            emulator.fault("status", status=429, method="POST", path=REFUNDS, times=2)
            refund_payment(payer)
            emulator.clear_faults()
            emulator.fault(kind, method=method, path=REFUNDS, times=2)
            refund_payment(payer)
            emulator.clear_faults()
            sweep_all(payer)
            assert_refunded_once(payer)


def test_a_refund_that_stripe_never_had_is_given_up_before_its_key_is_forgotten(
    payer: Payer, emulator: Emulator
) -> None:
    payer.top_up()
    emulator.fault("cut_before_effect", method="POST", path=REFUNDS, times=0)
    refund_payment(payer)
    emulator.clear_faults()
    calls = len(emulator.calls("POST", REFUNDS))
    with clock.moved_to(clock.now() + timedelta(hours=23)):
        # Nothing is sent any more, and what was sent at the last moment may still arrive.
        sweep_all(payer)
        assert only_refund(payer).state == "created"
    with clock.moved_to(clock.now() + timedelta(hours=23, milliseconds=LATE_EFFECT_MS)):
        sweep_all(payer)
        assert len(emulator.calls("POST", REFUNDS)) == calls
        found = only_refund(payer)
        assert (found.state, found.failure and found.failure.code) == ("failed", "not_found")
        with pytest.raises(RefundFailed):
            refund_payment(payer)
    assert stripes_refunds(emulator, payer) == []
    assert (kinds(payer), payer.balance_micros) == ([], 25 * UNIT)
    # Nothing is promised any more: it can be asked for again.
    assert refund_payment(payer, key="refund-2").state == "succeeded"


def test_a_refund_cut_off_anywhere_ends_in_one_refund_and_one_debit(new_payer: NewPayer, emulator: Emulator) -> None:
    first = paid(new_payer)
    points = cut_points(lambda: refund_payment(first), emulator)
    assert len(points) >= 16
    for place, point in enumerate(points):
        for order in some((ORDERS[place % len(ORDERS)], ORDERS[(place + len(ORDERS) // 2) % len(ORDERS)])):
            emulator.reset()
            payer = paid(new_payer)
            cut_off(lambda payer=payer: refund_payment(payer), point)  # type: ignore[misc]
            for who in order:
                learn(payer, who)
            tell(payer)
            assert_refunded_once(payer)


def test_a_refund_cut_off_anywhere_is_finished_by_the_sweeper_alone(new_payer: NewPayer) -> None:
    first = paid(new_payer)
    for point in cut_points(lambda: refund_payment(first), first.emulator):
        payer = paid(new_payer)
        cut_off(lambda payer=payer: refund_payment(payer), point)  # type: ignore[misc]
        if reversals(payer).refunds:
            sweep_all(payer)
            assert_refunded_once(payer)
        else:
            assert (kinds(payer), stripes_refunds(payer.emulator, payer)) == ([], [])


@pytest.mark.parametrize("type", ["refund.created", "refund.failed", "charge.dispute.closed"])
def test_a_webhook_cut_off_anywhere_is_finished_by_its_repeat_or_by_the_sweeper(
    new_payer: NewPayer, emulator: Emulator, type: str
) -> None:
    def happened() -> Payer:
        emulator.reset()
        payer = paid(new_payer)
        charge = payer.charges[0]["id"]
        if "dispute" in type:
            emulator.close_dispute(emulator.open_dispute(charge)["id"], "lose")
        else:
            made = emulator.refund_in_dashboard(charge)
            if type == "refund.failed":
                emulator.fail_refund(made["id"])
        return payer

    expected = {
        "refund.created": [("refund", -25)],
        "refund.failed": [("refund", -25), ("refund_failed", 25)],
        "charge.dispute.closed": [("dispute", -25)],
    }[type]
    first = happened()
    for place, point in enumerate(cut_points(lambda: tell(first, type), emulator)):
        payer = happened()
        cut_off(lambda payer=payer: tell(payer, type), point)  # type: ignore[misc]
        if reversals(payer).rows and place % 2:
            sweep_all(payer)
        else:
            tell(payer, type)
        assert kinds(payer) == expected
        assert_sound(payer)


def test_a_sweep_of_a_refund_cut_off_anywhere_is_finished_by_the_next(new_payer: NewPayer, emulator: Emulator) -> None:
    def unresolved() -> Payer:
        emulator.reset()
        payer = paid(new_payer)
        emulator.fault("status", status=429, method="POST", path=REFUNDS, times=2)
        refund_payment(payer)
        emulator.clear_faults()
        return payer

    first = unresolved()
    for point in cut_points(lambda: sweep_all(first), emulator):
        payer = unresolved()
        cut_off(lambda payer=payer: sweep_all(payer), point)  # type: ignore[misc]
        sweep_all(payer)
        assert_refunded_once(payer)


def test_a_sweep_of_a_dispute_cut_off_anywhere_is_finished_by_the_next(new_payer: NewPayer, emulator: Emulator) -> None:
    def disputed() -> Payer:
        emulator.reset()
        payer = paid(new_payer)
        found = emulator.open_dispute(payer.charges[0]["id"])
        tell(payer, "charge.dispute.created")
        emulator.close_dispute(found["id"], "lose")
        return payer

    first = disputed()
    for point in cut_points(lambda: sweep_all(first), emulator):
        payer = disputed()
        cut_off(lambda payer=payer: sweep_all(payer), point)  # type: ignore[misc]
        sweep_all(payer)
        assert (kinds(payer), payer.payment().dispute_status) == ([("dispute", -25)], "lost")
        assert_sound(payer)


def test_asking_about_a_dispute_may_be_cut_off_and_is_done_again(payer: Payer, emulator: Emulator) -> None:
    payer.top_up()
    emulator.open_dispute(payer.charges[0]["id"])
    tell(payer, "charge.dispute.created")
    emulator.fault("cut_after_effect", method="GET", path="/v1/disputes*", times=2)
    sweep_all(payer)
    assert kinds(payer) == []
    emulator.clear_faults()
    sweep_all(payer)
    assert kinds(payer) == [("dispute", -25)]


def test_a_webhook_is_sent_again_when_stripe_cannot_say_whose_payment_it_is(payer: Payer, emulator: Emulator) -> None:
    payer.top_up()
    emulator.refund_in_dashboard(payer.charges[0]["id"])
    emulator.fault("status", status=500, method="GET", path="/v1/payment_intents*", times=0)
    with pytest.raises(WebhookUnprocessed):
        tell(payer, "refund.created")
    emulator.clear_faults()
    tell(payer, "refund.created")
    assert_refunded_once(payer)


def test_a_key_claimed_a_year_ago_and_never_used_makes_a_refund_of_today(payer: Payer, emulator: Emulator) -> None:
    payer.top_up()
    reads_before_the_claim = 8
    with clock.moved_to(clock.now() - timedelta(days=365)):
        cut_off(lambda: refund_payment(payer), (reads_before_the_claim, "after"))
    assert reversals(payer).refunds == ()
    emulator.fault("cut_before_effect", method="POST", path=REFUNDS, times=2)
    assert refund_payment(payer).state == "created"
    emulator.clear_faults()
    sweep_all(payer)
    assert_refunded_once(payer)
    assert only_refund(payer).created_at_ms > clock.now_ms() - HOUR_MS
