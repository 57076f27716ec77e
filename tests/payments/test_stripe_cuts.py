"""Stripe fails in every way it can; then all who may learn of a payment do, in every order: one charge, one credit."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.stripe_api.attempt import LATE_EFFECT_MS
from chalicelib.stripe_api.client import CHARGE_SECONDS
from local.stripe_emulator.client import Emulator
from tests.depth import some
from tests.payments.payer import HOUR_MS, NewPayer, Payer
from tests.wait import wait_for
from tests.wire import cut_off

ORDERS = some(list(permutations(["customer", "webhook", "sweeper"])))
CREATE = "/v1/payment_intents"

BEFORE: list[dict[str, Any]] = [
    {"kind": "cut_before_effect"},
    {"kind": "status", "status": 429},
    {"kind": "status", "status": 429, "code": "lock_timeout"},
    {"kind": "status", "status": 500},
]
AFTER: list[dict[str, Any]] = [{"kind": "cut_after_effect"}, {"kind": "500_after_effect"}]
SLOW: list[dict[str, Any]] = [
    {"kind": "slow", "seconds": CHARGE_SECONDS + 1.5},
    {"kind": "slow_after_effect", "seconds": CHARGE_SECONDS + 1.5},
]


def named(fault: dict[str, Any]) -> str:
    return "-".join(str(value) for value in fault.values())


@pytest.fixture
def payers(new_payer: NewPayer) -> list[Payer]:
    return [new_payer() for _ in ORDERS]


def top_up_all(payers: list[Payer], emulator: Emulator, fault: dict[str, Any]) -> None:
    """Let all of them pay while Stripe fails; the library's own repeats meet the fault as well."""
    emulator.fault(**fault, method="POST", path=CREATE, times=0)
    with ThreadPoolExecutor(len(payers)) as pool:
        for resolved in pool.map(Payer.top_up, payers):
            assert not resolved.payment.ended
    emulator.clear_faults()


def learn(payer: Payer, who: str) -> None:
    if who == "customer":
        payer.top_up()
    elif who == "webhook":
        payer.deliver()
    else:
        payer.be_swept()


@pytest.mark.parametrize("fault", [*BEFORE, *AFTER], ids=named)
def test_a_failing_stripe_ends_in_one_charge_and_one_credit_in_every_order(
    payers: list[Payer], emulator: Emulator, fault: dict[str, Any]
) -> None:
    top_up_all(payers, emulator, fault)
    for payer, order in zip(payers, ORDERS, strict=True):
        for who in order:
            learn(payer, who)
        payer.deliver()
        payer.assert_paid_once()


def test_a_slow_stripe_ends_in_one_charge_and_one_credit_in_every_order(
    new_payer: NewPayer, emulator: Emulator
) -> None:
    slow, slow_after = SLOW
    payers = [new_payer() for _ in ORDERS]
    # Every second call is slow before its effect, every other one after it: it is the same to us.
    emulator.fault(**slow, method="POST", path=CREATE, times=len(ORDERS) // 2)
    top_up_all(payers, emulator, slow_after)
    for payer, order in zip(payers, ORDERS, strict=True):
        for who in order:
            learn(payer, who)
        payer.deliver()
        payer.assert_paid_once()


def test_a_failure_that_stripe_remembers_is_overcome_with_a_second_key(payers: list[Payer], emulator: Emulator) -> None:
    top_up_all(payers, emulator, {"kind": "500_saved"})
    for payer, order in zip(payers, ORDERS, strict=True):
        for who in order:
            learn(payer, who)
        # The key only repeats its failure, and Stripe may still bring the effect to light: nothing else is tried yet.
        assert payer.payment().attempt == 1
        assert payer.payment().key_exhausted_at_ms is not None
        payer.assert_not_paid()
        with clock.moved_to(clock.now() + timedelta(milliseconds=LATE_EFFECT_MS + 1000)):
            for who in order:
                learn(payer, who)
        payer.assert_paid_once()
        assert payer.payment().attempt == 2


def test_a_second_key_is_on_the_row_before_it_is_used_and_is_used_again(payer: Payer, emulator: Emulator) -> None:
    emulator.fault("500_saved", method="POST", path=CREATE)
    payer.top_up()
    payer.refresh()
    emulator.fault("cut_before_effect", method="POST", path=CREATE, times=0)
    payer.sweep_at(LATE_EFFECT_MS + 1000)
    assert (payer.payment().attempt, payer.payment().key_exhausted_at_ms) == (2, None)
    emulator.clear_faults()
    payer.be_swept()
    payer.assert_paid_once()
    payment_id = payer.payment().payment_id
    keys = [call["idempotency_key"] for call in emulator.calls("POST", CREATE)]
    assert list(dict.fromkeys(keys)) == [payment_id, f"{payment_id}-2"]


def test_an_effect_that_comes_to_light_late_is_found_before_another_key_is_used(
    payer: Payer, emulator: Emulator
) -> None:
    emulator.fault("500_after_effect", method="POST", path=CREATE, times=0)
    # While lists fail, nobody can know that the charge was made; the key repeats its failure.
    emulator.fault("status", method="GET", path=CREATE, times=0)
    payer.top_up()
    payer.top_up()
    emulator.clear_faults()
    payer.sweep_at(LATE_EFFECT_MS + 1000)
    payer.assert_paid_once()
    assert payer.payment().attempt == 1


def calls_of_a_resolution(emulator: Emulator) -> Iterator[dict[str, Any]]:
    for kind in ("cut_before_effect", "cut_after_effect"):
        for method, path in (("GET", CREATE), ("POST", CREATE)):
            yield {"kind": kind, "method": method, "path": path}


def test_resolving_may_itself_be_cut_off_at_every_call_to_stripe(new_payer: NewPayer, emulator: Emulator) -> None:
    for fault in calls_of_a_resolution(emulator):
        payer = new_payer()
        emulator.fault("status", status=429, method="POST", path=CREATE)
        payer.top_up()
        emulator.fault(**fault, times=2)
        payer.refresh()
        emulator.clear_faults()
        payer.sweep_at()
        payer.deliver()
        payer.assert_paid_once()


def test_a_webhook_that_arrives_while_the_charge_is_being_answered_changes_nothing(
    payer: Payer, emulator: Emulator
) -> None:
    emulator.fault("slow_after_effect", method="POST", path=CREATE, seconds=0.7)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(payer.top_up)
        wait_for(lambda: payer.charges)
        payer.deliver()
        assert payer.payment().state == "succeeded"
        assert answer.result().payment.state == "succeeded"
    payer.assert_paid_once()


def test_a_key_claimed_a_year_ago_and_never_used_makes_a_payment_of_today(payer: Payer, emulator: Emulator) -> None:
    with clock.moved_to(clock.now() - timedelta(days=365)):
        cut_off(payer.top_up, (3, "after"))
    assert payer.payments == []
    emulator.fault("cut_before_effect", method="POST", path=CREATE, times=2)
    # A payment of a year ago would have a key that Stripe has forgotten, and would be given up at once.
    assert payer.top_up().payment.state == "created"
    payer.be_swept()
    payer.assert_paid_once()


def test_a_payment_that_stripe_never_had_is_given_up_before_its_key_is_forgotten(
    payer: Payer, emulator: Emulator
) -> None:
    emulator.fault("cut_before_effect", method="POST", path=CREATE, times=0)
    payer.top_up()
    emulator.clear_faults()
    # Nothing is sent any more, and what was sent at the last moment may still arrive.
    calls = len(emulator.calls("POST", CREATE))
    assert payer.sweep_at(23 * HOUR_MS).unresolved == 1
    assert payer.payment().state == "created"
    assert payer.sweep_at(23 * HOUR_MS + LATE_EFFECT_MS).ended == 1
    assert len(emulator.calls("POST", CREATE)) == calls
    payment = payer.payment()
    assert payment.state == "canceled"
    assert payment.failure
    assert payment.failure.code == "not_found"
    payer.assert_not_paid()
    assert emulator.calls("POST", CREATE)[-1]["status"] != 200
