"""`ops stripe setup` and `check` against an emulator of Stripe: made once, repeated, cut off anywhere, rotated."""

from typing import Any

import pytest
from click.testing import CliRunner, Result

from chalicelib.settings import settings
from chalicelib.stripe_api.client import API_VERSION
from chalicelib.webhooks.receive import event_types
from local.stripe_emulator.client import Emulator
from ops import secret_store
from ops.__main__ import ops
from ops.secrets import fingerprint
from ops.stripe_account.endpoints import KINDS, hash_of, stored_secrets
from tests.environment import use

WEBHOOK_ENDPOINTS = "/v1/webhook_endpoints"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(ops, ["stripe", *arguments])


def endpoints(emulator: Emulator) -> list[dict[str, Any]]:
    """Return the endpoints that Stripe has: the platform's first, the older first."""
    found = emulator.stripe_client().v1.webhook_endpoints.list({"limit": 100}).data
    return sorted((each.to_dict() for each in found), key=lambda each: (each["url"], each["created"]))


def hashes() -> dict[str, list[str]]:
    """Return the hashes of the secrets that are stored, by kind."""
    values = secret_store.load(settings().secret_id)
    return {kind: [hash_of(each) for each in stored_secrets(values, kind)] for kind in KINDS}


def assert_set_up(emulator: Emulator) -> None:
    """Check that Stripe has both endpoints once, as they must be, and that the current secrets are theirs."""
    platform, connect = endpoints(emulator)
    base = settings().portal_base_url
    assert (platform["url"], connect["url"]) == (f"{base}/webhooks/stripe", f"{base}/webhooks/stripe-connect")
    for kind, each in (("platform", platform), ("connect", connect)):
        assert sorted(each["enabled_events"]) == list(event_types(connect=kind == "connect"))
        assert (each["api_version"], each["status"]) == (API_VERSION, "enabled")
        assert each["metadata"]["deployment"] == settings().deployment
        assert each["metadata"]["secret_hash"] == hashes()[kind][0]


def test_it_makes_what_is_needed_and_a_repeat_changes_nothing(emulator: Emulator) -> None:
    done = run("setup")
    assert done.exit_code == 0, done.output
    assert "is to be created at" in done.output
    assert_set_up(emulator)
    emulator.control("DELETE", "calls")
    before = hashes()
    again = run("setup")
    assert "is as it must be" in again.output
    assert [call for call in emulator.calls("POST") if call["path"].startswith(WEBHOOK_ENDPOINTS)] == []
    assert hashes() == before
    assert run("check").exit_code == 0


def test_the_operator_sees_since_when_a_signing_secret_is_there(emulator: Emulator) -> None:
    run("setup")
    values = secret_store.load(settings().secret_id)
    for kind in KINDS:
        newest, *_ = stored_secrets(values, kind)
        assert values["since"][fingerprint(newest)] != "unknown"


def test_a_dry_run_and_a_check_do_nothing_but_tell(emulator: Emulator) -> None:
    dry, checked = run("setup", "--dry-run"), run("check")
    assert (dry.exit_code, checked.exit_code) == (0, 1)
    assert "is to be created at" in dry.output
    assert "Run `ops stripe setup`" in checked.output
    assert [call for call in emulator.calls("POST") if call["status"] == 200] == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"enabled_events": ["payment_intent.succeeded", "payout.paid"]},
            "sends payout.paid, which nothing here handles",
        ),
        ({"enabled_events": ["payment_intent.succeeded"]}, "lacks charge.dispute.closed"),
        ({"disabled": True}, "is disabled"),
        ({"url": "https://old.example.com"}, "sends to https://old.example.com"),
    ],
)
def test_what_differs_is_found_and_mended(emulator: Emulator, change: Any, said: str) -> None:
    run("setup")
    emulator.stripe_client().v1.webhook_endpoints.update(endpoints(emulator)[0]["id"], change)
    checked = run("check")
    assert checked.exit_code == 1
    assert said in checked.output
    before = hashes()
    assert run("setup").exit_code == 0
    assert_set_up(emulator)
    assert hashes() == before


def test_an_answer_that_was_lost_leaves_no_endpoint_whose_secret_nobody_knows(emulator: Emulator) -> None:
    emulator.fault("cut_after_effect", method="POST", path=WEBHOOK_ENDPOINTS, times=2)  # and of the library's repeat
    assert run("setup").exit_code == 2
    (lost,) = endpoints(emulator)
    done = run("setup")
    assert f"{lost['id']}: its signing secret is not stored here" in done.output
    assert done.exit_code == 0
    assert lost["id"] not in {each["id"] for each in endpoints(emulator)}
    assert_set_up(emulator)


def test_being_cut_off_after_the_secret_was_stored_is_mended(emulator: Emulator) -> None:
    emulator.fault("status", method="POST", path=f"{WEBHOOK_ENDPOINTS}/*", status=500, times=0)
    assert run("setup").exit_code == 2
    emulator.clear_faults()
    assert run("setup").exit_code == 0
    assert_set_up(emulator)


def test_nothing_is_made_where_the_secret_cannot_be_kept(emulator: Emulator) -> None:
    with use({"SECRET_ID": "nothing-is-here"}):
        assert run("setup").exit_code != 0
    assert endpoints(emulator) == []


def test_another_api_version_gets_another_endpoint_and_both_are_valid_until_the_older_is_retired(
    emulator: Emulator,
) -> None:
    run("setup")
    (old, *_), client = endpoints(emulator), emulator.stripe_client()
    params: Any = {"url": old["url"], "enabled_events": old["enabled_events"], "api_version": "2025-09-30.clover"}
    older = client.v1.webhook_endpoints.create(params | {"metadata": old["metadata"]})
    client.v1.webhook_endpoints.delete(old["id"])
    done = run("setup")
    assert f"{older.id}: its events are in version 2025-09-30.clover" in done.output
    assert f"still valid beside it: {older.id}" in done.output
    assert len(endpoints(emulator)) == 3
    assert run("check").exit_code == 1
    assert f"deleted {older.id}" in run("setup", "--retire").output
    assert_set_up(emulator)
    assert {kind: len(each) for kind, each in hashes().items()} == {"platform": 1, "connect": 1}


def test_rotating_keeps_both_secrets_until_the_older_is_retired(emulator: Emulator) -> None:
    run("setup", "--retire")
    before = hashes()
    assert run("setup", "--rotate").exit_code == 0
    now = hashes()
    assert all(now[kind][1:] == before[kind] for kind in KINDS)
    assert len(endpoints(emulator)) == 4
    assert "Run `ops stripe setup --retire`." in run("check").output
    assert run("setup", "--retire").exit_code == 0
    assert hashes() == {kind: now[kind][:1] for kind in KINDS}
    assert_set_up(emulator)


def test_a_secret_that_was_rolled_at_stripe_and_put_first_by_hand_is_not_retired(emulator: Emulator) -> None:
    run("setup", "--retire")
    rolled = "whsec_rolled_at_stripe"
    before = hashes()["platform"]
    put = CliRunner().invoke(ops, ["secrets", "rotate", "webhook-secret"], input=f"{rolled}\n")
    assert put.exit_code == 0, put.output
    assert run("setup", "--retire").exit_code == 0
    assert hashes()["platform"] == [hash_of(rolled), *before]


def test_an_endpoint_that_was_made_by_hand_is_told_of_and_kept_with_its_secret(emulator: Emulator) -> None:
    params: Any = {"url": f"{settings().portal_base_url}/webhooks/stripe", "enabled_events": ["charge.refunded"]}
    by_hand = emulator.stripe_client().v1.webhook_endpoints.create(params).id
    before = hashes()
    done = run("setup", "--retire")
    assert f"{by_hand} has the same address and was not made by this command" in done.output
    assert by_hand in {each["id"] for each in endpoints(emulator)}
    assert hashes()["platform"][1:] == before["platform"]


def test_two_deployments_share_an_account_without_touching_each_other(emulator: Emulator) -> None:
    run("setup")
    before = endpoints(emulator)
    with use({"DEPLOYMENT": "second", "PORTAL_BASE_URL": "https://second.example.com"}):
        assert run("setup", "--retire").exit_code == 0
    assert [each for each in endpoints(emulator) if each in before] == before
    assert len(endpoints(emulator)) == 4


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"stripe_publishable_key": "pk_live_1"}, "secret key is of test mode, and the publishable key of live mode"),
        ({"stripe_secret_key": "whatever"}, "stripe_secret_key is no key of Stripe"),
    ],
)
def test_with_wrong_keys_stripe_is_asked_nothing(emulator: Emulator, keys: Any, said: str) -> None:
    with use({}, secrets=keys):
        for command in ("setup", "check"):
            done = run(command)
            assert (done.exit_code, said in done.output) == (1, True)
    assert emulator.calls() == []


def test_what_the_account_lacks_is_told(emulator: Emulator) -> None:
    run("setup")
    with use({"STRIPE_CONNECT_CLIENT_ID": "ca_wrong"}):
        done = run("check")
    assert (done.exit_code, "No such application: 'ca_wrong'" in done.output) == (1, True)


def test_a_publishable_key_of_another_account_is_found(emulator: Emulator) -> None:
    emulator.stripe_client().v1.setup_intents.create()
    other = emulator.connect_account()
    assert "publishable key" not in run("setup").output
    with use({}, secrets={"stripe_publishable_key": other["publishable_key"]}):
        done = run("check")
    assert (done.exit_code, "not of the secret key's account" in done.output) == (1, True)


def test_a_stripe_that_does_not_answer_is_told_apart(emulator: Emulator) -> None:
    emulator.fault("status", path="/v1/*", status=500, times=0)
    assert run("check").exit_code == 2


def test_what_a_restricted_key_may_not_do_is_told_in_stripes_words(emulator: Emulator) -> None:
    run("setup")
    words = "The provided key 'rk_test_1' does not have the required permissions: rak_charge_read"
    for path in ("/v1/charges", "/v1/setup_intents"):
        emulator.fault("error", path=path, status=403, type="invalid_request_error", message=words, times=0)
    done = run("check")
    assert (done.exit_code, done.output.count(f"The key may not read what is needed: {words}")) == (1, 2)


def test_nothing_is_tried_on_a_deployment_with_a_live_key(emulator: Emulator) -> None:
    for keys in ({"stripe_secret_key": "rk_live_1"}, {"stripe_publishable_key": "pk_live_1"}):
        with use({}, secrets=keys):
            done = run("first-day")
        assert (done.exit_code, "has a live key: nothing is tried on it" in done.output) == (1, True)
    assert emulator.calls() == []


def test_the_first_day_runs_with_the_key_of_the_deployment(emulator: Emulator) -> None:
    done = run("first-day")
    assert done.exit_code == 0, done.output
    assert emulator.calls("POST", "/v1/refunds")
