"""Payments that have ended here and could still be paid at Stripe: they are canceled there, or what was paid counts."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import chain, permutations
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.auto_pay.send_refill import send_refill
from chalicelib.claim import Claim
from chalicelib.clock import now_ms
from chalicelib.idempotency import new_id
from chalicelib.payments import table, unresolved_index
from chalicelib.payments.charge_queued import charge_one
from chalicelib.payments.new_payment import new_payment
from chalicelib.payments.payment import PREFIX
from chalicelib.payments.queue import ChargeMessage
from chalicelib.payments.table import PaymentRow
from chalicelib.stripe_api.attempt import LATE_EFFECT_MS
from local.stripe_emulator.client import PUBLISHABLE_KEY, Emulator
from tests.api import Api
from tests.payments.calls import refresh, top_up
from tests.payments.payer import HOUR_MS, WEBHOOK_SECRET, NewPayer, Payer
from tests.wait import wait_for
from tests.wire import cut_off, cut_points

INTENTS = "/v1/payment_intents"
IN_THE_BROWSER = {"return_url": "https://a.example/"}


@pytest.fixture(scope="module")
def stripe_process(processes: None) -> Iterator[Emulator]:
    """Where nothing that takes its time ends by itself while a test looks on."""
    with Emulator(webhook_secret=WEBHOOK_SECRET, delay_seconds=3600) as running:
        yield running


def failed(new_payer: NewPayer) -> Payer:
    """Return a payer who failed the bank's challenge, and whose page knows the client secret."""
    payer = new_payer("pm_card_authenticationRequired")
    payer.top_up()
    payer.emulator.authenticate(str(payer.payment().payment_intent_id), "fail")
    payer.deliver("payment_intent.payment_failed")
    assert payer.payment().state == "failed"
    return payer


def parse_intent(payer: Payer) -> dict[str, Any]:
    (found,) = [
        each for each in payer.emulator.objects("payment_intent") if each["id"] == payer.payment().payment_intent_id
    ]
    return found


def pay_in_the_browser(payer: Payer, method: str = "pm_card_visa") -> None:
    """Confirm the payment again with its client secret, as the customer's page can."""
    intent = parse_intent(payer)
    params: Any = {"client_secret": intent["client_secret"], "payment_method": method, **IN_THE_BROWSER}
    payer.emulator.stripe_client(PUBLISHABLE_KEY).v1.payment_intents.confirm(intent["id"], params)


def is_due(payer: Payer) -> bool:
    return (payer.account_id, payer.payment().payment_id) in chain.from_iterable(
        unresolved_index.due(now_ms() + 2 * HOUR_MS, 1000)
    )


def assert_closed(payer: Payer) -> None:
    """Check that nobody can pay any more, that nothing is looked at, and that the failure stays what it was."""
    payment = payer.payment()
    assert parse_intent(payer)["status"] == "canceled"
    assert (payment.state, payment.is_final) == ("failed", True)
    assert payment.failure
    assert payment.failure.code == "payment_intent_authentication_failure"
    assert not is_due(payer)
    payer.assert_not_paid()


def test_whoever_asks_and_learns_of_a_failure_cancels_it_at_once(api: Api, new_payer: NewPayer) -> None:
    payer = new_payer("pm_card_authenticationRequired")
    payer.top_up()
    payer.emulator.authenticate(str(payer.payment().payment_intent_id), "fail")
    shown = refresh(api, payer).json()["payment"]
    assert (shown["state"], shown["refresh"], parse_intent(payer)["status"]) == ("failed", None, "canceled")
    assert not is_due(payer)


def test_a_payment_that_failed_says_where_to_check_it_while_it_may_be_paid(api: Api, new_payer: NewPayer) -> None:
    payer = failed(new_payer)
    shown = api.get(f"/v1/accounts/{payer.account_id}/payments/{payer.payment().payment_id}").json()
    assert shown["refresh"].endswith("/refresh")
    assert refresh(api, payer).json()["payment"]["refresh"] is None


def test_what_failed_and_is_paid_in_the_browser_is_credited_by_a_refresh_without_a_webhook(
    api: Api, new_payer: NewPayer
) -> None:
    payer = failed(new_payer)
    pay_in_the_browser(payer)
    answer = refresh(api, payer)
    assert (answer.json()["payment"]["state"], answer.json()["wallet"]["balance"]) == ("succeeded", "25.00")
    payer.assert_paid_once()


def test_what_failed_and_is_paid_in_the_browser_is_credited_by_the_sweeper_without_a_webhook(
    new_payer: NewPayer,
) -> None:
    payer = failed(new_payer)
    assert is_due(payer)
    pay_in_the_browser(payer)
    assert payer.sweep_at().ended >= 1
    payer.assert_paid_once()
    assert not is_due(payer)


def test_what_failed_is_not_told_as_unresolved(new_payer: NewPayer) -> None:
    payer = failed(new_payer)
    assert table.unresolved(payer.account_id, now_ms()) == []


@pytest.mark.parametrize("who", ["refresh", "sweep", "the same request again"])
def test_what_failed_is_canceled_at_stripe_by_whoever_looks(api: Api, new_payer: NewPayer, who: str) -> None:
    payer = failed(new_payer)
    if who == "refresh":
        assert refresh(api, payer).json()["payment"]["state"] == "failed"
    elif who == "sweep":
        assert payer.be_swept()
    else:
        with pytest.raises(Exception, match="authentication"):
            payer.top_up()
    assert_closed(payer)
    with pytest.raises(Exception, match="canceled"):
        pay_in_the_browser(payer)


@pytest.mark.parametrize("order", list(permutations(["payment_failed", "canceled", "look"])))
def test_the_webhooks_of_the_failure_and_of_the_cancellation_may_come_in_any_order(
    new_payer: NewPayer, order: tuple[str, ...]
) -> None:
    payer = failed(new_payer)
    payer.be_swept()
    payer.delivered.clear()
    for who in order:
        if who == "look":
            payer.be_swept()
        else:
            payer.deliver(f"payment_intent.{who}")
    payer.be_swept()
    assert_closed(payer)


def test_a_customer_who_pays_as_the_payment_is_being_canceled_has_paid(new_payer: NewPayer, emulator: Emulator) -> None:
    payer = failed(new_payer)
    emulator.fault("slow_after_effect", method="GET", path=f"{INTENTS}/*", seconds=1.5)
    looked = len(emulator.calls("GET", INTENTS))
    with ThreadPoolExecutor(1) as pool:
        swept = pool.submit(payer.be_swept)
        wait_for(lambda: len(emulator.calls("GET", INTENTS)) > looked)
        pay_in_the_browser(payer)
        assert swept.result()
    payer.assert_paid_once()


@pytest.mark.parametrize("outcome", ["succeed", "fail"])
def test_what_is_under_way_again_is_looked_at_until_the_bank_decides(
    new_payer: NewPayer, emulator: Emulator, outcome: Any
) -> None:
    payer = failed(new_payer)
    pay_in_the_browser(payer, "pm_emulator_processingSuccess")
    assert not payer.be_swept()
    assert (parse_intent(payer)["status"], is_due(payer)) == ("processing", True)
    emulator.settle(parse_intent(payer)["id"], outcome)
    assert payer.be_swept()
    if outcome == "succeed":
        payer.assert_paid_once()
    else:
        assert_closed(payer)


@pytest.mark.parametrize("kind", ["cut_before_effect", "cut_after_effect"])
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("pays", [False, True])
def test_a_stripe_that_fails_while_a_payment_is_closed_is_asked_again(
    new_payer: NewPayer, emulator: Emulator, kind: str, method: str, pays: bool
) -> None:
    payer = failed(new_payer)
    if pays:
        pay_in_the_browser(payer)
    emulator.fault(kind, method=method, path=f"{INTENTS}/*", status=429, times=4)
    payer.be_swept()
    emulator.clear_faults()
    payer.be_swept()
    if pays:
        payer.assert_paid_once()
    else:
        assert_closed(payer)


@pytest.mark.parametrize("pays", [False, True])
def test_closing_may_be_cut_off_anywhere_and_is_finished_by_the_next_look(
    new_payer: NewPayer, emulator: Emulator, pays: bool
) -> None:
    def ready() -> Payer:
        payer = failed(new_payer)
        if pays:
            pay_in_the_browser(payer)
        return payer

    for point in cut_points(ready().be_swept, emulator):
        payer = ready()
        cut_off(payer.be_swept, point)
        payer.be_swept()
        if pays:
            payer.assert_paid_once()
        else:
            assert_closed(payer)


@pytest.mark.parametrize("outcome", ["succeed", "fail"])
def test_a_payment_that_takes_its_time_is_processing_until_the_bank_decides(
    api: Api, payer: Payer, emulator: Emulator, outcome: Any
) -> None:
    payer.put_test_card("pm_emulator_processingSuccess")
    answer = top_up(api, payer)
    assert (answer.status_code, answer.json()["payment"]["state"]) == (202, "processing")
    payer.assert_not_paid()
    emulator.settle(str(payer.payment().payment_intent_id), outcome)
    payer.deliver()
    if outcome == "succeed":
        payer.assert_paid_once()
    else:
        assert payer.payment().state == "failed"
        payer.assert_not_paid()


def test_a_renewal_that_the_bank_declines_is_canceled_at_stripe_at_once(payer: Payer) -> None:
    payer.put_test_card("pm_card_chargeCustomerFail")
    claim = Claim(new_id(PREFIX, now_ms()), now_ms())
    made = replace(
        new_payment(
            payer.load(),
            claim,
            kind="top_up",
            description="Balance added by card",
            amount_micros=25_000_000,
            actor="renewal",
        ),
        off_session=True,
    )
    table.put_new(replace(made, kind="subscription"))
    assert charge_one(ChargeMessage(payer.account_id, made.payment_id), send_refill=send_refill).is_final
    assert (payer.payment().state, parse_intent(payer)["status"]) == ("failed", "canceled")


def test_a_row_of_old_that_failed_is_looked_at_by_a_refresh(api: Api, new_payer: NewPayer) -> None:
    payer = failed(new_payer)
    row = PaymentRow(payer.account_id, payer.payment().payment_id)
    row.update([PaymentRow.intent_open.remove(), PaymentRow.unresolved_shard.remove(), PaymentRow.check_at.remove()])
    assert payer.payment().intent_open is None
    pay_in_the_browser(payer)
    assert refresh(api, payer).json()["payment"]["state"] == "succeeded"
    payer.assert_paid_once()


def test_what_was_refused_as_a_whole_left_nothing_at_stripe_to_look_for(payer: Payer, emulator: Emulator) -> None:
    payer.put_test_card("pm_that_was_never_there")
    with pytest.raises(Exception, match="card"):
        payer.top_up()
    calls = len(emulator.calls())
    assert payer.be_swept()
    payer.refresh()
    assert (payer.payment().state, len(emulator.calls())) == ("failed", calls)


def test_all_that_several_keys_may_have_made_is_canceled(payer: Payer, emulator: Emulator) -> None:
    emulator.fault("500_saved", method="POST", path=INTENTS)
    payer.put_test_card("pm_card_chargeCustomerFail")
    payer.top_up()
    payer.refresh()
    with clock.moved_to(clock.now() + timedelta(milliseconds=LATE_EFFECT_MS + 1000)):
        payer.refresh()
    payment = payer.payment()
    assert (payment.state, payment.attempt) == ("failed", 2)
    # What the first key was used for comes to light late: unconfirmed, and yet to be paid.
    late: Any = {
        "amount": 2500,
        "currency": "usd",
        "customer": payment.customer_id,
        "metadata": {"account_id": payment.account_id, "payment_id": payment.payment_id},
    }
    emulator.stripe_client().v1.payment_intents.create(late)
    with clock.moved_to(clock.now() + timedelta(milliseconds=3 * LATE_EFFECT_MS)):
        assert payer.be_swept()
    assert [each["status"] for each in emulator.objects("payment_intent")] == ["canceled", "canceled"]
