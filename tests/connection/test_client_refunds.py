"""A workspace's owner refunds what its clients paid it, on its own Stripe account, and nothing else."""

import pytest

from chalicelib.accounts import table as accounts
from chalicelib.catalog.catalog import catalog
from chalicelib.clock import from_ms, moved_to, now_ms
from chalicelib.idempotency import Key
from chalicelib.invoices.issue import issue_for
from chalicelib.moves.answer_move import accept_move
from chalicelib.moves.request_move import MoveRequest, request_move
from chalicelib.payments.top_up import TopUpRequest, top_up
from chalicelib.text import AccountId
from local.stripe_emulator.client import Emulator
from tests.api import Api, problem
from tests.connection.conftest import NewOwner
from tests.connection.owner import Owner
from tests.payments.payer import Payer
from tests.reversals.refund_calls import REFUND, post


def move(client: Payer, other: Owner) -> None:
    """Give a client to another workspace."""
    request_move(client.account(), MoveRequest(AccountId(other.account_id), "keep"), actor="jane")
    with moved_to(from_ms(now_ms() + 1_000)):
        accept_move(accounts.get(other.account_id), client.account_id, "keep", actor="kim", catalog=catalog())


@pytest.fixture
def paid(owner: Owner) -> Payer:
    owner.connect()
    client = owner.new_client()
    client.top_up()
    return client


def test_the_workspaces_owner_refunds_its_client_on_its_own_stripe_account(
    api: Api, owner: Owner, paid: Payer, emulator: Emulator
) -> None:
    made = post(api, paid, {**REFUND, "amount": "10"}, token=api.token("owner", owner.account_id))
    assert made.status_code == 201, made.text
    assert made.json()["refund"]["state"] == "succeeded"
    assert paid.balance_micros == 15_000_000
    (refund,) = emulator.stripe_client(stripe_account=owner.stripe_account_id).v1.refunds.list().data
    assert refund.amount == 1_000


def test_nobody_else_of_the_customers_refunds(api: Api, owner: Owner, paid: Payer, new_owner: NewOwner) -> None:
    problem(post(api, paid, token=api.token("viewer", owner.account_id)), 403, "forbidden")
    problem(post(api, paid, token=api.token("owner", paid.account_id)), 403, "forbidden")
    problem(post(api, paid, token=api.token("owner", new_owner().account_id)), 404, "account-not-found")
    assert paid.balance_micros == 25_000_000


def test_what_was_paid_before_a_move_is_not_the_new_workspaces_to_refund(
    api: Api, owner: Owner, paid: Payer, new_owner: NewOwner
) -> None:
    other = new_owner()
    move(paid, other)
    problem(post(api, paid, token=api.token("owner", other.account_id)), 403, "forbidden")
    problem(post(api, paid, token=api.token("owner", owner.account_id)), 404, "account-not-found")
    assert post(api, paid).status_code == 201
    assert paid.balance_micros == 0


def test_a_payment_under_way_during_a_move_is_of_the_workspace_whose_stripe_account_got_it(
    api: Api, owner: Owner, new_owner: NewOwner
) -> None:
    owner.connect()
    client, other = owner.new_client(), new_owner()
    payer = client.load()
    move(client, other)
    with moved_to(from_ms(now_ms() + 60_000)):  # as if the request had waited that long
        request = TopUpRequest("25")
        payment = top_up(payer, request, key=Key("k", "customer"), actor="kim", catalog=catalog()).payment
        assert payment.stripe_account == owner.stripe_account_id
        assert payment.seller_id(client.account()) == owner.account_id
        assert issue_for(client.account_id, payment.payment_id, catalog()).seller.name == "Acme"
        problem(post(api, client, token=api.token("owner", other.account_id)), 403, "forbidden")
        assert post(api, client).status_code == 201
