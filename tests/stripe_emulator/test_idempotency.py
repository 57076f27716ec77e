"""Idempotency keys: one effect per key, whatever is repeated, raced, cut off or changed."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import stripe

from local.stripe_emulator.client import Emulator, wait_until
from tests.stripe_emulator.conftest import pay

DAY_SECONDS = 24 * 60 * 60


def test_eight_calls_at_once_with_one_key_make_one_charge(emulator: Emulator) -> None:
    def attempt(_: int) -> str:
        return str(pay(emulator.stripe_client(max_network_retries=8), key="k").id)

    with ThreadPoolExecutor(8) as pool:
        intents = set(pool.map(attempt, range(8)))

    assert len(intents) == 1
    assert len(emulator.charges()) == 1


def test_a_second_call_while_the_first_runs_is_refused_with_409(emulator: Emulator, client: Any) -> None:
    emulator.fault("slow", path="/v1/payment_intents", seconds=1.5)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(pay, emulator.stripe_client(), key="k")
        wait_until(lambda: bool(emulator.calls("POST", "/v1/payment_intents")))
        with pytest.raises(stripe.APIError) as refused:
            pay(client, key="k")
        assert first.result().status == "succeeded"
    assert refused.value.http_status == 409
    assert refused.value.error is not None
    assert refused.value.error.code == "idempotency_key_in_use"


def test_a_repeated_call_gets_the_first_answer_and_says_so(emulator: Emulator, client: Any) -> None:
    first, second = pay(client, key="k"), pay(client, key="k")
    assert first.id == second.id
    assert second.last_response.headers["Idempotent-Replayed"] == "true"
    assert [call["replayed"] for call in emulator.calls("POST")] == [False, True]


def test_the_same_key_with_other_parameters_is_refused(emulator: Emulator, client: Any) -> None:
    pay(client, key="k")
    with pytest.raises(stripe.IdempotencyError) as refused:
        pay(client, key="k", amount=2600)
    assert refused.value.http_status == 400
    assert len(emulator.charges()) == 1


def test_the_same_key_for_another_endpoint_is_refused(client: Any) -> None:
    pay(client, key="k")
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        client.v1.customers.create({}, {"idempotency_key": "k"})


def test_a_decline_is_replayed_without_a_second_attempt(emulator: Emulator, client: Any) -> None:
    for _ in range(2):
        with pytest.raises(stripe.CardError):
            pay(client, "pm_card_visa_chargeDeclined", key="k")
    assert len(emulator.charges(status="failed")) == 1


def test_what_fails_validation_is_not_remembered(client: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        pay(client, key="k", nonsense="1")
    assert pay(client, key="k").status == "succeeded"


def test_what_fails_while_executing_is_remembered(client: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        pay(client, "pm_missing", key="k")
    with pytest.raises(stripe.IdempotencyError):
        pay(client, key="k")


def test_a_wrong_key_and_a_rate_limit_are_not_remembered(emulator: Emulator, client: Any) -> None:
    with pytest.raises(stripe.AuthenticationError):
        pay(emulator.stripe_client("sk_live_wrong"), key="k")
    emulator.fault("status", status=429, path="/v1/payment_intents")
    with pytest.raises(stripe.RateLimitError):
        pay(client, key="k")
    assert pay(client, key="k").status == "succeeded"


def test_a_key_is_forgotten_after_a_day(emulator: Emulator, client: Any) -> None:
    first = pay(client, key="k")
    emulator.move_clock(DAY_SECONDS - 60)
    assert pay(client, key="k").id == first.id
    emulator.move_clock(DAY_SECONDS + 60)
    assert pay(client, key="k").id != first.id


def test_accounts_have_keys_of_their_own(emulator: Emulator, client: Any) -> None:
    account = emulator.connect_account()["id"]
    first = pay(client, key="k")
    second = pay(emulator.stripe_client(stripe_account=account), key="k")
    assert first.id != second.id
