"""What is wrong with keys, account and endpoints, told in sentences: the rules alone."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chalicelib.stripe_api.client import API_VERSION
from chalicelib.webhooks.receive import OF_PAYMENTS, PROCESSORS, event_types
from ops.stripe_account.account import Facts, account_findings, key_findings, mode_of
from ops.stripe_account.endpoints import (
    PATHS,
    Endpoint,
    Wanted,
    hash_of,
    plan,
    stored_secrets,
)
from ops.stripe_account.permissions import PERMISSIONS, READABLE

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SECRET = "whsec_1"
WANTED, CONNECT = (
    Wanted(kind, f"https://billing.example.com{path}", event_types(connect=kind == "connect"), API_VERSION, metadata)
    for kind, path in PATHS.items()
    for metadata in ({"deployment": "prod", "endpoint": kind},)
)
ACCOUNT: dict[str, Any] = {
    "charges_enabled": True,
    "payouts_enabled": True,
    "country": "US",
    "default_currency": "usd",
    "capabilities": {"card_payments": "active"},
    "business_profile": {"name": "Example", "url": "https://example.com", "support_email": "help@example.com"},
    "settings": {"payments": {"statement_descriptor": "EXAMPLE"}},
}
FACTS = Facts(
    secret_key="sk_live_1",
    account=ACCOUNT,
    currencies=frozenset({"usd"}),
    has_client_id=True,
    offers_onboarding=True,
    portal_host="billing.example.com",
    domain_is_registered=True,
    client_id_problem=None,
    publishable_key_problem=None,
    missing_permissions=(),
    pinned_version="1",
    library_version="1",
)


def endpoint(wanted: Wanted = WANTED, **more: Any) -> Endpoint:
    """Return an endpoint that is as it must be, but for what is given."""
    metadata = {**wanted.metadata, "secret_hash": hash_of(SECRET)}
    whole = Endpoint("we_1", wanted.url, wanted.events, API_VERSION, "enabled", metadata, created=1)
    return msgspec.structs.replace(whole, **more)


def wrong(**changes: Any) -> str:
    found = account_findings(msgspec.structs.replace(FACTS, **changes))
    return "\n".join(each.text for each in found if each.level == "wrong")


def test_a_whole_account_lacks_nothing() -> None:
    assert wrong() == ""


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"account": ACCOUNT | {"charges_enabled": False, "requirements": {"disabled_reason": "listed"}}},
            "charge: listed",
        ),
        ({"account": ACCOUNT | {"payouts_enabled": False}}, "payouts are not enabled"),
        ({"account": ACCOUNT | {"capabilities": {"card_payments": "pending"}}}, "card_payments is pending"),
        ({"account": ACCOUNT | {"capabilities": {}}}, "card_payments is not requested"),
        (
            {"account": ACCOUNT | {"requirements": {"currently_due": ["external_account"]}}},
            "asks for: external_account",
        ),
        ({"account": ACCOUNT | {"settings": {}}}, "no statement descriptor"),
        ({"client_id_problem": "No such application: 'ca_1'"}, "No such application: 'ca_1'"),
        ({"publishable_key_problem": "No such setupintent"}, "not of the secret key's account"),
        ({"domain_is_registered": False}, "billing.example.com is not registered"),
        ({"missing_permissions": ("no rak_charge_read",)}, "no rak_charge_read"),
        ({"library_version": "2"}, "API version 2"),
    ],
)
def test_what_an_account_lacks_is_named(changes: dict[str, Any], said: str) -> None:
    assert said in wrong(**changes)


def test_an_account_in_test_mode_need_not_be_known_to_stripe() -> None:
    assert wrong(secret_key="sk_test_1", account={}) == ""


@pytest.mark.parametrize(
    ("secret", "publishable", "deployment", "url", "said"),
    [
        (
            "sk_live_1",
            "pk_test_1",
            "prod",
            "https://a.example",
            "secret key is of live mode, and the publishable key of test",
        ),
        ("pk_live_1", "pk_live_1", "prod", "https://a.example", "stripe_secret_key is no key of Stripe"),
        ("rk_live_1", "sk_live_1", "prod", "https://a.example", "stripe_publishable_key is no key of Stripe"),
        ("sk_live_1", "pk_live_1", "billing-dev", "https://a.example", "charges real cards"),
        ("rk_live_1", "pk_live_1", "stage-2", "https://a.example", "charges real cards"),
        ("sk_live_1", "pk_live_1", "prod", "http://localhost:8000", "https:// in live mode"),
        ("sk_test_1", "pk_test_1", "prod", "https://a.example", "charges nobody"),
    ],
)
def test_keys_of_the_wrong_kind_or_mode_are_found(
    secret: str, publishable: str, deployment: str, url: str, said: str
) -> None:
    found = key_findings(secret_key=secret, publishable_key=publishable, deployment=deployment, portal_base_url=url)
    assert said in "\n".join(each.text for each in found)


@pytest.mark.parametrize(
    ("secret", "mode"), [("sk_live_1", "live"), ("rk_test_1", "test"), ("pk_live_1", "live"), ("x", None)]
)
def test_a_key_tells_its_mode(secret: str, mode: str | None) -> None:
    assert mode_of(secret) == mode


def test_keys_that_belong_together_are_left_alone() -> None:
    args = {"secret_key": "rk_live_1", "publishable_key": "pk_live_1", "portal_base_url": "https://a.example"}
    assert key_findings(deployment="latest-prod", **args) == []


def test_nothing_is_done_about_an_endpoint_that_is_as_it_must_be() -> None:
    planned = plan(WANTED, [endpoint()], [SECRET])
    assert (planned.is_done, planned.current) == (True, endpoint())


@pytest.mark.parametrize(
    ("change", "update"),
    [
        ({"events": WANTED.events[1:]}, {"enabled_events": list(WANTED.events)}),
        ({"events": (*WANTED.events, "payout.paid")}, {"enabled_events": list(WANTED.events)}),
        ({"url": "https://old.example.com/webhooks/stripe"}, {"url": WANTED.url}),
        ({"status": "disabled"}, {"disabled": False}),
    ],
)
def test_what_differs_is_changed(change: dict[str, Any], update: dict[str, Any]) -> None:
    planned = plan(WANTED, [endpoint(**change)], [SECRET])
    assert (planned.create, planned.update) == (None, update)


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ([], "there is none"),
        ([endpoint(metadata=WANTED.metadata)], "its signing secret is not stored here"),
        ([endpoint(metadata={**WANTED.metadata, "secret_hash": "0" * 16})], "its signing secret is not stored here"),
        ([endpoint(api_version="2020-08-27")], "are in version 2020-08-27"),
        ([endpoint(api_version=None)], "are in version of the account"),
        ([endpoint(metadata={**WANTED.metadata, "deployment": "stage"})], "there is none"),
        ([endpoint(CONNECT)], "there is none"),
    ],
)
def test_another_endpoint_is_made_where_none_serves(found: list[Endpoint], reason: str) -> None:
    planned = plan(WANTED, found, [SECRET])
    assert reason in str(planned.create)
    assert planned.current is None


def test_the_newest_serves_and_the_others_are_outdated() -> None:
    older, newer = endpoint(id="we_old"), endpoint(id="we_new", created=2)
    planned = plan(WANTED, [older, newer], [SECRET])
    assert planned.current == newer
    assert [each.id for each, _ in planned.outdated] == ["we_old"]


def test_a_rotation_makes_another_and_keeps_what_there_is() -> None:
    planned = plan(WANTED, [endpoint()], [SECRET], rotate=True)
    assert planned.create == "its secret is rotated"
    assert [each.id for each, _ in planned.outdated] == ["we_1"]


def test_an_endpoint_made_by_hand_at_the_same_address_is_told_of_and_that_of_another_deployment_is_not() -> None:
    by_hand = endpoint(id="we_hand", metadata={})
    others = endpoint(id="we_other", metadata={"deployment": "stage", "endpoint": "platform"})
    assert plan(WANTED, [by_hand, others, endpoint()], [SECRET]).strangers == (by_hand,)


def test_secrets_are_read_one_or_several() -> None:
    values = {"stripe_webhook_secret": "a", "stripe_connect_webhook_secret": ["b", "", "c"]}
    assert stored_secrets(values, "platform") == ("a",)
    assert stored_secrets(values, "connect") == ("b", "c")
    assert stored_secrets({"stripe_webhook_secret": ""}, "platform") == ()


def documented(page: str) -> set[str]:
    """Return the types in the table under a page's heading "Webhooks"; `.failed` stands for the type before it."""
    section = (DOCS / page).read_text().partition("\n## Webhooks\n")[2].partition("\n## ")[0]
    types: set[str] = set()
    for row in section.partition("| type | does |")[2].partition("\n\n")[0].splitlines()[1:]:
        family = ""
        for name in re.findall(r"`([a-z_.]+)`", row.split("|")[1] if row.count("|") > 1 else ""):
            family = family if name.startswith(".") else name.rpartition(".")[0]
            types.add(family + name if name.startswith(".") else name)
    return types


def test_the_documentation_names_the_types_that_are_handled_and_no_others() -> None:
    assert documented("payments.md") | documented("refunds-and-disputes.md") == set(OF_PAYMENTS)
    assert documented("connection.md") == PROCESSORS.keys() - OF_PAYMENTS.keys()


def test_the_endpoints_ask_for_the_types_that_are_handled() -> None:
    assert event_types(connect=False) == tuple(sorted(OF_PAYMENTS))
    assert set(event_types(connect=True)) == set(PROCESSORS)


def test_the_permissions_are_those_of_the_requests_in_the_code() -> None:
    files = [*(ROOT / "chalicelib").rglob("*.py"), *(ROOT / "ops").rglob("*.py")]
    asked = {name for path in files for name in re.findall(r"\bv1\.([a-z_]+)\.", path.read_text())}
    assert asked | set(READABLE) == set(PERMISSIONS)


def test_the_permissions_are_documented() -> None:
    rows = re.findall(
        r"^\| `([a-z_]+)` \| (read|write) \|", (DOCS / "operating" / "stripe.md").read_text(), re.MULTILINE
    )
    assert dict(rows) == PERMISSIONS
