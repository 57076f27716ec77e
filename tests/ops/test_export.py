"""An export has everything that the account's people may see, adds up, and goes on where it was cut off."""

import csv
import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from chalicelib import clock
from chalicelib.accounts.account import BillingDetails
from chalicelib.accounts.change_billing_details import change_billing_details
from chalicelib.activity import table as activity
from chalicelib.activity.entry import Entry, FieldChange
from chalicelib.activity.table import LogRow
from chalicelib.catalog.catalog import catalog
from chalicelib.invoices.issue import issue_for
from chalicelib.invoices.table import InvoiceRow
from chalicelib.ledger.post import post
from chalicelib.ledger.table import WalletRow
from chalicelib.payments.table import PaymentRow
from chalicelib.portal.invitation import Invitation
from chalicelib.portal.invitation_table import put_new
from ops.__main__ import ops
from ops.exporting.readable import readable
from tests.build import credit, debit, pair
from tests.conftest import NewWallet
from tests.damage import damage
from tests.depth import some
from tests.filled import filled
from tests.payments.payer import Payer
from tests.wire import Cut, Wire, calls_of

NewPayer = Callable[..., Payer]


def export(account_id: str, to: Path, *options: str) -> Result:
    return CliRunner().invoke(ops, ["export", account_id, "--to", str(to), *options])


def lines(directory: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (directory / f"{name}.jsonl").read_text().splitlines()]


def cells(directory: Path, name: str) -> list[dict[str, str]]:
    with (directory / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def customer(new_payer: NewPayer) -> Payer:
    """Return a customer with a payment, its invoice, usage, an invitation and a log."""
    payer = new_payer()
    change_billing_details(payer.account(), BillingDetails(name="=cmd()", address=["1 Main St"]))
    payer.top_up()
    issue_for(payer.account_id, payer.payment().payment_id, catalog())
    post([debit(number, payer.account_id, description="+49 30 1234567") for number in range(1, 40)])
    put_new(filled(Invitation, account_id=payer.account_id, number=1))
    activity.put_new(
        Entry(
            account_id=payer.account_id,
            entry_id="2026-11-01T00:00:00.000Z#account#1",
            at_ms=clock.now_ms(),
            kind="account",
            actor="operator:Jane",
            changes=(FieldChange("name", "Old", "New"),),
        )
    )
    return payer


def test_everything_is_exported_and_the_manifest_proves_it(customer: Payer, tmp_path: Path) -> None:
    done = export(customer.account_id, tmp_path)
    assert done.exit_code == 0, done.output
    directory = tmp_path / customer.account_id
    manifest = json.loads((directory / "manifest.json").read_text())
    assert (manifest["format"], manifest["agrees"], manifest["transactions"]) == (1, True, 40)
    assert manifest["balance"] == manifest["sum_of_transactions"] == "23.05"
    for each in manifest["files"]:
        content = (directory / each["name"]).read_bytes()
        assert (sha256(content).hexdigest(), len(content)) == (each["sha256"], each["bytes"])
        counted = len(lines(directory, each["name"].removesuffix(".jsonl"))) if each["name"].endswith("l") else None
        assert counted in {None, each["rows"]}
    (document,) = manifest["documents"]
    assert (directory / "documents" / document["name"]).read_bytes().startswith(b"%PDF")
    assert sorted(each["amount"] for each in lines(directory, "transactions")) == ["0.05"] * 39 + ["25.00"]
    (payment,) = lines(directory, "payments")
    assert (payment["amount"], payment["state"], payment["card_last_four"]) == ("25.00", "succeeded", "4242")
    (card,) = lines(directory, "cards")
    assert (card["role"], card["last_four"]) == ("default", "4242")
    assert lines(directory, "documents")[0]["total"] == "25.00"
    assert lines(directory, "daily_usage")[0]["count"] == 39
    assert not [each for each in directory.iterdir() if each.name.endswith(".part")]


def test_no_secret_and_no_name_that_is_kept_from_the_account_is_exported(customer: Payer, tmp_path: Path) -> None:
    export(customer.account_id, tmp_path)
    everything = "".join(each.read_text() for each in (tmp_path / customer.account_id).glob("*.*l*"))
    assert "secret" not in everything
    assert "fingerprint" not in everything
    assert "Jane" not in everything
    (entry,) = lines(tmp_path / customer.account_id, "log")
    assert entry["changes"] == [{"field": "name", "before": "Old", "after": "New"}]


def test_a_spreadsheet_runs_nothing_of_the_csv(customer: Payer, tmp_path: Path) -> None:
    export(customer.account_id, tmp_path)
    directory = tmp_path / customer.account_id
    assert {each["description"] for each in cells(directory, "transactions")} == {
        "'+49 30 1234567",
        "Balance added by card",
    }
    assert "=cmd()" in cells(directory, "account")[0]["billing_details"]
    for each in directory.glob("*.csv"):
        with each.open(newline="") as file:
            assert [cell for row in csv.reader(file) for cell in row if cell.startswith(("=", "+", "@"))] == []


def test_a_client_does_not_learn_what_it_costs_its_workspace(new_wallet: NewWallet, tmp_path: Path) -> None:
    workspace = new_wallet()
    client = new_wallet(workspace=workspace)
    post([pair(1, client, workspace)])
    for account_id in (workspace, client):
        assert export(account_id, tmp_path).exit_code == 0
    (own,) = lines(tmp_path / client, "transactions")
    assert own["sibling"] is None
    assert not (tmp_path / client / "client_usage.jsonl").exists()
    assert not (tmp_path / client / "rebilling.jsonl").exists()
    (of_client,) = lines(tmp_path / workspace, "client_usage")
    assert (of_client["client_id"], of_client["count"]) == (client, 1)


def test_what_cannot_be_read_is_named_and_nothing_else_is_missing(customer: Payer, tmp_path: Path) -> None:
    payment_id = customer.payment().payment_id
    customer.top_up(key="key-2")
    damage(PaymentRow, {"account_id": customer.account_id, "payment_id": payment_id}, "amount_micros")
    document = next(row.document for row in InvoiceRow.query(customer.account_id) if row.document.startswith("doc"))
    damage(InvoiceRow, {"account_id": customer.account_id, "document": document}, "body", {"B": b"broken"})
    done = export(customer.account_id, tmp_path)
    assert done.exit_code == 1
    directory = tmp_path / customer.account_id
    payments = {each["payment_id"]: each for each in lines(directory, "payments")}
    assert len(payments) == 2
    assert payments[payment_id]["amount_micros"] == "not a number"
    assert payments[payment_id]["unreadable"]
    manifest = json.loads((directory / "manifest.json").read_text())
    assert manifest["unreadable"] == 2
    assert len(manifest["documents_missing"]) == 1
    assert manifest["agrees"]


def test_what_cannot_be_read_tells_nothing_that_its_people_may_not_see(customer: Payer, tmp_path: Path) -> None:
    account_id, payment_id = customer.account_id, customer.payment().payment_id
    damage(PaymentRow, {"account_id": account_id, "payment_id": payment_id}, "amount_micros")
    damage(PaymentRow, {"account_id": account_id, "payment_id": payment_id}, "actor", {"S": "operator:Al Bell"})
    changes = (FieldChange("margin", "1", "workspace only"),)
    entry = filled(Entry, account_id=account_id, entry_id="1#price#1", actor="workspace:Al Bell", changes=changes)
    activity.put_new(entry)
    damage(LogRow, {"account_id": account_id, "entry_id": "1#price#1"}, "at_ms", {"S": "never"})
    export(account_id, tmp_path)
    (stored,) = [each for each in lines(tmp_path / account_id, "log") if each["entry_id"] == "1#price#1"]
    assert stored["unreadable"]
    for name in ("payments", "log"):
        text = (tmp_path / account_id / f"{name}.jsonl").read_text()
        assert "Al Bell" not in text
        assert "workspace only" not in text


def test_an_export_that_is_cut_off_anywhere_is_finished_by_the_next(customer: Payer, tmp_path: Path) -> None:
    number = calls_of(lambda: export(customer.account_id, tmp_path / "whole"))
    whole = (tmp_path / "whole" / customer.account_id / "transactions.jsonl").read_bytes()
    for at in some(range(1, number + 1)):
        to = tmp_path / str(at)
        with Wire((at, "after")), pytest.raises(Cut):
            CliRunner().invoke(ops, ["export", customer.account_id, "--to", str(to)])
        assert not (to / customer.account_id / "manifest.json").exists()
        assert export(customer.account_id, to).exit_code == 0
        assert (to / customer.account_id / "transactions.jsonl").read_bytes() == whole


def test_what_is_posted_meanwhile_is_left_out_and_a_complete_export_is_kept(customer: Payer, tmp_path: Path) -> None:
    export(customer.account_id, tmp_path)
    post([credit(99, customer.account_id)])
    again = export(customer.account_id, tmp_path)
    assert again.exit_code == 1
    assert "has a complete export" in again.output
    assert "41 transactions, 48.05 usd: agrees" in export(customer.account_id, tmp_path, "--replace").output
    assert export("nobody", tmp_path).exit_code == 1


@pytest.mark.parametrize("is_lost", [True, False])
def test_an_account_whose_wallet_is_lost_or_unreadable_gets_the_rest(
    customer: Payer, tmp_path: Path, *, is_lost: bool
) -> None:
    if is_lost:
        WalletRow(customer.account_id).delete()
    else:
        damage(WalletRow, {"account_id": customer.account_id}, "balance_micros")
    done = export(customer.account_id, tmp_path)
    assert (done.exit_code, "DOES NOT agree with the balance unknown" in done.output) == (1, True)
    assert len(lines(tmp_path / customer.account_id, "transactions")) == 40
    assert len(lines(tmp_path / customer.account_id, "payments")) == 1


@pytest.mark.parametrize("is_complete", [True, False])
def test_nothing_of_another_system_gets_into_an_export(customer: Payer, tmp_path: Path, *, is_complete: bool) -> None:
    directory = tmp_path / customer.account_id
    if is_complete:
        export(customer.account_id, tmp_path)
    else:
        number = calls_of(lambda: export(customer.account_id, tmp_path / "whole"))
        with Wire((number * 3 // 4, "after")), pytest.raises(Cut):
            export(customer.account_id, tmp_path)
        progress = json.loads((directory / ".progress.json").read_text())
        assert progress["files"]
        progress["files"]["payments"] = []
        (directory / ".progress.json").write_text(json.dumps({**progress, "system": "another", "balance": "1.00"}))
    for name in ("OTHER-000001.pdf", f"{issued_number(customer)}.pdf"):
        (directory / "documents" / name).write_bytes(b"another system's")
    done = export(customer.account_id, tmp_path, *(["--replace"] if is_complete else []))
    assert done.exit_code == 0, done.output
    assert len(lines(directory, "payments")) == 1
    (document,) = (directory / "documents").iterdir()
    assert document.read_bytes().startswith(b"%PDF")


def issued_number(customer: Payer) -> str:
    (number,) = [row.number for row in InvoiceRow.query(customer.account_id) if row.document.startswith("doc")]
    return str(number)


def test_values_are_readable() -> None:
    stored = {"amount_micros": 1_500_000, "created_at_ms": 0, "prices_micros": {"a": 10_000}, "secret": 1, "none": None}
    assert readable({**stored, "lines": [{"quantity_micros": 2_000_000}]}, "usd", {"secret"}) == {
        "amount": "1.50",
        "created_at": "1970-01-01T00:00:00.000Z",
        "prices": {"a": "0.01"},
        "lines": [{"quantity": "2"}],
    }
