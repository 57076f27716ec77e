"""A client pays on its workspace's working connection, or not at all."""

import pytest

from chalicelib.accounts import table as accounts
from chalicelib.auto_pay.change_settings import AutoPayRequest, change_settings
from chalicelib.cards import table as cards
from chalicelib.cards.remove_card import remove_card
from chalicelib.cards.save_card import CardSetupUnknown, save_card
from chalicelib.cards.start_setup import start_setup
from chalicelib.catalog.catalog import catalog
from chalicelib.connection.check_connection import check_connection
from chalicelib.connection.refusals import WorkspaceNotConnected
from chalicelib.moves.answer_move import accept_move
from chalicelib.moves.request_move import MoveRequest, request_move
from chalicelib.text import AccountId
from local.stripe_emulator.client import Emulator
from tests.connection.conftest import NewOwner
from tests.connection.owner import Owner
from tests.payments.payer import Payer
from tests.wire import calls_of


def refuses_everything(client: Payer) -> None:
    """Check that nothing that would move money, or prepare it, is possible, and that Stripe is not asked."""
    asked = len(client.emulator.calls())
    with pytest.raises(WorkspaceNotConnected, match="Acme cannot take payments"):
        client.top_up(key=f"key-{asked}")
    with pytest.raises(WorkspaceNotConnected):
        start_setup(client.load())
    with pytest.raises(WorkspaceNotConnected):
        save_card(client.load(), "seti_1")
    with pytest.raises(WorkspaceNotConnected):
        change_settings(
            client.load(), AutoPayRequest(enabled=True, threshold="5", amount="25"), actor="t", catalog=catalog()
        )
    assert len(client.emulator.calls()) == asked


def move(client: Payer, to: Owner) -> None:
    """Move a client to another workspace, which accepts it."""
    request_move(accounts.get(client.account_id), MoveRequest(AccountId(to.account_id), "keep"), actor="jane")
    accept_move(to.account, client.account_id, "keep", actor="kim", catalog=catalog())


def test_a_client_of_a_workspace_that_never_connected_cannot_pay(owner: Owner) -> None:
    client = owner.new_client(card=None)
    refuses_everything(client)
    assert client.load().stripe_account is None
    remove_card(client.load())


def test_a_client_pays_into_its_workspaces_account(owner: Owner, emulator: Emulator) -> None:
    owner.connect()
    client = owner.new_client()
    client.top_up()
    client.assert_paid_once()
    (charge,) = client.charges
    assert client.payment().stripe_account == owner.stripe_account_id
    assert [each["id"] for each in emulator.objects("charge", owner.stripe_account_id)] == [charge["id"]]
    assert emulator.objects("charge", "acct_1EmulatorPlatform") == []


def test_the_workspace_pays_on_the_platforms_account(owner: Owner, emulator: Emulator) -> None:
    owner.connect()
    workspace = Payer(owner.account_id, emulator)
    workspace.save_card()
    workspace.top_up()
    workspace.assert_paid_once()
    assert workspace.payment().stripe_account is None


def test_a_workspace_takes_one_read_and_a_client_at_most_three(owner: Owner) -> None:
    client = owner.new_client(card=None)
    assert calls_of(lambda: cards.get_payer(owner.account_id)) == 1
    assert calls_of(client.load) == 2
    owner.connect()
    assert calls_of(client.load) == 3
    owner.disconnect()
    owner.connect()
    assert calls_of(client.load) == 3


def test_a_restricted_account_takes_no_payments_until_it_may_again(owner: Owner, emulator: Emulator) -> None:
    owner.connect()
    client = owner.new_client()
    emulator.restrict(owner.stripe_account_id, "requirements.past_due")
    assert owner.deliver("account.updated")
    assert owner.connection.state == "restricted"
    assert "missing information" in owner.connection.sentence
    refuses_everything(client)
    assert client.load().card is not None
    emulator.unrestrict(owner.stripe_account_id)
    assert check_connection(owner.account_id).state == "active"
    client.top_up()
    client.assert_paid_once()


def test_after_a_break_nothing_is_charged_and_the_same_account_finds_its_cards_again(owner: Owner) -> None:
    account = owner.connect().stripe_account_id or ""
    client = owner.new_client()
    card = client.card()
    assert owner.disconnect().state == "disconnected"
    refuses_everything(client)
    owner.connect(account)
    assert client.load().chargeable_card == card
    client.top_up()
    client.assert_paid_once()


def test_on_another_account_the_card_is_needed_again(owner: Owner) -> None:
    first = owner.connect().stripe_account_id
    client = owner.new_client()
    newcomer = owner.new_client(card=None)
    owner.disconnect()
    assert owner.connect().stripe_account_id != first
    payer = client.load()
    assert (payer.card, payer.customer_id, payer.card_needed_again) == (None, None, True)
    assert not newcomer.load().card_needed_again
    client.save_card()
    assert not client.load().card_needed_again
    client.top_up()
    client.assert_paid_once()
    assert client.payment().stripe_account == owner.stripe_account_id


def test_after_a_move_the_card_of_the_former_workspaces_account_is_needed_again(new_owner: NewOwner) -> None:
    north, south = new_owner(), new_owner()
    north.connect()
    client, newcomer = north.new_client(), north.new_client(card=None)
    card = client.card()
    for moved in (client, newcomer):
        move(moved, south)
    assert client.load().unconnected is not None
    south.connect()
    assert (client.load().card, client.load().card_needed_again) == (None, True)
    assert not newcomer.load().card_needed_again
    assert calls_of(client.load) == 3
    move(client, north)
    assert client.load().chargeable_card == card
    assert not client.load().card_needed_again


def test_a_setup_of_the_earlier_account_puts_no_card_on_file_on_the_other(owner: Owner) -> None:
    owner.connect()
    client = owner.new_client(card=None)
    setup = start_setup(client.load())
    client.confirm_setup(setup)
    owner.disconnect()
    owner.connect()
    with pytest.raises(CardSetupUnknown):
        save_card(client.load(), setup.setup_intent_id)
    assert client.load().card is None


def test_a_card_can_be_removed_while_the_connection_does_not_work(owner: Owner) -> None:
    owner.connect()
    client = owner.new_client()
    owner.disconnect()
    remove_card(client.load())
    assert client.load().card is None
    assert not client.load().card_needed_again


def test_customers_of_two_clients_are_never_one(owner: Owner) -> None:
    owner.connect()
    clients = [owner.new_client() for _ in range(2)]
    assert len({client.customer_id for client in clients}) == 2
    first, second = clients
    setup = start_setup(first.load())
    first.confirm_setup(setup)
    with pytest.raises(CardSetupUnknown):
        save_card(second.load(), setup.setup_intent_id)
