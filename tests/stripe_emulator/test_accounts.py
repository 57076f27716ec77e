"""Accounts that the platform creates, and the links through which their owners finish them at Stripe."""

from typing import Any
from urllib.parse import urlsplit

import pytest
import stripe

from local.stripe_emulator.client import Emulator
from tests.stripe_emulator.conftest import CARD_ONLY, pay
from tests.stripe_emulator.test_browser import INLINE, ask

CONTROLLER: dict[str, Any] = {
    "losses": {"payments": "stripe"},
    "fees": {"payer": "account"},
    "requirement_collection": "stripe",
    "stripe_dashboard": {"type": "full"},
}
BACK, AGAIN = "https://example.com/back", "https://example.com/again?a=1"


def create(client: Any, **more: Any) -> Any:
    profile = {"name": "Example Agency", "url": "https://example.com"}
    params = {"controller": CONTROLLER, "country": "US", "email": "a@example.com", "business_profile": profile}
    return client.v1.accounts.create(params | more)


def link_to(client: Any, account: str, **more: Any) -> Any:
    params = {"account": account, "type": "account_onboarding", "refresh_url": AGAIN, "return_url": BACK}
    return client.v1.account_links.create(params | more)


def test_a_new_account_is_controlled_by_the_platform_and_cannot_charge_yet(client: Any) -> None:
    account = create(client, metadata={"account_id": "acme"})
    found = client.v1.accounts.retrieve(account.id)
    assert (found.charges_enabled, found.details_submitted, found.payouts_enabled) == (False, False, False)
    assert found.requirements.disabled_reason == "requirements.past_due"
    assert "tos_acceptance.date" in found.requirements.currently_due
    assert found.controller.to_dict() == CONTROLLER | {"is_controller": True, "type": "application"}
    assert (found.email, found.country, found.business_profile.url) == ("a@example.com", "US", "https://example.com")
    assert found.metadata.to_dict() == {"account_id": "acme"}
    assert account.id in [each.id for each in client.v1.accounts.list().data]


def test_a_new_account_refuses_charges_and_takes_customers(emulator: Emulator, client: Any) -> None:
    theirs = emulator.stripe_client(stripe_account=create(client).id)
    assert theirs.v1.customers.create().id
    with pytest.raises(stripe.InvalidRequestError, match="Connect account cannot currently make live charges"):
        pay(theirs)


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"nonsense": 1}, "nonsense"),
        ({"controller": {"nonsense": 1}}, "controller[nonsense]"),
        ({"controller": {"losses": {"payments": "nobody"}}}, "controller[losses][payments]"),
        ({"controller": {"fees": {"payer": "nobody"}}}, "controller[fees][payer]"),
        ({"controller": {"stripe_dashboard": {"type": "half"}}}, "controller[stripe_dashboard][type]"),
        ({"controller": {"requirement_collection": "nobody"}}, "controller[requirement_collection]"),
        ({"controller": {"losses": {"payments": "application"}}}, "controller[fees][payer]"),
        ({"business_profile": {"nonsense": 1}}, "business_profile[nonsense]"),
        ({"email": "nobody"}, "email"),
        ({"country": "XX"}, "country"),
        ({"type": "standard"}, "type"),
    ],
)
def test_what_stripe_or_the_emulator_does_not_have_is_refused(
    emulator: Emulator, client: Any, wrong: dict[str, Any], param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        create(client, **wrong)
    assert (refused.value.http_status, refused.value.param) == (400, param)
    assert emulator.objects("account") == []


def test_defaults_are_those_that_stripe_publishes(client: Any) -> None:
    controller = client.v1.accounts.create({}).controller
    assert controller.to_dict() == CONTROLLER | {"is_controller": True, "type": "application"}


def test_what_was_asked_for_is_there_but_not_active(client: Any) -> None:
    account = create(client, capabilities={"card_payments": {"requested": True}}, business_type="individual")
    assert (account.capabilities.to_dict(), account.business_type) == ({"card_payments": "inactive"}, "individual")


def test_a_repeated_creation_returns_the_same_account(emulator: Emulator, client: Any) -> None:
    first, second = (client.v1.accounts.create({"country": "DE"}, {"idempotency_key": "k"}) for _ in range(2))
    assert [account["id"] for account in emulator.objects("account")] == [first.id] == [second.id]


def test_metadata_is_changed_and_told_to_the_account(emulator: Emulator, client: Any) -> None:
    account = create(client, metadata={"a": "1", "b": "2"}).id
    changed = client.v1.accounts.update(account, {"metadata": {"a": "", "b": "3"}, "business_profile": {"name": "New"}})
    assert (changed.metadata.to_dict(), changed.business_profile.name) == ({"b": "3"}, "New")
    event = emulator.events("account.updated")[-1]
    assert event["account"] == account
    assert event["data"]["previous_attributes"] == {
        "metadata": {"a": "1", "b": "2"},
        "business_profile": {"name": "Example Agency"},
    }
    client.v1.accounts.update(account, {"metadata": {"b": "3"}})
    assert len(emulator.events("account.updated")) == 1


def test_of_an_account_that_controls_itself_only_metadata_is_changed(emulator: Emulator, client: Any) -> None:
    account = emulator.connect_account()["id"]
    assert client.v1.accounts.update(account, {"metadata": {"a": "1"}}).metadata.to_dict() == {"a": "1"}
    with pytest.raises(stripe.PermissionError, match="permissions for the parameter 'email'"):
        client.v1.accounts.update(account, {"email": "new@example.com"})


def test_only_the_platform_creates_accounts_and_links(emulator: Emulator, client: Any) -> None:
    account = create(client).id
    for stranger in (emulator.stripe_client(stripe_account=account), emulator.stripe_client("pk_test_1")):
        with pytest.raises(stripe.StripeError):
            create(stranger)
        with pytest.raises(stripe.StripeError):
            link_to(stranger, account)


def test_a_link_leads_the_owner_through_stripes_page_and_back(emulator: Emulator, client: Any) -> None:
    account = create(client).id
    link = link_to(client, account)
    assert (link.object, link.expires_at - link.created) == ("account_link", 300)
    assert f"/setup/c/{account}/" in link.url
    assert emulator.onboard(link.url) == BACK
    found = client.v1.accounts.retrieve(account)
    assert (found.charges_enabled, found.details_submitted, found.payouts_enabled) == (True, True, True)
    assert (found.requirements.disabled_reason, found.requirements.currently_due) == (None, [])
    assert found.capabilities.card_payments == "active"
    event = emulator.events("account.updated")[-1]
    assert (event["account"], event["data"]["object"]["charges_enabled"]) == (account, True)
    before = event["data"]["previous_attributes"]
    assert (before["charges_enabled"], before["details_submitted"]) == (False, False)
    assert before["requirements"]["disabled_reason"] == "requirements.past_due"
    assert pay(emulator.stripe_client(stripe_account=account)).status == "succeeded"


def test_whoever_saves_for_later_comes_back_too_and_nothing_has_changed(emulator: Emulator, client: Any) -> None:
    account = create(client).id
    assert emulator.onboard(link_to(client, account).url, "save") == BACK
    found = client.v1.accounts.retrieve(account)
    assert (found.charges_enabled, found.details_submitted) == (False, False)
    assert emulator.events("account.updated") == []


def test_an_account_that_stripe_still_checks_cannot_charge_until_it_may(emulator: Emulator, client: Any) -> None:
    account = create(client).id
    emulator.onboard(link_to(client, account).url, "submit")
    found = client.v1.accounts.retrieve(account)
    assert (found.charges_enabled, found.details_submitted) == (False, True)
    assert found.requirements.disabled_reason == "requirements.pending_verification"
    assert emulator.events("account.updated")[-1]["data"]["previous_attributes"]["details_submitted"] is False
    emulator.unrestrict(account)
    assert client.v1.accounts.retrieve(account).charges_enabled is True


def test_a_link_opens_once(emulator: Emulator, client: Any) -> None:
    account = create(client).id
    link = link_to(client, account)
    assert emulator.onboard(link.url, "save") == BACK
    assert emulator.onboard(link.url) == AGAIN
    assert client.v1.accounts.retrieve(account).charges_enabled is False


def test_a_link_is_too_old_after_five_minutes(emulator: Emulator, client: Any) -> None:
    link = link_to(client, create(client).id)
    emulator.move_clock(300)
    assert emulator.onboard(link.url) == AGAIN


def test_a_link_of_an_account_that_is_no_longer_connected_leads_to_a_new_one(emulator: Emulator, client: Any) -> None:
    account = create(client).id
    link = link_to(client, account)
    client.oauth.deauthorize({"stripe_user_id": account})
    assert emulator.onboard(link.url) == AGAIN


def test_the_page_has_nothing_inline_and_its_form_counts_once(emulator: Emulator, client: Any) -> None:
    account = create(client).id
    path = urlsplit(link_to(client, account).url).path
    status, headers, text = ask(emulator, "GET", path)
    assert (status, text.count("<button")) == (200, 3)
    assert not INLINE.search(text)
    assert "form-action 'self' https://example.com" in headers["Content-Security-Policy"]
    assert ask(emulator, "POST", path, "decision=approve&visit=visit_forged")[1]["Location"] == AGAIN
    visit = text.partition('name="visit" value="')[2].partition('"')[0]
    assert ask(emulator, "POST", path, f"decision=save&visit={visit}")[1]["Location"] == BACK
    assert ask(emulator, "POST", path, f"decision=approve&visit={visit}")[1]["Location"] == AGAIN
    assert client.v1.accounts.retrieve(account).charges_enabled is False


@pytest.mark.parametrize("path", ["/setup/c/acct_1/nothing", "/setup/c/", "/setup/x/acct_1/a"])
def test_a_link_that_nobody_made_is_not_found(emulator: Emulator, path: str) -> None:
    assert ask(emulator, "GET", path)[0] == 404


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"type": "account_update"}, "type"),
        ({"type": "nonsense"}, "type"),
        ({"refresh_url": "example.com"}, "refresh_url"),
        ({"return_url": "example.com"}, "return_url"),
        ({"nonsense": 1}, "nonsense"),
    ],
)
def test_wrong_links_are_refused(client: Any, wrong: dict[str, Any], param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        link_to(client, create(client).id, **wrong)
    assert refused.value.param == param


def test_a_link_needs_both_urls_and_an_account_of_the_platforms_own(emulator: Emulator, client: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.account_links.create({"account": create(client).id, "type": "account_onboarding"})
    assert (refused.value.code, refused.value.param) == ("parameter_missing", "refresh_url")
    with pytest.raises(stripe.PermissionError):
        link_to(client, "acct_unknown")
    with pytest.raises(stripe.InvalidRequestError, match="not controlled"):
        link_to(client, emulator.connect_account()["id"])


def test_a_created_account_saves_cards_while_it_waits(emulator: Emulator, client: Any) -> None:
    theirs: Any = emulator.stripe_client(stripe_account=create(client).id)
    params = {"customer": theirs.v1.customers.create().id, "payment_method": "pm_card_visa", "confirm": True}
    assert theirs.v1.setup_intents.create(params | CARD_ONLY).status == "succeeded"
