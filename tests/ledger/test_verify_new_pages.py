"""Verifying what is new goes on from what was verified, and finds there what verifying everything would find."""

from collections.abc import Callable
from random import Random

import pytest

from chalicelib.clock import DAY_MS, Deadline
from chalicelib.ledger.chain import Verified
from chalicelib.ledger.page_table import PageRow
from chalicelib.ledger.post import post
from chalicelib.ledger.table import DailyUsageRow, WalletRow
from chalicelib.ledger.transaction import Transaction
from chalicelib.ledger.verify import verify
from chalicelib.ledger.verify_new_pages import NewPages, verify_new_pages
from tests.build import TIME_MS, credit, debit
from tests.conftest import NewWallet
from tests.deadlines import DeadlineAfter
from tests.depth import examples
from tests.wire import calls_of

MINUTES_MS = 10 * 60 * 1000


def nothing(_transaction: Transaction) -> None:
    return None


NEVER = Verified()


def verified(account_id: str, since: Verified = NEVER, deadline: Deadline | None = None) -> NewPages:
    return verify_new_pages(account_id, since, nothing, deadline or Deadline(60))


def use(account_id: str, *numbers: int, at_ms: int = TIME_MS) -> None:
    """Post events ten minutes apart, so that each is a page of its own."""
    for number in numbers:
        post([debit(number, account_id, occurred_at_ms=at_ms + number * MINUTES_MS)])


def test_only_the_new_pages_are_read(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    use(account_id, *range(5))
    first = verified(account_id)
    assert (first.difference, first.pages, first.verified.sequence) == (None, 5, 5)
    use(account_id, 200, at_ms=TIME_MS + 2 * DAY_MS)
    second = verified(account_id, first.verified)
    assert (second.difference, second.pages) == (None, 1)
    # The wallet, its new page by name, and the total of the page's day.
    assert calls_of(lambda: verified(account_id, first.verified)) == 3
    assert verified(account_id, second.verified) == NewPages(second.verified, 0, None, is_finished=True)


def test_events_that_come_late_are_found_by_the_day_that_they_are_of(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    use(account_id, *range(3), at_ms=TIME_MS + 60 * DAY_MS)
    since = verified(account_id).verified
    use(account_id, *range(10, 10 + 40), at_ms=TIME_MS)
    use(account_id, *range(100, 105), at_ms=TIME_MS + 60 * DAY_MS)
    found = verified(account_id, since)
    assert (found.difference, found.pages, found.is_finished) == (None, 45, True)
    assert found.verified.sequence == 48


@pytest.mark.parametrize("number", [1, 40])
def test_a_new_page_that_was_changed_or_is_missing_is_found(new_wallet: NewWallet, number: int) -> None:
    """One page is named by the wallet's row; of forty, most are looked for by their time."""
    damages: tuple[Callable[[PageRow], object], ...] = (
        lambda row: row.update([PageRow.closing_balance_micros.set(7)]),
        lambda row: row.update([PageRow.previous_hash.set(bytes(32))]),
        lambda row: row.delete(),
    )
    for damage in damages:
        account_id = new_wallet()
        use(account_id, 0)
        since = verified(account_id).verified
        use(account_id, *range(10, 10 + number))
        damage(list(PageRow.query(account_id))[-1 - number // 2])
        found = verified(account_id, since)
        assert found.difference
        assert found.verified == since


def test_a_wallet_whose_row_was_changed_is_found_without_a_new_page(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    use(account_id, *range(3))
    since = verified(account_id).verified
    for change in (
        WalletRow.balance_micros.set(1),
        WalletRow.sequence.set(2),
        WalletRow.head_hash.set(bytes(32)),
    ):
        stored = WalletRow.get(account_id)
        WalletRow(account_id).update([change])
        assert verified(account_id, since).difference
        stored.save()
        assert verified(account_id, since).difference is None


def test_a_total_of_a_day_with_new_usage_is_compared_with_all_pages_of_the_day(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    use(account_id, *range(3))
    since = verified(account_id).verified
    use(account_id, 3)
    assert verified(account_id, since).difference is None
    (day,) = DailyUsageRow.query(account_id)
    DailyUsageRow._get_connection().connection.client.update_item(
        TableName=DailyUsageRow.Meta.table_name,
        Key={"account_id": {"S": account_id}, "day": {"S": day.day}},
        UpdateExpression="SET #count = :wrong",
        ExpressionAttributeNames={"#count": "sms:count"},
        ExpressionAttributeValues={":wrong": {"N": "9"}},
    )
    assert f"day {day.day}" in str(verified(account_id, since).difference)


def test_what_a_transaction_lacks_is_told_of_new_ones_alone(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    post([credit(1, account_id)])
    since = verified(account_id).verified
    post([credit(2, account_id)])
    seen: list[str] = []

    def tell(transaction: Transaction) -> str | None:
        seen.append(transaction.identity.event_id)
        return "it lacks something"

    assert verify_new_pages(account_id, since, tell, Deadline(60)).difference == "it lacks something"
    assert seen == ["pay_2"]


def test_a_wallet_with_more_than_there_is_time_for_is_verified_in_parts(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    use(account_id, *range(60))
    since, parts = Verified(), 0
    while not (found := verified(account_id, since, DeadlineAfter(looks=25))).is_finished:
        assert found.difference is None
        assert found.verified.sequence == since.sequence + 25
        since, parts = found.verified, parts + 1
    assert (parts, found.verified.sequence, found.difference) == (2, 60, None)


def test_damage_in_a_part_is_found_where_it_is(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    use(account_id, *range(60))
    list(PageRow.query(account_id))[3].update([PageRow.closing_balance_micros.set(7)])
    found = verified(account_id, Verified(), DeadlineAfter(looks=25))
    assert "closing balance" in str(found.difference)
    assert found.verified == Verified()


@pytest.mark.parametrize("seed", range(examples(5)))
def test_however_it_grows_each_night_agrees_with_verifying_everything(new_wallet: NewWallet, seed: int) -> None:
    random, account_id, since, number = Random(seed), new_wallet(), Verified(), 0
    for night in range(4):
        for _ in range(random.randint(0, 40)):
            number += 1
            late_ms = random.choice([0, 0, 0, 1, 5, 50]) * DAY_MS
            at_ms = TIME_MS + night * DAY_MS + random.randrange(DAY_MS) - late_ms
            post([debit(number, account_id, occurred_at_ms=at_ms)])
        found = verified(account_id, since)
        assert (found.difference, found.is_finished) == (None, True)
        since = found.verified
        assert since.sequence == number
    assert verify(account_id).difference is None
