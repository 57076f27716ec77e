"""Connecting by onboarding: for a workspace that has no Stripe account yet."""

import contextlib

import pytest

from chalicelib import clock
from chalicelib.clock import now_ms
from chalicelib.connection import table
from chalicelib.connection.break_connection import break_connection
from chalicelib.connection.finish_connection import finish_onboarding
from chalicelib.connection.refusals import AlreadyConnected, StateInvalid
from chalicelib.connection.start_connection import renew_link
from chalicelib.connection.state import ONBOARDING_MS
from chalicelib.stripe_api.errors import StripeUnavailable
from local.stripe_emulator.client import Emulator
from tests.connection.conftest import NewOwner
from tests.connection.owner import Owner, query_of
from tests.environment import use
from tests.wire import Cut, Wire, cut_points


def test_a_person_opens_an_account_and_comes_back_to_a_connection_that_works(owner: Owner, emulator: Emulator) -> None:
    url = owner.start("onboarding")
    assert owner.connection.state == "onboarding"
    back = emulator.onboard(url)
    assert back.startswith("http")
    assert "/stripe/return?" in back
    assert finish_onboarding(query_of(back)["state"], owner.secrets).state == "active"
    (account,) = emulator.objects("account")
    assert account["metadata"]["account_id"] == owner.account_id
    assert (owner.connection.stripe_account_id, owner.connection.way) == (account["id"], "onboarding")
    assert owner.connection.connected_by == "owner:ann"


def test_one_that_was_left_for_later_goes_on_with_the_same_account(owner: Owner, emulator: Emulator) -> None:
    state = query_of(emulator.onboard(owner.start("onboarding"), "save"))["state"]
    assert finish_onboarding(state, owner.secrets).state == "onboarding"
    emulator.onboard(owner.start("onboarding"), "approve")
    assert finish_onboarding(state, owner.secrets).state == "active"
    assert len(emulator.objects("account")) == 1
    with pytest.raises(AlreadyConnected):
        owner.start("onboarding")


def test_what_stripe_still_checks_is_said(owner: Owner, emulator: Emulator) -> None:
    state = query_of(emulator.onboard(owner.start("onboarding"), "submit"))["state"]
    connection = finish_onboarding(state, owner.secrets)
    assert connection.state == "restricted"
    assert "Stripe is verifying" in connection.sentence


def test_a_link_that_has_expired_leads_to_a_new_one(owner: Owner, emulator: Emulator) -> None:
    url = owner.start("onboarding")
    emulator.move_clock(400)
    back = emulator.onboard(url)
    assert "/stripe/refresh?" in back
    state = query_of(back)["state"]
    again = renew_link(state, owner.secrets)
    assert again.url != url
    assert query_of(emulator.onboard(again.url))["state"] == state
    assert finish_onboarding(state, owner.secrets).state == "active"


def test_an_old_address_and_that_of_a_broken_connection_are_refused(owner: Owner, emulator: Emulator) -> None:
    state = query_of(emulator.onboard(owner.start("onboarding"), "save"))["state"]
    with clock.moved_to(clock.from_ms(now_ms() + ONBOARDING_MS)):
        for use_state in (finish_onboarding, renew_link):
            with pytest.raises(StateInvalid, match="expired"):
                use_state(state, owner.secrets)
    owner.disconnect()
    with pytest.raises(StateInvalid):
        renew_link(state, owner.secrets)
    assert finish_onboarding(state, owner.secrets).state == "disconnected"
    with pytest.raises(StateInvalid, match="another way"):
        finish_onboarding(query_of(owner.start("oauth"))["state"], owner.secrets)


def test_requests_at_the_same_moment_and_those_that_were_cut_off_make_one_account(
    new_owner: NewOwner, emulator: Emulator
) -> None:
    points = cut_points(lambda: new_owner().start("onboarding"))
    emulator.reset()
    for point in [(1, "before"), *points]:
        fresh = new_owner()
        before = len(emulator.objects("account"))
        with contextlib.suppress(Cut), Wire(point):
            fresh.start("onboarding")
        fresh.start("onboarding")
        assert len(emulator.objects("account")) == before + 1
        assert fresh.connection.state == "onboarding"
        assert table.find_workspace(fresh.stripe_account_id) == fresh.account_id


@pytest.mark.parametrize("path", ["/v1/accounts", "/v1/account_links"])
@pytest.mark.parametrize("fault", ["cut_before_effect", "cut_after_effect", "500_after_effect"])
def test_when_stripe_does_not_answer_a_repeat_goes_on(owner: Owner, emulator: Emulator, path: str, fault: str) -> None:
    emulator.fault(fault, method="POST", path=path, times=2)
    with contextlib.suppress(StripeUnavailable):
        owner.start("onboarding")
    emulator.clear_faults()
    state = query_of(emulator.onboard(owner.start("onboarding")))["state"]
    assert finish_onboarding(state, owner.secrets).state == "active"
    # A key that replays an error is not used again: the account that it may have made stays empty.
    assert len(emulator.objects("account")) <= 2
    assert table.find_workspace(owner.stripe_account_id) == owner.account_id


def test_an_account_that_was_only_forgotten_is_taken_up_again(owner: Owner, emulator: Emulator) -> None:
    emulator.onboard(owner.start("onboarding"))
    account = owner.stripe_account_id
    with use({}, without=("STRIPE_CONNECT_CLIENT_ID",)):
        ended = break_connection(owner.account_id, actor="ann")
        assert (ended.state, ended.access_revoked) == ("disconnected", False)
        owner.start("onboarding")
    assert (owner.stripe_account_id, owner.connection.state) == (account, "active")
    assert len(emulator.objects("account")) == 1


def test_after_access_was_given_up_a_new_account_is_opened(owner: Owner, emulator: Emulator) -> None:
    emulator.onboard(owner.start("onboarding"))
    first = owner.stripe_account_id
    assert owner.disconnect().access_revoked
    emulator.onboard(owner.start("onboarding"))
    assert owner.stripe_account_id != first
    assert owner.connection.earlier == (first,)
