"""The functions that verify wallets and reconcile payments may do what they do."""

from typing import Any

import pytest

from chalicelib.checks.table import EVERY_WALLET, CheckRow
from chalicelib.clock import now_ms
from chalicelib.ledger.post import post
from chalicelib.ledger.table import WalletRow
from tests.build import TIME_MS, pair
from tests.damage import damage
from tests.environment import use
from tests.infrastructure.guarded import Client, Guarded, save_card, scheduled
from tests.notices.records import record as stream_record

WALLET = {"account_id": "proved"}


def test_verifying_wallets_may_do_what_it_does(client: Client, guarded: Guarded) -> None:
    make_workspace(client, guarded, "proved")
    paid = client.ask("POST", "/v1/accounts/proved/top-ups", {"amount": "25"}, expect=201)["payment"]
    refunds = f"/v1/accounts/proved/payments/{paid['payment_id']}/refunds"
    client.ask("POST", refunds, {"amount": "5", "reason": "a test"}, expect=201)
    of_client = {"kind": "client", "workspace_id": "proved", "name": "B", "email": "b@acme.example", "currency": "usd"}
    client.ask("PUT", "/v1/accounts/proved.bob", of_client, expect=201)
    with use(guarded.deployment.environment):
        post([pair(1, "proved.bob", "proved", occurred_at_ms=now_ms())])
        verified = verify_again(guarded)
        assert (verified["differences"], verified["whole"] >= 2) == (0, True)
        post([pair(2, "proved.bob", "proved", occurred_at_ms=now_ms())])
        assert verify_again(guarded)["pages"] >= 2
        wallet = WalletRow.get("proved")
        damage(WalletRow, WALLET, "balance_micros", {"N": str(int(wallet.balance_micros) + 1)})
        assert verify_again(guarded)["found"] == 1
        assert verify_again(guarded)["differences"] == 1
        damage(WalletRow, WALLET, "balance_micros", {"N": str(int(wallet.balance_micros))})
        assert verify_again(guarded)["resolved"] == 1


def test_reconciling_payments_may_do_what_it_does(client: Client, guarded: Guarded) -> None:
    make_workspace(client, guarded, "reconciled")
    paid = client.ask("POST", "/v1/accounts/reconciled/top-ups", {"amount": "25"}, expect=201)["payment"]
    refunds = f"/v1/accounts/reconciled/payments/{paid['payment_id']}/refunds"
    client.ask("POST", refunds, {"amount": "5", "reason": "a test"}, expect=201)
    assert guarded.call("reconcile_payments", scheduled())["failed"] == 0


def make_workspace(client: Client, guarded: Guarded, name: str) -> None:
    fields = {"kind": "workspace", "name": name, "email": f"billing@{name}.example", "currency": "usd"}
    client.ask("PUT", f"/v1/accounts/{name}", fields, expect=201)
    save_card(client, f"/v1/accounts/{name}", guarded, "pm_card_visa")


def verify_again(guarded: Guarded) -> Any:
    """Verify all wallets, also those that were verified today."""
    for row in CheckRow.scan():
        row.update([CheckRow.taken_at_ms.remove(), CheckRow.checked_at_ms.remove()])
    CheckRow(EVERY_WALLET, "wallet").delete()
    return guarded.call("verify_wallets", scheduled())


@pytest.mark.parametrize("problem", ["page 3 does not follow page 2", None])
def test_announcing_findings_may_do_what_it_does(guarded: Guarded, problem: str | None) -> None:
    """One that cannot be read is parked."""
    found = {"account_id": "acme", "finding_id": "wallet", "kind": "wallet", "problem": problem}
    row = {**found, "found_at_ms": TIME_MS, "seen_at_ms": TIME_MS}
    record = stream_record(None, {name: each for name, each in row.items() if each}, keys=("account_id", "finding_id"))
    assert guarded.call("announce_findings", {"Records": [record]}) == {"batchItemFailures": []}
