import json
import re
from collections.abc import Callable
from pathlib import Path

import boto3
import jwt
import msgspec
import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from chalicelib.accounts.table import AccountRow
from chalicelib.audit.repeats import Repeat
from chalicelib.audit.table import keep
from chalicelib.ledger.page_table import PageRow
from chalicelib.ledger.post import post
from chalicelib.payments import table as payments
from chalicelib.payments.table import PaymentRow
from chalicelib.secrets import secrets
from chalicelib.settings import settings
from chalicelib.stripe_api.event import StripeEvent, Verdict
from chalicelib.webhooks import table as webhooks
from chalicelib.webhooks.table import WebhookEventRow
from local.aws import Aws
from ops.__main__ import ops
from tests.api import Api
from tests.build import credit, debit, pair
from tests.conftest import NewWallet
from tests.damage import damage
from tests.environment import use
from tests.payments.build import payment


@pytest.fixture
def run(api: Api) -> Callable[..., Result]:
    return lambda *arguments: CliRunner().invoke(ops, arguments)


def test_a_sound_wallet_is_verified(run: Callable[..., Result], new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    post([credit(1, account_id, source="/adjustments", payment_id=None), debit(2, account_id)])
    done = run("verify", account_id)
    assert done.exit_code == 0, done.output
    assert "24950000" in done.output
    assert "none" in done.output


@pytest.fixture
def breakable_wallet(new_wallet: NewWallet) -> NewWallet:
    """Make a wallet that a test may break: it has no account, so `verify --all` does not find it."""

    def make() -> str:
        account_id = new_wallet()
        AccountRow(account_id).delete()
        return account_id

    return make


def test_a_wallet_that_was_tampered_with_is_named_and_the_exit_status_tells(
    run: Callable[..., Result], breakable_wallet: NewWallet
) -> None:
    account_id = breakable_wallet()
    post([debit(1, account_id)])
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


def test_a_sibling_that_is_missing_is_found_where_both_accounts_are_named(
    run: Callable[..., Result], breakable_wallet: NewWallet
) -> None:
    client, workspace, other = breakable_wallet(), breakable_wallet(), breakable_wallet()
    post([pair(1, client, workspace)])
    assert run("verify", client, workspace).exit_code == 0
    post([debit(2, other)])
    (stranger,), (own,) = PageRow.query(other), PageRow.query(workspace)
    own.update(actions=[PageRow.body.set(stranger.body)])
    done = run("verify", client, workspace)
    assert done.exit_code == 1
    assert "its sibling" in done.output
    assert run("verify", client).exit_code == 0


def test_a_wallet_that_cannot_be_read_is_named_and_hides_no_other(
    run: Callable[..., Result], breakable_wallet: NewWallet
) -> None:
    first, bad, last = breakable_wallet(), breakable_wallet(), breakable_wallet()
    boto3.client("dynamodb").update_item(
        TableName=settings().wallets_table,
        Key={"account_id": {"S": bad}},
        UpdateExpression="SET balance_micros = :much",
        ExpressionAttributeValues={":much": {"S": "much"}},
    )
    done = run("verify", first, bad, last)
    assert done.exit_code == 1
    assert done.output.count("none") == 2
    assert "cannot be read" in done.output
    assert last in done.output


def test_an_account_that_does_not_exist_is_a_difference(run: Callable[..., Result]) -> None:
    assert run("verify", "nobody").exit_code == 1
    assert run("verify").exit_code == 2


def test_a_new_installation_without_accounts_is_sound(run: Callable[..., Result], aws: Aws) -> None:
    with use(aws.deploy("empty").environment):
        assert run("verify", "--all").exit_code == 0


def test_a_token_is_what_the_api_takes(run: Callable[..., Result], api: Api) -> None:
    api.make_account("acme")
    token = run("token", "viewer", "acme", "--subject", "jane").output.strip()
    assert api.get("/v1/accounts/acme", token=token).status_code == 200
    assert jwt.decode(token, secrets().token_secret, algorithms=["HS256"])["sub"] == "jane"
    producer = run("token", "producer").output.strip()
    assert api.get("/v1/accounts/acme/access", token=producer).status_code == 200
    assert run("token", "owner").exit_code == 2


def test_parked_webhooks_are_shown_and_processed_again_once_their_cause_is_mended(run: Callable[..., Result]) -> None:
    metadata = {"account_id": "acme", "payment_id": "pay_0"}
    intent = {"id": "pi_1", "status": "succeeded", "amount": 100, "currency": "usd", "metadata": metadata}
    for event_id, type_ in (("evt_lost", "payment_intent.succeeded"), ("evt_odd", "product.created")):
        event = {"id": event_id, "type": type_, "created": 1_795_600_000, "data": {"object": intent}}
        body = json.dumps(event).encode()
        assert webhooks.store(msgspec.json.decode(body, type=StripeEvent), body)
        webhooks.finish(event_id, Verdict("parked", "a bug"))
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


def test_the_id_of_a_parked_webhook_is_shown_whole_for_replay_takes_it(run: Callable[..., Result]) -> None:
    event_id = "evt_1QxYzAbCdEfGhIjKlMnOpQrS"
    metadata = {"account_id": "acme", "payment_id": "pay_0"}
    event = {"id": event_id, "type": "radar.early_fraud_warning.created", "created": 1_795_600_000}
    event["data"] = {"object": {"id": "issfr_1", "metadata": metadata}}
    body = json.dumps(event).encode()
    assert webhooks.store(msgspec.json.decode(body, type=StripeEvent), body)
    webhooks.finish(event_id, Verdict("parked", "warning issfr_1 is about a payment that was not made here"))
    assert event_id in run("parked").output
    assert event_id in run("replay", event_id).output


def test_what_others_have_written_is_shown_as_it_is(run: Callable[..., Result]) -> None:
    text = "[/x]"
    body = json.dumps({"id": "evt_text", "type": "product.created", "created": 1, "data": {"object": {}}}).encode()
    assert webhooks.store(msgspec.json.decode(body, type=StripeEvent), body)
    webhooks.finish("evt_text", Verdict("parked", text))
    keep_repeat("txn_text", "one", text, 1)
    for command in ("parked", "repeats"):
        assert text in run(command).output
    webhooks.finish("evt_text", Verdict("ignored"))


def test_what_is_parked_and_cannot_be_read_hides_no_other(run: Callable[..., Result]) -> None:
    for event_id in ("evt_first", "evt_last"):
        body = json.dumps({"id": event_id, "type": "product.created", "created": 1, "data": {"object": {}}}).encode()
        assert webhooks.store(msgspec.json.decode(body, type=StripeEvent), body)
        webhooks.finish(event_id, Verdict("parked", "a bug"))
    damage(WebhookEventRow, {"event_id": "evt_first"}, "attempts")
    paid = payment(state="succeeded", late="parked", intent_open=False, account_id="parked-account")
    for each in ("pay_first", "pay_last"):
        payments.put_new(replace(paid, payment_id=each))
    damage(PaymentRow, {"account_id": paid.account_id, "payment_id": "pay_first"}, "amount_micros")
    shown = run("parked")
    assert shown.exit_code == 1
    for what in ("evt_first", "evt_last", "pay_first", "pay_last", "cannot be read"):
        assert what in shown.output
    for each in ("evt_first", "evt_last"):
        WebhookEventRow(each).delete()
    for each in ("pay_first", "pay_last"):
        PaymentRow(paid.account_id, each).delete()


def test_no_command_prints_to_a_console_that_reads_markup() -> None:
    for file in (Path(__file__).parents[2] / "ops").rglob("*.py"):
        made = re.findall(r"\bConsole\(([^)]*)", file.read_text())
        assert file.name == "console.py" or set(made) <= {"stderr=True"}, file


def test_repeats_are_listed_newest_first_with_totals_by_source(run: Callable[..., Result]) -> None:
    for number in range(3):
        keep_repeat(f"txn_{number}", "one", "/messaging", number)
    keep_repeat("txn_9", "two", "/calls", 9)
    done = run("repeats", "--limit", "2")
    assert done.exit_code == 0, done.output
    assert [word for word in done.output.split() if word.startswith("txn_")] == ["txn_9", "txn_2"]
    totals = [line.split("│")[1:-1] for line in done.output.splitlines() if "0.15" in line or "/calls" in line]
    assert [[cell.strip() for cell in row] for row in totals[-2:]] == [
        ["/messaging", "found", "3", "0.15 usd"],
        ["/calls", "found", "1", "0.05 usd"],
    ]
    assert "/messaging" not in run("repeats", "--account", "two").output


def test_what_producers_write_is_shown_as_it_is(run: Callable[..., Result]) -> None:
    keep_repeat("txn_odd", "odd", "/a[/b]", 1)
    keep_repeat("txn_odder", "odd", ":key:", 1)
    done = run("repeats", "--account", "odd")
    assert done.exit_code == 0, done.exception
    assert "/a[/b]" in done.output
    assert ":key:" in done.output


def keep_repeat(transaction_id: str, account_id: str, source: str, found_at_ms: int) -> None:
    """Keep a repeat as the audit does."""
    fields = {"event_id": "msg-1", "occurred_at_ms": 600_000, "original_occurred_at_ms": 0, "amount_micros": 50_000}
    about = {"account_id": account_id, "source": source, "currency": "usd", "found_at_ms": found_at_ms}
    names = {"transaction_id": transaction_id, "original_transaction_id": "first", "event_account_id": account_id}
    keep(msgspec.convert({**fields, **about, **names, "state": "found"}, Repeat))


def test_repeats_and_reasons_are_shown_as_they_were_written(run: Callable[..., Result]) -> None:
    """Producers choose sources, and reasons quote Stripe: brackets are text, and nothing of an id is cut off."""
    source = "/messaging[/b]/" + "long" * 20
    keep_repeat("txn_marked", "marked", source, found_at_ms=600_000)
    done = run("repeats", "--account", "marked")
    assert done.exit_code == 0, done.output
    assert "…" not in done.output
    body = b'{"id": "evt_marked", "type": "charge.refunded", "created": 1795600000, "data": {"object": {}}}'
    assert webhooks.store(msgspec.json.decode(body, type=StripeEvent), body)
    webhooks.finish("evt_marked", Verdict("parked", "no such [/charge]"))
    done = run("parked")
    assert done.exit_code == 0, done.output
    assert "[/charge]" in done.output


@pytest.mark.parametrize("command", [("catalog", "check"), ("verify", "acme"), ("replay", "evt_1")])
def test_without_a_system_a_command_asks_for_one(command: tuple[str, ...]) -> None:
    with use({}, without=("WALLETS_TABLE",)):
        done = CliRunner().invoke(ops, command)
    assert done.exit_code == 1
    assert "Error: name the system: --local, or --stack NAME." in done.output
    assert "Traceback" not in done.output
