"""Events of any size are processed; of what cannot be kept whole, only the row is."""

import json
import secrets

import pytest

from chalicelib.webhooks import receive as webhook
from chalicelib.webhooks import table as webhook_table
from chalicelib.webhooks.receive import WebhookUnprocessed
from tests.api import Api, problem
from tests.payments.payer import Payer
from tests.payments.webhooks import intent_event, row, send, succeeded

HALF_A_MEGABYTE = 500_000


@pytest.mark.parametrize("filling", ["x" * HALF_A_MEGABYTE, secrets.token_hex(HALF_A_MEGABYTE)], ids=["packs", "not"])
def test_a_large_event_is_processed_as_any_other(api: Api, unanswered: Payer, filling: str) -> None:
    event = {**succeeded(unanswered), "more": filling}
    assert send(api, event).json()["state"] == "processed"
    unanswered.assert_paid_once()
    stored = row(event)
    assert [stored.payload, stored.packed_payload] == [None, None]


def test_a_large_event_that_is_parked_is_kept_packed_and_replayed(api: Api, unanswered: Payer) -> None:
    event = {**succeeded(unanswered), "more": "x" * HALF_A_MEGABYTE}
    real = event["data"]["object"]["customer"]
    event["data"]["object"]["customer"] = "cus_of_another"
    problem(send(api, event), 503, "webhook-unprocessed")
    assert json.loads(str(webhook_table.payload_of(event["id"]))) == event
    with pytest.raises(WebhookUnprocessed):
        webhook.replay(event["id"])
    event["data"]["object"]["customer"] = real
    assert send(api, event).json()["state"] == "processed"
    unanswered.assert_paid_once()


def test_what_is_too_large_for_a_row_is_parked_without_it(api: Api, payer: Payer) -> None:
    event = {**intent_event("pay_large", payer.account_id), "more": secrets.token_hex(HALF_A_MEGABYTE)}
    problem(send(api, event), 503, "webhook-unprocessed")
    assert (row(event).state, webhook_table.payload_of(event["id"])) == ("parked", None)
    assert webhook.replay(event["id"]) is None


@pytest.mark.parametrize("size", [10, HALF_A_MEGABYTE, 4_000_000])
def test_of_an_event_that_means_nothing_here_nothing_is_kept(api: Api, size: int) -> None:
    event = {**intent_event(f"pay_{size}", "acme"), "type": "charge.updated", "more": "x" * size}
    assert send(api, event).json()["state"] == "ignored"
    assert [row(event).payload, row(event).packed_payload] == [None, None]
