"""Accounts of another system: created once, or matched, and never changed."""

from collections.abc import Iterable

import pytest
from msgspec import json

from chalicelib.accounts import table
from chalicelib.accounts.table import AccountRow
from chalicelib.catalog.catalog import catalog
from chalicelib.ledger.table import read_wallet
from ops.importing.create_accounts import create_accounts
from ops.importing.record import AccountRecord
from ops.importing.staging import RowResult, StagedRow
from tests.build import unique
from tests.damage import damage
from tests.wire import Cut, Wire, cut_points

pytestmark = pytest.mark.usefixtures("stack")


def record(account_id: str, **changes: str) -> AccountRecord:
    fields = {"kind": "workspace", "name": "Acme", "email": "a@acme.example", "currency": "usd", **changes}
    return AccountRecord(account_id=account_id, **fields)  # type: ignore[arg-type]


def staged(records: Iterable[AccountRecord]) -> list[StagedRow]:
    return [StagedRow(line, each.key, json.encode(each)) for line, each in enumerate(records, 2)]


def create(records: Iterable[AccountRecord], *, write: bool = True) -> list[tuple[str, str]]:
    found: list[RowResult] = create_accounts(staged(records), catalog=catalog(), write=write)
    return [(each.outcome, each.detail) for each in sorted(found, key=lambda each: each.row.line)]


def test_an_account_is_created_with_its_details_and_matched_by_the_next_run() -> None:
    wanted = record(
        "import-1",
        locale="de",
        country="DE",
        created_at="2024-05-01T00:00:00+02:00",
        billing_name="Acme GmbH",
        billing_address="Hauptstr. 1 | 10115 Berlin",
        billing_tax_id="DE123456789",
    )
    assert create([wanted], write=False) == [("done", "")]
    assert table.find("import-1") is None
    assert create([wanted]) == [("done", "")]
    assert create([wanted]) == [("before", "")]
    found = table.get("import-1")
    assert found.billing_details is not None
    assert found.billing_details.address == ["Hauptstr. 1", "10115 Berlin"]
    assert (found.locale, found.country, found.created_at_ms) == ("de", "DE", 1_714_514_400_000)
    assert read_wallet("import-1").balance_micros == 0


def test_what_exists_is_never_changed_and_another_kind_is_refused() -> None:
    create([record("import-2")])
    assert create([record("import-2", name="Other", email="b@other.example")]) == [("before", "")]
    assert table.get("import-2").name == "Acme"
    assert create([record("import-2", currency="eur")]) == [
        ("refused", "the account exists, and its currency is 'usd'")
    ]
    client = record("import-2", kind="client", workspace_id="import-1")
    assert create([client]) == [("refused", "the account exists, and its kind is 'workspace'")]


@pytest.mark.parametrize("write", [False, True])
def test_an_account_that_is_damaged_or_lost_is_refused_and_keeps_back_no_other(*, write: bool) -> None:
    damaged, lost, new = (unique("damaged") for _ in range(3))
    create([record(damaged), record(lost)])
    damage(AccountRow, {"account_id": damaged}, "created_at_ms")
    AccountRow(lost).delete()
    assert create([record(damaged), record(lost), record(new)], write=write) == [
        ("refused", "the account exists, and cannot be read"),
        ("refused", "it has a wallet, and its account is lost: restore that row"),
        ("done", ""),
    ]


def test_clients_come_after_their_workspaces_whatever_the_order_in_the_file() -> None:
    rows = [
        record("import-3.one", kind="client", workspace_id="import-3"),
        record("import-3"),
        record("import-3.two", kind="client", workspace_id="import-3"),
        record("import-3.bad", kind="client", workspace_id="nobody"),
        record("import-3.other", kind="client", workspace_id="import-3", currency="eur"),
        record("import-4", currency="xxx"),
        record("import-5", billing_address="one|" * 11),
    ]
    found = create(rows)
    assert [each for each, _ in found] == ["done", "done", "done", "refused", "refused", "refused", "refused"]
    assert "needs the workspace_id of a workspace that exists" in found[3][1]
    assert table.get("import-3.two").workspace_id == "import-3"


def test_a_run_that_is_cut_off_anywhere_is_finished_by_the_next() -> None:
    names = iter(range(10_000))

    def rows() -> list[AccountRecord]:
        start = next(names) * 100
        return [record(f"cut-{number}") for number in range(start, start + 60)]

    first = rows()
    for point in cut_points(lambda: create(first)):
        cut = rows()
        with Wire(point), pytest.raises(Cut):
            create(cut)
        assert {each for each, _ in create(cut)} <= {"done", "before"}
        assert all(table.find(each.account_id) and read_wallet(each.account_id) for each in cut)
