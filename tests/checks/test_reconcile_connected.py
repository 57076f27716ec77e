"""The daily reconciliation of connected Stripe accounts: each by itself, and none stands for another."""

from typing import Any

import pytest

from chalicelib.accounts.account import Account
from chalicelib.checks.state import load_state
from chalicelib.checks.table import read_stripe_check
from chalicelib.clock import day_of, now_ms
from chalicelib.stripe_api.stripe_account import StripeAccount
from local.stripe_emulator.client import Emulator
from tests.checks.checker import forget_what_was_reconciled, open_differences, problems, reconcile
from tests.connection.owner import Owner, new_account
from tests.payments.payer import Payer

DAY_MS = 24 * 60 * 60 * 1000


@pytest.fixture(autouse=True)
def nothing_is_reconciled(emulator: Emulator) -> None:
    forget_what_was_reconciled()


def paying(emulator: Emulator) -> tuple[Owner, Payer]:
    owner = Owner(new_account(), emulator)
    owner.connect()
    client = owner.new_client()
    client.top_up()
    return owner, client


def own_payment(**metadata: str) -> Any:
    """Return a payment that a workspace makes on its own Stripe account."""
    params: Any = {"amount": 99, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True}
    return {**params, "allowed_payment_method_types": ["card"], "metadata": metadata}


def test_a_clients_payments_are_compared_on_its_workspaces_stripe_account(emulator: Emulator) -> None:
    owner, client = paying(emulator)
    emulator.refund_in_dashboard(client.charges[0]["id"], 700)
    reconcile()
    (found,) = open_differences(client.account_id)
    assert (found.kind, found.problem, found.stripe_account) == ("refund", "missed here", owner.stripe_account_id)
    done = read_stripe_check(StripeAccount(owner.stripe_account_id))
    assert done.progress.done_day == day_of(now_ms() + DAY_MS)
    owner.deliver("refund.created")
    reconcile(2)
    assert problems(client.account_id) == []


def test_what_a_workspace_sells_by_itself_is_not_compared(emulator: Emulator) -> None:
    owner, client = paying(emulator)
    emulator.stripe_client(stripe_account=owner.stripe_account_id).v1.payment_intents.create(own_payment())
    reconcile()
    assert problems(f"stripe#{owner.stripe_account_id}") == problems(client.account_id) == []


def test_what_a_workspace_writes_on_its_own_stripe_account_is_no_difference_of_another(emulator: Emulator) -> None:
    _, victim = paying(emulator)
    forger, _ = paying(emulator)
    v1 = emulator.stripe_client(stripe_account=forger.stripe_account_id).v1
    ids = {"account_id": victim.account_id, "payment_id": victim.payment().payment_id}
    v1.payment_intents.create(own_payment(**ids))
    v1.payment_intents.create(own_payment(**{**ids, "payment_id": "pay_invented"}))
    reconcile()
    assert problems(victim.account_id) == []
    assert problems(f"stripe#{forger.stripe_account_id}") == [("payment", "missed here")]


def test_a_stripe_account_that_cannot_be_read_is_counted_and_stops_no_other(emulator: Emulator) -> None:
    revoked, unknown = paying(emulator)
    _, client = paying(emulator)
    emulator.disconnect_account(revoked.stripe_account_id)
    emulator.refund_in_dashboard(client.charges[0]["id"], 700)
    run = reconcile()
    assert run.unread >= 1
    assert read_stripe_check(StripeAccount(revoked.stripe_account_id)).unread
    assert problems(unknown.account_id) == []
    assert problems(client.account_id) == [("refund", "missed here")]


def test_a_client_stands_by_the_stripe_account_that_it_pays_on(emulator: Emulator) -> None:
    owner, client = paying(emulator)
    reconcile()
    state = load_state(client.account())
    assert state.stripe_account == StripeAccount(owner.stripe_account_id)
    assert state.stripe == read_stripe_check(StripeAccount(owner.stripe_account_id))
    lonely: Account = new_account(new_account().account_id)
    assert load_state(lonely).stripe is None
