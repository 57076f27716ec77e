"""Budgets are evaluated when a wallet changes: once, whatever comes twice or cannot be read, and at little cost."""

from collections.abc import Mapping
from typing import Any

import boto3
import pytest
from botocore.exceptions import NoCredentialsError
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.budgets import table
from chalicelib.budgets.budget import Budget, Budgets
from chalicelib.budgets.evaluate import evaluate_account
from chalicelib.budgets.evaluate_changed import evaluate_changed_wallets
from chalicelib.clock import DAY_MS, from_ms
from tests.budgets.build import NOON_MS, budget, new_account, spend
from tests.filled import filled
from tests.notices.records import wallet_record
from tests.wire import Wire, calls_of

pytestmark = pytest.mark.usefixtures("memory", "noon")


def limited(*several: Budget, dollars: float = 0) -> str:
    """Make an account with budgets that has spent something; return its id."""
    account_id = new_account()
    if dollars:
        spend(account_id, dollars)
    assert table.write(Budgets(account_id, several or (budget(),), 1), over=0)
    return account_id


def told(account_id: str) -> list[int | None]:
    return [each.told.percent if each.told else None for each in table.find(account_id).budgets]


def changed(*account_ids: str) -> list[str]:
    return evaluate_changed_wallets([wallet_record(2, 1, account_id=each) for each in account_ids])


def test_every_field_is_kept() -> None:
    given = filled(Budgets)
    assert table.write(given, over=0)
    assert table.find(given.account_id) == given
    assert not table.write(replace(given, version=given.version + 1), over=given.version + 1)


def test_usage_that_reaches_a_threshold_is_noted_once_however_often_its_record_comes() -> None:
    account_id = limited(budget(), budget(meter="sms", period="day", limit_micros=10_000_000), dollars=60)
    assert changed(account_id, account_id) == []
    assert told(account_id) == [50, 100]
    before = table.find(account_id)
    with clock.moved_to(from_ms(NOON_MS + 3600 * 1000)):
        assert changed(account_id) == []
    assert table.find(account_id) == before
    with clock.moved_to(from_ms(NOON_MS + DAY_MS)):
        spend(account_id, 11, number=2)
        assert changed(account_id) == []
    assert [each.told.period for each in table.find(account_id).budgets if each.told] == ["2026-12", "2026-12-16"]


def test_usage_that_arrives_late_counts_in_its_own_period() -> None:
    account_id = limited(budget(period="day"))
    spend(account_id, 500, at_ms=NOON_MS - DAY_MS)
    changed(account_id)
    assert told(account_id) == [None]


def test_a_batch_costs_one_call_and_two_more_for_each_account_with_something_left_to_tell() -> None:
    without = [new_account() for _ in range(3)]
    assert calls_of(lambda: changed(*without)) == 1
    silent = limited(budget(tell=()), dollars=500)
    assert calls_of(lambda: changed(*without, silent)) == 1
    waiting = limited()
    assert calls_of(lambda: changed(*without, silent, waiting)) == 3
    reached = limited(dollars=100)
    assert calls_of(lambda: changed(reached)) == 4
    assert calls_of(lambda: changed(reached)) == 1


def test_a_concurrent_change_is_not_overwritten() -> None:
    account_id = limited(dollars=60)
    calls = 0

    def change() -> None:
        nonlocal calls
        calls += 1
        if calls == 3:  # the write, after the budgets and the days were read
            current = table.find(account_id)
            raised = replace(current.put(budget(limit_micros=70_000_000)), version=current.version + 1)
            assert table.write(raised, over=current.version)

    with Wire(leaving=change):
        evaluate_account(account_id)
    (found,) = table.find(account_id).budgets
    assert found.told is not None
    assert (found.limit_micros, found.told.limit_micros, found.told.percent) == (70_000_000, 70_000_000, 75)


def test_one_account_that_cannot_be_read_holds_up_nobody(memory: Mapping[str, str]) -> None:
    first, bad, second = limited(dollars=60), limited(dollars=60), limited(dollars=80)
    damaged: dict[str, Any] = {"account_id": {"S": bad}, "budgets": {"S": '[{"limit": "much"}]'}, "version": {"N": "1"}}
    boto3.client("dynamodb").put_item(TableName=memory["BUDGETS_TABLE"], Item=damaged)
    assert changed(first, bad, second) == []
    assert (told(first), told(second)) == ([50], [75])


def test_records_that_do_not_name_their_account_are_left_to_the_other_reader() -> None:
    account_id = limited(dollars=60)
    nameless = wallet_record(2, 1)
    for keys in ({}, None, {"account_id": {"N": "5"}}):
        nameless["dynamodb"]["Keys"] = keys
        assert evaluate_changed_wallets([nameless, wallet_record(2, 1, account_id=account_id)]) == []
    assert told(account_id) == [50]


def test_when_dynamodb_is_out_of_reach_the_records_come_again() -> None:
    account_id = limited(dollars=60)
    record = wallet_record(2, 1, account_id=account_id)
    with Wire(leaving=_lose_credentials):
        assert evaluate_changed_wallets([record]) == [record["dynamodb"]["SequenceNumber"]]
    assert evaluate_changed_wallets([record]) == []
    assert told(account_id) == [50]


def _lose_credentials() -> None:
    raise NoCredentialsError
