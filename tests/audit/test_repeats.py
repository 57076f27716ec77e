"""Which of the events with one source and id are repeats, and what gives one back."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.audit.repeats import SOURCE, WINDOW_MS, Repeat, find_repeats, is_audited, make_correction
from chalicelib.ledger.build import build
from chalicelib.ledger.posting import Posting
from chalicelib.ledger.read_page import transactions_of
from chalicelib.ledger.transaction import Transaction
from chalicelib.ledger.wallet import Wallet
from tests.build import TIME_MS, credit, debit, pair, receipt

FOUND_MS = TIME_MS + 9 * WINDOW_MS


def posted(*postings: Posting) -> dict[str, list[Transaction]]:
    """Return the transactions of postings, by account."""
    accounts = {leg.account_id for posting in postings for leg in posting.legs}
    plans = build({account: Wallet(account, "usd") for account in accounts}, postings, 0)
    return {plan.wallet.account_id: [each for page in plan.pages for each in transactions_of(page)] for plan in plans}


def at(*times: int, event_id: str = "msg-1") -> list[Transaction]:
    """Return the transactions of one event at several times."""
    return posted(*(debit(occurred_at_ms=TIME_MS + time, event_id=event_id) for time in times))["acme"]


def found(transactions: list[Transaction]) -> list[Repeat]:
    return list(find_repeats(transactions, found_at_ms=FOUND_MS, give_back=True))


def times(repeats: list[Repeat]) -> list[tuple[int, int]]:
    return [(each.original_occurred_at_ms - TIME_MS, each.occurred_at_ms - TIME_MS) for each in repeats]


def test_the_earliest_stays_and_each_later_one_is_its_repeat() -> None:
    assert times(found(at(0, 1, 5000))) == [(0, 1), (0, 5000)]


def test_a_single_event_is_no_repeat_and_neither_are_two_with_different_ids() -> None:
    assert found([*at(0), *at(1, event_id="msg-2")]) == []


def test_the_same_transaction_twice_is_no_repeat() -> None:
    assert found(at(0) * 2) == []


def test_two_as_far_apart_as_the_window_are_one_event_and_further_apart_two() -> None:
    assert times(found(at(0, WINDOW_MS))) == [(0, WINDOW_MS)]
    assert found(at(0, WINDOW_MS + 1)) == []


def test_after_a_longer_while_another_original_begins() -> None:
    start = 2 * WINDOW_MS
    assert times(found(at(0, 1, start, start + 1))) == [(0, 1), (start, start + 1)]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 8)), max_size=12, unique=True))
def test_a_repeat_is_what_has_an_earlier_one_of_its_name_within_the_window(events: list[tuple[int, int]]) -> None:
    step = WINDOW_MS // 2
    transactions = [each for number, time in events for each in at(time * step, event_id=f"msg-{number}")]
    expected = {
        (max(one, other))
        for one, other in combinations(events, 2)
        if one[0] == other[0] and abs(one[1] - other[1]) * step <= WINDOW_MS
    }
    repeats = {(int(each.event_id[4:]), (each.occurred_at_ms - TIME_MS) // step) for each in found(transactions)}
    assert repeats == expected


def test_only_usage_is_audited_and_an_event_in_two_wallets_only_in_the_workspaces() -> None:
    wallets = posted(pair(1), credit(2, "client"))
    assert [is_audited(each) for each in wallets["client"]] == [False, False]
    assert [is_audited(each) for each in wallets["agency"]] == [True]


def test_usage_that_only_moves_another_wallet_is_audited_there() -> None:
    paid_by_agency = Posting(pair(1).identity, pair(1).content, pair(1).legs[1:])
    (transaction,) = posted(paid_by_agency)["agency"]
    assert is_audited(transaction)


def test_what_gives_a_repeat_back_is_its_mirror_in_each_wallet() -> None:
    wallets = posted(pair(1, occurred_at_ms=TIME_MS, event_id="call"), pair(2, event_id="call"))
    (repeat,) = found(wallets["client"])
    posting = make_correction(repeat, wallets["client"][1], wallets["agency"][1])
    assert [(leg.account_id, leg.type, leg.amount_micros) for leg in posting.legs] == [
        ("client", "credit", 70_000),
        ("agency", "credit", 50_000),
    ]
    assert (posting.identity.account_id, posting.identity.source) == ("client", SOURCE)
    assert (posting.identity.event_id, posting.identity.occurred_at_ms) == (wallets["client"][1].id, FOUND_MS)
    assert posting.content.metadata == {
        "repeated_transaction_id": wallets["client"][1].id,
        "original_transaction_id": wallets["client"][0].id,
    }


def test_what_gives_a_receipt_back_is_one_amount_and_no_usage() -> None:
    transactions = posted(receipt(1, event_id="call"), receipt(2, event_id="call"))["acme"]
    (repeat,) = found(transactions)
    posting = make_correction(repeat, transactions[1], None)
    assert posting.legs[0].amount_micros == sum(line.amount_micros for line in transactions[1].leg.lines)
    assert (posting.legs[0].lines, posting.content.parts, posting.content.meter) == ((), (), None)
