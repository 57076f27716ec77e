from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.ledger import commit
from chalicelib.ledger.build import build
from chalicelib.ledger.commit import (
    MAXIMUM_ITEMS,
    Classification,
    classify,
    have_same_content,
    separate_duplicates,
    split_into_commits,
    windows_around,
)
from chalicelib.ledger.page import SPAN_MS
from chalicelib.ledger.posting import EventKey, Posting
from chalicelib.ledger.read_page import PostedEvent, find_events
from chalicelib.ledger.wallet import END_OF_TIME_MS, Wallet
from tests.build import TIME_MS, credit, debit, pair, receipt

DAY_MS = 24 * 60 * 60 * 1000


def against(sent: list[Posting], posted: list[Posting]) -> Classification[Posting]:
    """Tell postings apart by the pages that other postings made."""
    accounts = {leg.account_id for posting in (*sent, *posted) for leg in posting.legs}
    plans = build({each: Wallet(each, "usd") for each in accounts}, posted, TIME_MS)
    keys = {posting.identity.key for posting in sent}
    found: dict[str, dict[EventKey, PostedEvent]] = {each: {} for each in accounts}
    for plan in plans:
        for page in plan.pages:
            found[plan.wallet.account_id] |= find_events(page, keys)
    return classify(sent, found)


def test_the_same_event_twice_in_a_batch_is_posted_once() -> None:
    first, second, other = debit(1), debit(1), debit(2)
    firsts, others = separate_duplicates([first, second, other])
    assert firsts == [first, other]
    assert [(id(a), id(b)) for a, b in others] == [(id(second), id(first))]


def test_what_was_posted_is_a_repeat_whatever_it_was_priced_at() -> None:
    repriced = debit(1, unit_price_micros=60_000, amount_micros=60_000)
    found = against([repriced, debit(3)], [debit(1), debit(2)])
    assert found == Classification(new=[debit(3)], repeats=[repriced], conflicts=[])


@pytest.mark.parametrize(
    "other",
    [
        {"quantity_micros": 2_000_000},
        {"meter": "email"},
        {"url": "https://elsewhere.example"},
        {"description": "else"},
        {"occurred_at_ms": TIME_MS + 1001},
        {"metadata": {"a": "b"}},
        {"type": "credit"},
    ],
)
def test_the_same_id_with_other_content_is_a_conflict_in_a_batch_and_against_a_page(other: dict[str, Any]) -> None:
    changed = debit(1, **other)
    assert not have_same_content(debit(1), changed)
    assert against([changed], [debit(1)]) == Classification([], [], [changed])


def test_an_amount_that_was_sent_is_content_where_no_quantity_was() -> None:
    sent = debit(1, quantity_micros=None, unit_price_micros=None)
    changed = debit(1, quantity_micros=None, unit_price_micros=None, amount_micros=1)
    assert against([changed], [sent]).conflicts == [changed]
    assert against([credit(1, amount_micros=1)], [credit(1)]).conflicts == [credit(1, amount_micros=1)]


def test_a_receipt_with_other_parts_is_a_conflict_and_with_other_prices_a_repeat() -> None:
    posted = receipt(1)
    parts = posted.content.parts
    changed = replace(
        posted, content=replace(posted.content, parts=(*parts[:-1], replace(parts[-1], quantity_micros=1)))
    )
    leg = posted.legs[0]
    repriced = replace(posted, legs=(replace(leg, lines=tuple(replace(line, amount_micros=7) for line in leg.lines)),))
    assert against([changed], [posted]).conflicts == [changed]
    assert against([repriced], [posted]).repeats == [repriced]


def test_any_leg_that_was_posted_makes_the_posting_a_repeat_or_a_conflict_as_a_whole() -> None:
    both = pair(1)
    for leg in both.legs:
        alone = replace(both, legs=(leg,))
        assert against([both], [alone]) == Classification([], [both], [])
        changed = replace(both, content=replace(both.content, description="else"))
        assert against([changed], [alone]) == Classification([], [], [changed])


def test_an_amount_is_compared_as_it_was_sent_whatever_each_leg_made_of_it() -> None:
    priced = debit(
        1, "client", quantity_micros=None, unit_price_micros=None, amount_micros=70_000, sent_amount_micros=50_000
    )
    both = replace(pair(1), content=priced.content, legs=(priced.legs[0], pair(1).legs[1]))
    for leg in both.legs:
        assert against([replace(both, legs=(leg,))], [both]).repeats


def test_the_same_id_from_another_source_or_of_another_account_is_another_event() -> None:
    assert len(separate_duplicates([debit(1), debit(1, source="/voice"), debit(1, "other")])[0]) == 3


def test_a_posting_has_one_leg_or_two_in_different_wallets() -> None:
    one = debit(1)
    for legs in ((), (one.legs[0], one.legs[0]), (*pair(1).legs, one.legs[0])):
        with pytest.raises(ValueError, match="one leg, or two in different wallets"):
            Posting(one.identity, one.content, legs)


def test_pages_are_looked_for_only_around_the_events_times_and_never_after_the_wallets_latest() -> None:
    hour = 60 * 60 * 1000
    times = [TIME_MS + offset for offset in (0, 1000, 2 * SPAN_MS, hour)]
    around = [(TIME_MS, TIME_MS + 3 * SPAN_MS), (TIME_MS + hour, TIME_MS + hour + SPAN_MS)]
    assert windows_around(times, END_OF_TIME_MS) == around
    assert windows_around(times, TIME_MS + hour) == around
    assert windows_around(times, TIME_MS + hour - 1) == around[:1]
    assert windows_around(times, TIME_MS - 1) == []


def items(chunk: list[Posting]) -> int:
    wallets = {leg.account_id: Wallet(leg.account_id, "usd") for posting in chunk for leg in posting.legs}
    plans = build(wallets, chunk, TIME_MS)
    assert commit.fit_in_one_write(plans)
    return sum(plan.item_count for plan in plans)


def test_a_batch_over_many_days_takes_as_few_commits_as_its_items_allow() -> None:
    batch = [debit(number, occurred_at_ms=TIME_MS + number * DAY_MS) for number in range(130)]
    dealt = list(split_into_commits(batch))
    assert [posting for chunk in dealt for posting in chunk] == batch
    assert [items(chunk) for chunk in dealt] == [99, 99, 65]


def test_clients_of_one_workspace_are_dealt_out_by_client_and_not_by_time() -> None:
    batch = [pair(number, f"client-{number % 100}") for number in range(1000)]
    dealt = list(split_into_commits(batch))
    assert len(dealt) <= 8
    assert all(items(chunk) <= MAXIMUM_ITEMS for chunk in dealt)
    assert sorted(map(str, batch)) == sorted(str(posting) for chunk in dealt for posting in chunk)


def test_halves_lose_nothing() -> None:
    batch = [debit(number) for number in range(5)]
    lower, upper = commit.split_in_half(batch)
    assert [*lower, *upper] == batch
    assert lower
    assert upper
