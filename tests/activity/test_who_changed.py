"""A verb leaves in the row who did it, in the same write; a writer that gives no name leaves nobody else's."""

from typing import Any

import pytest

from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import BillingDetails
from chalicelib.accounts.change_billing_details import change_billing_details
from chalicelib.accounts.create_or_change import AccountRequest, create_or_change
from chalicelib.accounts.table import AccountRow
from chalicelib.cards import table as cards
from chalicelib.cards.card import Card
from chalicelib.cards.card_setup import CardSetupRequest
from chalicelib.cards.table import CardRow
from chalicelib.catalog.catalog import catalog
from chalicelib.clients.change_rebilling import change_rebilling
from chalicelib.clients.change_standing import StandingRequest, change_standing
from chalicelib.clients.rebilling_request import RebillingRequest
from chalicelib.notices.change_choice import change_choice
from chalicelib.notices.choice import ChoiceRequest
from chalicelib.notices.table import CHOICE, NoticeRow
from chalicelib.pricing.table import RebillingRow
from chalicelib.stripe_api.stripe_account import PLATFORM
from chalicelib.text import AccountId, Email, Line
from chalicelib.token import Caller
from tests.build import TIME_MS, unique

pytestmark = pytest.mark.usefixtures("memory")

OLGA = Caller("operator", None, "olga")


def new_client() -> str:
    workspace_id = unique("north")
    client_id = f"{workspace_id}.bob"
    fields: dict[str, Any] = {"name": Line("Acme"), "email": Email("a@acme.example"), "currency": "usd"}
    create_or_change(OLGA, workspace_id, AccountRequest(kind="workspace", **fields), catalog())
    jane = Caller("owner", workspace_id, "jane")
    request = AccountRequest(kind="client", workspace_id=AccountId(workspace_id), **fields)
    create_or_change(jane, client_id, request, catalog())
    return client_id


def test_of_an_account_whoever_creates_or_changes_it() -> None:
    client_id = new_client()
    assert AccountRow.get(client_id).changed_by == "workspace:jane"
    change_billing_details(accounts.get(client_id), BillingDetails("Bob"), actor="bob")
    assert AccountRow.get(client_id).changed_by == "bob"
    suspended = StandingRequest("suspended", Line("owes us"))
    change_standing(accounts.get(client_id), suspended, actor="workspace:kim", catalog=catalog())
    assert AccountRow.get(client_id).changed_by == "workspace:kim"
    assert accounts.change(accounts.get(client_id))
    assert AccountRow.get(client_id).changed_by is None


def test_of_prices_and_of_mails_whoever_set_them() -> None:
    account = accounts.get(new_client())
    change_rebilling(account, RebillingRequest(enabled=True), actor="workspace:jane", catalog=catalog())
    change_choice(account, ChoiceRequest(recipients=[Email("a@acme.example")]), actor="bob")
    row = RebillingRow.get(account.account_id)
    assert (row.changed_by, row.changed_in) == ("workspace:jane", account.workspace_id)
    assert NoticeRow.get(account.account_id, CHOICE).changed_by == "bob"


def test_of_cards_whoever_changed_them_or_stripe() -> None:
    account_id = new_client()
    cards.keep_customer(account_id, PLATFORM, "cus_1")
    visa = Card("pm_1", "visa", "4242", 8, 2030, "print", TIME_MS)
    cards.change(account_id, PLATFORM, lambda each: each.with_default(visa), by="bob")
    assert CardRow.get(account_id, PLATFORM.key).changed_by == "bob"
    assert cards.forget_customer(account_id, PLATFORM, "cus_1")
    assert CardRow.get(account_id, PLATFORM.key).changed_by == "stripe"


def test_a_card_setup_carries_who_began_it_and_nobody_of_the_operators_people() -> None:
    """A workspace sees it in its own Stripe account."""
    assert CardSetupRequest("acme", TIME_MS, actor="workspace:jane").metadata["actor"] == "workspace:jane"
    assert CardSetupRequest("acme", TIME_MS, actor="operator:olga").metadata["actor"] == "operator"
    assert "actor" not in CardSetupRequest("acme", TIME_MS, adds=True).metadata
