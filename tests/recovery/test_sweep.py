from concurrent.futures import ThreadPoolExecutor
from itertools import count, islice

import pytest

from chalicelib.clock import iso, now_ms
from chalicelib.due import shard_of
from chalicelib.payments import table as payments
from chalicelib.payments.due import FIRST_CHECK_MS, LONGEST_CHECK_MS, check_at_ms
from chalicelib.payments.table import PaymentRow
from chalicelib.recovery.sweep import PER_SHARD, SweepRun, sweep
from chalicelib.runs import RunIncomplete
from chalicelib.stripe_api.event import StripeEvent, Verdict
from chalicelib.webhooks import table as webhooks
from local.stripe_emulator.client import Emulator
from tests.metric_lines import counted
from tests.payments.payer import HOUR_MS, NewPayer, Payer

CREATE = "/v1/payment_intents"


def unresolved(new_payer: NewPayer, emulator: Emulator) -> Payer:
    emulator.fault("status", status=429, method="POST", path=CREATE)
    payer = new_payer()
    payer.top_up()
    return payer


def test_a_payment_is_left_alone_at_first_and_resolved_when_it_is_due(new_payer: NewPayer, emulator: Emulator) -> None:
    payer = unresolved(new_payer, emulator)
    assert sweep(now_ms()).checked == 0
    due_at = check_at_ms(payer.payment())
    assert due_at - payer.payment().created_at_ms == FIRST_CHECK_MS
    swept = sweep(due_at)
    assert (swept.checked, swept.ended, swept.unresolved, swept.failed) == (1, 1, 0, 0)
    payer.assert_paid_once()
    assert sweep(now_ms() + 48 * HOUR_MS).checked == 0


def test_what_stripe_had_taken_is_counted_once_and_not_what_the_sweeper_charges_itself(
    new_payer: NewPayer, emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    unresolved(new_payer, emulator)
    emulator.fault("cut_after_effect", method="POST", path=CREATE, times=10)
    unheard = new_payer()
    unheard.top_up()
    emulator.clear_faults()
    assert unheard.payment().state == "created"
    capsys.readouterr()
    assert sweep(now_ms() + HOUR_MS).ended == 2
    assert counted(capsys.readouterr().out, "sweeper") == [("sweeper_resolved", 1)]
    sweep(now_ms() + 48 * HOUR_MS)
    assert counted(capsys.readouterr().out, "sweeper") == []


def test_many_payments_are_swept_in_one_run(new_payer: NewPayer, emulator: Emulator) -> None:
    payers = [unresolved(new_payer, emulator) for _ in range(12)]
    assert sweep(now_ms() + HOUR_MS).ended == 12
    for payer in payers:
        payer.assert_paid_once()


def test_one_bad_payment_stops_no_other_and_fails_the_run_at_its_end(new_payer: NewPayer, emulator: Emulator) -> None:
    payers = [unresolved(new_payer, emulator) for _ in range(4)]
    bad = payers[0].payment()
    # Stripe says that another amount was paid for it.
    emulator.stripe_client().v1.payment_intents.create(
        {
            "amount": 9900,
            "currency": "usd",
            "confirm": True,
            "customer": bad.customer_id,
            "payment_method": bad.payment_method_id,
            "allowed_payment_method_types": ["card"],
            "metadata": {"account_id": bad.account_id, "payment_id": bad.payment_id},
        }
    )
    with pytest.raises(RunIncomplete) as incomplete:
        sweep(now_ms() + HOUR_MS)
    swept = incomplete.value.run
    assert isinstance(swept, SweepRun)
    assert (swept.checked, swept.ended, swept.failed) == (4, 3, 1)
    for payer in payers[1:]:
        payer.assert_paid_once()
    assert payers[0].credits == []
    assert payers[0].payment().state == "created"


def test_many_rows_that_cannot_be_read_keep_no_other_of_their_shard_from_its_turn(
    new_payer: NewPayer, emulator: Emulator
) -> None:
    good = unresolved(new_payer, emulator).payment()
    shard = shard_of(good.payment_id)
    names = (f"pay_damaged_{number}" for number in count())
    damaged = list(islice((each for each in names if shard_of(each) == shard), PER_SHARD + 1))
    overdue = iso(good.created_at_ms - HOUR_MS)
    for each in damaged:
        row = PaymentRow("damaged", each)
        row.update([PaymentRow.unresolved_shard.set(shard), PaymentRow.check_at.set(overdue)])
    try:
        with pytest.raises(RunIncomplete, match=f"{len(damaged)} failed"):
            sweep(now_ms() + HOUR_MS)
    finally:
        for each in damaged:
            PaymentRow("damaged", each).delete()
    assert payments.get(good.account_id, good.payment_id).state == "succeeded"


def test_what_stays_unresolved_is_looked_at_ever_later(new_payer: NewPayer, emulator: Emulator) -> None:
    payer = unresolved(new_payer, emulator)
    emulator.fault("status", status=429, path=f"{CREATE}*", times=0)
    waits = []
    for _ in range(7):
        assert sweep(check_at_ms(payer.payment())).unresolved == 1
        waits.append(check_at_ms(payer.payment()) - payer.payment().updated_at_ms)
        assert sweep(check_at_ms(payer.payment()) - 1).checked == 0
    minutes = [wait // 60_000 for wait in waits]
    assert minutes == [6, 12, 24, 48, 60, 60, 60]
    assert waits[-1] == LONGEST_CHECK_MS


def test_parked_webhooks_are_counted_so_that_somebody_looks(emulator: Emulator) -> None:
    before = sweep(now_ms()).webhooks_parked
    event = StripeEvent("evt_parked", "payment_intent.succeeded", 1_790_000_000, {"object": {}})
    webhooks.store(event, b"{}")
    webhooks.finish(event.id, Verdict("parked", "for this test"))
    assert sweep(now_ms()).webhooks_parked == before + 1


def test_two_sweepers_at_once_charge_once(new_payer: NewPayer, emulator: Emulator) -> None:
    payers = [unresolved(new_payer, emulator) for _ in range(4)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: sweep(now_ms() + HOUR_MS), range(2)))
    for payer in payers:
        payer.be_swept()
        payer.assert_paid_once()


def test_an_intent_that_was_never_confirmed_is_canceled_in_the_end(new_payer: NewPayer, emulator: Emulator) -> None:
    payer = unresolved(new_payer, emulator)
    payment = payer.payment()
    emulator.stripe_client().v1.payment_intents.create(
        {
            "amount": 2500,
            "currency": "usd",
            "customer": payment.customer_id,
            "payment_method": payment.payment_method_id,
            "allowed_payment_method_types": ["card"],
            "metadata": {"account_id": payment.account_id, "payment_id": payment.payment_id},
        }
    )
    payer.be_swept()
    assert payer.payment().state == "created"
    payer.sweep_at(24 * HOUR_MS)
    assert payer.payment().state == "canceled"
    payer.assert_not_paid()
