"""Faults: cut off before and after the effect, slow, refused, and lost after it was done."""

import time
from typing import Any

import pytest
import stripe

from local.stripe_emulator.client import ControlError, Emulator
from tests.stripe_emulator.conftest import Receiver, pay

PAYING = "/v1/payment_intents"


def test_cut_before_the_effect_nothing_is_done(emulator: Emulator, client: Any) -> None:
    emulator.fault("cut_before_effect", method="POST", path=PAYING)
    with pytest.raises(stripe.APIConnectionError):
        pay(client, key="k")
    assert emulator.charges() == []
    assert pay(client, key="k").status == "succeeded"
    assert len(emulator.charges()) == 1


def test_cut_after_the_effect_it_is_done_and_the_key_finds_it(emulator: Emulator, client: Any) -> None:
    emulator.fault("cut_after_effect", method="POST", path=PAYING)
    with pytest.raises(stripe.APIConnectionError):
        pay(client, key="k")
    assert len(emulator.charges()) == 1
    assert pay(client, key="k").status == "succeeded"
    assert len(emulator.charges()) == 1


def test_a_500_before_the_effect_is_not_remembered(emulator: Emulator, client: Any) -> None:
    emulator.fault("status", status=500, path=PAYING)
    with pytest.raises(stripe.APIError):
        pay(client, key="k")
    assert emulator.charges() == []
    assert pay(client, key="k").status == "succeeded"


@pytest.mark.parametrize(("kind", "charges"), [("500_after_effect", 1), ("500_saved", 0)])
def test_a_saved_500_is_replayed_for_ever(emulator: Emulator, client: Any, kind: str, charges: int) -> None:
    emulator.fault(kind, path=PAYING)
    for _ in range(2):
        with pytest.raises(stripe.APIError) as failed:
            pay(client, key="k")
        assert failed.value.http_status == 500
    assert len(emulator.charges()) == charges


def test_a_lost_500_left_a_payment_that_a_list_finds(emulator: Emulator, client: Any) -> None:
    customer = client.v1.customers.create().id
    emulator.fault("500_after_effect", method="POST", path=PAYING)
    with pytest.raises(stripe.APIError):
        pay(client, key="k", customer=customer, metadata={"payment_id": "p1"})
    found = client.v1.payment_intents.list({"customer": customer}).data
    assert [(intent.status, intent.metadata["payment_id"]) for intent in found] == [("succeeded", "p1")]


def test_slow_after_effect_lets_the_webhook_arrive_before_the_answer(
    emulator: Emulator, client: Any, receiver: Receiver
) -> None:
    emulator.fault("slow_after_effect", path=PAYING, seconds=1.5)
    pay(client)
    assert "payment_intent.succeeded" in receiver.types()


def test_slow_delays_the_answer(emulator: Emulator, client: Any) -> None:
    emulator.fault("slow", path="/v1/customers", seconds=0.3)
    begun = time.monotonic()
    client.v1.customers.create()
    assert time.monotonic() - begun >= 0.3


def test_a_fault_strikes_the_nth_call_and_as_often_as_asked(emulator: Emulator, client: Any) -> None:
    emulator.fault("status", path="/v1/customers", nth=2, times=2)
    outcomes = []
    for _ in range(4):
        try:
            client.v1.customers.create()
            outcomes.append("done")
        except stripe.APIError:
            outcomes.append("failed")
    assert outcomes == ["done", "failed", "failed", "done"]


def test_a_lock_timeout_asks_for_a_retry(emulator: Emulator, client: Any) -> None:
    emulator.fault("status", status=429, code="lock_timeout", path=PAYING)
    with pytest.raises(stripe.RateLimitError) as limited:
        pay(client)
    assert limited.value.headers is not None
    assert limited.value.headers["Stripe-Should-Retry"] == "true"


def test_an_unknown_fault_is_refused(emulator: Emulator) -> None:
    with pytest.raises(ControlError, match="Unknown kind"):
        emulator.fault("explode")


@pytest.mark.usefixtures("processes")
def test_calls_are_limited_for_each_endpoint() -> None:
    with Emulator(arguments=("--rate-limit", "3")) as limited:
        client = limited.stripe_client()
        for _ in range(3):
            client.v1.customers.create()
        with pytest.raises(stripe.RateLimitError) as refused:
            client.v1.customers.create()
        assert refused.value.error is not None
        assert refused.value.error.code == "rate_limit"
        assert client.v1.charges.list().data == []


def replayed(error: stripe.StripeError) -> str | None:
    return (error.headers or {}).get("Idempotent-Replayed")


def test_any_error_is_answered_on_demand_and_nothing_is_done(emulator: Emulator, client: Any) -> None:
    emulator.fault("error", status=400, code="testmode_charges_only", path=PAYING, times=2)
    emulator.fault("error", status=402, type="card_error", code="card_declined", decline_code="fraudulent", path=PAYING)
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            pay(client, key="k")
        assert (refused.value.code, replayed(refused.value)) == ("testmode_charges_only", None)
    with pytest.raises(stripe.CardError) as declined:
        pay(client, key="k")
    assert declined.value.error
    assert declined.value.error.decline_code == "fraudulent"
    assert emulator.objects("payment_intent") == []
    assert pay(client, key="k").status == "succeeded"


def test_an_error_may_be_remembered_by_its_key(emulator: Emulator, client: Any) -> None:
    emulator.fault("error_saved", status=400, code="account_invalid", path=PAYING)
    for remembered in (None, "true"):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            pay(client, key="k")
        assert (refused.value.code, replayed(refused.value)) == ("account_invalid", remembered)
    assert pay(client, key="another").status == "succeeded"


def test_an_account_that_may_not_charge_refuses_every_confirmation_until_it_may_again(
    emulator: Emulator, client: Any
) -> None:
    connected = emulator.connect_account()["id"]
    elsewhere = emulator.stripe_client(stripe_account=connected)
    emulator.restrict()
    assert client.v1.accounts.retrieve_current().charges_enabled is False
    with pytest.raises(stripe.InvalidRequestError, match="cannot currently make live charges") as refused:
        pay(client)
    assert refused.value.http_status == 400
    assert emulator.objects("payment_intent") == []
    assert pay(elsewhere).status == "succeeded"
    emulator.restrict(connected)
    with pytest.raises(stripe.InvalidRequestError):
        pay(elsewhere)
    emulator.unrestrict()
    assert pay(client).status == "succeeded"


def test_an_expired_key_opens_nothing_until_it_is_restored(emulator: Emulator, client: Any) -> None:
    emulator.expire_key()
    with pytest.raises(stripe.AuthenticationError) as refused:
        client.v1.customers.list()
    assert refused.value.error
    assert (refused.value.http_status, refused.value.error.code) == (401, "api_key_expired")
    emulator.restore_key()
    assert client.v1.customers.list().data == []
