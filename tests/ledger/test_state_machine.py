"""Random operations on one wallet, against a model of a few lines: entries by id, posted once."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule, run_state_machine_as_test
from pynamodb.transactions import TransactWrite

from chalicelib.ledger import statement, table
from chalicelib.ledger.commit import EventConflict
from chalicelib.ledger.daily_usage import totals
from chalicelib.ledger.post import post, post_one
from chalicelib.ledger.transaction import Entry
from chalicelib.ledger.verify import verify
from chalicelib.tables import connection
from local.resources import Deployment
from tests.build import TIME_MS, credit, debit

pytestmark = pytest.mark.slow

_machines = count(1)

# Times within half an hour, in steps, so that batches overlap, come late and fall on the same millisecond.
moments = st.integers(0, 60).map(lambda step: TIME_MS + step * 30_000)
quantities = st.integers(1, 5_000_000)


class LedgerMachine(RuleBasedStateMachine):
    posted = Bundle("posted")

    def __init__(self) -> None:
        super().__init__()
        self.account_id = f"machine-{next(_machines)}"
        self.numbers = count(1)
        self.model: dict[str, Entry] = {}
        with TransactWrite(connection=connection()) as transaction:
            table.add_new_wallet(transaction, self.account_id, "usd")

    def new_debit(self, moment: int, quantity: int) -> Entry:
        return debit(next(self.numbers), occurred_at_ms=moment, quantity_micros=quantity, amount_micros=quantity // 20)

    def remember(self, entries: list[Entry]) -> None:
        self.model.update({entry.event_id: entry for entry in entries})

    @rule(target=posted, drawn=st.lists(st.tuples(moments, quantities), min_size=1, max_size=8))
    def post_a_batch_in_any_order_of_time(self, drawn: list[tuple[int, int]]) -> object:
        entries = [self.new_debit(*each) for each in drawn]
        assert len(post({self.account_id: entries})[self.account_id].fresh) == len(entries)
        self.remember(entries)
        return multiple(*entries)

    @rule(target=posted, repeats=st.lists(posted, max_size=6), moment=moments, quantity=quantities)
    def send_posted_events_again_beside_a_new_one(self, repeats: list[Entry], moment: int, quantity: int) -> Entry:
        new = self.new_debit(moment, quantity)
        found = post({self.account_id: [*repeats, new, *repeats]})[self.account_id]
        assert found.fresh == [new]
        assert len(found.repeats) == 2 * len(repeats)
        self.remember([new])
        return new

    @rule(entry=posted, more=st.integers(1, 1000))
    def send_a_posted_event_with_other_content(self, entry: Entry, more: int) -> None:
        changed = debit(
            0,
            event_id=entry.event_id,
            source=entry.source,
            occurred_at_ms=entry.occurred_at_ms,
            quantity_micros=(entry.quantity_micros or 0) + more,
        )
        with pytest.raises(EventConflict):
            post_one(self.account_id, changed)

    @rule(target=posted, moment=moments, amount=st.integers(10, 500))
    def top_up(self, moment: int, amount: int) -> Entry:
        entry = credit(next(self.numbers), occurred_at_ms=moment, amount_micros=amount * 1_000_000)
        assert post_one(self.account_id, entry)
        assert not post_one(self.account_id, entry)
        self.remember([entry])
        return entry

    @rule(
        target=posted,
        repeats=st.lists(posted, max_size=4),
        drawn=st.lists(moments, min_size=2, max_size=6),
        amount=st.integers(10, 50),
    )
    def post_overlapping_batches_and_a_top_up_at_once(
        self, repeats: list[Entry], drawn: list[int], amount: int
    ) -> object:
        new = [self.new_debit(moment, 1_000_000) for moment in drawn]
        paid = credit(next(self.numbers), occurred_at_ms=drawn[0], amount_micros=amount * 1_000_000)
        batches = [[*repeats, *new[: len(new) // 2 + 1]], [paid, *new[len(new) // 2 :]], [*new, paid]]
        with ThreadPoolExecutor(len(batches)) as pool:
            outcomes = list(pool.map(lambda batch: post({self.account_id: batch})[self.account_id], batches))
        assert sum(len(each.fresh) for each in outcomes) == len(new) + 1
        assert not any(each.conflicts for each in outcomes)
        self.remember([*new, paid])
        return multiple(*new, paid)

    @invariant()
    def the_wallet_is_the_sum_of_the_model(self) -> None:
        wallet = table.read_wallet(self.account_id)
        assert wallet.balance_micros == sum(entry.signed_micros for entry in self.model.values())
        assert wallet.sequence == len(self.model)

    def teardown(self) -> None:
        assert verify(self.account_id).difference is None
        assert table.read_days(self.account_id, "2026-01-01", "2027-01-01") == totals(self.model.values())
        history, cursor = [], None
        while True:
            found = statement.history(self.account_id, limit=40, cursor=cursor)
            history += found.transactions
            cursor = found.next_cursor
            if cursor is None:
                break
        assert {each.entry.event_id: each.entry for each in history} == self.model
        places = [(each.entry.occurred_at_ms, each.sequence) for each in history]
        assert places == sorted(places, reverse=True)
        assert sorted(each.sequence for each in history) == list(range(1, len(self.model) + 1))


def test_random_operations_agree_with_the_model(stack: Deployment) -> None:
    run_state_machine_as_test(
        LedgerMachine,
        settings=settings(
            max_examples=100,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
