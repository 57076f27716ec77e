import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from typing import Any

import pytest

from chalicelib.payments.table import PaymentRow
from chalicelib.stripe_api.event import Verdict
from chalicelib.webhooks import receive as webhook
from chalicelib.webhooks import table as webhook_table
from chalicelib.webhooks.receive import WebhookUnprocessed
from local.stripe_emulator.client import Emulator
from tests.api import Api, problem
from tests.environment import use
from tests.payments.payer import CONNECT_WEBHOOK_SECRET, WEBHOOK_SECRET, NewPayer, Payer, signed
from tests.payments.webhooks import CREATE, intent_event, row, send, succeeded


def test_news_of_a_success_credits_the_wallet(api: Api, unanswered: Payer) -> None:
    event = succeeded(unanswered)
    answer = send(api, event)
    assert (answer.status_code, answer.json()) == (200, {"state": "processed", "reason": None})
    unanswered.assert_paid_once()
    stored = row(event)
    assert [stored.state, stored.parked, stored.payload] == ["processed", None, None]
    assert stored.expires_at > 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"id": "evt_1"}',
        b'{"id": 7, "type": "x"}',
        b'{"data": {"object": ' + b"[" * 5000,
    ],
)
def test_what_is_signed_but_no_event_is_refused(api: Api, emulator: Emulator, body: bytes) -> None:
    problem(send(api, body), 400, "malformed-event")


def test_a_replayed_event_is_taken_once(api: Api, unanswered: Payer) -> None:
    event = succeeded(unanswered)
    assert [send(api, event).status_code for _ in range(3)] == [200, 200, 200]
    unanswered.assert_paid_once()
    assert row(event).attempts == 1


def test_the_same_event_eight_times_at_once_is_one_credit(api: Api, unanswered: Payer) -> None:
    event = succeeded(unanswered)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: send(api, event), range(8)))
    assert {answer.status_code for answer in answers} == {200}
    unanswered.assert_paid_once()
    assert row(event).state == "processed"


def test_webhook_customer_and_sweeper_at_once_are_one_credit(api: Api, unanswered: Payer) -> None:
    event = succeeded(unanswered)
    with ThreadPoolExecutor(6) as pool:
        runs = [pool.submit(run) for run in (unanswered.top_up, unanswered.be_swept, unanswered.refresh) for _ in "12"]
        assert send(api, event).status_code == 200
        for run in runs:
            run.result()
    unanswered.assert_paid_once()


def test_a_type_that_means_nothing_here_is_stored_and_ignored(api: Api, emulator: Emulator) -> None:
    event = {"id": "evt_unknown", "type": "balance.available", "created": 1790000000, "data": {"object": {}}}
    answer = send(api, event)
    assert (answer.status_code, answer.json()["state"]) == (200, "ignored")
    assert row(event).state == "ignored"


def test_a_payment_of_ours_that_is_not_there_comes_again_and_is_found_by_the_operator(api: Api, payer: Payer) -> None:
    event = intent_event("pay_unheard_of", payer.account_id)
    for attempts in (1, 2):
        problem(send(api, event), 503, "webhook-unprocessed")
        assert row(event).attempts == attempts
    (parked,) = [each for each in webhook_table.parked(100) if each.event_id == event["id"]]
    assert "pay_unheard_of" in str(parked.reason)
    assert json.loads(str(parked.payload)) == event
    assert [parked.expires_at] == [None]
    payer.assert_not_paid()


@pytest.mark.parametrize(
    "changes",
    [
        *(
            {"id": ""},
            {"id": "e" * 256},
            {"id": "\U0001f4a9" * 300},
            {"type": ""},
            {"type": "t" * 300},
            {"account": ""},
        ),
        *({"created": -1}, {"created": 10**12}, {"created": 1e300}, {"data": {}}, {"data": {"object": "ch_1"}}),
    ],
    ids=repr,
)
def test_what_is_signed_and_no_event_is_refused(api: Api, changes: dict[str, Any]) -> None:
    problem(send(api, {**intent_event("pay_1", "acme"), **changes}), 400, "malformed-event")


def test_money_that_was_not_asked_for_here_is_parked_and_taken(api: Api, payer: Payer) -> None:
    event = intent_event("", "", metadata={"order": "17"})
    answer = send(api, event)
    assert (answer.status_code, answer.json()["state"]) == (200, "parked")
    assert event["id"] in [each.event_id for each in webhook_table.parked(100)]
    quiet = intent_event("x", "y", metadata={"order": "18"}, status="canceled")
    assert send(api, quiet).json()["state"] == "ignored"
    payer.assert_not_paid()


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": 9900, "amount_received": 9900},
        {"amount_received": 2400},
        {"currency": "eur"},
        {"customer": "cus_of_another"},
    ],
)
def test_an_intent_that_is_not_what_was_asked_for_is_parked_and_never_credited(
    api: Api, unanswered: Payer, changes: dict[str, Any]
) -> None:
    event = succeeded(unanswered)
    event["data"]["object"] |= changes
    problem(send(api, event), 503, "webhook-unprocessed")
    assert "PaymentMismatch" in str(row(event).reason)
    unanswered.assert_charged_but_not_credited()
    unanswered.refresh()
    unanswered.assert_paid_once()


def test_an_event_of_another_stripe_account_is_not_taken_for_ours(api: Api, unanswered: Payer) -> None:
    event = {**succeeded(unanswered), "account": "acct_of_another"}
    problem(send(api, event), 400, "event-at-wrong-endpoint")
    body = json.dumps(event).encode()
    signature = signed(body, CONNECT_WEBHOOK_SECRET)
    answer = api.call("POST", "/webhooks/stripe-connect", body, token="", Stripe_Signature=signature)
    assert (answer.status_code, answer.json()["state"]) == (200, "ignored")
    unanswered.assert_charged_but_not_credited()


def test_a_parked_event_is_processed_when_it_comes_again_and_its_cause_is_gone(api: Api, unanswered: Payer) -> None:
    event = succeeded(unanswered)
    wrong = json.loads(json.dumps(event))
    wrong["data"]["object"]["customer"] = "cus_of_another"
    problem(send(api, wrong), 503, "webhook-unprocessed")
    assert send(api, event).status_code == 200
    stored = row(event)
    assert [stored.state, stored.parked, stored.reason, stored.attempts] == ["processed", None, None, 2]
    unanswered.assert_paid_once()


def test_a_parked_event_can_be_replayed_when_stripe_has_stopped_sending_it(api: Api, unanswered: Payer) -> None:
    event = succeeded(unanswered)
    row_of_payment = PaymentRow.get(unanswered.account_id, unanswered.payment().payment_id)
    row_of_payment.delete()
    problem(send(api, event), 503, "webhook-unprocessed")
    with pytest.raises(WebhookUnprocessed):
        webhook.replay(event["id"])
    row_of_payment.save()
    assert webhook.replay(event["id"]) == Verdict("processed")
    unanswered.assert_paid_once()
    assert webhook.replay(event["id"]) is None
    assert webhook.replay("evt_unheard_of") is None


def test_news_in_every_order_ends_the_same(api: Api, new_payer: NewPayer, emulator: Emulator) -> None:
    wanted = ("payment_intent.requires_action", "payment_intent.payment_failed", "payment_intent.succeeded")
    for order in permutations(range(len(wanted))):
        emulator.reset()
        payer = new_payer("pm_card_authenticationRequired")
        intent_id = str(payer.top_up().payment.payment_intent_id)
        emulator.authenticate(intent_id, "fail")
        # The customer tries the same PaymentIntent again, as Stripe allows, with a card that needs no challenge.
        client = emulator.stripe_client().v1
        client.payment_intents.confirm(
            intent_id, {"payment_method": "pm_card_visa", "return_url": "https://a.example/"}
        )
        events = [next(event for event in payer.events if event["type"] == each) for each in wanted]
        for place in order:
            assert send(api, events[place]).status_code == 200
        payer.assert_paid_once()


@pytest.fixture
def live(api: Api, payer: Payer) -> Iterator[Emulator]:
    """Start a Stripe that sends its webhooks to the API by itself."""
    with (
        Emulator(webhook_url=f"{api.url}/webhooks/stripe", webhook_secret=WEBHOOK_SECRET) as emulator,
        use({"STRIPE_API_BASE": emulator.url}),
    ):
        yield emulator


def test_stripes_own_webhooks_twice_and_out_of_order_settle_what_the_answer_did_not(
    api: Api, new_payer: NewPayer, live: Emulator
) -> None:
    payer = new_payer(card=None)
    payer.emulator = live
    payer.save_card()
    live.fault("webhook_duplicate", event="payment_intent.*", times=0, copies=3)
    live.fault("500_after_effect", method="POST", path=CREATE)
    payer.top_up()
    live.wait_for_webhooks()
    payer.assert_paid_once()
    assert {delivery["state"] for delivery in live.webhooks()} == {"delivered"}
