"""Opening balances and history: each posted once, whoever posts at the same time and wherever a run ends."""

import threading
from collections.abc import Callable, Iterable

import pytest
from msgspec import json
from msgspec.structs import replace

from chalicelib.accounts import table as accounts
from chalicelib.auto_pay import table as auto_pay
from chalicelib.auto_pay.auto_pay import AutoPay
from chalicelib.clock import DAY_MS, iso
from chalicelib.ledger import statement
from chalicelib.ledger.post import post
from chalicelib.ledger.table import read_wallet
from chalicelib.ledger.verify import verify
from local.resources import Deployment
from ops.importing.post_rows import post_balances, post_transactions
from ops.importing.record import BalanceRecord, Record, TransactionRecord
from ops.importing.staging import RowResult, StagedRow
from tests.build import account, debit
from tests.conftest import NewWallet
from tests.damage import damage
from tests.filled import filled
from tests.wire import Cut, Wire, cut_points


def staged(records: Iterable[Record]) -> list[StagedRow]:
    return [StagedRow(line, record.key, json.encode(record)) for line, record in enumerate(records, 2)]


def opening(account_id: str, balance: str = "12.50", currency: str = "usd") -> Record:
    return BalanceRecord(account_id=account_id, balance=balance, currency=currency)  # type: ignore[arg-type]


def past(account_id: str, number: int, occurred_at_ms: int, **changes: str) -> Record:
    fields = {"event_id": f"old-{number}", "type": "debit", "amount": "1", "currency": "usd", **changes}
    return TransactionRecord(account_id=account_id, occurred_at=iso(occurred_at_ms), **fields)  # type: ignore[arg-type]


def outcomes(results: Iterable[RowResult]) -> list[tuple[str, str]]:
    return [(each.outcome, each.detail) for each in sorted(results, key=lambda each: each.row.line)]


@pytest.fixture
def old_wallet(stack: Deployment, new_wallet: NewWallet) -> Callable[[], str]:
    """Return a function that makes an account which is a year old."""

    def make() -> str:
        bare = account(f"old-{next(numbers)}")
        assert accounts.create(replace(bare, created_at_ms=bare.created_at_ms - 365 * DAY_MS))
        return bare.account_id

    return make


numbers = iter(range(1, 10_000))


@pytest.mark.parametrize(
    ("currency", "balance", "micros"),
    [
        ("usd", "12.50", 12_500_000),
        ("usd", "-0.01", -10_000),
        ("jpy", "1500", 1_500_000_000),
        ("kwd", "1.234", 1_234_000),
    ],
)
def test_a_balance_is_posted_once_at_the_time_of_the_account(
    new_wallet: NewWallet, currency: str, balance: str, micros: int
) -> None:
    account_id = new_wallet(currency=currency)
    rows = staged([opening(account_id, balance, currency)])
    assert outcomes(post_balances(rows)) == [("done", "")]
    assert outcomes(post_balances(rows)) == [("before", "")]
    (found,) = statement.read_history(account_id, limit=10).transactions
    assert (found.content.kind, found.balance_after_micros) == ("opening_balance", micros)
    assert found.identity.occurred_at_ms == accounts.get(account_id).created_at_ms
    assert verify(account_id).difference is None


def test_a_dry_run_posts_nothing_and_says_what_would_become_of_each_row(new_wallet: NewWallet) -> None:
    new, known, other = new_wallet(), new_wallet(), new_wallet()
    post_balances(staged([opening(known), opening(other)]))
    rows = staged([opening(new), opening(known), opening(other, "1"), opening("nobody")])
    assert [each for each, _ in outcomes(post_balances(rows, write=False))] == ["done", "before", "refused", "refused"]
    assert read_wallet(new).sequence == 0


def test_each_row_that_cannot_be_posted_says_why_and_keeps_back_no_other(new_wallet: NewWallet) -> None:
    good, other, archived, broken, charged, empty = (new_wallet() for _ in range(6))
    post_balances(staged([opening(other, "1")]))
    accounts.change(replace(accounts.get(archived), standing="archived"))
    damage(accounts.AccountRow, {"account_id": broken}, "created_at_ms")
    assert auto_pay.write(filled(AutoPay, account_id=charged, enabled=True, version=1, due_at_ms=None), over=0)
    records = [
        opening(other, "2"),
        opening("nobody"),
        opening(new_wallet(currency="eur")),
        opening(archived),
        opening(broken),
        opening(charged),
        opening(empty, "0"),
        opening(good),
    ]
    assert outcomes(post_balances(staged(records))) == [
        ("refused", "was posted before with other content; that stays"),
        ("refused", "there is no such account, or it cannot be read"),
        ("refused", "the account's currency is eur, not usd"),
        ("refused", "the account is archived"),
        ("refused", "there is no such account, or it cannot be read"),
        ("refused", "auto-pay is on: switch it off for the import"),
        ("done", ""),
        ("done", ""),
    ]
    assert read_wallet(good).balance_micros == 12_500_000
    assert read_wallet(other).balance_micros == 1_000_000
    assert read_wallet(empty).sequence == 0


def test_two_imports_and_live_usage_at_once_post_each_balance_once(new_wallet: NewWallet) -> None:
    names = [new_wallet() for _ in range(60)]
    rows = staged(opening(each) for each in names)
    found: list[RowResult] = []
    usage = [debit(number, names[0]) for number in range(1, 31)]
    threads = [threading.Thread(target=lambda: found.extend(post_balances(rows))) for _ in range(2)]
    threads += [threading.Thread(target=lambda: [post([each]) for each in usage])]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(each.outcome for each in found) == ["before"] * 60 + ["done"] * 60
    assert read_wallet(names[0]).balance_micros == 12_500_000 - 30 * 50_000
    assert {read_wallet(each).balance_micros for each in names[1:]} == {12_500_000}
    assert verify(names[0]).difference is None


def test_a_run_that_is_cut_off_anywhere_is_finished_by_the_next(new_wallet: NewWallet) -> None:
    def rows() -> list[StagedRow]:
        return staged(opening(new_wallet()) for _ in range(70))

    first = rows()
    for point in cut_points(lambda: post_balances(first)):
        cut = rows()
        with Wire(point), pytest.raises(Cut):
            post_balances(cut)
        assert {each.outcome for each in post_balances(cut)} <= {"done", "before"}
        assert {read_wallet(row.key).balance_micros for row in cut} == {12_500_000}
        assert {read_wallet(row.key).sequence for row in cut} == {1}


def test_history_and_the_opening_balance_sum_up_to_the_balance(old_wallet: Callable[[], str]) -> None:
    account_id = old_wallet()
    begin_ms = accounts.get(account_id).created_at_ms
    records = [past(account_id, number, begin_ms + number * DAY_MS) for number in range(1, 120)]
    records.append(past(account_id, 120, begin_ms + 7 * DAY_MS, type="credit", amount="200.005", description="Top-up"))
    post_balances(staged([opening(account_id, "-10")]))
    assert {each.outcome for each in post_transactions(staged(records))} == {"done"}
    assert {each.outcome for each in post_transactions(staged(records))} == {"before"}
    assert read_wallet(account_id).balance_micros == -10_000_000 - 119_000_000 + 200_005_000
    assert verify(account_id).difference is None
    oldest = statement.read_history(account_id, limit=200).transactions[-1]
    assert oldest.content.kind == "opening_balance"


def test_history_that_contradicts_what_was_posted_or_is_older_than_the_account_is_refused(
    old_wallet: Callable[[], str],
) -> None:
    account_id = old_wallet()
    begin_ms = accounts.get(account_id).created_at_ms
    post_transactions(staged([past(account_id, 1, begin_ms + DAY_MS)]))
    records = [
        past(account_id, 1, begin_ms + DAY_MS, amount="2"),
        past(account_id, 2, begin_ms - 1),
        past(account_id, 3, begin_ms, currency="eur"),
        past(account_id, 4, begin_ms, amount="0"),
        past(account_id, 5, begin_ms),
    ]
    assert outcomes(post_transactions(staged(records))) == [
        ("refused", "was posted before with other content; that stays"),
        ("refused", "it is older than the account: import the account with an earlier created_at"),
        ("refused", "the account's currency is usd, not eur"),
        ("done", ""),
        ("done", ""),
    ]
    assert read_wallet(account_id).balance_micros == -2_000_000
