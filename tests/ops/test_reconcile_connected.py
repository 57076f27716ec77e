"""Reconciling what is on connected Stripe accounts: each by itself; what cannot be read is said and not compared."""

from typing import Any

from chalicelib import clock
from chalicelib.checks.compare import Difference, Sides, differences
from chalicelib.checks.sides import read_sides
from local.stripe_emulator.client import Emulator
from tests.connection.owner import Owner, new_account
from tests.payments.payer import HOUR_MS, Payer


def read() -> tuple[Sides, list[Difference]]:
    from_ms, to_ms = clock.now_ms() - HOUR_MS, clock.now_ms() + HOUR_MS
    sides = read_sides(from_ms, to_ms, lambda items, _name: items)
    return sides, differences(sides, from_ms, to_ms)


def about(client: Payer, found: list[Difference]) -> list[str]:
    return [each.problem for each in found if each.account_id == client.account_id]


def paying(emulator: Emulator) -> tuple[Owner, Payer]:
    owner = Owner(new_account(), emulator)
    owner.connect()
    client = owner.new_client()
    client.top_up()
    return owner, client


def test_a_clients_payment_agrees_and_a_refund_in_its_workspaces_dashboard_is_missed(emulator: Emulator) -> None:
    owner, client = paying(emulator)
    assert about(client, read()[1]) == []
    emulator.refund_in_dashboard(client.charges[0]["id"], 700)
    assert about(client, read()[1]) == ["missed here"]
    owner.deliver("refund.created")
    assert about(client, read()[1]) == []


def test_what_a_workspace_sells_by_itself_is_not_compared(emulator: Emulator) -> None:
    owner, _ = paying(emulator)
    params: Any = {"amount": 900, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True}
    params["allowed_payment_method_types"] = ["card"]
    emulator.stripe_client(stripe_account=owner.stripe_account_id).v1.payment_intents.create(params)
    _, found = read()
    assert [each for each in found if each.account_id == ""] == []


def test_what_a_workspace_writes_on_its_own_stripe_account_stands_for_no_payment_of_another(emulator: Emulator) -> None:
    _, victim = paying(emulator)
    platforms = Payer(new_account().account_id, emulator)
    platforms.save_card()
    platforms.top_up()
    forger, _ = paying(emulator)
    v1 = emulator.stripe_client(stripe_account=forger.stripe_account_id).v1
    for payer in (victim, platforms):
        params: Any = {"amount": 99, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True}
        params["allowed_payment_method_types"] = ["card"]
        params["metadata"] = {"account_id": payer.account_id, "payment_id": payer.payment().payment_id}
        v1.payment_intents.create(params)
    _, found = read()
    assert about(victim, found) == about(platforms, found) == []


def test_an_account_that_cannot_be_read_is_named_and_the_others_are_compared(emulator: Emulator) -> None:
    broken, lost = paying(emulator)
    revoked, unknown = paying(emulator)
    _, client = paying(emulator)
    broken.disconnect()
    emulator.disconnect_account(revoked.stripe_account_id)
    emulator.refund_in_dashboard(client.charges[0]["id"], 700)
    sides, found = read()
    assert {broken.stripe_account_id, revoked.stripe_account_id} <= set(sides.unread)
    assert about(lost, found) == about(unknown, found) == []
    assert about(client, found) == ["missed here"]
