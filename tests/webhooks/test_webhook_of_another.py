"""Events about what was not made here: by another deployment, in another mode, for another version."""

from typing import Any

import pytest

from chalicelib.settings import settings
from chalicelib.stripe_api.client import API_VERSION
from chalicelib.webhooks.table import WebhookEventRow
from local.stripe_emulator.client import Emulator
from tests.api import Api, problem
from tests.environment import use
from tests.payments.payer import Payer
from tests.payments.webhooks import intent_event, row, send, succeeded

OTHER = {"deployment": "staging"}


def other(payer: Payer, kind: str, **changes: Any) -> dict[str, Any]:
    """Return an event about an object of another deployment that knows the same account and payment."""
    ids = {"account_id": payer.account_id, "payment_id": payer.payment().payment_id, **OTHER}
    found = {"id": f"{kind}_of_another", "object": kind, "metadata": ids, **changes}
    return {"id": f"evt_{kind}_of_another", "created": 1790000000, "data": {"object": found}}


@pytest.mark.parametrize("payment_id", ["pay_unheard_of", "pay_known"])
def test_a_payment_of_another_deployment_on_the_same_stripe_account_is_ignored(
    api: Api, unanswered: Payer, payment_id: str
) -> None:
    known = {"pay_known": unanswered.payment().payment_id}.get(payment_id, payment_id)
    ids = {"payment_id": known, "account_id": unanswered.account_id}
    event = intent_event(known, unanswered.account_id, metadata={**ids, **OTHER})
    answer = send(api, event)
    assert (answer.status_code, answer.json()["state"]) == (200, "ignored")
    assert "'staging'" in answer.json()["reason"]
    assert [row(event).state, row(event).parked] == ["ignored", None]
    unanswered.assert_charged_but_not_credited()


@pytest.mark.parametrize(
    ("type", "kind"),
    [("setup_intent.succeeded", "setup_intent"), ("customer.deleted", "customer"), ("refund.created", "refund")],
)
def test_whatever_another_deployment_made_is_ignored(api: Api, unanswered: Payer, type: str, kind: str) -> None:
    answer = send(api, {**other(unanswered, kind), "type": type})
    assert (answer.status_code, answer.json()["state"]) == (200, "ignored")
    assert unanswered.load().card


def test_money_that_goes_back_is_anothers_by_its_payment(api: Api, payer: Payer, emulator: Emulator) -> None:
    ids = {"account_id": payer.account_id, "payment_id": "pay_of_another", **OTHER}
    paid = emulator.stripe_client().v1.payment_intents.create(
        {
            "amount": 2500,
            "currency": "usd",
            "confirm": True,
            "payment_method": "pm_card_visa",
            "allowed_payment_method_types": ["card"],
            "metadata": ids,
        }
    )
    emulator.refund_in_dashboard(paid.id, 500)
    emulator.open_dispute(paid.id)
    types = ("refund.created", "charge.refunded", "charge.dispute.created")
    events = [event for event in emulator.events() if event["type"] in types]
    assert len(events) == len(types)
    for event in events:
        sent = {name: value for name, value in event.items() if name != "account"}
        answer = send(api, sent)
        assert (answer.status_code, answer.json()["state"]) == (200, "ignored"), event["type"]


def test_what_names_this_deployment_and_is_not_there_comes_again_as_ever(api: Api, payer: Payer) -> None:
    ids = {"payment_id": "pay_lost", "account_id": payer.account_id, "deployment": settings().deployment}
    event = intent_event("pay_lost", payer.account_id, metadata=ids)
    problem(send(api, event), 503, "webhook-unprocessed")
    assert row(event).state == "parked"


def test_an_object_made_before_there_were_names_is_ours(api: Api, unanswered: Payer) -> None:
    event = succeeded(unanswered)
    assert event["data"]["object"]["metadata"].pop("deployment") == settings().deployment
    assert send(api, event).json()["state"] == "processed"
    unanswered.assert_paid_once()


@pytest.mark.parametrize("key", ["sk_test_x", "rk_test_x"])
def test_an_event_of_live_mode_is_refused_where_the_key_is_of_test_mode(
    api: Api, unanswered: Payer, key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    event = {**succeeded(unanswered), "livemode": True}
    capsys.readouterr()
    with use({}, secrets={"stripe_secret_key": key}):
        refused = problem(send(api, event), 400, "event-of-wrong-mode")
    assert refused["livemode"] is True
    assert "live mode" in refused["detail"]
    assert "a webhook is refused" in capsys.readouterr().out
    with pytest.raises(WebhookEventRow.DoesNotExist):
        row(event)
    unanswered.assert_charged_but_not_credited()


@pytest.mark.parametrize("key", ["sk_live_x", "rk_live_x"])
def test_an_event_of_test_mode_is_refused_where_the_key_is_live(api: Api, unanswered: Payer, key: str) -> None:
    event = succeeded(unanswered)
    assert event["livemode"] is False
    with use({}, secrets={"stripe_secret_key": key}):
        problem(send(api, event), 400, "event-of-wrong-mode")
    unanswered.assert_charged_but_not_credited()


@pytest.mark.parametrize("version", ["2020-08-27", "2026-10-28.preview", "", "x" * 10_000])
def test_an_event_of_another_api_version_is_refused(api: Api, unanswered: Payer, version: str) -> None:
    event = succeeded(unanswered)
    assert event["api_version"] == API_VERSION
    refused = problem(send(api, {**event, "api_version": version}), 400, "event-of-wrong-api-version")
    assert refused["wanted"] == API_VERSION
    unanswered.assert_charged_but_not_credited()
    assert send(api, {**event, "api_version": None}).status_code == 200
