"""The door to the tables `audits` and `repeats`."""

import pytest
from msgspec.structs import replace

from chalicelib.audit import table
from chalicelib.audit.repeats import Repeat
from chalicelib.audit.table import AccountProgress, DayProgress
from tests.build import unique
from tests.filled import filled

pytestmark = pytest.mark.usefixtures("memory")


def test_an_account_is_taken_by_one_and_again_once_that_was_long_ago() -> None:
    account_id = unique("account")
    assert table.take(account_id, 1_000, not_since_ms=500)
    assert not table.take(account_id, 1_001, not_since_ms=500)
    assert not table.take(account_id, 1_001, not_since_ms=1_000)
    assert table.take(account_id, 2_000, not_since_ms=1_001)


def test_an_account_that_was_put_back_is_taken_again() -> None:
    account_id = unique("account")
    table.take(account_id, 1_000, not_since_ms=500)
    table.put_back(account_id)
    assert table.take(account_id, 1_001, not_since_ms=500)


def test_how_far_accounts_were_audited_is_read_together_without_those_that_never_were() -> None:
    taken, finished = unique("account"), unique("account")
    table.take(taken, 1_000, not_since_ms=0)
    table.finish(finished, 12)
    found = table.read_accounts([taken, finished, "nobody"])
    assert found == {taken: AccountProgress(0, 1_000), finished: AccountProgress(12, 0)}


def test_the_days_of_an_account_are_read_without_its_other_parts_and_those_of_others() -> None:
    account_id = unique("account")
    table.finish(account_id, 12)
    for day, progress in (("2026-11-02", DayProgress(2, 3)), ("2026-11-01", DayProgress())):
        table.write_day(account_id, day, progress)
        table.write_day(f"{account_id}0", day, progress)
    table.write_day(account_id, "2026-11-01", DayProgress(9, 9))
    assert table.read_days(account_id) == {"2026-11-01": DayProgress(9, 9), "2026-11-02": DayProgress(2, 3)}
    assert table.read_days("nobody") == {}


def test_a_repeat_with_everything_is_kept_as_it_was_found_first() -> None:
    first = filled(Repeat, state="to_give_back")
    assert table.keep(first) == (first, True)
    assert table.keep(replace(first, found_at_ms=9, state="found")) == (first, False)
    assert list(table.read_repeats(first.account_id)) == [first]


def test_which_transactions_are_repeats_is_read_together() -> None:
    one, other = filled(Repeat), filled(Repeat)
    same = replace(other, account_id=one.account_id)
    for each in (one, other, same):
        table.keep(each)
    found = table.read_kept(one.account_id, [one.transaction_id, same.transaction_id, "txn_unheard_of"])
    assert found == {one.transaction_id: one, same.transaction_id: same}


def test_a_repeat_that_was_given_back_says_so() -> None:
    kept, _ = table.keep(filled(Repeat, state="to_give_back"))
    table.mark_given_back(kept)
    assert list(table.read_repeats(kept.account_id)) == [replace(kept, state="given_back")]


def test_without_an_account_the_repeats_of_all_are_read() -> None:
    ours = [table.keep(filled(Repeat))[0] for _ in range(3)]
    assert {each.transaction_id for each in ours} <= {each.transaction_id for each in table.read_repeats()}
