"""Random operations on the wallets of a workspace and its clients, against a model of a few lines.

The model keeps each event with what it did when it was posted first: whatever comes again, with whichever legs, changes
nothing.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule, run_state_machine_as_test
from msgspec.structs import replace
from pynamodb.transactions import TransactWrite

from chalicelib.ledger import statement, table
from chalicelib.ledger.build import posting_order
from chalicelib.ledger.daily_usage import sum_usage_by_day
from chalicelib.ledger.post import PostResult, post
from chalicelib.ledger.posting import Leg, Posting
from chalicelib.ledger.transaction import Transaction
from chalicelib.ledger.verify import verify
from chalicelib.tables import connection
from local.resources import Deployment
from tests.build import TIME_MS, credit, debit, receipt
from tests.depth import examples

pytestmark = pytest.mark.slow

_machines = count(1)

# Times within half an hour, in steps, so that batches overlap, come late and fall on the same millisecond.
moments = st.integers(0, 60).map(lambda step: TIME_MS + step * 30_000)
clients = st.integers(0, 2)
shapes = st.sampled_from(["client", "workspace", "both", "receipt"])
drawn_events = st.tuples(clients, shapes, moments, st.integers(1, 5_000_000))


class LedgerMachine(RuleBasedStateMachine):
    posted = Bundle("posted")

    def __init__(self) -> None:
        super().__init__()
        number = next(_machines)
        self.workspace = f"workspace-{number}"
        self.clients = [f"client-{number}-{client}" for client in range(3)]
        self.numbers = count(1)
        self.model: dict[str, Posting] = {}
        with TransactWrite(connection=connection()) as transaction:
            for account_id in (self.workspace, *self.clients):
                table.add_new_wallet(transaction, account_id, "usd")

    def new_event(self, client: int, shape: str, moment: int, quantity: int) -> Posting:
        """Make an event of a client that is posted to it, to its workspace or to both; a receipt to both."""
        number, account_id = next(self.numbers), self.clients[client]
        if shape == "receipt":
            return self.with_cost(receipt(number, account_id, occurred_at_ms=moment))
        price = quantity // 20
        made = debit(number, account_id, occurred_at_ms=moment, quantity_micros=quantity, amount_micros=price)
        both = self.with_cost(made)
        return {"client": made, "workspace": replace(both, legs=both.legs[1:]), "both": both}[shape]

    def with_cost(self, posting: Posting) -> Posting:
        """Give a client's posting a second leg: half of each line, or of the amount."""
        (leg,) = posting.legs
        lines = tuple(replace(line, amount_micros=line.amount_micros // 2) for line in leg.lines)
        amount = sum(line.amount_micros for line in lines) if lines else leg.amount_micros // 2
        return replace(posting, legs=(leg, Leg(self.workspace, leg.type, amount, leg.unit_price_micros, lines)))

    def remember(self, postings: list[Posting]) -> None:
        self.model.update({posting.identity.event_id: posting for posting in postings})

    @rule(target=posted, drawn=st.lists(drawn_events, min_size=1, max_size=8))
    def post_a_batch_in_any_order_of_time(self, drawn: list[tuple[int, str, int, int]]) -> object:
        events = [self.new_event(*each) for each in drawn]
        assert sorted(map(str, post(events).posted)) == sorted(map(str, events))
        self.remember(events)
        return multiple(*events)

    @rule(target=posted, repeats=st.lists(posted, max_size=6), drawn=drawn_events)
    def send_posted_events_again_beside_a_new_one(
        self, repeats: list[Posting], drawn: tuple[int, str, int, int]
    ) -> Posting:
        new = self.new_event(*drawn)
        found = post([*repeats, new, *repeats])
        assert found.posted == [new]
        assert len(found.repeats) == 2 * len(repeats)
        self.remember([new])
        return new

    @rule(event=posted)
    def send_a_posted_event_again_with_other_legs(self, event: Posting) -> None:
        """Send it as when rebilling was switched on or off meanwhile; one wallet that it moved is still among them."""
        if event.legs[0].type == "credit":
            return
        if len(event.legs) == 2:
            changed = [replace(event, legs=(leg,)) for leg in event.legs]
        else:
            (leg,) = event.legs
            other = self.workspace if leg.account_id != self.workspace else event.identity.account_id
            changed = [replace(event, legs=(replace(leg, account_id=other), leg))]
        assert [post([each]) for each in changed] == [PostResult([], [each], [], []) for each in changed]

    @rule(event=posted, more=st.integers(1, 1000))
    def send_a_posted_event_with_other_content(self, event: Posting, more: int) -> None:
        quantity = (event.content.quantity_micros or 0) + more
        changed = replace(event, content=replace(event.content, quantity_micros=quantity, amount_micros=None))
        assert post([changed]) == PostResult([], [], [changed], [])

    @rule(target=posted, client=clients, moment=moments, amount=st.integers(10, 500))
    def top_up(self, client: int, moment: int, amount: int) -> Posting:
        number, account_id = next(self.numbers), self.clients[client]
        paid = credit(number, account_id, occurred_at_ms=moment, amount_micros=amount * 1_000_000)
        assert post([paid]).posted == [paid]
        assert post([paid]).repeats == [paid]
        self.remember([paid])
        return paid

    @rule(
        target=posted,
        repeats=st.lists(posted, max_size=4),
        drawn=st.lists(drawn_events, min_size=2, max_size=6),
        amount=st.integers(10, 50),
    )
    def post_overlapping_batches_and_a_top_up_at_once(
        self, repeats: list[Posting], drawn: list[tuple[int, str, int, int]], amount: int
    ) -> object:
        new = [self.new_event(*each) for each in drawn]
        paid = credit(next(self.numbers), self.workspace, occurred_at_ms=drawn[0][2], amount_micros=amount * 1_000_000)
        batches = [[*repeats, *new[: len(new) // 2 + 1]], [paid, *new[len(new) // 2 :]], [*new, paid]]
        with ThreadPoolExecutor(len(batches)) as pool:
            outcomes = list(pool.map(post, batches))
        assert sorted(str(posting) for each in outcomes for posting in each.posted) == sorted(map(str, [*new, paid]))
        assert not any(each.conflicts or each.refused for each in outcomes)
        self.remember([*new, paid])
        return multiple(*new, paid)

    @invariant()
    def the_wallets_are_the_sums_of_the_model(self) -> None:
        for account_id in (self.workspace, *self.clients):
            wallet = table.read_wallet(account_id)
            legs = [leg for posting in self.model.values() for leg in posting.legs if leg.account_id == account_id]
            assert wallet.balance_micros == sum(leg.signed_micros for leg in legs)
            assert wallet.sequence == len(legs)

    def teardown(self) -> None:
        accounts = {self.workspace, *self.clients}
        assert [found.difference for found in (verify(each, accounts) for each in accounts)] == [None] * 4
        for account_id in accounts:
            self.check_history(account_id)

    def check_history(self, account_id: str) -> None:
        legs = {
            event_id: (posting, leg)
            for event_id, posting in self.model.items()
            for leg in posting.legs
            if leg.account_id == account_id
        }
        history = list(whole_history(account_id))
        assert {each.identity.event_id: each.leg for each in history} == {each: leg for each, (_, leg) in legs.items()}
        assert all(each.content == self.model[each.identity.event_id].content for each in history)
        assert all((each.sibling is not None) == (len(legs[each.identity.event_id][0].legs) == 2) for each in history)
        places = [(each.identity.occurred_at_ms, each.sequence) for each in history]
        assert places == sorted(places, reverse=True)
        assert sorted(each.sequence for each in history) == list(range(1, len(legs) + 1))
        in_order = sorted(legs.values(), key=lambda each: posting_order(each[0]))
        times = [posting.identity.occurred_at_ms for posting, _ in in_order]
        expected = sum_usage_by_day(times, [posting.content for posting, _ in in_order], [leg for _, leg in in_order])
        assert table.read_days(account_id, "2026-01-01", "2027-01-01") == expected


def whole_history(account_id: str) -> Iterator[Transaction]:
    cursor = None
    while True:
        found = statement.read_history(account_id, limit=40, cursor=cursor)
        yield from found.transactions
        cursor = found.next_cursor
        if cursor is None:
            return


def test_random_operations_agree_with_the_model(stack: Deployment) -> None:
    run_state_machine_as_test(
        LedgerMachine,
        settings=settings(
            max_examples=examples(25),
            stateful_step_count=30,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
