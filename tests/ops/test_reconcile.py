"""Reconciliation against a Stripe that answers: all agrees, and each planted difference is found by its name."""

from datetime import UTC, datetime, timedelta

import boto3
import pytest
from click.testing import CliRunner, Result

from chalicelib import clock
from chalicelib.checks.compare import Difference, differences
from chalicelib.checks.sides import read_sides
from chalicelib.ledger.post import post
from chalicelib.ledger.table import WalletRow
from chalicelib.payments import table
from chalicelib.payments.table import PaymentRow
from chalicelib.reversals.table import ReversalRow
from local.resources import Deployment
from local.stripe_emulator.client import Emulator
from ops.console import tracked
from tests.build import credit, debit
from tests.payments.payer import HOUR_MS, NewPayer, Payer
from tests.reversals.refunder import events, pay, refund_payment, tell, tell_one


def found_about(payer: Payer) -> list[Difference]:
    """Reconcile the last hour, and return what is found about a payer; the module's tests share the accounts."""
    from_ms, to_ms = clock.now_ms() - HOUR_MS, clock.now_ms() + HOUR_MS
    found = differences(read_sides(from_ms, to_ms, tracked), from_ms, to_ms)
    return [each for each in found if each.account_id == payer.account_id]


def problems(payer: Payer) -> list[tuple[str, str]]:
    return [(each.kind, each.problem) for each in found_about(payer)]


def run(*arguments: str) -> Result:
    from ops.__main__ import ops  # noqa: PLC0415

    return CliRunner().invoke(ops, ["reconcile", *arguments])


def hour() -> tuple[str, ...]:
    now = datetime.now(UTC)
    begin, end = now - timedelta(hours=1), now + timedelta(hours=1)
    return ("--from", begin.strftime("%Y-%m-%dT%H:%M:%S"), "--to", end.strftime("%Y-%m-%dT%H:%M:%S"))


def test_everything_that_may_become_of_payments_agrees(new_payer: NewPayer, emulator: Emulator) -> None:
    payer = new_payer()
    for number in range(3):
        payer.top_up(key=f"key-{number}")
    charges = [charge["id"] for charge in payer.charges]
    failing = emulator.refund_in_dashboard(charges[0], 500)
    emulator.fail_refund(failing["id"])
    emulator.refund_in_dashboard(charges[0], 1000)
    emulator.close_dispute(emulator.open_dispute(charges[0], amount=2500)["id"], "lose")
    emulator.close_dispute(emulator.open_dispute(charges[1])["id"], "win")
    emulator.control("POST", f"charges/{charges[2]}/dispute", {"inquiry": True})
    tell(payer)
    subscribed = new_payer()
    pay(subscribed, "49", kind="subscription")
    emulator.refund_in_dashboard(subscribed.charges[0]["id"], 900)
    tell(subscribed)
    declined = new_payer("pm_card_chargeCustomerFail")
    with pytest.raises(Exception, match="declined"):
        declined.top_up()
    for each in (payer, subscribed, declined):
        assert found_about(each) == []


def test_a_payment_unknown_to_the_ledger_is_found(
    new_payer: NewPayer,
    emulator: Emulator,
) -> None:
    payer = new_payer()
    emulator.fault("500_after_effect", method="POST", path="/v1/payment_intents")
    payer.top_up()
    (difference,) = found_about(payer)
    assert (difference.kind, difference.problem) == ("payment", "missed here")
    assert (difference.payment_id, difference.stripe_micros) == (payer.payment().payment_id, 25_000_000)
    payer.refresh()
    assert found_about(payer) == []


def test_a_payment_without_its_credit_is_found(new_payer: NewPayer) -> None:
    payer = new_payer()
    pay(payer, "49", kind="subscription")
    PaymentRow.get(payer.account_id, payer.payment().payment_id).update([PaymentRow.kind.set("top_up")])
    assert problems(payer) == [("payment", "not in the ledger")]


def test_a_payment_that_was_not_made_here_is_found(paid: Payer, emulator: Emulator) -> None:
    made = emulator.stripe_client().v1.payment_intents.create(
        {
            "amount": 700,
            "currency": "usd",
            "customer": paid.customer_id,
            "payment_method": paid.card().payment_method_id,
            "allowed_payment_method_types": ["card"],
            "confirm": True,
        }
    )
    done = run(*hour())
    assert done.exit_code == 1
    assert made.id in done.output
    assert "missed here" in done.output
    assert "7.00" in done.output


def test_a_credit_unknown_to_stripe_is_found(paid: Payer) -> None:
    forged = credit(1, paid.account_id, occurred_at_ms=clock.now_ms(), event_id="pay_forged", payment_id="pay_forged")
    post([forged])
    (difference,) = found_about(paid)
    assert (difference.problem, difference.payment_id) == ("unknown to Stripe", "pay_forged")
    assert (difference.stripe_micros, difference.ledger_micros) == (None, 25_000_000)


def test_an_amount_that_differs_is_found(paid: Payer) -> None:
    PaymentRow.get(paid.account_id, paid.payment().payment_id).update([PaymentRow.amount_micros.set(24_000_000)])
    (difference,) = found_about(paid)
    assert (difference.kind, difference.problem) == ("payment", "amount differs")
    assert (difference.stripe_micros, difference.row_micros, difference.ledger_micros) == (
        25_000_000,
        24_000_000,
        25_000_000,
    )


def test_two_charges_for_one_payment_are_an_amount_that_differs(paid: Payer, emulator: Emulator) -> None:
    emulator.stripe_client().v1.payment_intents.create(
        {
            "amount": 2500,
            "currency": "usd",
            "customer": paid.customer_id,
            "payment_method": paid.card().payment_method_id,
            "allowed_payment_method_types": ["card"],
            "confirm": True,
            "metadata": {"account_id": paid.account_id, "payment_id": paid.payment().payment_id},
        }
    )
    (difference,) = found_about(paid)
    assert (difference.problem, difference.stripe_micros) == ("amount differs", 50_000_000)


def test_a_refund_that_was_missed_is_found(paid: Payer, emulator: Emulator) -> None:
    made = emulator.refund_in_dashboard(paid.charges[0]["id"], 700)
    (difference,) = found_about(paid)
    assert (difference.kind, difference.problem, difference.id) == ("refund", "missed here", made["id"])
    assert (difference.payment_id, difference.stripe_micros) == (paid.payment().payment_id, 7_000_000)
    tell(paid)
    assert found_about(paid) == []


def test_a_refund_that_came_back_unheard_is_found(paid: Payer, emulator: Emulator) -> None:
    refund_payment(paid)
    (made,) = emulator.objects("refund")
    emulator.fail_refund(made["id"])
    assert problems(paid) == [("refund", "amount differs")]


def test_a_refund_without_its_debit_or_its_row_is_found(paid: Payer) -> None:
    refund_payment(paid)
    (row,) = [row for row in ReversalRow.query(paid.account_id) if row.refund_id]
    row.delete()
    assert problems(paid) == [("refund", "row missing")]


def test_a_dispute_that_was_missed_is_found_and_so_is_its_end(paid: Payer, emulator: Emulator) -> None:
    dispute = emulator.open_dispute(paid.charges[0]["id"])
    assert problems(paid) == [("dispute", "missed here")]
    tell(paid)
    assert problems(paid) == []
    emulator.close_dispute(dispute["id"], "win")
    (difference,) = found_about(paid)
    assert (difference.problem, difference.stripe_micros, difference.row_micros) == ("amount differs", 0, 25_000_000)
    tell_one(events(paid, "charge.dispute.closed")[0])
    assert problems(paid) == []


def test_a_debit_unknown_to_stripe_is_found(paid: Payer) -> None:
    forged = debit(
        1,
        paid.account_id,
        occurred_at_ms=clock.now_ms(),
        source="/refunds",
        event_id="re_forged",
        kind="refund",
        meter=None,
        quantity_micros=None,
        unit_price_micros=None,
        payment_id=paid.payment().payment_id,
    )
    post([forged])
    (difference,) = found_about(paid)
    assert (difference.kind, difference.problem, difference.id) == ("refund", "unknown to Stripe", "re_forged")
    assert difference.payment_id == paid.payment().payment_id


def test_every_page_of_stripes_lists_is_read(paid: Payer, emulator: Emulator) -> None:
    for _ in range(120):
        emulator.refund_in_dashboard(paid.charges[0]["id"], 1)
    assert problems(paid) == [("refund", "missed here")] * 120


def test_what_was_made_just_beside_the_span_is_not_told_of(paid: Payer, emulator: Emulator) -> None:
    emulator.refund_in_dashboard(paid.charges[0]["id"], 700)
    from_ms, to_ms = clock.now_ms() - 2 * HOUR_MS, clock.now_ms() - HOUR_MS
    assert differences(read_sides(from_ms, to_ms, tracked), from_ms, to_ms) == []


def test_the_exit_status_tells(stack: Deployment, emulator: Emulator) -> None:
    yesterday = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%d")
    done = run("--from", "2020-01-01", "--to", yesterday)
    assert (done.exit_code, "0 differences" in done.output) == (0, True)
    assert run("--from", yesterday, "--to", "2020-01-01").exit_code == 2
    assert run().exit_code == 2
    emulator.fault("status", status=500, method="GET", path="/v1/refunds", times=0)
    refused = run("--from", yesterday)
    assert refused.exit_code == 2
    assert "Stripe could not be read" in refused.output


def test_an_account_that_cannot_be_read_is_named_and_hides_no_other(paid: Payer, new_payer: NewPayer) -> None:
    bad = new_payer()
    bad.top_up()
    wallet = WalletRow.get(bad.account_id)
    raw = {"TableName": WalletRow.Meta.table_name, "Key": {"account_id": {"S": bad.account_id}}}
    change = {"UpdateExpression": "SET balance_micros = :value"}
    dynamodb = boto3.client("dynamodb")
    dynamodb.update_item(**raw, **change, ExpressionAttributeValues={":value": {"S": "much"}})
    try:
        done = run(*hour())
    finally:
        balance = {":value": {"N": str(int(wallet.balance_micros))}}
        dynamodb.update_item(**raw, **change, ExpressionAttributeValues=balance)
    assert done.exit_code == 1
    assert f"{bad.account_id} could not be read" in done.output
    told = [line for line in done.output.splitlines() if bad.account_id in line and not line.startswith("{")]
    assert len(told) == 1
    assert not any(paid.account_id in line for line in done.output.splitlines())


def test_a_payment_of_another_time_is_read_by_when_it_was_begun(paid: Payer) -> None:
    now_ms = clock.now_ms()
    assert table.between(paid.account_id, now_ms - HOUR_MS, now_ms + HOUR_MS) == paid.payments
    assert table.between(paid.account_id, now_ms - 3 * HOUR_MS, now_ms - HOUR_MS) == []
