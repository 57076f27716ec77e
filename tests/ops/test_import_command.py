"""The commands as an operator runs them: reports, exit codes, and a run that is killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from chalicelib.ledger.table import WalletRow, read_wallet
from local.resources import Deployment
from ops.__main__ import ops
from ops.importing.carry_out import BATCHES_AT_ONCE, ROWS_AT_ONCE
from tests.build import unique
from tests.conftest import NewWallet
from tests.damage import damage
from tests.ops.killed_import import rows_done

pytestmark = pytest.mark.usefixtures("stack")
ROOT = Path(__file__).resolve().parents[2]
ACCOUNTS = "account_id,kind,name,email,currency\n"
BALANCES = "account_id,currency,balance\n"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(ops, ["import", *map(str, arguments)])


def write(path: Path, header: str, rows: Sequence[str]) -> Path:
    path.write_text(header + "".join(f"{row}\n" for row in rows))
    return path


def test_good_rows_are_imported_and_each_bad_one_is_named(tmp_path: Path, new_wallet: NewWallet) -> None:
    names = [new_wallet() for _ in range(4)]
    rows = [
        f"{names[0]},usd,1.50",
        f"{names[1]},usd,abc",
        f"{names[2]},usd,1",
        f"{names[2]},usd,2",
        f"{names[3]},usd,-3",
    ]
    file = write(tmp_path / "balances.csv", BALANCES, [*rows, rows[0], "nobody,usd,4"])
    done = run("balances", file, "--problems", tmp_path / "problems.txt")
    assert done.exit_code == 1
    named = (tmp_path / "problems.txt").read_text().splitlines()
    assert [each.partition(":")[0] for each in named] == ["line 3", "line 4", "line 5", "line 8"]
    assert "7 rows: 2 imported now, 0 before, 1 repeated in the file, 3 bad, 1 refused" in done.output
    assert "usd: 2.50 in the file, -1.50 here, difference -4.00" in done.output
    assert [read_wallet(each).balance_micros for each in names] == [1_500_000, 0, 0, -3_000_000]


def test_a_client_may_be_above_its_workspace_or_in_the_next_batch(tmp_path: Path) -> None:
    names = [unique("agency") for _ in range(ROWS_AT_ONCE + 20)]
    workspaces = [f"{each},workspace,A,a@a.example,usd," for each in names]
    clients = [f"{each}.c,client,A,a@a.example,usd,{each}" for each in names]
    rows = [*clients[:20], *workspaces, *clients[20:]]
    done = run("accounts", write(tmp_path / "a.csv", f"{ACCOUNTS.strip()},workspace_id\n", rows))
    assert (done.exit_code, f"{len(rows)} imported now" in done.output) == (0, True), done.output


def test_where_problems_cannot_be_written_nothing_is_imported(tmp_path: Path, new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    file = write(tmp_path / "balances.csv", BALANCES, [f"{account_id},usd,7"])
    done = run("balances", file, "--problems", tmp_path / "nowhere" / "problems.txt")
    assert (done.exit_code, read_wallet(account_id).sequence) == (2, 0)
    assert "there is no directory" in done.output


def test_a_dry_run_leaves_nothing_and_a_second_run_posts_nothing(tmp_path: Path, new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    file = write(tmp_path / "balances.csv", BALANCES, [f"{account_id},usd,7"])
    dry = run("balances", file, "--dry-run")
    assert (dry.exit_code, read_wallet(account_id).sequence) == (0, 0)
    assert [each.name for each in tmp_path.iterdir()] == ["balances.csv"]
    assert "1 rows: 1 imported now, 0 before" in run("balances", file).output
    for again in ((), ("--again",)):
        repeated = run("balances", file, *again)
        assert "1 rows: 0 imported now, 1 before" in repeated.output
        assert (repeated.exit_code, read_wallet(account_id).sequence) == (0, 1)


def test_differences_between_a_file_and_the_wallets_are_named(tmp_path: Path, new_wallet: NewWallet) -> None:
    first, second, euros = new_wallet(), new_wallet(), new_wallet(currency="eur")
    file = write(tmp_path / "balances.csv", BALANCES, [f"{first},usd,7", f"{second},usd,8"])
    run("balances", file)
    assert run("check", file).exit_code == 0
    others = [f"{first},usd,7", f"{second},usd,8.01", f"{euros},usd,0", "nobody,usd,1", "x"]
    found = run("check", write(tmp_path / "other.csv", BALANCES, others))
    assert found.exit_code == 1
    assert f"{second}: expected 8.01 usd, found 8.00 usd, difference -0.01" in found.output
    assert f"{euros}: expected 0.00 usd, found 0.00 eur" in found.output
    assert "nobody: expected 1.00 usd, and there is no wallet" in found.output
    assert "usd: 16.01 in the file, 15.00 here, difference -1.01" in found.output
    assert "4 differences" in found.output


def test_a_wallet_that_cannot_be_read_hides_no_difference_of_another(tmp_path: Path, new_wallet: NewWallet) -> None:
    first, broken, last = new_wallet(), new_wallet(), new_wallet()
    damage(WalletRow, {"account_id": broken}, "balance_micros")
    found = run("check", write(tmp_path / "b.csv", BALANCES, [f"{each},usd,1" for each in (first, broken, last)]))
    assert f"{broken}: its wallet cannot be read" in found.output
    assert f"{last}: expected 1.00 usd, found 0.00 usd" in found.output
    assert (found.exit_code, "3 differences" in found.output) == (1, True)


@pytest.mark.parametrize("content", ["", "account_id,account_id\n"])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "balances.csv"
    file.write_text(content)
    for command in ("balances", "check"):
        done = run(command, file)
        assert done.exit_code == 1
        assert "Error: " in done.output


def test_a_run_that_is_killed_is_finished_by_the_next_and_nothing_is_posted_twice(
    tmp_path: Path, stack: Deployment
) -> None:
    # One batch more than are read ahead: it waits until rows of others are noted, and is killed before its first call.
    names = [f"killed-{number}" for number in range(ROWS_AT_ONCE * BATCHES_AT_ONCE * 2 + 1)]
    accounts = write(tmp_path / "accounts.csv", ACCOUNTS, [f"{each},workspace,A,a@a.example,usd" for each in names])
    assert run("accounts", accounts).exit_code == 0
    file = write(tmp_path / "balances.csv", BALANCES, [f"{each},usd,1" for each in names])
    killed = subprocess.run(
        [sys.executable, "-m", "tests.ops.killed_import", "balances", file],
        cwd=ROOT,
        env={**os.environ, **stack.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    done = rows_done(tmp_path / "balances.csv.import")
    assert 0 < done < len(names)
    second = run("balances", file)
    assert second.exit_code == 0, second.output
    assert f"{len(names)} rows: {len(names) - done} imported now, {done} before" in second.output
    assert f"usd: {len(names)}.00 in the file, {len(names)}.00 here" in second.output
    assert run("check", file).exit_code == 0
    assert {read_wallet(each).sequence for each in names} == {1}
