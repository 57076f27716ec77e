"""The rule of pairs: what a client's usage cost its workspace, what the client paid, and what is kept."""

import pytest

from chalicelib.history.pair import Outcome, Pair, Split, pair_of
from chalicelib.history.read_pairs import read_pairs
from chalicelib.ledger.post import post
from chalicelib.ledger.posting import Leg, Line, Posting
from chalicelib.ledger.statement import read_history
from chalicelib.ledger.transaction import Transaction
from local.resources import Deployment
from tests.api import Api
from tests.build import credit, debit, pair, receipt, unique
from tests.wire import calls_of


@pytest.mark.parametrize(
    ("price", "outcome", "margin"),
    [
        (75, "earned", 25),
        (50, "at_cost", 0),
        (40, "below_cost", -10),
        (0, "below_cost", -50),
        (None, "not_charged", -50),
    ],
)
def test_a_split_says_what_the_workspace_keeps(price: int | None, outcome: Outcome, margin: int) -> None:
    split = Split(50, price)
    assert (split.outcome, split.margin_micros) == (outcome, margin)


def transaction(posted: Posting, leg: Leg) -> Transaction:
    return Transaction("txn_1", "usd", 1, 0, 0, posted.identity, posted.content, leg)


def test_only_a_workspaces_side_has_a_pair() -> None:
    posted = pair(1, "client", "agency")
    paid, cost = (transaction(posted, leg) for leg in posted.legs)
    assert pair_of(paid, cost) is None
    assert pair_of(cost, paid) == Pair("client", None, Split(50_000, 70_000), ())
    assert pair_of(cost, None) == Pair("client", None, Split(50_000, None), ())


def test_a_receipt_is_a_pair_line_by_line() -> None:
    cost = receipt(1, "client")
    lines = tuple(Line(line.meter, line.amount_micros * 2, line.quantity_micros) for line in cost.legs[0].lines)
    own = transaction(cost, Leg("agency", "debit", cost.legs[0].amount_micros, lines=cost.legs[0].lines))
    paid = transaction(cost, Leg("client", "debit", cost.legs[0].amount_micros * 2, lines=lines))
    found = pair_of(own, paid)
    assert found is not None
    assert [(each.cost_micros, each.price_micros) for each in found.lines] == [
        (line.amount_micros, line.amount_micros * 2) for line in cost.legs[0].lines
    ]
    assert found.priced_lines == found.lines
    unpaid = pair_of(own, None)
    assert unpaid is not None
    assert [each.price_micros for each in unpaid.lines] == [None] * 4


def test_the_other_sides_of_a_page_of_history_are_read_in_one_call(api: Api) -> None:
    agency = api.make_account(unique("agency"))
    clients = [api.make_account(f"{agency}.{n}", kind="client", workspace_id=agency) for n in range(20)]
    for number, client in enumerate(clients):
        post([pair(number, client, agency), debit(100 + number, agency)])
    post([credit(200, agency)])
    history = read_history(agency, limit=50).transactions
    pairs = read_pairs(history)
    assert sorted(each.client_id for each in pairs.values()) == sorted(clients)
    assert {each.whole for each in pairs.values()} == {Split(50_000, 70_000)}
    assert calls_of(lambda: read_pairs(history)) == 1


def test_nothing_is_read_for_a_history_without_clients(stack: Deployment) -> None:
    account_id = "alone"
    alone = [transaction(posted, posted.legs[0]) for posted in (debit(1, account_id), credit(2, account_id))]
    assert calls_of(lambda: read_pairs(alone)) == 0
    assert read_pairs(alone) == {}
