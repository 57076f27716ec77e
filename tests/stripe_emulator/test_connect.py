"""Connected accounts: connected by OAuth, isolated completely, and gone when access is taken away."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import stripe

from local.stripe_emulator.client import ControlError, Emulator, wait_until
from tests.stripe_emulator.conftest import Receiver, pay
from tests.stripe_emulator.test_browser import INLINE, ask

CALLBACK = "http://localhost:9/stripe/callback"


def authorize_url(client: stripe.StripeClient) -> str:
    params: Any = {"redirect_uri": CALLBACK, "state": "s1", "scope": "read_write"}
    return client.oauth.authorize_url(params)


def code_from(location: str) -> str:
    assert location.startswith(CALLBACK)
    query = parse_qs(urlsplit(location).query)
    assert query["state"] == ["s1"]
    return query["code"][0]


def connect(emulator: Emulator, client: Any, account: str = "") -> Any:
    code = code_from(emulator.answer_oauth(authorize_url(client), account=account))
    return client.oauth.token({"grant_type": "authorization_code", "code": code})


def test_approving_connects_an_account_with_keys_of_its_own(emulator: Emulator, client: Any) -> None:
    tokens = connect(emulator, client)
    own = emulator.stripe_client(tokens.access_token)
    assert own.v1.accounts.retrieve_current().id == tokens.stripe_user_id
    assert client.v1.accounts.retrieve(tokens.stripe_user_id).charges_enabled is True
    assert tokens.stripe_publishable_key.startswith("pk_test_")


def test_denying_sends_back_the_denial(emulator: Emulator, client: Any) -> None:
    query = parse_qs(urlsplit(emulator.answer_oauth(authorize_url(client), "deny")).query)
    assert (query["error"], query["state"]) == (["access_denied"], ["s1"])


def test_a_code_that_is_used_twice_takes_back_the_access(emulator: Emulator, client: Any) -> None:
    code = code_from(emulator.answer_oauth(authorize_url(client)))
    account = client.oauth.token({"grant_type": "authorization_code", "code": code}).stripe_user_id
    with pytest.raises(stripe.oauth_error.InvalidGrantError, match="revoked"):
        client.oauth.token({"grant_type": "authorization_code", "code": code})
    with pytest.raises(stripe.PermissionError):
        emulator.stripe_client(stripe_account=account).v1.customers.list()


def test_a_code_expires_and_an_invented_one_is_refused(emulator: Emulator, client: Any) -> None:
    code = code_from(emulator.answer_oauth(authorize_url(client)))
    emulator.move_clock(301)
    for wrong in (code, "ac_invented"):
        with pytest.raises(stripe.oauth_error.InvalidGrantError):
            client.oauth.token({"grant_type": "authorization_code", "code": wrong})


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"grant_type": "authorization_code"}, stripe.oauth_error.InvalidRequestError),
        ({"code": "ac_1"}, stripe.oauth_error.InvalidRequestError),
        ({"grant_type": "password", "code": "ac_1"}, stripe.oauth_error.UnsupportedGrantTypeError),
        ({"grant_type": "refresh_token", "refresh_token": "rt_acct_1"}, stripe.oauth_error.InvalidGrantError),
    ],
)
def test_a_wrong_exchange_is_refused(client: Any, params: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        client.oauth.token(params)


def test_a_code_is_exchanged_with_the_platforms_own_secret_key_only(emulator: Emulator, client: Any) -> None:
    code = code_from(emulator.answer_oauth(authorize_url(client)))
    for key in ("pk_test_1", emulator.connect_account()["secret_key"], "sk_live_1"):
        with pytest.raises(stripe.oauth_error.InvalidClientError):
            emulator.stripe_client(key).oauth.token({"grant_type": "authorization_code", "code": code})


def test_a_forged_client_id_opens_no_page_and_disconnects_nobody(emulator: Emulator, client: Any) -> None:
    forged = authorize_url(client).replace("ca_emulator", "ca_forged")
    assert ask(emulator, "GET", forged.removeprefix(emulator.url))[0] == 401
    with pytest.raises(ControlError, match="invalid_client"):
        emulator.answer_oauth(forged)
    account = connect(emulator, client).stripe_user_id
    with pytest.raises(stripe.oauth_error.InvalidClientError):
        client.oauth.deauthorize({"stripe_user_id": account, "client_id": "ca_forged"})
    assert client.v1.accounts.retrieve(account).id == account


def test_an_account_that_another_platform_controls_cannot_be_chosen(emulator: Emulator, client: Any) -> None:
    account = emulator.connect_account(controlled_by="Another Platform")["id"]
    page = ask(emulator, "GET", authorize_url(client).removeprefix(emulator.url))[2]
    assert f"({account}): This account is connected to another platform." in page
    assert f'value="{account}"' not in page
    with pytest.raises(ControlError, match="connected to another platform") as stays:
        emulator.answer_oauth(authorize_url(client), account=account)
    assert not INLINE.search(str(stays.value))
    with pytest.raises(stripe.PermissionError):
        client.v1.accounts.retrieve(account)


def test_a_token_is_refreshed_while_the_account_is_connected(emulator: Emulator, client: Any) -> None:
    tokens = connect(emulator, client)
    params = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
    assert client.oauth.token(params).access_token == tokens.access_token
    client.oauth.deauthorize({"stripe_user_id": tokens.stripe_user_id})
    with pytest.raises(stripe.oauth_error.InvalidGrantError):
        client.oauth.token(params)


@pytest.mark.parametrize(("kind", "is_done"), [("cut_before_effect", False), ("cut_after_effect", True)])
def test_an_exchange_is_cut_before_or_after_its_effect(
    emulator: Emulator, client: Any, kind: str, is_done: bool
) -> None:
    code = code_from(emulator.answer_oauth(authorize_url(client)))
    emulator.fault(kind, path="/oauth/token")
    with pytest.raises(stripe.APIConnectionError):
        client.oauth.token({"grant_type": "authorization_code", "code": code})
    assert [account.id for account in client.v1.accounts.list().data] == [
        emulator.objects("account")[0]["id"]
    ] * is_done
    assert emulator.calls("POST", "/oauth/token")[0]["fault"] == kind


def test_a_fault_that_only_a_key_can_have_is_refused_and_not_ignored(emulator: Emulator, client: Any) -> None:
    emulator.fault("500_saved", path="/oauth/deauthorize")
    with pytest.raises(stripe.StripeError, match="idempotency keys"):
        client.oauth.deauthorize({"stripe_user_id": "acct_1"})


@pytest.mark.parametrize(("kind", "is_done"), [("status", False), ("500_after_effect", True)])
def test_a_deauthorisation_fails_before_or_after_its_effect(
    emulator: Emulator, client: Any, kind: str, is_done: bool
) -> None:
    account = connect(emulator, client).stripe_user_id
    emulator.fault(kind, path="/oauth/deauthorize")
    with pytest.raises(stripe.APIError):
        client.oauth.deauthorize({"stripe_user_id": account})
    assert [each.id for each in client.v1.accounts.list().data] == ([] if is_done else [account])


def test_a_token_of_the_other_mode_says_so(emulator: Emulator, client: Any) -> None:
    emulator.fault("other_mode", path="/oauth/token")
    assert connect(emulator, client).livemode is True
    assert connect(emulator, client).livemode is False


def test_accounts_share_nothing(emulator: Emulator, client: Any) -> None:
    first, second = (emulator.connect_account()["id"] for _ in range(2))
    theirs = emulator.stripe_client(stripe_account=first)
    customer = theirs.v1.customers.create().id
    intent = pay(theirs, customer=customer)
    for stranger in (client, emulator.stripe_client(stripe_account=second)):
        assert stranger.v1.customers.list().data == []
        assert stranger.v1.payment_intents.list().data == []
        assert stranger.v1.charges.list().data == []
        assert [e for e in stranger.v1.events.list().data if not e.type.startswith("account.")] == []
        with pytest.raises(stripe.InvalidRequestError):
            stranger.v1.customers.retrieve(customer)
        with pytest.raises(stripe.InvalidRequestError):
            stranger.v1.refunds.create({"payment_intent": intent.id})
    assert len(theirs.v1.charges.list().data) == 1


@pytest.mark.parametrize("by_platform", [True, False])
def test_deauthorised_accounts_are_closed(emulator: Emulator, client: Any, by_platform: bool) -> None:
    tokens = connect(emulator, client)
    account = tokens.stripe_user_id
    if by_platform:
        client.oauth.deauthorize({"stripe_user_id": account})
    else:
        emulator.disconnect_account(account)
    with pytest.raises(stripe.PermissionError) as refused:
        pay(emulator.stripe_client(stripe_account=account))
    assert refused.value.error is not None
    assert (refused.value.http_status, refused.value.error.code) == (403, "account_invalid")
    assert "Application access may have been revoked" in str(refused.value)
    with pytest.raises(stripe.PermissionError, match="Application access may have been revoked"):
        client.v1.accounts.retrieve(account)
    for key in (tokens.access_token, tokens.stripe_publishable_key):
        with pytest.raises(stripe.AuthenticationError):
            emulator.stripe_client(key).v1.customers.list()
    with pytest.raises(stripe.oauth_error.InvalidClientError, match="not connected"):
        client.oauth.deauthorize({"stripe_user_id": account})
    event = emulator.events("account.application.deauthorized")[0]
    assert (event["account"], event["data"]["object"]["object"]) == (account, "application")


def test_of_a_deauthorised_account_nothing_more_is_heard(emulator: Emulator, client: Any, receiver: Receiver) -> None:
    account = connect(emulator, client).stripe_user_id
    intent = pay(emulator.stripe_client(stripe_account=account))
    emulator.disconnect_account(account)
    emulator.open_dispute(intent.id)
    emulator.refund_in_dashboard(pay(client).id)
    emulator.wait_for_webhooks()
    heard = [event["type"] for event in receiver.events() if event.get("account") == account]
    assert heard.count("account.application.deauthorized") == 1
    assert "charge.dispute.created" not in heard
    assert emulator.events("charge.dispute.created")[0]["account"] == account
    connect(emulator, client, account=account)
    emulator.control("POST", f"disputes/{emulator.objects('dispute')[0]['id']}/win")
    wait_until(lambda: "charge.dispute.closed" in receiver.types())


def test_an_account_that_connects_again_finds_its_customers(emulator: Emulator, client: Any) -> None:
    first = connect(emulator, client)
    customer = emulator.stripe_client(stripe_account=first.stripe_user_id).v1.customers.create().id
    client.oauth.deauthorize({"stripe_user_id": first.stripe_user_id})
    again = connect(emulator, client, account=first.stripe_user_id)
    assert again.stripe_user_id == first.stripe_user_id
    assert again.access_token != first.access_token
    found = emulator.stripe_client(stripe_account=again.stripe_user_id).v1.customers.retrieve(customer)
    assert found.id == customer


def test_an_account_that_never_connected_is_refused(emulator: Emulator) -> None:
    with pytest.raises(stripe.PermissionError):
        emulator.stripe_client(stripe_account="acct_unknown").v1.customers.list()


def test_an_application_fee_needs_an_account_and_is_at_most_the_amount(emulator: Emulator, client: Any) -> None:
    account = emulator.connect_account()["id"]
    theirs = emulator.stripe_client(stripe_account=account)
    paid = pay(theirs, application_fee_amount=100, expand=["latest_charge.balance_transaction"])
    fees = {fee.type: fee.amount for fee in paid.latest_charge.balance_transaction.fee_details}
    assert fees == {"stripe_fee": 103, "application_fee": 100}
    with pytest.raises(stripe.InvalidRequestError):
        pay(theirs, application_fee_amount=2501)
    with pytest.raises(stripe.InvalidRequestError):
        pay(client, application_fee_amount=100)
    with pytest.raises(stripe.InvalidRequestError, match="No such destination"):
        pay(client, transfer_data={"destination": "acct_unknown"})
