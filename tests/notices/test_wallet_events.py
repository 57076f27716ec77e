"""Which change of a wallet becomes which events."""

import msgspec
import pytest

from chalicelib.clock import iso
from chalicelib.notices.event import Thresholds
from tests.build import TIME_MS
from tests.notices.records import TEN, record, types, wallet, wallet_record
from tests.notices.told import wallet_events


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (12, 11, []),
        (12, 10, []),
        (12, 9.999999, ["wallet.low"]),
        (9, 8, []),
        (9, 0.000001, []),
        (9, 0, ["wallet.exhausted"]),
        (9, -3, ["wallet.exhausted"]),
        (0, -3, []),
        (12, 0, ["wallet.low", "wallet.exhausted"]),
        (12, -3, ["wallet.low", "wallet.exhausted"]),
        (-3, 0, []),
        (-3, 5, ["wallet.restored"]),
        (-3, 10, ["wallet.restored"]),
        (5, 9, []),
        (5, 10, ["wallet.restored"]),
        (10, 12, []),
        (12, 12, []),
    ],
)
def test_each_line_that_a_balance_crosses_is_told_once(before: float, after: float, expected: list[str]) -> None:
    assert types(wallet_events(wallet_record(before, after), lambda _: TEN)) == expected


@pytest.mark.parametrize(
    ("threshold", "floor", "after", "expected"),
    [
        (0, 0, 0, ["wallet.exhausted"]),
        (0, -5, -1, ["wallet.low"]),
        (-10, -5, -5, ["wallet.exhausted"]),
        (500, 0, 12, []),
    ],
)
def test_a_threshold_at_or_below_the_floor_leaves_no_room_for_low(
    threshold: int, floor: int, after: float, expected: list[str]
) -> None:
    lines = Thresholds(threshold * 1_000_000, floor * 1_000_000)
    assert types(wallet_events(wallet_record(13, after), lambda _: lines)) == expected


def test_a_wallet_event_says_where_the_balance_stands() -> None:
    (told,) = wallet_events(wallet_record(12, 4.5, sequence=417), lambda _: TEN)
    assert msgspec.to_builtins(told.detail) == {
        "id": "wallet.low:acme:417",
        "version": 1,
        "account_id": "acme",
        "occurred_at": iso(TIME_MS),
        "balance": "4.50",
        "currency": "usd",
        "threshold": "10.00",
        "floor": "0.00",
        "level": "low",
        "previous_level": "normal",
        "sequence": 417,
    }


def test_a_new_wallet_is_no_event() -> None:
    assert wallet_events(record(None, wallet(0, 0)), lambda _: TEN) == []


def test_two_crossings_of_a_line_have_two_ids() -> None:
    records = [wallet_record(12, 9, sequence=5), wallet_record(12, 9, sequence=9)]
    ids = [event.detail.id for each in records for event in wallet_events(each, lambda _: TEN)]
    assert len(set(ids)) == 2
