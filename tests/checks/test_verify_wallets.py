"""The nightly verification over real wallets and tables."""

import json
from datetime import timedelta
from random import Random
from zlib import crc32

import pytest

from chalicelib import clock
from chalicelib.checks import table
from chalicelib.checks.table import CheckRow, read_wallet_check
from chalicelib.checks.verify_wallets import DOES_NOT_AGREE, FAILED, verify_wallets
from chalicelib.checks.wallet_check import WHOLE_DAYS
from chalicelib.clock import DAY_MS, Deadline, now_ms
from chalicelib.ledger.page_table import PageRow
from chalicelib.ledger.post import post
from chalicelib.ledger.table import WalletRow
from chalicelib.ledger.transaction import Transaction
from chalicelib.ledger.verify import StillMoving
from chalicelib.ledger.verify import verify as verify_ledger
from chalicelib.runs import RunIncomplete
from chalicelib.threads import in_threads
from tests.build import credit, debit, unique
from tests.checks.checker import open_differences, problems, verify
from tests.conftest import NewWallet
from tests.damage import damage
from tests.deadlines import DeadlineAfter
from tests.depth import examples
from tests.metric_lines import counted
from tests.wire import Point, calls_of, cut_off, cut_points


@pytest.fixture(autouse=True)
def nothing_else_is_due(stack: object) -> None:
    """Remove the wallets of earlier tests."""
    for row in WalletRow.scan():
        row.delete()
    CheckRow(table.EVERY_WALLET, table.WALLET).delete()


@pytest.fixture
def new_wallet(new_wallet: NewWallet) -> NewWallet:
    """Return a function that makes a wallet, all of which is next due in the night 28."""

    def make() -> str:
        names = (unique("wallet") for _ in range(100 * WHOLE_DAYS))
        today = now_ms() // DAY_MS
        return new_wallet(next(name for name in names if (today + crc32(name.encode())) % WHOLE_DAYS == 0))

    return make


def use(account_id: str, *numbers: int, minutes: int = 10) -> None:
    """Post events, each in a page of its own."""
    for number in numbers:
        post([debit(number, account_id, occurred_at_ms=now_ms() - DAY_MS + number * minutes * 60_000)])


def break_page(account_id: str, number: int = 0) -> PageRow:
    """Change one of a wallet's pages, the oldest being 0; return it as it was."""
    row = sorted(PageRow.query(account_id), key=lambda each: each.first_sequence)[number]
    PageRow(account_id, row.page_key).update([PageRow.closing_balance_micros.set(7)])
    return row


def test_a_night_verifies_what_has_changed_and_the_next_nothing(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    use(account_id, 1, 2)
    first = verify(1)
    assert (first.wallets, first.pages, first.differences) == (1, 2, 0)
    check = read_wallet_check(account_id)
    assert (check.verified.sequence, check.difference) == (2, None)
    assert verify(2).wallets == 0
    use(account_id, 3)
    later = verify(3)
    assert (later.wallets, later.pages, later.whole) == (1, 1, 0)


def test_a_new_account_is_verified_whole_and_an_empty_one_too(new_wallet: NewWallet) -> None:
    full, empty = new_wallet(), new_wallet()
    use(full, 1)
    run = verify()
    assert (run.wallets, run.whole) == (2, 2)
    assert read_wallet_check(empty).checked_at_ms is not None


def test_a_page_that_was_changed_is_told_once_until_it_is_mended(
    new_wallet: NewWallet, capsys: pytest.CaptureFixture[str]
) -> None:
    account_id = new_wallet()
    use(account_id, 1, 2)
    verify(1)
    use(account_id, 3)
    whole = break_page(account_id, 2)
    capsys.readouterr()
    first = verify(2)
    assert (first.differences, first.found) == (1, 1)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (told,) = [line for line in lines if line["event"] == DOES_NOT_AGREE]
    assert (told["level"], told["account_id"]) == ("error", account_id)
    assert {line["verify_differences"] for line in lines if "verify_differences" in line} == {1}
    again = verify(3)
    assert (again.differences, again.found) == (1, 0)
    (found,) = open_differences(account_id)
    assert found.kind == "wallet"
    assert "closing balance" in found.problem
    whole.save()
    mended = verify(4)
    assert (mended.differences, mended.resolved) == (0, 1)
    assert open_differences(account_id) == []
    break_page(account_id)
    assert verify(40).found == 1


def test_an_old_page_that_is_changed_later_is_found_within_four_weeks(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    use(account_id, 1, 2)
    verify(1)
    break_page(account_id)
    found = [night for night in range(2, 32) if verify(night).found]
    assert len(found) == 1
    use(account_id, 3)
    assert verify(33).differences == 1  # new pages that are sound do not resolve it


def test_a_wallet_that_moves_is_not_read_again_when_time_is_up(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    use(account_id, 1)
    reads = []

    def move(transaction: Transaction) -> str:
        reads.append(transaction)
        use(account_id, 1 + len(reads))
        return "it moves"

    with pytest.raises(StillMoving):
        verify_ledger(account_id, also=move, deadline=Deadline(0))
    assert len(reads) == 1


def test_a_payment_of_the_ledger_without_a_row_is_found(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    use(account_id, 1)
    verify(1)
    post([credit(1, account_id, occurred_at_ms=now_ms(), event_id="pay_forged", payment_id="pay_forged")])
    verify(2)
    (found,) = open_differences(account_id)
    assert "its payment pay_forged has no row" in found.problem


def test_a_balance_that_was_changed_by_hand_is_found_though_nothing_is_new(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    use(account_id, 1)
    verify(1)
    WalletRow(account_id).update([WalletRow.balance_micros.set(10**12)])
    assert verify(2).found == 1


def test_a_wallet_that_cannot_be_read_fails_alone_and_not_twice_a_night(
    new_wallet: NewWallet, capsys: pytest.CaptureFixture[str]
) -> None:
    before, bad, after = new_wallet(), new_wallet(), new_wallet()
    for each in (before, bad, after):
        use(each, 1)
    damage(WalletRow, {"account_id": bad}, "balance_micros")
    with pytest.raises(RunIncomplete, match="1 failed"):
        verify(1)
    assert all(read_wallet_check(each).verified.sequence == 1 for each in (before, after))
    output = capsys.readouterr().out
    assert counted(output, "verify") == [("verify_differences", 0), ("verify_failures", 1)]
    lines = [json.loads(line) for line in output.splitlines()]
    assert [line["account_id"] for line in lines if line["event"] == FAILED] == [bad]
    assert verify(1).wallets == 0
    damage(WalletRow, {"account_id": bad}, "balance_micros", {"N": "-50000"})
    assert verify(2).wallets == 1


def test_a_page_that_cannot_be_read_is_a_difference(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    use(account_id, 1)
    (page,) = PageRow.query(account_id)
    page.update([PageRow.format.set(99)])
    run = verify(1)
    assert (run.found, run.failed) == (1, 0)
    assert "cannot be read" in open_differences(account_id)[0].problem


def test_two_runs_at_once_verify_each_wallet_once_and_tell_once(new_wallet: NewWallet) -> None:
    names = [new_wallet() for _ in range(4)]
    for each in names:
        use(each, 1)
    break_page(names[0])
    with clock.moved_to(clock.now() + timedelta(days=1)):
        runs = in_threads(lambda _: verify_wallets(), range(2), 2)
    assert sum(run.wallets for run in runs) == 4
    assert sum(run.found for run in runs) == 1


def test_once_all_is_done_a_later_run_of_the_night_reads_nothing_more(new_wallet: NewWallet) -> None:
    use(new_wallet(), 1)
    verify(1)
    use(new_wallet(), 1)
    assert calls_of(lambda: verify(1)) == 1
    assert verify(2).wallets == 1


def test_a_run_without_time_leaves_all_to_the_next(new_wallet: NewWallet) -> None:
    use(new_wallet(), 1)
    assert verify(deadline=Deadline(0)).wallets == 0
    assert verify().wallets == 1


def test_nights_that_are_too_short_for_all_reach_every_wallet_in_turn(new_wallet: NewWallet) -> None:
    names = [new_wallet() for _ in range(6)]
    reached: set[str] = set()
    for night in range(1, 4):
        for number, name in enumerate(names):
            use(name, 100 * night + number)
        before = {name: read_wallet_check(name).verified.sequence for name in names}
        verify(night, DeadlineAfter(looks=3))
        reached |= {name for name in names if read_wallet_check(name).verified.sequence > before[name]}
    assert reached == set(names)


def test_a_run_begins_behind_a_wallet_that_is_gone(new_wallet: NewWallet) -> None:
    names = [new_wallet() for _ in range(3)]
    for name in names:
        use(name, 1)
    table.write_reached("nobody")
    verify(1)
    assert {read_wallet_check(name).verified.sequence for name in names} == {1}


def test_a_wallet_that_is_not_finished_in_time_goes_on_in_the_next_run_of_the_night(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    verify(1)
    use(account_id, *range(40), minutes=20)
    first = verify(2, DeadlineAfter(looks=11))
    assert (first.unfinished, first.pages) == (1, 10)
    assert read_wallet_check(account_id).verified.sequence == 10
    second = verify(2)
    assert (second.unfinished, second.pages) == (0, 30)
    assert read_wallet_check(account_id).verified.sequence == 40


def test_a_verification_cut_off_anywhere_is_finished_by_a_later_night(new_wallet: NewWallet) -> None:
    def wallets() -> tuple[str, str]:
        good, bad = new_wallet(), new_wallet()
        for each in (good, bad):
            use(each, 1)
        break_page(bad)
        return good, bad

    wallets()
    points = cut_points(lambda: verify(1))
    assert len(points) >= 10
    night = 2
    for point in points:
        good, bad = wallets()
        stop_at(point, night)
        verify(night + 1)
        assert read_wallet_check(good).verified.sequence == 1, point
        assert [found.found_at_ms for found in open_differences(bad)] != [], point
        night += 2
        WalletRow(bad).delete()


def stop_at(point: Point, night: int) -> None:
    cut_off(lambda: verify(night), point)


@pytest.mark.parametrize("seed", range(examples(3)))
def test_over_many_nights_exactly_what_is_broken_is_open(new_wallet: NewWallet, seed: int) -> None:
    random = Random(seed)
    names = [new_wallet() for _ in range(4)]
    numbers = dict.fromkeys(names, 0)
    broken: dict[str, PageRow] = {}
    for night in range(1, 12):
        for name in names:
            for _ in range(random.randint(0, 3)):
                numbers[name] += 1
                use(name, numbers[name])
        name = random.choice(names)
        if name in broken:
            broken.pop(name).save()
        elif numbers[name] and read_wallet_check(name).verified.sequence < numbers[name]:
            broken[name] = break_page(name, -1)
        if random.random() < 0.3:
            verify(night, DeadlineAfter(looks=random.randint(0, 9)))
        verify(night)
        assert {each for each in names if problems(each)} == set(broken)
        assert all(read_wallet_check(each).verified.sequence == numbers[each] for each in names if each not in broken)
