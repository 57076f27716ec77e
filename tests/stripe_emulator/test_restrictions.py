"""Accounts that Stripe restricts: for each of its reasons, what the account then refuses, and how it ends."""

from typing import Any

import pytest
import stripe

from local.stripe_emulator.client import ControlError, Emulator
from local.stripe_emulator.restrictions import DISABLED_REASONS
from tests.stripe_emulator.conftest import pay


def test_stripe_publishes_fifteen_reasons() -> None:
    assert len(set(DISABLED_REASONS)) == 15
    assert {"rejected.fraud", "platform_paused", "requirements.past_due"} < set(DISABLED_REASONS)


@pytest.mark.parametrize("reason", DISABLED_REASONS)
def test_a_restricted_account_says_why_and_refuses_charges_until_it_ends(
    emulator: Emulator, client: Any, reason: str
) -> None:
    account = emulator.connect_account()["id"]
    theirs: Any = emulator.stripe_client(stripe_account=account)
    emulator.restrict(account, reason)
    found = client.v1.accounts.retrieve(account)
    assert (found.charges_enabled, found.requirements.disabled_reason) == (False, reason)
    with pytest.raises(stripe.InvalidRequestError, match=r"requirements\.disabled_reason") as refused:
        pay(theirs)
    assert (refused.value.http_status, refused.value.code) == (400, None)
    assert theirs.v1.payment_intents.list().data == []
    assert pay(client).status == "succeeded"
    emulator.unrestrict(account)
    assert client.v1.accounts.retrieve(account).requirements.disabled_reason is None
    assert pay(theirs).status == "succeeded"


def test_the_account_is_told_what_was_before(emulator: Emulator) -> None:
    account = emulator.connect_account()["id"]
    emulator.restrict(account, "under_review")
    emulator.restrict(account, "under_review")
    emulator.unrestrict(account)
    first, last = emulator.events("account.updated")
    assert {first["account"], last["account"]} == {account}
    assert first["data"]["previous_attributes"] == {
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "payouts_enabled": True,
        "requirements": {"disabled_reason": None},
    }
    assert last["data"]["previous_attributes"]["requirements"] == {"disabled_reason": "under_review"}


def test_a_confirmation_later_is_refused_too(emulator: Emulator) -> None:
    account = emulator.connect_account()["id"]
    theirs: Any = emulator.stripe_client(stripe_account=account)
    intent = pay(theirs, "pm_card_authenticationRequired", return_url="https://example.com")
    emulator.restrict(account)
    with pytest.raises(stripe.InvalidRequestError, match="live charges"):
        theirs.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert theirs.v1.payment_intents.retrieve(intent.id).status == "requires_action"


def test_a_challenge_that_ends_too_late_takes_no_money(emulator: Emulator) -> None:
    account = emulator.connect_account()["id"]
    theirs: Any = emulator.stripe_client(stripe_account=account)
    intent = pay(theirs, "pm_card_authenticationRequired", return_url="https://example.com")
    emulator.restrict(account)
    emulator.authenticate(intent.id)
    found = theirs.v1.payment_intents.retrieve(intent.id)
    assert (found.status, found.latest_charge) == ("requires_payment_method", None)
    assert "requirements.disabled_reason" in found.last_payment_error.message


def test_money_goes_back_from_a_restricted_account(emulator: Emulator) -> None:
    account = emulator.connect_account()["id"]
    theirs: Any = emulator.stripe_client(stripe_account=account)
    intent = pay(theirs)
    emulator.restrict(account, "rejected.fraud")
    assert theirs.v1.refunds.create({"payment_intent": intent.id}).status == "succeeded"


@pytest.mark.parametrize(("account", "reason"), [("acct_unknown", "listed"), (None, "invented")])
def test_an_unknown_account_or_reason_is_refused(emulator: Emulator, account: str | None, reason: str) -> None:
    with pytest.raises(ControlError):
        emulator.restrict(account or emulator.connect_account()["id"], reason)
