"""The streams of the history as they are read: in order, across all reads, and at once where things are rare."""

from typing import Any

import pytest

from chalicelib.accounts import table as accounts
from chalicelib.clock import DAY_MS, day_of
from chalicelib.ledger.post import post
from chalicelib.ledger.statement import Filter
from chalicelib.ledger.table import DailyUsageRow
from chalicelib.payments import table as payments
from chalicelib.payments.payment import Payment
from chalicelib.portal.read_timeline import DAYS, FIRST_READ, SINGLES, Wanted, card_payments, read_timeline
from chalicelib.portal.timeline import Batch, DayUsage, Entry
from chalicelib.tables import raw
from tests.build import TIME_MS, account, credit, debit, unique
from tests.payments.build import payment

pytestmark = pytest.mark.usefixtures("stack")

LAST = day_of(TIME_MS + DAY_MS)


def opened() -> str:
    made = account(unique("account"))
    assert accounts.create(made)
    return made.account_id


def pay(account_id: str, time_ms: int, *, id_ms: int | None = None, kind: str = "subscription") -> str:
    """Store a payment; a renewal's id may be older than itself."""
    payment_id = f"pay_{time_ms if id_ms is None else id_ms:012x}{unique('').replace('-', '')[:20]:0>20}"
    made = payment(account_id=account_id, payment_id=payment_id, kind=kind, created_at_ms=time_ms)
    payments.put_new(made)
    return payment_id


def wanted(**changes: Any) -> Wanted:
    fields: dict[str, Any] = {
        "singles": Filter(non_usage_only=True),
        "has_usage": True,
        "meters": None,
        "has_card_payments": True,
        "first": None,
        "last": LAST,
        "below": None,
    }
    return Wanted(**{**fields, **changes})


def read_all(account_id: str, **changes: Any) -> list[Batch]:
    found: list[Batch] = []
    below = None
    while True:
        found.append(read_timeline(account_id, wanted(**changes, below=below)))
        below = found[-1].next_place
        if below is None:
            return found


def briefs(batches: list[Batch]) -> list[str]:
    return [_brief(entry) for batch in batches for entry in batch.entries]


def _brief(entry: Entry) -> str:
    content = entry.content
    assert content
    if isinstance(content, DayUsage):
        return content.day
    return content.payment_id if isinstance(content, Payment) else content.identity.event_id


def test_card_payments_stand_between_transactions_and_days_by_time_and_top_ups_only_as_credits() -> None:
    account_id = opened()
    post([credit(1, account_id), credit(3, account_id), debit(2, account_id)])
    paid = pay(account_id, TIME_MS + 2000)
    pay(account_id, TIME_MS + 1500, kind="top_up")
    (batch,) = read_all(account_id)
    assert briefs([batch]) == ["pay_3", paid, "pay_1", day_of(TIME_MS)]


def test_a_renewal_stands_when_it_was_charged_whatever_the_time_in_its_id() -> None:
    account_id = opened()
    retried = pay(account_id, TIME_MS, id_ms=TIME_MS - 7 * DAY_MS)
    between = pay(account_id, TIME_MS - 3 * DAY_MS)
    first = pay(account_id, TIME_MS - 6 * DAY_MS, id_ms=TIME_MS - 7 * DAY_MS)
    assert briefs(read_all(account_id)) == [retried, between, first]
    since = card_payments(account_id, TIME_MS - 4 * DAY_MS, TIME_MS)
    assert [_brief(each) for each in since if each.content] == [retried, between]


def test_each_card_payment_is_listed_once_among_many_other_payments() -> None:
    account_id = opened()
    for hour in range(120):
        pay(account_id, TIME_MS - hour * 3_600_000, kind="auto_pay")
    paid = [pay(account_id, TIME_MS - hour * 3_600_000 - 1) for hour in (0, 98, 99, 100, 119)]
    assert briefs(read_all(account_id, has_usage=False)) == paid


def test_every_day_and_every_credit_is_listed_however_many_there_are() -> None:
    account_id = opened()
    days = FIRST_READ + DAYS
    post([debit(1, account_id, occurred_at_ms=TIME_MS - day * DAY_MS, event_id=f"used-{day}") for day in range(days)])
    post([credit(number, account_id) for number in range(SINGLES + 5)])
    batches = read_all(account_id)
    listed = briefs(batches)
    assert listed[: SINGLES + 5] == [f"pay_{number}" for number in reversed(range(SINGLES + 5))]
    assert listed[SINGLES + 5 :] == [day_of(TIME_MS - day * DAY_MS) for day in range(days)]
    assert [len(batch.entries) for batch in batches] == [SINGLES, 5 + DAYS, *[DAYS] * 2, days - 3 * DAYS]


def test_what_is_rare_is_listed_at_once_however_long_ago_it_was() -> None:
    account_id = opened()
    long_ago = TIME_MS - 400 * DAY_MS
    post(
        [
            debit(1, account_id, occurred_at_ms=TIME_MS - day * DAY_MS, event_id=f"used-{day}")
            for day in range(FIRST_READ + 2)
        ]
    )
    post([credit(1, account_id, occurred_at_ms=long_ago)])
    post([debit(1, account_id, meter="email", occurred_at_ms=long_ago, event_id="mail")])
    (credited,) = read_all(account_id, singles=Filter(type="credit", non_usage_only=True), has_usage=False)
    (mails,) = read_all(account_id, singles=None, meters={"email"}, has_card_payments=False)
    assert briefs([credited]) == ["pay_1"]
    assert briefs([mails]) == [day_of(long_ago)]


def test_what_is_rare_is_found_below_days_too_large_for_one_answer_of_dynamodb() -> None:
    account_id, counters = opened(), [f"{number:0>500}:count" for number in range(75)]
    for day in range(FIRST_READ):
        key = {"account_id": {"S": account_id}, "day": {"S": day_of(TIME_MS - day * DAY_MS)}}
        shared, name = raw(DailyUsageRow)
        shared.client.put_item(TableName=name, Item={**key, **{each: {"N": "1"} for each in counters}})
    post([debit(1, account_id, meter="email", occurred_at_ms=TIME_MS - 300 * DAY_MS, event_id="mail")])
    (mails,) = read_all(account_id, singles=None, meters={"email"}, has_card_payments=False)
    assert briefs([mails]) == [day_of(TIME_MS - 300 * DAY_MS)]


def test_nothing_is_between_a_day_and_an_earlier_one() -> None:
    account_id = opened()
    pay(account_id, TIME_MS)
    post([debit(1, account_id)])
    later = day_of(TIME_MS + 100 * DAY_MS)
    assert (
        briefs(read_all(account_id, first=later, singles=Filter(non_usage_only=True, from_ms=TIME_MS + DAY_MS))) == []
    )


def test_only_the_days_of_the_filter_are_listed() -> None:
    account_id = opened()
    midnight = TIME_MS // DAY_MS * DAY_MS
    for day in (-1, 0, 1):
        post([credit(1, account_id, occurred_at_ms=TIME_MS + day * DAY_MS, event_id=f"credit{day}")])
        post([debit(1, account_id, occurred_at_ms=TIME_MS + day * DAY_MS, event_id=f"used{day}")])
    _, paid, _ = [pay(account_id, TIME_MS + day * DAY_MS + 5) for day in (-1, 0, 1)]
    singles = Filter(non_usage_only=True, from_ms=midnight, to_ms=midnight + DAY_MS)
    today = day_of(TIME_MS)
    assert briefs(read_all(account_id, first=today, last=today, singles=singles)) == [paid, "credit0", today]
