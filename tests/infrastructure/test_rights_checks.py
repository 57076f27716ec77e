"""The checks may do what they do."""

from typing import Any

import pytest

from chalicelib.checks.findings_table import FindingRow
from chalicelib.checks.table import EVERY_WALLET, CheckRow
from chalicelib.clock import DAY_MS, now_ms
from chalicelib.ledger.page_table import PageRow
from chalicelib.ledger.post import post
from chalicelib.ledger.table import WalletRow
from chalicelib.payments.table import PaymentRow
from chalicelib.reversals.table import ReversalRow
from chalicelib.stripe_api.stripe_account import PLATFORM
from chalicelib.stripe_api.stripe_day import stripe_day
from tests.build import TIME_MS, pair
from tests.damage import damage
from tests.environment import use
from tests.infrastructure.guarded import Client, Guarded, save_card, scheduled
from tests.notices.records import record as stream_record


def test_verifying_wallets_may_do_what_it_does(client: Client, guarded: Guarded) -> None:
    path = refunded_account(client, guarded, "verified")
    assert guarded.call("verify_wallets", scheduled())["differences"] == 0
    debit = {"type": "debit", "amount": "1", "reason": "a test"}
    client.ask("POST", f"{path}/top-ups", {"amount": "25"}, expect=201)
    verify_again(guarded)
    client.ask("POST", f"{path}/adjustments", debit, expect=201)
    with use(guarded.deployment.environment):
        page = next(PageRow.query("verified", scan_index_forward=False))
        PageRow("verified", page.page_key).update([PageRow.closing_balance_micros.set(7)])
    verify_again(guarded, differences=1)
    found = client.ask("GET", f"{path}/checks")
    assert (found["in_step"], found["differences"][0]["kind"]) == (False, "wallet")
    with use(guarded.deployment.environment):
        page.save()
    verify_again(guarded)
    assert client.ask("GET", f"{path}/checks")["differences"] == []


def verify_again(guarded: Guarded, differences: int = 0) -> None:
    """Verify the account once more in the same night."""
    with use(guarded.deployment.environment):
        CheckRow("verified", "wallet").update([CheckRow.taken_at_ms.remove()])
        CheckRow(EVERY_WALLET, "wallet").delete()
    assert guarded.call("verify_wallets", scheduled())["differences"] == differences


def refunded_account(client: Client, guarded: Guarded, account_id: str) -> str:
    """Make an account that paid, and got part of it back; return its path."""
    path = f"/v1/accounts/{account_id}"
    workspace = {"kind": "workspace", "name": "Checked", "email": f"a@{account_id}.example", "currency": "usd"}
    client.ask("PUT", path, workspace, expect=201)
    save_card(client, path, guarded, "pm_card_visa")
    payment = client.ask("POST", f"{path}/top-ups", {"amount": "25"}, expect=201)["payment"]
    refund = {"amount": "10", "reason": "a test"}
    client.ask("POST", f"{path}/payments/{payment['payment_id']}/refunds", refund, expect=201)
    return path


def test_reconciling_payments_may_do_what_it_does(client: Client, guarded: Guarded) -> None:
    path = refunded_account(client, guarded, "reconciled")
    with use(guarded.deployment.environment):
        (payment,) = PaymentRow.query("reconciled")
        made_at_ms = payment.created_at_ms
        yesterday_ms = now_ms() - now_ms() % DAY_MS - 1
        # The ledger has it at another time: a difference that only our side knows.
        payment.update(
            [
                PaymentRow.created_at_ms.set(yesterday_ms),
                PaymentRow.stripe_day.set(stripe_day(PLATFORM, yesterday_ms, payment.payment_id)),
            ]
        )
        (refund,) = [row for row in ReversalRow.query("reconciled") if row.refund_id]
        day = stripe_day(PLATFORM, yesterday_ms, refund.reversal_key)
        refund.update([ReversalRow.at_stripe_ms.set(yesterday_ms), ReversalRow.stripe_day.set(day)])
    run = guarded.call("reconcile_payments", scheduled())
    assert (run["failed"], run["unread"], run["found"]) == (0, 0, 1)
    (found,) = client.ask("GET", f"{path}/checks")["differences"]
    assert (found["kind"], found["problem"]) == ("payment", "not in the ledger")
    with use(guarded.deployment.environment):
        payment.update([PaymentRow.created_at_ms.set(made_at_ms)])
        for row in FindingRow.query("reconciled"):
            row.update([FindingRow.seen_at_ms.set(1)])
    assert guarded.call("reconcile_payments", scheduled())["resolved"] == 1


WALLET = {"account_id": "proved"}


def test_verifying_a_client_and_its_workspace_may_do_what_it_does(client: Client, guarded: Guarded) -> None:
    make_payer(client, guarded, "proved")
    paid = client.ask("POST", "/v1/accounts/proved/top-ups", {"amount": "25"}, expect=201)["payment"]
    refunds = f"/v1/accounts/proved/payments/{paid['payment_id']}/refunds"
    client.ask("POST", refunds, {"amount": "5", "reason": "a test"}, expect=201)
    of_client = {"kind": "client", "workspace_id": "proved", "name": "B", "email": "b@acme.example", "currency": "usd"}
    client.ask("PUT", "/v1/accounts/proved.bob", of_client, expect=201)
    with use(guarded.deployment.environment):
        post([pair(1, "proved.bob", "proved", occurred_at_ms=now_ms())])
        verified = verify_all_again(guarded)
        assert (verified["differences"], verified["whole"] >= 2) == (0, True)
        post([pair(2, "proved.bob", "proved", occurred_at_ms=now_ms())])
        assert verify_all_again(guarded)["pages"] >= 2
        wallet = WalletRow.get("proved")
        damage(WalletRow, WALLET, "balance_micros", {"N": str(int(wallet.balance_micros) + 1)})
        assert verify_all_again(guarded)["found"] == 1
        assert verify_all_again(guarded)["differences"] == 1
        damage(WalletRow, WALLET, "balance_micros", {"N": str(int(wallet.balance_micros))})
        assert verify_all_again(guarded)["resolved"] == 1


def make_payer(client: Client, guarded: Guarded, name: str) -> None:
    fields = {"kind": "workspace", "name": name, "email": f"billing@{name}.example", "currency": "usd"}
    client.ask("PUT", f"/v1/accounts/{name}", fields, expect=201)
    save_card(client, f"/v1/accounts/{name}", guarded, "pm_card_visa")


def verify_all_again(guarded: Guarded) -> Any:
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
