"""When a wallet is due for verification."""

import pytest

from chalicelib.checks.wallet_check import WHOLE_DAYS, WHOLE_MOST, WalletCheck, is_due, is_whole_due
from chalicelib.clock import DAY_MS
from chalicelib.ledger.chain import Verified
from chalicelib.ledger.wallet import Head

NOW_MS = 20_000 * DAY_MS
HASH = bytes(range(32))
VERIFIED = Verified(7, 100, HASH, 5)
CHECK = WalletCheck("acme", VERIFIED, NOW_MS, NOW_MS)


def test_a_wallet_that_has_not_changed_is_not_due() -> None:
    assert not is_due(CHECK, Head(7, 100, HASH), NOW_MS)


@pytest.mark.parametrize(
    "head", [Head(8, 100, HASH), Head(6, 100, HASH), Head(7, 101, HASH), Head(7, 100, bytes(32)), None]
)
def test_a_wallet_whose_head_is_another_is_due(head: Head | None) -> None:
    assert is_due(CHECK, head, NOW_MS)


def test_a_wallet_that_was_never_verified_or_does_not_agree_is_due() -> None:
    assert is_due(WalletCheck("acme"), Head(0, 0, bytes(32)), NOW_MS)
    assert is_due(WalletCheck("acme", VERIFIED, NOW_MS, NOW_MS, "it differs"), Head(7, 100, HASH), NOW_MS)


def test_all_of_a_wallet_is_due_once_in_four_weeks_and_accounts_are_spread() -> None:
    names = [f"account-{number}" for number in range(280)]
    by_day = []
    for day in range(1, WHOLE_DAYS + 1):
        due = {
            name
            for name in names
            if is_whole_due(WalletCheck(name, VERIFIED, NOW_MS, NOW_MS), 7, NOW_MS + day * DAY_MS)
        }
        by_day.append(due)
    assert by_day[-1] == set(names)
    new = [len(later - earlier) for earlier, later in zip([set(), *by_day], by_day, strict=False)]
    assert max(new) < 30


def test_a_wallet_too_large_for_the_function_is_never_due_whole() -> None:
    assert is_whole_due(WalletCheck("acme"), WHOLE_MOST, NOW_MS)
    assert not is_whole_due(WalletCheck("acme"), WHOLE_MOST + 1, NOW_MS)


def test_a_wallet_that_differs_is_verified_whole_each_night() -> None:
    assert is_whole_due(WalletCheck("acme", VERIFIED, NOW_MS, NOW_MS, "it differs"), 7, NOW_MS)
