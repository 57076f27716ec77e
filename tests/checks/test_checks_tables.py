"""The doors to the tables `checks` and `findings`."""

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from chalicelib.checks import findings_table, table
from chalicelib.checks.finding import Finding
from chalicelib.checks.findings_table import OpenIndex
from chalicelib.checks.plan import Progress, StripeCheck
from chalicelib.checks.table import CheckRow
from chalicelib.checks.wallet_check import WalletCheck
from chalicelib.due import shard_of
from chalicelib.ledger.chain import Verified
from chalicelib.stripe_api.stripe_account import PLATFORM, StripeAccount
from ops.__main__ import ops
from tests.build import unique
from tests.damage import damage
from tests.filled import filled

pytestmark = pytest.mark.usefixtures("memory")
LATE_MS = 10**15


def check(account_id: str) -> WalletCheck:
    return WalletCheck(account_id, Verified(7, -100, bytes(range(32)), 5), 8, 6, "it differs", found_whole=True)


def test_a_check_of_a_wallet_comes_back_as_it_was_written() -> None:
    one, other = unique("account"), unique("account")
    table.write_wallet_check(check(one), is_finished=True)
    assert table.read_wallet_checks([one, other]) == {one: check(one), other: WalletCheck(other)}
    table.write_wallet_check(WalletCheck(one, Verified(9), 9), is_finished=True)
    assert table.read_wallet_check(one) == WalletCheck(one, Verified(9), 9)


def test_a_check_that_cannot_be_read_counts_as_never_made() -> None:
    account_id = unique("account")
    table.write_wallet_check(check(account_id), is_finished=True)
    damage(CheckRow, {"account_id": account_id, "check": table.WALLET}, "sequence")
    assert table.read_wallet_check(account_id) == WalletCheck(account_id)


def test_a_check_is_taken_by_one_and_again_once_it_is_put_back_or_not_finished() -> None:
    account_id = unique("account")
    assert table.take(account_id, table.WALLET, 1_000, not_since_ms=500)
    assert not table.take(account_id, table.WALLET, 1_001, not_since_ms=500)
    table.put_back(account_id, table.WALLET)
    assert table.take(account_id, table.WALLET, 1_001, not_since_ms=500)
    table.write_wallet_check(check(account_id), is_finished=False)
    assert table.take(account_id, table.WALLET, 1_002, not_since_ms=500)
    table.write_wallet_check(check(account_id), is_finished=True)
    assert not table.take(account_id, table.WALLET, 1_003, not_since_ms=500)


@pytest.mark.parametrize("stripe_account", [PLATFORM, StripeAccount("acct_1")])
def test_how_far_a_stripe_account_was_reconciled_comes_back(stripe_account: StripeAccount) -> None:
    assert table.read_stripe_check(stripe_account) == StripeCheck()
    table.write_unread(stripe_account, "it is gone")
    assert table.read_stripe_check(stripe_account).unread == "it is gone"
    table.write_progress(stripe_account, Progress("2026-11-29", 3, 77), 88)
    assert table.read_stripe_check(stripe_account) == StripeCheck(Progress("2026-11-29", 3, 77), 88)
    table.write_progress(stripe_account, Progress("2026-11-30"), 99)
    assert table.read_stripe_check(stripe_account) == StripeCheck(Progress("2026-11-30"), 99)


def finding(**changes: object) -> Finding:
    return replace(filled(Finding), **{"resolved_at_ms": None, **changes})


def test_a_difference_with_everything_is_kept_and_new_once() -> None:
    found = finding()
    assert findings_table.keep(found)
    later = replace(found, seen_at_ms=LATE_MS, found_at_ms=LATE_MS, stripe_micros=5)
    assert not findings_table.keep(later)
    assert findings_table.find(found.account_id, found.finding_id) == replace(later, found_at_ms=found.found_at_ms)
    assert (found.account_id, found.finding_id) in set(findings_table.open_keys(LATE_MS))


def test_a_difference_that_is_resolved_is_open_no_more_and_new_when_it_comes_again() -> None:
    found = finding()
    key = (found.account_id, found.finding_id)
    assert not findings_table.resolve(*key, 5)
    findings_table.keep(found)
    assert findings_table.resolve(*key, 5)
    assert not findings_table.resolve(*key, 6)
    assert findings_table.of_account(found.account_id) == [replace(found, resolved_at_ms=5)]
    assert key not in set(findings_table.open_keys(LATE_MS))
    assert findings_table.keep(replace(found, found_at_ms=7))
    assert findings_table.find(*key) == replace(found, found_at_ms=7)
    assert key in set(findings_table.open_keys(LATE_MS))


def test_a_wallet_has_one_difference_and_each_payment_its_own() -> None:
    of_wallet, of_payment = finding(kind="wallet", object_id=None), finding(kind="payment", object_id="pay_1")
    assert (of_wallet.finding_id, of_payment.finding_id) == ("wallet", "payment#pay_1")


def test_the_operator_sees_the_oldest_differences_of_all_first() -> None:
    by_shard = {shard_of(f"payment#{each}", OpenIndex.shards): each for each in map("pay_{}".format, range(9))}
    for found_at_ms, shard in ((0, "1"), (1, "0")):
        findings_table.keep(finding(kind="payment", object_id=by_shard[shard], found_at_ms=found_at_ms))
    shown = CliRunner().invoke(ops, ["checks", "--limit", "1"])
    assert f": {by_shard['1']} (" in shown.output, shown.exception
    assert f": {by_shard['0']} (" not in shown.output
