"""Payments that end later: the bank wants to see the customer, or takes its time."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec.structs import replace

from chalicelib.claim import Claim
from chalicelib.payments import gateway
from chalicelib.payments.new_payment import new_payment
from local.stripe_emulator.client import PUBLISHABLE_KEY, Emulator
from tests.api import Api, problem
from tests.environment import use
from tests.payments.calls import refresh, top_up
from tests.payments.payer import HOUR_MS, NewPayer, Payer
from tests.wait import wait_for

CREATE = "/v1/payment_intents"


def wants_authentication(api: Api, new_payer: NewPayer, card: str = "pm_card_authenticationRequired") -> Payer:
    payer = new_payer(card)
    answer = top_up(api, payer)
    assert answer.status_code == 202
    assert answer.json()["payment"]["refresh"].endswith(f"/payments/{payer.payment().payment_id}/refresh")
    asked = answer.json()["authentication"]
    assert asked["publishable_key"] == PUBLISHABLE_KEY
    assert asked["client_secret"].startswith(f"{payer.payment().payment_intent_id}_secret_")
    assert payer.payment().state == "requires_action"
    payer.assert_not_paid()
    return payer


def test_a_bank_that_wants_to_see_the_customer_is_satisfied_and_the_next_look_settles(
    api: Api, new_payer: NewPayer, emulator: Emulator
) -> None:
    payer = wants_authentication(api, new_payer)
    waiting = top_up(api, payer)
    assert waiting.status_code == 202
    assert waiting.json()["authentication"]["client_secret"]
    emulator.authenticate(str(payer.payment().payment_intent_id))
    answer = refresh(api, payer)
    assert answer.status_code == 200
    assert (answer.json()["payment"]["state"], answer.json()["wallet"]["balance"]) == ("succeeded", "25.00")
    payer.deliver()
    payer.assert_paid_once()


def test_a_challenge_passed_is_settled_by_the_webhook_alone(api: Api, new_payer: NewPayer, emulator: Emulator) -> None:
    payer = wants_authentication(api, new_payer)
    emulator.authenticate(str(payer.payment().payment_intent_id))
    payer.deliver()
    payer.assert_paid_once()
    assert top_up(api, payer).status_code == 201


def test_a_challenge_failed_is_a_definite_failure(api: Api, new_payer: NewPayer, emulator: Emulator) -> None:
    payer = wants_authentication(api, new_payer)
    emulator.authenticate(str(payer.payment().payment_intent_id), "fail")
    payer.deliver()
    assert problem(top_up(api, payer), 402, "card-declined")["code"] == "payment_intent_authentication_failure"
    payer.assert_not_paid()


def test_a_challenge_passed_may_still_be_declined(api: Api, new_payer: NewPayer, emulator: Emulator) -> None:
    payer = wants_authentication(api, new_payer, "pm_card_threeDSecureRequiredChargeDeclined")
    emulator.authenticate(str(payer.payment().payment_intent_id))
    assert refresh(api, payer).json()["payment"]["failure"]["decline_code"] == "generic_decline"
    payer.assert_not_paid()


def test_a_challenge_abandoned_is_canceled_after_a_day_at_stripe_first(
    api: Api, new_payer: NewPayer, emulator: Emulator
) -> None:
    payer = wants_authentication(api, new_payer)
    payer.sweep_at(23 * HOUR_MS)
    assert payer.payment().state == "requires_action"
    payer.sweep_at(24 * HOUR_MS)
    assert payer.payment().state == "canceled"
    assert emulator.objects("payment_intent")[0]["status"] == "canceled"
    assert problem(top_up(api, payer), 409, "payment-canceled")["reason"] == "abandoned"
    payer.deliver()
    payer.assert_not_paid()


def test_a_customer_who_authenticates_as_the_sweeper_cancels_has_paid(
    api: Api, new_payer: NewPayer, emulator: Emulator
) -> None:
    payer = wants_authentication(api, new_payer)
    # The look is answered late: between it and the cancellation the customer passes the challenge.
    emulator.fault("slow_after_effect", method="GET", path="/v1/payment_intents/*", seconds=1.5)
    looked = len(emulator.calls("GET", "/v1/payment_intents"))
    with ThreadPoolExecutor(1) as pool:
        swept = pool.submit(payer.sweep_at, 24 * HOUR_MS)
        wait_for(lambda: len(emulator.calls("GET", "/v1/payment_intents")) > looked)
        emulator.authenticate(str(payer.payment().payment_intent_id))
        swept.result()
    payer.deliver()
    payer.assert_paid_once()


@pytest.mark.parametrize("base", ["https://billing.example.com/api", "https://billing.example.com"])
def test_a_customer_comes_back_from_the_bank_to_the_payments_page(
    new_payer: NewPayer, emulator: Emulator, base: str
) -> None:
    payer = new_payer("pm_card_authenticationRequired")
    with use({"PORTAL_BASE_URL": base}):
        payer.top_up()
    (call,) = emulator.calls("POST", CREATE)
    page = f"{base}/portal/accounts/{payer.account_id}/payments/{payer.payment().payment_id}"
    assert call["params"]["return_url"] == page
    assert payer.payment().state == "requires_action"


def test_nobody_comes_back_from_a_payment_that_nobody_is_there_for(payer: Payer) -> None:
    away = replace(
        new_payment(
            payer.load(),
            Claim("pay_1", 0),
            kind="top_up",
            description="Balance added by card",
            amount_micros=1_000_000,
            actor="x",
        ),
        off_session=True,
    )
    with use({"PORTAL_BASE_URL": "https://billing.example.com"}):
        sent = gateway._charge_params(away)
    assert "return_url" not in sent
    assert sent["off_session"] is True


def test_names_in_an_address_are_written_as_addresses_are(payer: Payer) -> None:
    odd = replace(
        new_payment(
            payer.load(),
            Claim("pay_1", 0),
            kind="top_up",
            description="Balance added by card",
            amount_micros=1,
            actor="x",
        ),
        account_id="a/b?c d",
    )
    with use({"PORTAL_BASE_URL": "https://billing.example.com/"}):
        page = gateway.payment_page(odd)
    assert page == "https://billing.example.com/portal/accounts/a%2Fb%3Fc%20d/payments/pay_1"
