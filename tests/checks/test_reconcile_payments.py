"""The daily reconciliation against a Stripe that answers, the day after."""

import json
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.checks import findings_table, table
from chalicelib.checks.at_stripe import list_batch
from chalicelib.checks.compare import Problem
from chalicelib.checks.compare_batch import Compared
from chalicelib.checks.finding import Finding
from chalicelib.checks.findings_table import FindingRow
from chalicelib.checks.plan import MOST_DAYS, Progress, start_of
from chalicelib.checks.recheck import confirmed
from chalicelib.checks.reconcile_payments import DIFFERS, LEFT_OUT, ReconcileRun, reconcile_payments
from chalicelib.checks.state import load_state
from chalicelib.checks.table import read_stripe_check
from chalicelib.clock import Deadline, day_of, now_ms
from chalicelib.payments.table import PaymentRow
from chalicelib.reversals.table import ReversalRow
from chalicelib.runs import RunIncomplete
from chalicelib.stripe_api.stripe_account import PLATFORM
from chalicelib.threads import in_threads
from local.stripe_emulator.client import Emulator
from tests.checks.checker import (
    forget_what_was_reconciled,
    open_differences,
    problems,
    reconcile,
)
from tests.damage import damage
from tests.deadlines import DeadlineAfter
from tests.log_lines import read
from tests.metric_lines import counted
from tests.payments.payer import NewPayer, Payer
from tests.reversals.refunder import only_refund, pay, refund_payment, tell
from tests.wire import cut_off, cut_points

DAY_MS = 24 * 60 * 60 * 1000


@pytest.fixture(autouse=True)
def nothing_is_reconciled(emulator: Emulator) -> None:
    """Begin anew: the emulator has forgotten what earlier tests have made."""
    forget_what_was_reconciled()
    for found in FindingRow.scan():
        found.delete()
    for payment in PaymentRow.scan(attributes_to_get=["account_id", "payment_id"]):
        PaymentRow(payment.account_id, payment.payment_id).delete()
    for reversal in ReversalRow.scan(attributes_to_get=["account_id", "reversal_key"]):
        ReversalRow(reversal.account_id, reversal.reversal_key).delete()


def test_everything_that_may_become_of_payments_agrees_and_a_day_is_done_once(
    new_payer: NewPayer, emulator: Emulator
) -> None:
    payer, subscribed = new_payer(), new_payer()
    for number in range(3):
        payer.top_up(key=f"key-{number}")
    charges = [charge["id"] for charge in payer.charges]
    emulator.fail_refund(emulator.refund_in_dashboard(charges[0], 500)["id"])
    emulator.refund_in_dashboard(charges[0], 1000)
    emulator.close_dispute(emulator.open_dispute(charges[1])["id"], "win")
    pay(subscribed, "49", kind="subscription")
    for each in (payer, subscribed):
        tell(each)
    run = reconcile()
    assert (run.differences, run.unread, run.stripe_accounts) == (0, 0, 1)
    assert run.compared == 7
    assert problems(payer.account_id) == problems(subscribed.account_id) == []
    assert read_stripe_check(PLATFORM).progress.done_day == day_of(now_ms() + DAY_MS)
    again = reconcile()
    assert (again.stripe_accounts, again.compared) == (0, 0)


def test_a_payment_that_was_missed_is_told_once_and_resolved_once_it_is_there(
    unanswered: Payer, capsys: pytest.CaptureFixture[str]
) -> None:
    first = reconcile()
    assert (first.differences, first.found) == (1, 1)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (told,) = [line for line in lines if line["event"] == DIFFERS]
    assert (told["level"], told["account_id"], told["problem"]) == ("error", unanswered.account_id, "missed here")
    assert {line["reconcile_differences"] for line in lines if "reconcile_differences" in line} == {1}
    (found,) = open_differences(unanswered.account_id)
    assert (found.kind, found.stripe_micros, found.row_micros) == ("payment", 25_000_000, None)
    assert load_state(unanswered.account()).in_step is False
    second = reconcile(2)
    assert (second.found, second.differences) == (0, 1)
    unanswered.refresh()
    third = reconcile(3)
    assert (third.differences, third.resolved) == (0, 1)
    assert open_differences(unanswered.account_id) == []


def test_a_payment_that_stripe_does_not_have_is_found_from_our_side(paid: Payer, emulator: Emulator) -> None:
    emulator.reset()
    run = reconcile()
    assert run.found == 1
    assert problems(paid.account_id) == [("payment", "unknown to Stripe")]
    assert reconcile(2).found == 0


def test_a_payment_without_its_credit_and_one_of_another_amount_are_found(new_payer: NewPayer) -> None:
    credited, changed = new_payer(), new_payer()
    pay(credited, "49", kind="subscription")
    changed.top_up()
    PaymentRow.get(credited.account_id, credited.payment().payment_id).update([PaymentRow.kind.set("top_up")])
    PaymentRow.get(changed.account_id, changed.payment().payment_id).update([PaymentRow.amount_micros.set(24_000_000)])
    assert reconcile().found == 2
    assert problems(credited.account_id) == [("payment", "not in the ledger")]
    assert problems(changed.account_id) == [("payment", "amount differs")]


def test_a_second_charge_for_one_payment_is_found_even_in_another_batch(paid: Payer, emulator: Emulator) -> None:
    emulator.stripe_client().v1.payment_intents.create(charge(paid, **ids_of(paid)))
    assert reconcile().found == 1
    (found,) = open_differences(paid.account_id)
    assert (found.problem, found.stripe_micros, len(found.stripe_ids)) == ("amount differs", 50_000_000, 2)


def charge(payer: Payer, **metadata: str) -> Any:
    return {
        "amount": 2500,
        "currency": "usd",
        "customer": payer.customer_id,
        "payment_method": payer.card().payment_method_id,
        "allowed_payment_method_types": ["card"],
        "confirm": True,
        "metadata": metadata,
    }


def ids_of(payer: Payer) -> dict[str, str]:
    return {"account_id": payer.account_id, "payment_id": payer.payment().payment_id}


def test_a_payment_that_was_not_made_here_is_no_accounts(paid: Payer, emulator: Emulator) -> None:
    v1 = emulator.stripe_client().v1
    made = [v1.payment_intents.create(charge(paid)).id]
    v1.payment_intents.create(charge(paid, account_id=paid.account_id, payment_id="pay_unheard_of"))
    v1.payment_intents.create(charge(paid, account_id="nobody", payment_id="invoice 7"))
    assert reconcile().found == 3
    assert problems(paid.account_id) == []
    found = {each.object_id for each in open_differences("stripe#platform")}
    assert {*made, "pay_unheard_of", "invoice 7"} <= found


def test_refunds_and_disputes_are_compared_in_both_directions(new_payer: NewPayer, emulator: Emulator) -> None:
    missed, returned, forgotten, disputed = (new_payer() for _ in range(4))
    for payer in (missed, returned, forgotten, disputed):
        payer.top_up()
    emulator.refund_in_dashboard(missed.charges[0]["id"], 700)
    refund_payment(returned)
    emulator.fail_refund(str(only_refund(returned).stripe_refund_id))
    refund_payment(forgotten)
    (row,) = [row for row in ReversalRow.query(forgotten.account_id) if row.refund_id]
    row.delete()
    emulator.open_dispute(disputed.charges[0]["id"])
    assert reconcile().found == 4
    assert problems(missed.account_id) == [("refund", "missed here")]
    assert problems(returned.account_id) == [("refund", "amount differs")]
    assert problems(forgotten.account_id) == [("refund", "missed here")]
    assert problems(disputed.account_id) == [("dispute", "missed here")]
    row.save()
    for payer in (missed, returned, disputed):
        tell(payer)
    assert reconcile(2).resolved == 4


def test_what_changed_while_it_was_compared_is_no_difference(paid: Payer) -> None:
    again = confirmed(Compared([found_at(paid, "amount differs")], [], []), set())
    assert again.findings == []
    assert set(again.agreed) == {(paid.account_id, f"payment#{paid.payment().payment_id}")}


def test_what_differs_still_when_it_is_compared_again_is_a_difference(unanswered: Payer) -> None:
    (found,) = confirmed(Compared([found_at(unanswered, "missed here")], [], []), set()).findings
    assert (found.account_id, found.problem) == (unanswered.account_id, "missed here")


def found_at(payer: Payer, problem: Problem) -> Finding:
    """Return the difference of a payer's only payment, as it was found at some time."""
    payment = payer.payment()
    return Finding(
        account_id=payer.account_id,
        kind="payment",
        problem=problem,
        found_at_ms=now_ms(),
        seen_at_ms=now_ms(),
        object_id=payment.payment_id,
        payment_id=payment.payment_id,
        stripe_ids=(payer.charges[0]["payment_intent"],),
    )


def test_a_refund_that_stripe_does_not_have_is_found(paid: Payer) -> None:
    refund_payment(paid)
    (row,) = [row for row in ReversalRow.query(paid.account_id) if row.refund_id]
    row.update([ReversalRow.stripe_refund_id.set("re_forged")])
    reconcile()
    assert ("refund", "unknown to Stripe") in problems(paid.account_id)


def test_a_list_is_read_in_batches_that_end_between_two_seconds(paid: Payer, emulator: Emulator) -> None:
    v1 = emulator.stripe_client().v1
    for _ in range(120):
        v1.payment_intents.create(charge(paid))
    from_ms, until_ms = now_ms() - DAY_MS, now_ms() + DAY_MS
    seen: list[str] = []
    while until_ms > from_ms:
        listed = list_batch("payment", PLATFORM, from_ms, until_ms, at_most=1)
        assert all(listed.from_ms <= body["created"] * 1000 < until_ms for body in listed.bodies)
        seen += [body["id"] for body in listed.bodies]
        until_ms = listed.from_ms
    assert len(seen) == len(set(seen)) == 121


def test_a_run_without_time_leaves_the_rest_to_the_next(unanswered: Payer) -> None:
    assert reconcile(deadline=Deadline(0)).stripe_accounts == 0
    first = reconcile(deadline=DeadlineAfter(looks=3))
    assert (first.stripe_accounts, first.unfinished) == (1, 1)
    progress = read_stripe_check(PLATFORM).progress
    assert (progress.done_day, progress.step) == (day_of(now_ms()), 2)
    second = reconcile()
    assert (second.stripe_accounts, second.unfinished, second.compared) == (1, 0, 0)
    assert problems(unanswered.account_id) == [("payment", "missed here")]


def test_days_that_are_too_long_ago_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    today_ms = start_of(day_of(now_ms() + DAY_MS))
    long_ago = day_of(today_ms - 100 * DAY_MS)
    table.write_progress(PLATFORM, Progress(long_ago), now_ms())
    reconcile()
    lines = [read(line) for line in capsys.readouterr().out.splitlines()]
    (named,) = [line for line in lines if line.get("event") == LEFT_OUT]
    assert (named["after"], named["through"]) == (long_ago, day_of(today_ms - (MOST_DAYS + 1) * DAY_MS))


def test_a_row_that_cannot_be_read_stops_no_other(new_payer: NewPayer, capsys: pytest.CaptureFixture[str]) -> None:
    bad, good = new_payer(), new_payer()
    for payer in (bad, good):
        payer.top_up()
    keys = {"account_id": bad.account_id, "payment_id": bad.payment().payment_id}
    PaymentRow.get(good.account_id, good.payment().payment_id).update([PaymentRow.amount_micros.set(24_000_000)])
    damage(PaymentRow, keys, "amount_micros")
    run = reconcile()
    assert (run.unread, run.found) == (1, 1)
    assert counted(capsys.readouterr().out, "reconcile") == [("reconcile_differences", 1), ("reconcile_failures", 1)]
    assert problems(bad.account_id) == []
    assert problems(good.account_id) == [("payment", "amount differs")]


def test_a_stripe_that_cannot_be_reached_fails_the_run_and_the_next_goes_on(paid: Payer, emulator: Emulator) -> None:
    emulator.fault("status", status=500, method="GET", path="/v1/refunds", times=2)
    with pytest.raises(RunIncomplete):
        reconcile()
    assert read_stripe_check(PLATFORM).unread
    assert reconcile().stripe_accounts == 1
    check = read_stripe_check(PLATFORM)
    assert (check.unread, check.progress.done_day) == (None, day_of(now_ms() + DAY_MS))


def test_two_runs_at_once_tell_a_difference_once(unanswered: Payer) -> None:
    with clock.moved_to(clock.now() + timedelta(days=1)):
        runs = in_threads(lambda _: reconcile_payments(), range(2), 2)
    assert sum(run.found for run in runs) == 1
    assert problems(unanswered.account_id) == [("payment", "missed here")]
    assert read_stripe_check(PLATFORM).progress.done_day == day_of(now_ms() + DAY_MS)


def first_look() -> ReconcileRun:
    """Reconcile the day before alone: after its three steps, the run has no time for the others."""
    return reconcile(1, DeadlineAfter(looks=4))


def test_a_run_cut_off_anywhere_is_finished_by_a_later_one(
    unanswered: Payer, new_payer: NewPayer, emulator: Emulator
) -> None:
    sound = new_payer()
    sound.top_up()
    refund_payment(sound)
    points = cut_points(first_look, emulator)
    assert len(points) >= 20
    for point in points:
        forget_what_was_reconciled()
        for found in open_differences(unanswered.account_id):
            assert findings_table.resolve(found.account_id, found.finding_id, now_ms())
        cut_off(first_look, point)
        table.put_back("stripe#platform", table.PAYMENTS)  # as the lease that ends
        first_look()
        assert problems(unanswered.account_id) == [("payment", "missed here")], point
        assert problems(sound.account_id) == [], point
        assert read_stripe_check(PLATFORM).progress.step >= 3, point
