"""What a run puts on the renewals queue, also on a day when more is due than is handled until the next run."""

import json
from collections.abc import Iterator
from itertools import groupby

import pytest

from chalicelib.clock import Deadline
from chalicelib.due import SHARDS, shard_of
from chalicelib.payments import table as payments
from chalicelib.payments.table import PaymentRow
from chalicelib.settings import settings
from chalicelib.subscriptions import table
from chalicelib.subscriptions.renew import RUN_MS, queue_due
from tests.build import unique
from tests.payments.build import payment
from tests.queued import take_bodies
from tests.subscriptions.build import END_MS, subscription

pytestmark = pytest.mark.usefixtures("memory")

MANY = 60
ENOUGH_SECONDS = 600


@pytest.fixture
def due(memory: object) -> Iterator[list[str]]:
    """Write subscriptions that are due, in all shards; return their accounts. Afterwards nothing is due."""
    names = sorted(unique("account") for _ in range(MANY))
    for name in names:
        assert table.write(subscription(account_id=name), over=None)
    assert {shard_of(name) for name in names} == set(map(str, range(SHARDS)))
    yield names
    queued()
    for name in names:
        table.SubscriptionRow(name).delete()
        for row in PaymentRow.query(name):
            row.delete()


def run(now_ms: int = END_MS, *, seconds: float = ENOUGH_SECONDS, most_waiting: int = MANY) -> int:
    return queue_due(now_ms, Deadline(seconds), most_waiting)


def queued() -> list[str]:
    """Take all messages from the queue; return their accounts, in the order in which they were sent."""
    return [json.loads(body)["account_id"] for body in take_bodies(settings().renewals_queue_url)]


def test_nothing_is_queued_again_while_it_waits_and_everything_that_is_still_due_when_it_does_not(
    due: list[str],
) -> None:
    assert run() == MANY
    assert run(most_waiting=MANY - 1) == 0
    assert sorted(queued()) == due
    assert run(most_waiting=MANY - 1) == MANY
    assert sorted(queued()) == due


def test_late_money_is_decided_on_however_much_waits(due: list[str]) -> None:
    late = payments.put_new(payment(account_id=due[0], state="succeeded", late="undecided"))[0]
    run()
    queued()
    assert run(most_waiting=-1) == 1
    assert queued() == [late.account_id]


def test_a_run_that_is_out_of_time_leaves_the_rest_to_the_next(due: list[str]) -> None:
    assert run(seconds=0) == 0
    assert run() == MANY
    assert sorted(queued()) == due


def test_each_run_begins_with_the_shard_after_that_of_the_last(due: list[str]) -> None:
    first = []
    for number in range(SHARDS):
        run(END_MS + number * RUN_MS)
        shards = [shard for shard, _ in groupby(map(shard_of, queued()))]
        assert len(shards) == SHARDS
        first.append(int(shards[0]))
    assert first == [(first[0] + number) % SHARDS for number in range(SHARDS)]
