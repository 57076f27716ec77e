"""The operator's commands: what is due, and what a run at a moment would charge."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from click.testing import CliRunner, Result

from chalicelib.subscriptions import table
from ops.__main__ import ops
from tests.subscriptions.conftest import NewSubscriber
from tests.subscriptions.world import RenewalWorld, Subscriber, moment


def run(*arguments: str) -> Result:
    return CliRunner().invoke(ops, arguments)


def row_of(subscriber: Subscriber, done: Result) -> str:
    (row,) = [line for line in done.output.splitlines() if f" {subscriber.account_id} " in line]
    return row


@pytest.fixture
def both(new_subscriber: NewSubscriber, world: RenewalWorld) -> Iterator[tuple[Subscriber, Subscriber]]:
    """Two subscribers, one of whom leaves at the end of the period."""
    stays, leaves = new_subscriber(), new_subscriber()
    with world.at(moment("2027-01-31")):
        stays.put("agency", phone_number=2)
        leaves.put("starter")
        leaves.cancel()
        yield stays, leaves


def test_nothing_is_due_before_its_time(both: tuple[Subscriber, Subscriber]) -> None:
    assert "0 due at 2027-02-28T09:00:00.000Z" in run("subscriptions", "due", "--at", "2027-02-28T09:00:00").output
    assert run("renew", "--dry-run").exit_code == 0


def test_what_is_due_is_listed(both: tuple[Subscriber, Subscriber]) -> None:
    done = run("subscriptions", "due", "--at", "2027-03-01")
    assert done.exit_code == 0, done.output
    assert "2 due at 2027-03-01T00:00:00.000Z" in done.output
    assert "agency" in row_of(both[0], done)
    assert "2027-02-28T10:00" in row_of(both[0], done)


def test_a_dry_run_says_what_would_be_charged_with_the_sum_and_does_nothing(
    both: tuple[Subscriber, Subscriber], new_subscriber: NewSubscriber, world: RenewalWorld
) -> None:
    stays, leaves = both
    other = new_subscriber(currency="jpy")
    other.put("starter")
    before = [each.subscription for each in (stays, leaves, other)]
    done = run("renew", "--dry-run", "--at", "2027-03-01")
    assert done.exit_code == 0, done.output
    assert "charge 2027-02-28 to 2027-03-31" in row_of(stays, done)
    assert "99.30 usd" in row_of(stays, done)
    assert "become canceled" in row_of(leaves, done)
    assert "99.30 usd in all" in done.output
    assert "7300 jpy in all" in done.output
    assert [each.subscription for each in (stays, leaves, other)] == before
    assert world.deliver_renewals() == 0


def test_a_subscription_that_cannot_be_read_hides_no_other(both: tuple[Subscriber, Subscriber]) -> None:
    stays, leaves = both
    table.SubscriptionRow(leaves.account_id).update([table.SubscriptionRow.prices.set({"of": "another kind"})])
    done = run("renew", "--dry-run", "--at", "2027-03-01")
    assert done.exit_code == 1
    assert "99.30 usd" in row_of(stays, done)
    assert "fail: " in row_of(leaves, done)
    due = run("subscriptions", "due", "--at", "2027-03-01")
    assert "2 due at" in due.output
    assert "cannot be" in row_of(leaves, due)
    assert due.exit_code == 1


def test_a_run_charges_what_its_dry_run_said(both: tuple[Subscriber, Subscriber], world: RenewalWorld) -> None:
    stays, leaves = both
    with world.at(moment("2027-02-28") + timedelta(minutes=1)):
        assert "99.30 usd in all" in run("renew", "--dry-run").output
        assert "2 put on the renewals queue" in run("renew").output
        assert "wait for payment" not in run("renew", "--dry-run").output
        world.settle()
    assert (stays.amounts, stays.status(), leaves.status()) == ([99.30, 99.30], "active", "canceled")


def test_only_a_dry_run_can_be_at_another_time(both: tuple[Subscriber, Subscriber]) -> None:
    assert run("renew", "--at", "2027-03-01").exit_code == 2
