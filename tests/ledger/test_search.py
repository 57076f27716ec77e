"""Search in descriptions and ids: what matches, and that each answer is bounded and has a way on."""

import pytest

from chalicelib.accounts import table as accounts
from chalicelib.clock import DAY_MS
from chalicelib.cursor import InvalidCursor
from chalicelib.ledger.post import post
from chalicelib.ledger.search import MOST_FOUND, SearchPlace, search_history, wording_of
from chalicelib.ledger.statement import Filter
from tests.build import TIME_MS, account, debit, receipt, unique


@pytest.mark.parametrize(
    ("typed", "description", "is_found"),
    [
        ("+1 555 0100", "SMS to +1 555 0100", True),
        ("15550100", "SMS to +1 555 0100", True),
        ("(555) 01-00", "Call to +15550100", True),
        ("555 0199", "SMS to +1 555 0100", False),
        ("zoë", "Reply to ZOË", True),
        ("Müller", "for Mueller", False),
        ("12", "3 from 1 to 2", False),
        ("event-7", "no such thing", True),
        ("EVENT-7", "no such thing", True),
        ("event", "no such thing", False),
        ("event-77", "no such thing", False),
        ("a-1234", "1234 a", False),
    ],
)
def test_words_match_in_any_case_and_numbers_however_they_are_written(
    typed: str, description: str, is_found: bool
) -> None:
    wording = wording_of(typed)
    assert wording.matches("event-7", [description]) is is_found
    assert wording.may_match(["event-7"], [[description]]) or not is_found


def test_numbers_do_not_match_across_two_descriptions() -> None:
    assert not wording_of("5550100").matches("event-7", ["to 555", "0100"])


def opened() -> str:
    """Return an account with an empty wallet."""
    made = account(unique("account"))
    assert accounts.create(made)
    return made.account_id


@pytest.mark.usefixtures("memory")
def test_all_matches_are_found_newest_first_answer_by_answer() -> None:
    account_id = opened()
    total = 2 * MOST_FOUND + 7
    post([debit(number, account_id, description=f"SMS to +1 555 {number:04d}") for number in range(total)])
    found, start, answers = [], None, 0
    while True:
        answer = search_history(account_id, "sms to", start=start)
        assert len(answer.transactions) <= MOST_FOUND
        found += [each.identity.event_id for each in answer.transactions]
        answers += 1
        if answer.next_place is None:
            break
        start = SearchPlace.decode(answer.next_place.encode())
    assert found == [f"event-{number}" for number in reversed(range(total))]
    assert answers == 3


@pytest.mark.usefixtures("memory")
def test_a_search_for_nothing_says_how_much_it_looked_at() -> None:
    account_id = opened()
    for day in range(3):
        post([debit(number, account_id, occurred_at_ms=TIME_MS + day * DAY_MS + number) for number in range(5)])
    all_of_it = search_history(account_id, "nothing")
    assert (all_of_it.examined, all_of_it.until_ms, all_of_it.next_place) == (15, TIME_MS, None)
    since = search_history(account_id, "nothing", Filter(from_ms=TIME_MS + DAY_MS))
    assert (since.examined, since.transactions, since.until_ms) == (10, [], TIME_MS + DAY_MS)


@pytest.mark.usefixtures("memory")
def test_an_answer_opens_a_bounded_amount_of_pages_and_the_next_one_goes_on_there() -> None:
    account_id = opened()
    for day in range(3):
        post([debit(n, account_id, occurred_at_ms=TIME_MS + day * DAY_MS + n) for n in range(5)])
    first = search_history(account_id, "nothing", most_bytes=1)
    assert (first.examined, first.until_ms) == (5, TIME_MS + 2 * DAY_MS)
    second = search_history(account_id, "event-1", start=first.next_place, most_bytes=1)
    assert [each.identity.occurred_at_ms for each in second.transactions] == [TIME_MS + DAY_MS + 1]


@pytest.mark.usefixtures("memory")
def test_it_finds_the_lines_of_receipts_and_only_what_is_within_the_times() -> None:
    account_id = opened()
    post([receipt(1, account_id), receipt(2, account_id)])
    (late,) = search_history(account_id, "gpt-5-mini", Filter(from_ms=TIME_MS + 2000)).transactions
    (early,) = search_history(account_id, "gpt-5-mini", Filter(to_ms=TIME_MS + 2000)).transactions
    assert (early.identity.event_id, late.identity.event_id) == ("event-1", "event-2")


@pytest.mark.parametrize("text", ["", "~", "x" * 300, "e30"])
def test_a_place_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursor):
        SearchPlace.decode(text)
