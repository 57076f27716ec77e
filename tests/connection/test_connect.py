"""Connecting a Stripe account by OAuth: once, repeated, forged, refused, cut off, raced for."""

import contextlib
import threading

import pytest

from chalicelib import clock
from chalicelib.accounts.account import Account, NotAWorkspace
from chalicelib.clock import now_ms
from chalicelib.connection import table
from chalicelib.connection.finish_connection import finish_connection
from chalicelib.connection.refusals import (
    AlreadyConnected,
    CodeInvalid,
    ConnectedElsewhere,
    ConnectionRefused,
    ConnectionUnanswered,
    StateInvalid,
    StateUsed,
    WayNotOffered,
    WrongConnectionMode,
)
from chalicelib.connection.start_connection import offers, start_connection
from chalicelib.connection.state import OAUTH_MS
from local.stripe_emulator.client import Emulator
from tests.connection.conftest import NewOwner
from tests.connection.owner import Owner, new_account, query_of
from tests.environment import use
from tests.wire import Cut, Wire, cut_points


def test_an_approved_account_is_connected_by_the_person_who_began(owner: Owner) -> None:
    connection = owner.connect()
    assert (connection.state, connection.way, connection.livemode) == ("active", "oauth", False)
    assert connection.connected_by == "owner:ann"
    assert table.find_workspace(owner.stripe_account_id) == owner.account_id
    assert owner.connection == connection


def test_a_callback_that_comes_twice_shows_the_connection_and_asks_stripe_once(
    owner: Owner, emulator: Emulator
) -> None:
    back = owner.approve(owner.start())
    first = finish_connection(back["state"], owner.secrets, code=back["code"])
    assert finish_connection(back["state"], owner.secrets, code=back["code"]) == first
    assert owner.connection.state == "active"
    assert emulator.events("account.application.deauthorized") == []


def test_a_used_state_without_a_connection_is_refused(owner: Owner) -> None:
    back = query_of(owner.emulator.answer_oauth(owner.start(), "deny"))
    with pytest.raises(ConnectionRefused, match="access_denied"):
        finish_connection(back["state"], owner.secrets, error=back["error"])
    with pytest.raises(StateUsed):
        finish_connection(back["state"], owner.secrets, code="ac_1")
    assert owner.connection.state == "none"


@pytest.mark.parametrize("state", ["", "nonsense", "a.b.c", "\x00"])
def test_a_forged_state_is_refused(owner: Owner, state: str) -> None:
    with pytest.raises(StateInvalid):
        finish_connection(state, owner.secrets, code="ac_1")


def test_a_state_that_was_changed_or_is_a_bearer_token_is_refused(owner: Owner) -> None:
    good = query_of(owner.start())["state"]
    head, body, signature = good.split(".")
    other = query_of(owner.start())["state"].split(".")[1]
    assert other != body
    with pytest.raises(StateInvalid):
        finish_connection(f"{head}.{other}.{signature}", owner.secrets, code="ac_1")


def test_a_state_expires(owner: Owner) -> None:
    back = owner.approve(owner.start())
    with clock.moved_to(clock.from_ms(now_ms() + OAUTH_MS)), pytest.raises(StateInvalid, match="expired"):
        finish_connection(back["state"], owner.secrets, code=back["code"])
    assert owner.connection.state == "none"


@pytest.mark.parametrize("code", ["", "x" * 256])
def test_an_address_without_a_code_uses_up_nothing(owner: Owner, code: str) -> None:
    back = owner.approve(owner.start())
    with pytest.raises(StateInvalid):
        finish_connection(back["state"], owner.secrets, code=code)
    assert finish_connection(back["state"], owner.secrets, code=back["code"]).state == "active"


def test_an_invented_code_is_refused(owner: Owner) -> None:
    state = query_of(owner.start())["state"]
    with pytest.raises(CodeInvalid):
        finish_connection(state, owner.secrets, code="ac_invented")
    assert owner.connection.state == "none"


def test_when_stripe_is_silent_nothing_is_connected_and_the_person_begins_again(owner: Owner) -> None:
    back = owner.approve(owner.start())
    with use({"STRIPE_API_BASE": "http://127.0.0.1:9"}), pytest.raises(ConnectionUnanswered):
        finish_connection(back["state"], owner.secrets, code=back["code"])
    assert owner.connection.state == "none"
    assert owner.connect().state == "active"


@pytest.mark.parametrize("fault", ["cut_before_effect", "cut_after_effect", "500_after_effect"])
def test_a_code_is_sent_once_whatever_becomes_of_it(owner: Owner, emulator: Emulator, fault: str) -> None:
    back = owner.approve(owner.start())
    emulator.fault(fault, method="POST", path="/oauth/token")
    with pytest.raises(ConnectionUnanswered):
        finish_connection(back["state"], owner.secrets, code=back["code"])
    # Sent again, it would have taken the access away, which another workspace may have to the same account.
    assert emulator.events("account.application.deauthorized") == []
    assert owner.connection.state == "none"
    account = emulator.objects("account")[0]["id"]
    assert owner.connect(account).stripe_account_id == account


def test_an_account_of_the_other_mode_is_refused(owner: Owner, emulator: Emulator) -> None:
    back = owner.approve(owner.start())
    emulator.fault("other_mode", method="POST", path="/oauth/token")
    with pytest.raises(WrongConnectionMode, match="live mode, and test mode"):
        finish_connection(back["state"], owner.secrets, code=back["code"])
    assert owner.connection.state == "none"


@pytest.mark.parametrize("fault", ["cut_after_effect", "500_after_effect", "status"])
def test_access_that_was_granted_without_an_answer_is_granted_again(
    owner: Owner, emulator: Emulator, fault: str
) -> None:
    back = owner.approve(owner.start())
    emulator.fault(fault, method="GET", path="/v1/account", times=2)
    with pytest.raises(ConnectionUnanswered):
        finish_connection(back["state"], owner.secrets, code=back["code"])
    emulator.clear_faults()
    assert owner.connection.state == "none"
    account = emulator.objects("account")[0]["id"]
    assert owner.connect(account).stripe_account_id == account


def test_a_callback_that_is_cut_off_anywhere_can_be_begun_again(owner: Owner) -> None:
    account = owner.connect().stripe_account_id or ""
    owner.disconnect()
    back = owner.approve(owner.start(), account)
    points = cut_points(lambda: finish_connection(back["state"], owner.secrets, code=back["code"]))
    owner.disconnect()
    assert len(points) >= 5
    for point in [(1, "before"), *points]:
        back = owner.approve(owner.start(), account)
        with contextlib.suppress(Cut), Wire(point):
            finish_connection(back["state"], owner.secrets, code=back["code"])
        if not owner.connection.is_connected:
            owner.connect(account)
        assert (owner.connection.state, table.find_workspace(account)) == ("active", owner.account_id)
        owner.disconnect()


def test_an_account_of_another_workspace_stays_there(new_owner: NewOwner) -> None:
    first, second = new_owner(), new_owner()
    account = first.connect().stripe_account_id or ""
    with pytest.raises(ConnectedElsewhere):
        second.connect(account)
    assert (first.connection.state, second.connection.state) == ("active", "none")
    first.disconnect()
    assert second.connect(account).state == "active"
    assert table.find_workspace(account) == second.account_id


def test_two_workspaces_race_for_one_account_and_one_wins(new_owner: NewOwner) -> None:
    owners = [new_owner() for _ in range(4)]
    account = owners[0].emulator.connect_account()["id"]
    backs = [(owner, owner.approve(owner.start(), account)) for owner in owners]
    outcomes: list[str] = []

    def finish(owner: Owner, back: dict[str, str]) -> None:
        try:
            outcomes.append(finish_connection(back["state"], owner.secrets, code=back["code"]).workspace_id)
        except ConnectedElsewhere:
            outcomes.append("elsewhere")

    threads = [threading.Thread(target=finish, args=each) for each in backs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("elsewhere") == 3
    (winner,) = [each for each in outcomes if each != "elsewhere"]
    assert table.find_workspace(account) == winner
    assert [owner.connection.state for owner in owners].count("active") == 1


def test_a_connected_workspace_disconnects_before_it_connects_another_account(owner: Owner) -> None:
    late = owner.approve(owner.start())
    connected = owner.connect()
    with pytest.raises(AlreadyConnected):
        owner.start()
    with pytest.raises(AlreadyConnected):
        finish_connection(late["state"], owner.secrets, code=late["code"])
    assert owner.stripe_account_id == connected.stripe_account_id
    assert owner.connection.connected_at_ms == connected.connected_at_ms


def test_only_what_is_set_up_is_offered(owner: Owner) -> None:
    assert offers() == ["oauth", "onboarding"]
    with use({}, without=("STRIPE_CONNECT_CLIENT_ID", "STRIPE_CONNECT_ONBOARDING")):
        assert offers() == []
        with pytest.raises(WayNotOffered):
            owner.start()


def test_a_client_connects_nothing(owner: Owner) -> None:
    client: Account = new_account(owner.account_id)
    with pytest.raises(NotAWorkspace):
        start_connection(client, "oauth", account_id=None, actor="operator")
