"""Events of connected accounts: at their own endpoint, on their own account, in any order, also after the break."""

import json
from typing import Any

import pytest

from chalicelib.accounts import table as accounts
from chalicelib.cards.start_setup import start_setup
from chalicelib.clock import now_ms
from chalicelib.connection import table
from chalicelib.connection.check_connection import check_connection
from chalicelib.idempotency import Key
from chalicelib.reversals.issue_refund import RefundRequest, refund
from chalicelib.stripe_api.signature import InvalidSignature
from chalicelib.text import Line
from chalicelib.webhooks import receive as webhook
from chalicelib.webhooks.receive import WrongEndpoint, WrongMode
from local.stripe_emulator.client import SECRET_KEY, Emulator
from tests.connection.conftest import NewOwner
from tests.connection.owner import Owner
from tests.environment import use
from tests.payments.payer import WEBHOOK_SECRET, Json, Payer, deliver, deliver_connected, signed

DEAUTHORIZED = "account.application.deauthorized"


def event_of(owner: Owner, type: str, **found: Any) -> Json:
    return {
        "id": f"evt_{now_ms()}_{type}",
        "type": type,
        "created": now_ms() // 1000,
        "data": {"object": {"id": "obj_1", "object": "object", "metadata": {}, **found}},
        "account": owner.stripe_account_id,
        "livemode": False,
        "api_version": None,
    }


def test_each_endpoint_has_its_secret_and_takes_its_own_events_alone(owner: Owner) -> None:
    owner.connect()
    event = event_of(owner, "account.updated")
    body = json.dumps(event).encode()
    with pytest.raises(InvalidSignature):
        webhook.receive(body, signed(body, WEBHOOK_SECRET), connect=True)
    with pytest.raises(InvalidSignature):
        webhook.receive(body, signed(body, "whsec_of_connected_accounts"))
    with pytest.raises(WrongEndpoint):
        deliver(event)
    del event["account"]
    with pytest.raises(WrongEndpoint):
        deliver_connected(event)


def test_the_connect_endpoint_gets_test_events_in_live_mode_and_leaves_them(owner: Owner) -> None:
    owner.connect()
    event = event_of(owner, DEAUTHORIZED)
    with use({}, secrets={"stripe_secret_key": "sk_live_1"}):
        assert deliver_connected(event).state == "ignored"
        assert owner.connection.is_connected
    with use({}, secrets={"stripe_secret_key": SECRET_KEY}), pytest.raises(WrongMode):
        deliver_connected(event | {"livemode": True})


def test_a_payment_whose_answer_was_lost_is_settled_by_the_event_of_its_account(
    owner: Owner, emulator: Emulator
) -> None:
    owner.connect()
    client = owner.new_client()
    emulator.fault("500_after_effect", method="POST", path="/v1/payment_intents", times=2)
    client.top_up()
    client.assert_charged_but_not_credited()
    emulator.clear_faults()
    client.deliver("payment_intent.succeeded")
    client.assert_paid_once()


def test_an_event_of_another_account_that_names_our_payment_settles_nothing(
    new_owner: NewOwner, emulator: Emulator
) -> None:
    owner, thief = new_owner(), new_owner()
    owner.connect()
    thief.connect()
    client = owner.new_client()
    emulator.fault("500_after_effect", method="POST", path="/v1/payment_intents", times=2)
    client.top_up()
    emulator.clear_faults()
    (event,) = [each for each in client.events if each["type"] == "payment_intent.succeeded"]
    forged = event | {"id": "evt_forged", "account": thief.stripe_account_id}
    assert deliver_connected(forged).state == "ignored"
    client.assert_charged_but_not_credited()
    unaccounted = {name: value for name, value in event.items() if name != "account"} | {"id": "evt_ours"}
    with pytest.raises(webhook.WebhookUnprocessed):
        deliver(unaccounted)
    client.assert_charged_but_not_credited()


def test_what_a_workspace_does_with_its_own_account_is_not_ours(owner: Owner, emulator: Emulator) -> None:
    account = owner.connect().stripe_account_id
    theirs = emulator.stripe_client(stripe_account=account)
    params: Any = {
        "amount": 900,
        "currency": "usd",
        "payment_method": "pm_card_visa",
        "allowed_payment_method_types": ["card"],
        "confirm": True,
        "metadata": {"account_id": "shop", "payment_id": "pay_17"},
    }
    intent = theirs.v1.payment_intents.create(params)
    del params["metadata"]
    theirs.v1.payment_intents.create(params)
    theirs.v1.refunds.create({"payment_intent": intent.id, "amount": 100})
    emulator.open_dispute(intent.id)
    verdicts = owner.deliver()
    assert verdicts
    assert {verdict.state for verdict in verdicts} <= {"ignored", "processed"}


def test_a_card_saved_in_the_browser_alone_is_put_on_file_by_the_event(owner: Owner) -> None:
    owner.connect()
    client = owner.new_client(card=None)
    client.confirm_setup(start_setup(client.load()))
    owner.deliver("setup_intent.succeeded")
    card = client.card()
    owner.emulator.stripe_client(stripe_account=owner.stripe_account_id).v1.payment_methods.detach(
        card.payment_method_id
    )
    owner.deliver("payment_method.detached")
    assert client.load().card is None


def test_a_customer_deleted_in_the_accounts_dashboard_is_forgotten(owner: Owner) -> None:
    owner.connect()
    client = owner.new_client()
    owner.emulator.stripe_client(stripe_account=owner.stripe_account_id).v1.customers.delete(client.customer_id)
    owner.deliver("customer.deleted")
    assert client.load().customer_id is None
    client.save_card()
    client.top_up()
    client.assert_paid_once()


def test_an_account_disconnected_at_stripe_is_noticed_from_the_event_alone(owner: Owner, emulator: Emulator) -> None:
    account = owner.connect().stripe_account_id or ""
    emulator.disconnect_account(account)
    (event,) = owner.events(DEAUTHORIZED)
    # Long after it was connected: nothing is asked.
    asked = len(emulator.calls())
    deliver_connected(event | {"created": event["created"] + 3600})
    assert len(emulator.calls()) == asked
    connection = owner.connection
    assert (connection.state, connection.disconnected_by, connection.access_revoked) == ("disconnected", "stripe", True)
    assert table.find_workspace(account) is None


@pytest.mark.parametrize("type", ["account.updated", "capability.updated"])
def test_news_of_the_account_or_of_a_capability_let_stripe_be_asked(
    owner: Owner, emulator: Emulator, type: str
) -> None:
    emulator.restrict(owner.connect().stripe_account_id or "", "under_review")
    assert deliver_connected(event_of(owner, type)).state == "processed"
    assert owner.connection.state == "restricted"


def test_an_old_event_does_not_end_the_connection_that_was_made_since(owner: Owner, emulator: Emulator) -> None:
    account = owner.connect().stripe_account_id or ""
    emulator.disconnect_account(account)
    (event,) = owner.events(DEAUTHORIZED)
    assert owner.connection.state == "active"
    again = owner.connect(account)
    assert deliver_connected(event).state == "ignored"
    assert owner.connection == again


def test_access_that_was_taken_away_at_once_is_noticed_too(owner: Owner, emulator: Emulator) -> None:
    emulator.disconnect_account(owner.connect().stripe_account_id or "")
    assert [verdict.state for verdict in owner.deliver(DEAUTHORIZED)] == ["processed"]
    assert owner.connection.state == "disconnected"


def test_a_test_of_the_connection_notices_what_no_event_told(owner: Owner, emulator: Emulator) -> None:
    emulator.disconnect_account(owner.connect().stripe_account_id or "")
    assert check_connection(owner.account_id).state == "disconnected"


def test_history_is_kept_right_by_the_events_of_an_account_that_is_gone(owner: Owner, emulator: Emulator) -> None:
    owner.connect()
    client = owner.new_client()
    emulator.fault("500_after_effect", method="POST", path="/v1/payment_intents", times=2)
    client.top_up()
    emulator.clear_faults()
    events = client.events
    owner.disconnect()
    (succeeded,) = [each for each in events if each["type"] == "payment_intent.succeeded"]
    assert deliver_connected(succeeded).state == "processed"
    client.assert_paid_once()


def test_a_refund_that_we_made_is_debited_by_the_event_of_an_account_that_is_gone(
    owner: Owner, emulator: Emulator
) -> None:
    client = _refunded_without_answer(owner, emulator)
    events = [each for each in owner.events("refund.") if each["type"] == "refund.created"]
    owner.disconnect()
    assert [deliver_connected(event).state for event in events] == ["processed"]
    assert client.balance_micros == 15_000_000


def test_a_dispute_that_names_no_payment_waits_for_a_person_when_the_account_is_gone(
    owner: Owner, emulator: Emulator
) -> None:
    owner.connect()
    client = owner.new_client()
    client.top_up()
    emulator.open_dispute(client.charges[0]["id"])
    (event,) = owner.events("charge.dispute.created")
    owner.disconnect()
    assert deliver_connected(event).state == "parked"
    owner.connect(event["account"])
    verdict = webhook.replay(event["id"])
    assert verdict
    assert verdict.state == "processed"
    assert client.payment().dispute_status == "needs_response"


def _refunded_without_answer(owner: Owner, emulator: Emulator) -> Payer:
    owner.connect()
    client = owner.new_client()
    client.top_up()
    emulator.fault("500_after_effect", method="POST", path="/v1/refunds", times=2)
    request = RefundRequest(reason=Line("asked for"), amount="10")
    refund(
        accounts.get(client.account_id),
        client.payment().payment_id,
        request,
        key=Key("refund-1", "operator"),
        actor="operator",
    )
    emulator.clear_faults()
    assert client.balance_micros == 25_000_000
    return client
