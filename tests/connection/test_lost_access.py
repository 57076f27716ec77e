"""A disconnection at Stripe of which no event tells is noticed by what fails, and never because of a wrong key here."""

import pytest
from msgspec.structs import replace

from chalicelib.cards.start_setup import start_setup
from chalicelib.connection import table
from chalicelib.connection.check_connection import check_connection
from chalicelib.connection.refusals import WorkspaceNotConnected
from chalicelib.stripe_api.errors import AccessGone
from local.stripe_emulator.client import Emulator
from tests.connection.breaks import charged_without_answer, refund_of, reversals_of
from tests.connection.owner import Owner
from tests.payments.payer import HOUR_MS


def set_platform(owner: Owner, platform_id: str | None) -> None:
    """Let a connection be of another platform's key, or of a time when that was not noted."""
    table.change(owner.account_id, lambda current: replace(current, platform_id=platform_id))


def test_a_connection_notes_whose_key_has_made_it(owner: Owner, emulator: Emulator) -> None:
    assert owner.connect().platform_id == "acct_1EmulatorPlatform"
    owner.disconnect()
    emulator.onboard(owner.start("onboarding"))
    assert owner.connection.platform_id == "acct_1EmulatorPlatform"


def test_an_open_payment_tells_of_it(owner: Owner, emulator: Emulator) -> None:
    client = charged_without_answer(owner, emulator)
    emulator.disconnect_account(owner.stripe_account_id)
    client.sweep_at()
    connection = owner.connection
    assert (connection.state, connection.disconnected_by, connection.access_revoked) == ("disconnected", "stripe", True)
    assert client.payment().closed_at_break_ms is not None


@pytest.mark.parametrize("what", ["refund", "dispute"])
def test_an_open_refund_and_dispute_tell_of_it(owner: Owner, emulator: Emulator, what: str) -> None:
    account = owner.connect().stripe_account_id or ""
    client = owner.new_client()
    client.top_up()
    if what == "refund":
        emulator.empty_balance(account)
        refund_of(client)
    else:
        emulator.open_dispute(client.charges[0]["id"])
        owner.deliver("charge.dispute")
    emulator.disconnect_account(account)
    client.sweep_at(2 * HOUR_MS)
    assert owner.connection.state == "disconnected"
    assert [each.closed_at_break_ms is not None for each in reversals_of(client).rows] == [True]


def test_a_client_that_saves_a_card_is_told_whom_to_ask(owner: Owner, emulator: Emulator) -> None:
    owner.connect()
    client = owner.new_client()
    emulator.disconnect_account(owner.stripe_account_id)
    with pytest.raises(WorkspaceNotConnected):
        start_setup(client.load())
    assert owner.connection.state == "disconnected"


@pytest.mark.parametrize("platform_id", ["acct_another", None])
def test_with_a_key_that_may_be_wrong_nothing_is_closed(
    owner: Owner, emulator: Emulator, platform_id: str | None
) -> None:
    client = charged_without_answer(owner, emulator)
    set_platform(owner, platform_id)
    emulator.disconnect_account(owner.stripe_account_id)
    client.sweep_at()
    with pytest.raises(AccessGone):
        start_setup(client.load())
    assert owner.connection.state == "active"
    assert (client.payment().state, client.payment().closed_at_break_ms) == ("created", None)


def test_not_even_a_person_who_tests_the_connection_ends_it_with_another_platforms_key(
    owner: Owner, emulator: Emulator
) -> None:
    owner.connect()
    set_platform(owner, "acct_another")
    emulator.disconnect_account(owner.stripe_account_id)
    with pytest.raises(AccessGone):
        check_connection(owner.account_id)
    assert owner.connection.state == "active"
