"""Usage of a client that was moved to another workspace: each event is charged once, to the workspace of its time."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.clock import iso, now_ms
from tests.build import event
from tests.usage.agency import HALF_MORE, Agency, amounts, keep, move, on, send
from tests.wire import cut_off, cut_points

pytestmark = pytest.mark.usefixtures("stack")

MINUTE_MS = 60_000


class Moved:
    """A client that is moved, by default ten minutes ago: `old` and `new` have other prices for it."""

    def __init__(self, *, rebilled: bool = True) -> None:
        self.old, self.new = Agency(1, on() if rebilled else None), Agency(0)
        keep(self.old.id, on(**{"*": HALF_MORE}))
        self.client = self.old.client
        self.now = now_ms()

    def move(self, minutes_ago: int = 10) -> None:
        move(self.client, self.new.id, self.now - minutes_ago * MINUTE_MS)

    def event(self, number: int, minutes_ago: int) -> dict[str, object]:
        return event(self.client, number, time=iso(self.now - minutes_ago * MINUTE_MS))

    def balances(self) -> tuple[int, ...]:
        """Return the balances in micros: the old workspace's, the client's, the new one's."""
        return *self.old.balances(), *self.new.balances()

    def assert_sound(self) -> None:
        self.old.assert_sound()
        self.new.assert_sound()


@pytest.fixture
def moved() -> Moved:
    return Moved()


def test_late_usage_of_before_the_move_is_the_former_workspaces_at_its_prices(moved: Moved) -> None:
    moved.move()
    assert send(moved.event(1, 20), moved.event(2, 5)) == []
    assert moved.balances() == (-50_000, -125_000, -50_000)
    assert sorted(amounts(moved.old.history(moved.client))) == [50_000, 75_000]
    assert moved.old.used(moved.client) == {"sms": (50_000, 75_000)}
    assert moved.new.used(moved.client) == {"sms": (50_000, 50_000)}
    moved.assert_sound()


@pytest.mark.parametrize("rebilled", [True, False])
def test_a_repeat_after_the_move_of_what_was_charged_before_it_is_a_repeat(rebilled: bool) -> None:
    moved = Moved(rebilled=rebilled)
    sent = [moved.event(1, 20), moved.event(2, 11)]
    assert send(*sent) == []
    before = moved.balances()
    moved.move()
    assert send(*sent, *sent) == []
    assert moved.balances() == before
    moved.assert_sound()


def test_a_client_that_was_moved_twice_pays_by_each_of_its_workspaces(moved: Moved) -> None:
    third = Agency(0)
    moved.move(30)
    move(moved.client, third.id, moved.now - 10 * MINUTE_MS)
    assert send(moved.event(1, 40), moved.event(2, 20), moved.event(3, 5)) == []
    assert (*moved.balances(), *third.balances()) == (-50_000, -175_000, -50_000, -50_000)
    third.assert_sound()
    moved.assert_sound()


def test_a_batch_with_usage_of_both_workspaces_is_charged_once_wherever_the_process_ends() -> None:
    def batch(moved: Moved) -> list[dict[str, object]]:
        moved.move()
        own = [event(each.id, 9) for each in (moved.old, moved.new)]
        return [*(moved.event(number, minutes) for number, minutes in ((1, 20), (2, 5))), *own]

    first = batch(Moved())
    for point in [(at, when) for at, _ in cut_points(lambda: send(*first)) for when in ("before", "after")]:
        moved = Moved()
        sent = batch(moved)
        cut_off(lambda sent=sent: send(*sent), point)  # type: ignore[misc]
        moved.assert_sound()
        assert send(*sent) == []
        assert moved.balances() == (-100_000, -125_000, -100_000), point
        moved.assert_sound()


def test_usage_and_repeats_at_once_while_a_client_is_moved_lose_and_double_nothing(moved: Moved) -> None:
    sent = [moved.event(number, number) for number in range(60)]
    deliveries = [sent[start::6] for start in range(6)] * 3
    with ThreadPoolExecutor(6) as pool:
        answers = [pool.submit(send, *bodies) for bodies in deliveries]
        # As when it is accepted: nothing that is being posted is as late as the time from which the new one pays.
        moved.move(minutes_ago=-1)
        assert [each.result() for each in answers] == [[]] * len(deliveries)
    assert moved.balances() == (-3_000_000, -4_500_000, 0)
    assert send(*sent) == []
    assert moved.balances() == (-3_000_000, -4_500_000, 0)
    moved.assert_sound()
