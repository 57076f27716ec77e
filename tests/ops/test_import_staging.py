"""What a file's rows are to each other, and what a run knows of the runs before it."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from ops.importing.record import BalanceRecord, Record
from ops.importing.source_file import SourceRow
from ops.importing.staging import InUse, OtherKind, RowResult, Staging, open_staging


def balance(account_id: str, amount: str = "1") -> Record:
    return BalanceRecord(account_id=account_id, currency="usd", balance=amount)  # type: ignore[arg-type]


def stage(staging: Staging, *records: Record | str) -> None:
    rows: Iterable[tuple[SourceRow, Record | str]] = [
        (SourceRow(line), record) for line, record in enumerate(records, 2)
    ]
    list(staging.add(rows))


def left(staging: Staging) -> list[str]:
    return [row.key for batch in staging.left(2) for row in batch]


def done(staging: Staging, *keys: str) -> None:
    rows = [row for batch in staging.left(100) for row in batch]
    staging.note(RowResult(row, "done") for row in rows if row.key in keys)


def test_rows_are_left_in_the_order_of_the_file(tmp_path: Path) -> None:
    with open_staging(tmp_path / "state", "balances", "here") as staging:
        stage(staging, *(balance(f"acme-{number}") for number in (3, 1, 5, 2, 4)))
        assert left(staging) == ["acme-3", "acme-1", "acme-5", "acme-2", "acme-4"]


def test_a_row_that_is_there_twice_is_counted_and_staged_once(tmp_path: Path) -> None:
    with open_staging(tmp_path / "state", "balances", "here") as staging:
        stage(staging, balance("acme"), balance("other"), balance("acme"))
        assert left(staging) == ["acme", "other"]
        assert staging.counts.repeated == 1
        assert list(staging.problems()) == []


def test_rows_that_contradict_each_other_are_both_kept_back_and_named(tmp_path: Path) -> None:
    with open_staging(tmp_path / "state", "balances", "here") as staging:
        stage(staging, balance("acme", "1"), balance("other"), balance("acme", "2"), balance("acme", "1"))
        assert left(staging) == ["other"]
        assert list(staging.problems()) == [
            (2, "contradicts line 4, which is about the same"),
            (4, "contradicts line 2, which is about the same"),
        ]


def test_a_run_after_a_killed_one_does_the_rest(tmp_path: Path) -> None:
    with open_staging(tmp_path / "state", "balances", "here") as staging:
        stage(staging, balance("acme"), balance("other"), "bad")
        done(staging, "acme")
    with open_staging(tmp_path / "state", "balances", "here") as staging:
        stage(staging, balance("acme"), balance("other"), "bad")
        assert (left(staging), staging.count_done(), staging.count_left()) == (["other"], 1, 1)
        assert list(staging.problems()) == [(4, "bad")]


@pytest.mark.parametrize(("again", "system"), [(True, "here"), (False, "elsewhere")])
def test_on_request_or_for_another_system_all_rows_are_carried_out(tmp_path: Path, again: bool, system: str) -> None:
    with open_staging(tmp_path / "state", "balances", "here") as staging:
        stage(staging, balance("acme"))
        done(staging, "acme")
    with open_staging(tmp_path / "state", "balances", system, again=again) as staging:
        stage(staging, balance("acme"))
        assert left(staging) == ["acme"]


@pytest.mark.parametrize("again", [True, False])
def test_what_was_imported_is_not_imported_with_other_content(tmp_path: Path, again: bool) -> None:
    with open_staging(tmp_path / "state", "balances", "here") as staging:
        stage(staging, balance("acme"))
        done(staging, "acme")
    with open_staging(tmp_path / "state", "balances", "here", again=again) as staging:
        stage(staging, balance("acme", "2"))
        assert left(staging) == []
        assert list(staging.problems()) == [(2, "was imported before with other content; that stays")]


def test_a_row_that_was_refused_may_be_corrected(tmp_path: Path) -> None:
    with open_staging(tmp_path / "state", "balances", "here") as staging:
        stage(staging, balance("acme"))
        staging.note(RowResult(row, "refused", "no") for batch in staging.left(1) for row in batch)
        assert list(staging.problems()) == [(2, "no")]
    with open_staging(tmp_path / "state", "balances", "here") as staging:
        stage(staging, balance("acme", "2"))
        assert left(staging) == ["acme"]


def test_two_imports_of_one_file_do_not_run_at_once_nor_as_other_kinds(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with open_staging(state, "balances", "here"), pytest.raises(InUse), open_staging(state, "balances", "here"):
        pass
    with open_staging(state, "balances", "here") as staging:
        stage(staging, balance("acme"))
    told = pytest.raises(OtherKind, match="as balances, not as accounts: is it the right one")
    with told, open_staging(state, "accounts", "here"):
        pass


def test_a_file_that_was_taken_for_another_kind_and_had_no_row_of_it_is_imported_as_its_own(tmp_path: Path) -> None:
    with open_staging(tmp_path / "state", "accounts", "here") as staging:
        stage(staging, "bad", "bad")
    with open_staging(tmp_path / "state", "balances", "here") as staging:
        stage(staging, balance("acme"))
        assert left(staging) == ["acme"]


def test_what_is_not_kept_begins_empty_and_leaves_nothing(tmp_path: Path) -> None:
    state = tmp_path / "state[1]"
    others = tmp_path / "state[1].txt", tmp_path / "state1"
    for other in others:
        other.touch()
    with open_staging(state, "accounts", "here") as staging:  # as a run that was killed leaves it
        stage(staging, balance("acme"))
        done(staging, "acme")
    with open_staging(state, "balances", "here", is_kept=False) as staging:
        stage(staging, balance("acme", "2"))
        assert left(staging) == ["acme"]
    assert set(tmp_path.iterdir()) == set(others)


def test_nobody_else_may_read_what_is_staged(tmp_path: Path) -> None:
    with open_staging(tmp_path / "state", "balances", "here") as staging:
        stage(staging, balance("acme"))
        modes = {each.name: each.stat().st_mode & 0o077 for each in tmp_path.iterdir() if each.name != "state.lock"}
        assert modes == {"state": 0, "state-wal": 0, "state-shm": 0}
