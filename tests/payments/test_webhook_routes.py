import json
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from typing import Any

import pytest
import requests

from chalicelib.payments.table import PaymentRow
from chalicelib.settings import settings
from chalicelib.stripe_api.client import API_VERSION
from chalicelib.stripe_api.event import Verdict
from chalicelib.webhooks import receive as webhook
from chalicelib.webhooks import table as webhook_table
from chalicelib.webhooks.receive import WebhookUnprocessed
from chalicelib.webhooks.table import WebhookEventRow
from local.stripe_emulator.client import Emulator
from tests.api import NOBODY, Api, problem
from tests.environment import use
from tests.payments.payer import WEBHOOK_SECRET, Payer, signed

NewPayer = Callable[..., Payer]
CREATE = "/v1/payment_intents"


def send(api: Api, event: Any, *, signature: str | None = None) -> requests.Response:
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    header = signed(body) if signature is None else signature
    headers = {"Stripe_Signature": header} if header else {}
    return api.call("POST", "/webhooks/stripe", body, token=NOBODY, **headers)


def row(event: dict[str, Any]) -> WebhookEventRow:
    return WebhookEventRow.get(event["id"], consistent_read=True)


@pytest.fixture
def unanswered(payer: Payer, emulator: Emulator) -> Payer:
    """Make a payer whose charge was made, but whose answer never came: only a webhook knows of it."""
    emulator.fault("500_after_effect", method="POST", path=CREATE)
    payer.top_up()
    payer.assert_charged_but_not_credited()
    return payer


def succeeded(payer: Payer) -> dict[str, Any]:
    (event,) = [event for event in payer.events if event["type"] == "payment_intent.succeeded"]
    return event


def test_news_of_a_success_credits_the_wallet(api: Api, unanswered: Payer) -> None:
    event = succeeded(unanswered)
    answer = send(api, event)
    assert (answer.status_code, answer.json()) == (200, {"state": "processed", "reason": None})
    unanswered.assert_paid_once()
    stored = row(event)
    assert [stored.state, stored.parked, stored.payload] == ["processed", None, None]
    assert stored.expires_at > 0


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "nonsense",
        "t=1,v1=",
        "t=x,v1=abc",
        "t=1790000000",
        "v1=" + "0" * 64,
        "t=1790000000,v0=" + "0" * 64,
        "t=1790000000,v1=schön",
    ],
)
def test_a_missing_or_malformed_signature_is_refused(api: Api, unanswered: Payer, signature: str) -> None:
    event = succeeded(unanswered)
    problem(send(api, event, signature=signature.encode().decode("latin-1")), 400, "invalid-signature")
    unanswered.assert_charged_but_not_credited()
    with pytest.raises(WebhookEventRow.DoesNotExist):
        row(event)


def test_a_signature_with_another_secret_or_of_another_body_is_refused(api: Api, unanswered: Payer) -> None:
    body = json.dumps(succeeded(unanswered)).encode()
    problem(send(api, body, signature=signed(body, "whsec_of_somebody")), 400, "invalid-signature")
    problem(send(api, body, signature=signed(body, "")), 400, "invalid-signature")
    problem(send(api, body.replace(b"2500", b"9900"), signature=signed(body)), 400, "invalid-signature")
    problem(send(api, body + b" ", signature=signed(body)), 400, "invalid-signature")
    unanswered.assert_charged_but_not_credited()


@pytest.mark.parametrize(("age_seconds", "status"), [(290, 200), (310, 400), (86400, 400), (-290, 200), (-310, 400)])
def test_a_signature_is_good_for_five_minutes(api: Api, unanswered: Payer, age_seconds: int, status: int) -> None:
    body = json.dumps(succeeded(unanswered)).encode()
    assert send(api, body, signature=signed(body, age_seconds=age_seconds)).status_code == status


def test_one_good_signature_among_several_is_enough(api: Api, unanswered: Payer) -> None:
    body = json.dumps(succeeded(unanswered)).encode()
    timestamp, good = signed(body).split(",")
    assert send(api, body, signature=f"{timestamp},v1={'0' * 64},{good},v0=abc").status_code == 200
    unanswered.assert_paid_once()


def test_without_a_secret_everything_is_refused(api: Api, unanswered: Payer) -> None:
    body = json.dumps(succeeded(unanswered)).encode()
    with use({"STRIPE_WEBHOOK_SECRET": ""}):
        problem(send(api, body, signature=signed(body, "")), 500, "internal-error")
    unanswered.assert_charged_but_not_credited()


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


def intent_event(payment_id: str, account_id: str, **changes: Any) -> dict[str, Any]:
    intent = {
        "id": "pi_1",
        "object": "payment_intent",
        "status": "succeeded",
        "amount": 2500,
        "amount_received": 2500,
        "currency": "usd",
        "customer": "cus_1",
        "latest_charge": "ch_1",
        "metadata": {"payment_id": payment_id, "account_id": account_id},
        **changes,
    }
    return {
        "id": f"evt_{payment_id}_{len(changes)}",
        "type": "payment_intent.succeeded",
        "created": 1790000000,
        "data": {"object": intent},
    }


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
    problem(send(api, event), 503, "webhook-unprocessed")
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
    assert unanswered.account().card


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
    with use({"STRIPE_SECRET_KEY": key}):
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
    with use({"STRIPE_SECRET_KEY": key}):
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
