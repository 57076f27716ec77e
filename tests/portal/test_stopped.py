"""What a page says and offers when something other than the own wallet stops an account or its payments."""

import pytest

from tests.portal.site import Site

OFFERS = {
    "": ("Add Balance", "Save a card", "Enable Auto-Pay"),
    "/auto-pay": ("Turn on auto-pay", "Continue to your card"),
    "/plan": ("Choose a plan", "Review"),
    "/plan/preview?plan=agency": ("when you confirm", "Confirm and pay", "Save a card to continue"),
}


def test_a_suspended_client_reads_it_with_whom_to_contact_and_not_the_reason(site: Site) -> None:
    workspace = site.account(name="North Agency", balance="100")
    client = site.client(workspace, balance="40")
    assert "Your account is suspended" not in site.enter(client).get().text
    site.enter(workspace).post(f"/clients/{client}/standing", {"to": "suspended", "reason": "Two invoices are unpaid"})
    page = site.enter(client).get().text
    assert "Your account is suspended" in page
    assert "North Agency can tell you why and what to do." in page
    assert "Two invoices" not in page


def test_a_client_reads_that_the_service_is_paused_and_not_that_its_workspaces_wallet_is_empty(site: Site) -> None:
    client = site.client(site.account(name="North Agency"), balance="40")
    page = site.enter(client, locale="de").get().text
    assert "North Agency kann sagen, wann es weitergeht." in page


@pytest.mark.parametrize("path", OFFERS)
def test_nothing_is_offered_that_must_be_paid_while_the_workspace_takes_no_payments(site: Site, path: str) -> None:
    workspace = site.account(name="North Agency", balance="100")
    client = site.client(workspace, balance="40")
    shut = site.enter(client).get(path).text
    assert "North Agency cannot take payments at the moment" in shut
    assert [offer for offer in OFFERS[path] if offer in shut] == []
    site.connect(workspace)
    assert any(offer in site.enter(client).get(path).text for offer in OFFERS[path])


@pytest.mark.parametrize("path", OFFERS)
def test_an_archived_account_is_offered_nothing_that_must_be_paid(site: Site, path: str) -> None:
    workspace = site.account(name="North Agency", balance="100")
    site.connect(workspace)
    client = site.client(workspace, balance="1")
    site.enter(workspace).post(f"/clients/{client}/standing", {"to": "archived", "reason": "Gone"})
    page = site.enter(client).get(path).text
    assert "This account is closed" in page
    assert "North Agency can say more." in page
    assert [offer for offer in (*OFFERS[path], "Your balance is low") if offer in page] == []
