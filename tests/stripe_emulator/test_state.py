"""State: a killed emulator forgets nothing that it acknowledged, and goes on with what it had not finished."""

from pathlib import Path
from typing import Any

import pytest
import stripe

from local.stripe_emulator.client import Emulator, wait_until
from tests.stripe_emulator.conftest import Receiver, pay

pytestmark = pytest.mark.usefixtures("processes")


def test_everything_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    emulator = Emulator(state=tmp_path / "stripe.sqlite").start()
    client: Any = emulator.stripe_client()
    account = emulator.connect_account()["id"]
    paid = [pay(client, key=f"k{number}").id for number in range(20)]
    with pytest.raises(stripe.CardError):
        pay(client, "pm_card_visa_chargeDeclined", key="declined")
    emulator.kill()

    with emulator:
        assert [intent.id for intent in client.v1.payment_intents.list({"limit": 100}).data][1:] == paid[::-1]
        assert len(emulator.charges()) == 20
        assert pay(client, key="k3").id == paid[3]
        with pytest.raises(stripe.CardError):
            pay(client, "pm_card_visa_chargeDeclined", key="declined")
        assert len(emulator.charges(status="")) == 21
        assert emulator.stripe_client(stripe_account=account).v1.customers.list().data == []


def test_what_is_so_of_an_account_survives_a_kill(tmp_path: Path) -> None:
    emulator = Emulator(state=tmp_path / "stripe.sqlite").start()
    account = emulator.connect_account()["id"]
    client: Any = emulator.stripe_client()
    theirs: Any = emulator.stripe_client(stripe_account=account)
    paid = pay(theirs, application_fee_amount=100)
    emulator.empty_balance(account)
    emulator.restrict(account, "under_review")
    emulator.kill()

    with emulator:
        assert client.v1.accounts.retrieve(account).requirements.disabled_reason == "under_review"
        assert client.v1.application_fees.list().data[0].charge == paid.latest_charge
        assert theirs.v1.refunds.create({"payment_intent": paid.id}).status == "pending"


def test_what_was_not_sent_or_settled_goes_on_after_a_restart(tmp_path: Path, receiver: Receiver) -> None:
    url, state = f"{receiver.url}/late", tmp_path / "stripe.sqlite"
    with Emulator(webhook_url=url, state=state, delay_seconds=1.5) as emulator:
        emulator.fault("webhook_delay", times=0, seconds=1.5)
        intent = pay(emulator.stripe_client(), "pm_emulator_processingSuccess").id
        emulator.kill()
        assert receiver.received == []
        emulator.start()
        wait_until(lambda: "payment_intent.succeeded" in receiver.types())
        emulator.wait_for_webhooks()
        assert len(emulator.charges(intent)) == 1
        assert len(receiver.types()) == len(set(receiver.types())) == 5


def test_reset_forgets_everything(emulator: Emulator, client: Any) -> None:
    pay(client, key="k")
    emulator.fault("status", path="/v1/customers")
    emulator.reset()
    assert client.v1.customers.create().id
    assert (emulator.charges(), emulator.events("payment_intent")) == ([], [])


def test_sigterm_ends_it_cleanly() -> None:
    emulator = Emulator().start()
    process = emulator._process
    assert process is not None
    emulator.stop()
    assert process.returncode == 0


def test_starting_what_runs_already_starts_nothing() -> None:
    with Emulator() as emulator:
        process = emulator._process
        assert emulator.start()._process is process


def test_a_webhook_without_a_secret_is_refused() -> None:
    with pytest.raises(RuntimeError, match="did not start"):
        Emulator(webhook_url="http://127.0.0.1:9", webhook_secret="").start()
