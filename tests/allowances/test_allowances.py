"""A client's monthly allowance: credited with the month's first usage, and what is left debited after the month."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.access.find_access import find_access
from chalicelib.accounts import table as accounts
from chalicelib.allowances import table
from chalicelib.allowances.allowance import Allowance, allowance_to_open, credit_of, debit_of_unused, unused_of
from chalicelib.allowances.end_allowances import end_allowance, end_due_allowances
from chalicelib.catalog.catalog import catalog
from chalicelib.clock import iso, to_ms
from chalicelib.ledger.post import post
from chalicelib.pricing.rebilling import Rebilling
from chalicelib.pricing.tariff import Tariff
from chalicelib.runs import RunIncomplete
from local.resources import Deployment
from tests.build import credit, event
from tests.usage.agency import Agency, dated, keep, on, send
from tests.wire import cut_off, cut_points

pytestmark = pytest.mark.usefixtures("stack")

MONTH = datetime(2026, 9, 1, tzinfo=UTC)
NEXT = datetime(2026, 10, 1, tzinfo=UTC)
DAY = timedelta(days=1)
FIVE = 5_000_000
OF_SEPTEMBER = Allowance("client", "2026-09", FIVE, to_ms(MONTH))

At = Callable[[datetime], None]


@pytest.fixture
def at() -> Iterator[At]:
    """Return a function that moves the clock."""
    with ExitStack() as moves:
        moves.enter_context(clock.moved_to(MONTH + DAY))
        yield lambda moment: moves.enter_context(clock.moved_to(moment))


def with_allowance(*allowances: tuple[datetime, int]) -> Rebilling:
    return replace(on(), allowances_micros=dated(*((to_ms(moment), amount) for moment, amount in allowances)))


def agency(clients: int = 1, amount: int = FIVE) -> Agency:
    return Agency(clients, with_allowance((MONTH, amount)))


def use(account_id: str, number: int, times: int = 1) -> None:
    """Use something that costs 0.05 each."""
    sent = event(account_id, number, time=iso(clock.now_ms() - 60_000), data={"quantity": str(times)})
    assert send(sent) == []


def kinds(found: Agency) -> list[tuple[str, str, int]]:
    """Return kind, id and amount in micros of the client's transactions that are not usage, oldest first."""
    every = reversed(found.history(found.client))
    return [
        (each.content.kind, each.identity.event_id, each.leg.signed_micros)
        for each in every
        if each.content.kind != "usage"
    ]


CREDITED = ("allowance", "allowance/2026-09", FIVE)


def test_the_first_usage_of_a_month_credits_the_allowance_once(at: At) -> None:
    found = agency()
    for number in range(3):
        use(found.client, number)
    assert kinds(found) == [CREDITED]
    assert found.balances() == (-150_000, FIVE - 150_000)
    found.assert_sound()


def test_what_was_not_used_is_debited_a_day_after_the_month_and_the_next_month_has_its_own(at: At) -> None:
    found = agency()
    use(found.client, 1, times=30)
    at(NEXT + DAY - timedelta(minutes=1))
    end_due_allowances()
    assert kinds(found) == [CREDITED]
    at(NEXT + DAY + timedelta(minutes=1))
    end_due_allowances()
    ended = ("allowance_end", "allowance-end/2026-09", -3_500_000)
    assert kinds(found) == [CREDITED, ended]
    assert found.balances()[1] == 0
    use(found.client, 2)
    assert kinds(found) == [CREDITED, ended, ("allowance", "allowance/2026-10", FIVE)]
    end_due_allowances()
    assert len(kinds(found)) == 3
    found.assert_sound()


def test_of_an_allowance_that_was_used_up_nothing_is_debited(at: At) -> None:
    found = agency()
    use(found.client, 1, times=200)
    at(NEXT + 2 * DAY)
    end_due_allowances()
    assert kinds(found) == [CREDITED]
    assert found.balances()[1] == FIVE - 10_000_000


@pytest.mark.parametrize("amount", [0, 2_000_000, 9_000_000])
def test_an_allowance_that_is_changed_in_mid_month_stays_as_it_was_credited_until_the_next(at: At, amount: int) -> None:
    found = agency()
    use(found.client, 1)
    keep(found.client, with_allowance((MONTH, FIVE), (MONTH + DAY, amount)))
    use(found.client, 2)
    assert kinds(found) == [CREDITED]
    at(NEXT + 2 * DAY)
    end_due_allowances()
    use(found.client, 3)
    expected = [("allowance", "allowance/2026-10", amount)] if amount else []
    assert kinds(found)[2:] == expected


def test_usage_that_is_not_rebilled_opens_no_allowance(at: At) -> None:
    found = Agency(1, replace(with_allowance((MONTH, FIVE)), switches=dated((0, False))))
    use(found.client, 1)
    assert kinds(found) == []


def test_late_usage_opens_the_allowance_of_its_own_month_until_that_has_ended(at: At) -> None:
    in_time, too_late = agency(), agency()
    at(NEXT + timedelta(hours=12))
    september = iso(to_ms(MONTH + 10 * DAY))
    assert send(event(in_time.client, time=september)) == []
    assert kinds(in_time) == [CREDITED]
    at(NEXT + 2 * DAY)
    assert send(event(too_late.client, time=september)) == []
    assert kinds(too_late) == []


def test_wherever_the_process_ends_the_allowance_is_credited_once(at: At) -> None:
    sent = [event("", number, time=iso(clock.now_ms())) for number in range(2)]

    def messages(found: Agency) -> list[dict[str, object]]:
        return [{**each, "subject": found.client} for each in sent]

    first = agency()
    for at_call, _ in cut_points(lambda: send(*messages(first))):
        for when in ("before", "after"):
            found = agency()
            cut_off(lambda found=found: send(*messages(found)), (at_call, when))  # type: ignore[misc]
            assert send(*messages(found)) == []
            assert kinds(found) == [CREDITED], (at_call, when)
            found.assert_sound()


def test_wherever_the_end_is_cut_off_what_was_not_used_is_debited_once(at: At) -> None:
    first = agency()
    use(first.client, 1)
    at(NEXT + 2 * DAY)
    points = cut_points(lambda: end_allowance(first.client, "2026-09"))
    for point in [(each, when) for each, _ in points for when in ("before", "after")]:
        at(MONTH + DAY)
        found = agency()
        use(found.client, 1)
        at(NEXT + 2 * DAY)
        cut_off(lambda found=found: end_allowance(found.client, "2026-09"), point)  # type: ignore[misc]
        use(found.client, 2)  # late usage of another month, which changes nothing
        assert end_allowance(found.client, "2026-09").state == "ended"
        end_allowance(found.client, "2026-09")
        assert kinds(found)[:2] == [CREDITED, ("allowance_end", "allowance-end/2026-09", -4_950_000)], point


def test_an_end_finds_a_credit_that_was_never_posted_and_posts_it_first(at: At) -> None:
    found = agency()
    table.open_new(Allowance(found.client, "2026-09", FIVE, clock.now_ms()))
    at(NEXT + 2 * DAY)
    end_allowance(found.client, "2026-09")
    assert [amount for *_, amount in kinds(found)] == [FIVE, -FIVE]


def test_batches_and_ends_at_once_credit_and_debit_once(at: At) -> None:
    found = agency()
    sent = [event(found.client, number, time=iso(clock.now_ms())) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert [each for answer in pool.map(send, sent) for each in answer] == []
    at(NEXT + 2 * DAY)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: end_allowance(found.client, "2026-09"), range(8)))
    assert [amount for *_, amount in kinds(found)] == [FIVE, -(FIVE - 400_000)]
    found.assert_sound()


def test_a_broken_allowance_holds_up_neither_usage_nor_the_allowances_beside_it(at: At) -> None:
    found = agency(2)
    broken = table.AllowanceRow(found.clients[1], "2026-09", amount_micros=1, opened_at_ms=1, state="opened")
    broken.save()
    broken.update(actions=[table.AllowanceRow.amount_micros.remove()])
    assert send(*(event(each, time=iso(clock.now_ms())) for each in found.clients)) == []
    assert kinds(found) == [CREDITED]
    assert found.balances() == (-100_000, FIVE - 50_000, -50_000)


def test_an_allowance_that_cannot_be_ended_is_tried_again_and_hides_no_other(stack: Deployment, at: At) -> None:
    bad, good = agency(), agency()
    for each in (bad, good):
        use(each.client, 1)
    table.AllowanceRow(bad.client, "2026-09").update(actions=[table.AllowanceRow.amount_micros.remove()])
    at(NEXT + 2 * DAY)
    with pytest.raises(RunIncomplete):
        end_due_allowances()
    assert len(kinds(good)) == 2
    table.AllowanceRow(bad.client, "2026-09").update(actions=[table.AllowanceRow.amount_micros.set(FIVE)])
    at(NEXT + 3 * DAY)
    end_due_allowances()
    assert len(kinds(bad)) == 2


def test_a_client_that_lives_on_its_allowance_has_access_before_its_first_usage_and_until_it_is_used_up(at: At) -> None:
    found = agency()
    post([credit(1, found.id)])

    def available() -> tuple[bool, int]:
        access = find_access(accounts.get(found.client), catalog()).access
        return access.allowed, access.available_micros

    assert available() == (True, FIVE)
    use(found.client, 1, times=40)
    assert available() == (True, FIVE - 2_000_000)
    use(found.client, 2, times=60)
    assert available() == (False, 0)
    at(NEXT + timedelta(minutes=1))
    assert available() == (True, FIVE)


def test_the_postings_of_an_allowance_are_always_the_same() -> None:
    assert credit_of(OF_SEPTEMBER) == credit_of(replace(OF_SEPTEMBER, state="ended"))
    ending = replace(OF_SEPTEMBER, state="ending", unused_micros=1)
    debit = debit_of_unused(ending)
    assert debit is not None
    assert (debit.identity.event_id, debit.identity.occurred_at_ms) == ("allowance-end/2026-09", to_ms(NEXT))
    assert debit_of_unused(replace(ending, unused_micros=0)) is None


@pytest.mark.parametrize(("used", "unused"), [(0, FIVE), (1, FIVE - 1), (FIVE, 0), (FIVE + 1, 0)])
def test_what_is_not_used_is_never_less_than_nothing(used: int, unused: int) -> None:
    assert unused_of(OF_SEPTEMBER, used) == unused


def test_a_month_opens_the_allowance_that_is_valid_now_or_was_at_its_end() -> None:
    tariff = Tariff("client", "usd", "agency", with_allowance((MONTH, FIVE), (NEXT, 7)))
    now = {"during": MONTH + DAY, "just after": NEXT + DAY / 2, "too late": NEXT + DAY}
    opened = {name: allowance_to_open(tariff, "2026-09", to_ms(moment)) for name, moment in now.items()}
    assert opened == {"during": FIVE, "just after": FIVE, "too late": 0}
    assert allowance_to_open(tariff, "2026-08", to_ms(MONTH + timedelta(hours=1))) == 0
