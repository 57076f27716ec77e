"""Keys are rotated while the API runs: old and new are good together, and the old one is bad once it is retired."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import boto3
import pytest
from click.testing import CliRunner

from chalicelib import clock
from chalicelib.clock import now_ms
from chalicelib.connection.refusals import StateInvalid
from chalicelib.connection.state import new_state, read_start, sign_state
from chalicelib.secrets import CHECK_AGAIN_MS, FRESH_MS, secrets
from chalicelib.settings import settings
from chalicelib.stripe_api.errors import PaymentsUnavailable
from chalicelib.token import sign_token
from local.stripe_emulator.client import SECRET_KEY, Emulator
from ops import secret_store
from ops.__main__ import ops
from tests.api import Api, problem
from tests.build import unique
from tests.environment import use
from tests.payments.payer import WEBHOOK_SECRET, Payer, signed
from tests.payments.webhooks import send

NEW_WEBHOOK_SECRET = "whsec_the_next"
IN_2096_MS = 4_000_000_000_000


@pytest.fixture(autouse=True)
def own_secret(emulator: Emulator) -> Iterator[None]:
    """Give each test a secret of its own to rotate."""
    with use({}, secrets={"token_secret": unique("token-secret-of-this-test-") + "x" * 40}):
        secrets()
        yield


def run(*arguments: str, typed: str = "") -> None:
    done = CliRunner().invoke(ops, ["secrets", *arguments], input=typed)
    assert done.exit_code == 0, done.output


def token(secret: str) -> str:
    return sign_token(secret, role="operator", account_id=None, expires_at_ms=IN_2096_MS)


def stored(key: str) -> Any:
    return secret_store.load(settings().secret_id)[key]


@contextmanager
def later(milliseconds: int) -> Iterator[None]:
    with clock.moved_to(clock.now() + timedelta(milliseconds=milliseconds)):
        yield


def test_a_token_secret_is_rotated_while_the_api_runs(api: Api) -> None:
    account = api.make_account(unique("rotated"))
    path = f"/v1/accounts/{account}"
    old = secrets().token_secret
    run("rotate", "token-secret")
    new = stored("token_secret")[0]
    for secret in (old, new, old):
        assert api.get(path, token=token(secret)).status_code == 200
    run("retire", "token-secret", "--yes")
    with later(FRESH_MS):
        problem(api.get(path, token=token(old)), 401, "unauthorized")
        assert api.get(path, token=token(new)).status_code == 200


def test_a_token_that_nobody_signed_stays_refused_and_hinders_nobody(api: Api) -> None:
    account = api.make_account(unique("rotated"))
    for _ in range(3):
        problem(api.get(f"/v1/accounts/{account}", token=token("s" * 40)), 401, "unauthorized")
    assert api.get(f"/v1/accounts/{account}").status_code == 200


def test_webhooks_signed_with_either_secret_are_taken_until_the_old_one_is_retired(api: Api, payer: Payer) -> None:
    run("rotate", "webhook-secret", typed=f"{NEW_WEBHOOK_SECRET}\n")
    for number, secret in enumerate((NEW_WEBHOOK_SECRET, WEBHOOK_SECRET)):
        body = event(f"evt_{number}")
        assert send(api, body, signature=signed(body, secret)).status_code == 200, secret
    run("retire", "webhook-secret", "--yes")
    with later(FRESH_MS):
        body = event("evt_2")
        problem(send(api, body, signature=signed(body, WEBHOOK_SECRET)), 400, "invalid-signature")
        assert send(api, body, signature=signed(body, NEW_WEBHOOK_SECRET)).status_code == 200


def test_an_endpoint_that_was_closed_opens_when_its_secret_comes(api: Api) -> None:
    secret_store.change(settings().secret_id, lambda values: {**values, "stripe_webhook_secret": ""})
    with later(FRESH_MS):
        body = event("evt_closed")
        problem(send(api, body, signature=signed(body)), 400, "invalid-signature")
        run("rotate", "webhook-secret", typed=f"{WEBHOOK_SECRET}\n")
        with later(CHECK_AGAIN_MS):
            assert send(api, event("evt_open"), signature=signed(event("evt_open"))).status_code == 200


def test_a_key_that_stripe_refuses_is_read_again_and_the_charge_made_once(payer: Payer, emulator: Emulator) -> None:
    run("rotate", "stripe-key", typed="sk_test_the_next\n\n")
    emulator.expire_key(SECRET_KEY)
    try:
        payer.top_up(key="with-the-new-key")
    finally:
        emulator.restore_key(SECRET_KEY)
    assert secrets().stripe_secret_key == "sk_test_the_next"
    payer.assert_paid_once()


def test_without_a_newer_key_a_refused_one_is_tried_once(payer: Payer, emulator: Emulator) -> None:
    emulator.expire_key(SECRET_KEY)
    try:
        before = len(emulator.calls())
        with pytest.raises(PaymentsUnavailable):
            payer.save_card()
        assert len(emulator.calls()) == before + 1
    finally:
        emulator.restore_key(SECRET_KEY)


def test_the_way_to_stripe_goes_on_over_a_rotation() -> None:
    state = new_state("oauth", workspace_id="acme", account_id=None, actor="kim")
    begun = sign_state(state)
    run("rotate", "token-secret")
    with later(FRESH_MS):
        assert read_start(begun) == state
        assert read_start(sign_state(state)) == state
        run("retire", "--yes")
    with later(2 * FRESH_MS), pytest.raises(StateInvalid):
        read_start(begun)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"token_secret": "short"}'])
def test_an_api_that_starts_with_a_broken_secret_says_so_and_recovers(api: Api, text: str) -> None:
    values = secret_store.load(settings().secret_id)
    account = api.make_account(unique("rotated"))
    good = api.token()
    with use({"SECRET_ID": broken(text)}):
        refused = api.get(f"/v1/accounts/{account}", token=good)
        problem(refused, 503, "keys-unavailable")
        assert refused.headers["Retry-After"] == "5"
        assert api.get("/health", token="").status_code == 200
        problem(api.get(f"/v1/accounts/{account}", token=""), 401, "unauthorized")
        boto3.Session().client("secretsmanager").put_secret_value(
            SecretId=settings().secret_id, SecretString=json.dumps(values)
        )
        with later(CHECK_AGAIN_MS):
            assert api.get(f"/v1/accounts/{account}", token=good).status_code == 200


def broken(text: str) -> str:
    name = unique("broken-secret")
    boto3.Session().client("secretsmanager").create_secret(Name=name, SecretString=text)
    return name


def event(event_id: str) -> bytes:
    found = {
        "id": event_id,
        "type": "product.created",
        "created": now_ms() // 1000,
        "data": {"object": {"id": "prod_1"}},
    }
    return json.dumps(found).encode()
