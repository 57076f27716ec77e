import json
from collections.abc import Callable

import boto3
import jwt
import msgspec
import pytest
from click.testing import CliRunner, Result

from chalicelib.ledger.post import post
from chalicelib.ledger.table import PageRow
from chalicelib.payments import webhook_table
from chalicelib.payments.webhook_table import StripeEvent, Verdict
from chalicelib.settings import settings
from ops import dead_letters
from ops.__main__ import ops
from tests.api import Api
from tests.build import credit, debit
from tests.conftest import NewWallet


@pytest.fixture
def run(api: Api) -> Callable[..., Result]:
    return lambda *arguments: CliRunner().invoke(ops, arguments)


def test_a_sound_wallet_is_verified(run: Callable[..., Result], new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    post({account_id: [credit(1), debit(2)]})
    done = run("verify", account_id)
    assert done.exit_code == 0, done.output
    assert "24950000" in done.output
    assert "none" in done.output


def test_a_wallet_that_was_tampered_with_is_named_and_the_exit_status_tells(
    run: Callable[..., Result], new_wallet: NewWallet
) -> None:
    account_id = new_wallet()
    post({account_id: [debit(1)]})
    (page,) = PageRow.query(account_id)
    page.update([PageRow.closing_balance_micros.set(7)])
    done = run("verify", account_id)
    assert done.exit_code == 1
    assert "closing balance" in done.output


def test_every_account_is_verified(run: Callable[..., Result], api: Api) -> None:
    api.make_account("one")
    api.make_account("two")
    done = run("verify", "--all")
    assert done.exit_code == 0
    assert "one" in done.output
    assert "two" in done.output


def test_an_account_that_does_not_exist_is_a_difference(run: Callable[..., Result]) -> None:
    assert run("verify", "nobody").exit_code == 1
    assert run("verify").exit_code == 2


def test_dead_letters_are_shown_and_sent_back(run: Callable[..., Result]) -> None:
    sqs = boto3.client("sqs")
    dead_letters_url, usage_url = dead_letters.queue_urls()
    assert usage_url == settings().usage_queue_url
    bodies = [json.dumps({"number": number}) for number in range(12)]
    for body in bodies:
        sqs.send_message(QueueUrl=dead_letters_url, MessageBody=body)
    assert dead_letters.count() == 12
    shown = run("dead-letters", "show", "--limit", "1").output
    assert sum(body in shown for body in bodies) == 1
    assert "12 in all" in shown
    # The one that was looked at is hidden for a while; the others move now.
    moved = int(run("dead-letters", "send-back").output.split()[-3])
    assert moved == 11
    found = [message["Body"] for message in dead_letters._receive(usage_url, 20, 60)]
    assert len(found) == 11
    assert set(found) < set(bodies)


def test_a_token_is_what_the_api_takes(run: Callable[..., Result], api: Api) -> None:
    api.make_account("acme")
    token = run("token", "viewer", "acme", "--subject", "jane").output.strip()
    assert api.get("/v1/accounts/acme", token=token).status_code == 200
    assert jwt.decode(token, settings().token_secret, algorithms=["HS256"])["sub"] == "jane"
    producer = run("token", "producer").output.strip()
    assert api.get("/v1/accounts/acme/access", token=producer).status_code == 200
    assert run("token", "owner").exit_code == 2


def test_parked_webhooks_are_shown_and_processed_again_once_their_cause_is_mended(run: Callable[..., Result]) -> None:
    metadata = {"account_id": "acme", "payment_id": "pay_0"}
    intent = {"id": "pi_1", "status": "succeeded", "amount": 100, "currency": "usd", "metadata": metadata}
    for event_id, type_ in (("evt_lost", "payment_intent.succeeded"), ("evt_odd", "product.created")):
        event = {"id": event_id, "type": type_, "created": 1_795_600_000, "data": {"object": intent}}
        body = json.dumps(event).encode()
        assert webhook_table.store(msgspec.json.decode(body, type=StripeEvent), body)
        webhook_table.finish(event_id, Verdict("parked", "a bug"))
    shown = run("parked")
    assert shown.exit_code == 0
    assert "evt_lost" in shown.output
    done = run("replay", "evt_odd")
    assert (done.exit_code, "ignored" in done.output) == (0, True)
    assert "evt_odd" not in run("parked").output
    for event_id, why in (
        ("evt_lost", "pay_0 of 'acme', which is not there"),
        ("evt_odd", "no event of this id waits"),
    ):
        done = run("replay", event_id)
        assert done.exit_code == 1
        assert why in done.output
