"""A pause in the life of a subscription, over the API and by itself: no period is charged twice, and none is lost."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from chalicelib.clock import iso
from chalicelib.errors import Refusal
from chalicelib.payments.refusals import CardDeclined
from chalicelib.subscriptions.charge_now import ChargeResult
from tests.api import Api, problem
from tests.subscriptions.asking import ask, put
from tests.subscriptions.conftest import NewSubscriber
from tests.subscriptions.losses import DECLINES
from tests.subscriptions.world import RenewalWorld, Subscriber, moment
from tests.wire import cuts

BEGIN, UNTIL, NEXT = "2027-02-28", "2027-03-15", "2027-04-15"


@pytest.fixture(autouse=True)
def _in_february(world: RenewalWorld) -> Iterator[None]:
    """Let it be 10 February 2027; the first period has begun on 31 January."""
    with world.at(moment("2027-02-10")):
        yield


@pytest.fixture
def pausing(new_subscriber: NewSubscriber, world: RenewalWorld) -> Callable[[], Subscriber]:
    """Return a function that makes a subscriber who will be paused from 28 February to 15 March."""

    def make() -> Subscriber:
        subscriber = new_subscriber()
        with world.at(moment("2027-01-31")):
            subscriber.put("agency", phone_number=2)
        subscriber.pause(UNTIL)
        return subscriber

    return make


def begin(subscriber: Subscriber, world: RenewalWorld) -> None:
    """Let the pause begin."""
    with world.at(moment(BEGIN) + timedelta(minutes=5)):
        subscriber.advance()
    assert subscriber.status() == "paused"


def periods(subscriber: Subscriber) -> list[tuple[str, str]]:
    return [(iso(each.period_start_ms or 0)[:10], iso(each.period_end_ms or 0)[:10]) for each in subscriber.paid]


def test_a_pause_over_the_api(api: Api, pausing: Callable[[], Subscriber], world: RenewalWorld) -> None:
    me = pausing()
    taken_back = ask(api, me, "POST", "/resume", key="back").json()
    assert (taken_back["pause"], taken_back["payment"], taken_back["status"]) == (None, None, "active")
    problem(ask(api, me, "POST", "/resume"), 409, "not-canceled")
    for wrong in ({"until": BEGIN}, {"until": "2027-05-30"}):
        assert problem(ask(api, me, "POST", "/pause", wrong), 422, "pause-date-invalid")["latest"] == "2027-05-29"
    problem(ask(api, me, "POST", "/pause", {}), 422, "invalid-request")
    why = {"until": UNTIL, "reason": "We're closed."}
    shown = ask(api, me, "POST", "/pause", why, key="pause").json()
    pause = shown["pause"]
    assert (pause["from"][:10], pause["until"][:10], pause["reason"]) == (BEGIN, UNTIL, None)
    assert ask(api, me, "GET", role="operator").json()["pause"]["reason"] == "We're closed."
    assert (shown["status"], shown["next_renewal"]["at"]) == ("active", pause["until"])
    assert ask(api, me, "POST", "/pause", why, key="pause").json() == shown
    problem(ask(api, me, "POST", "/pause", {"until": "2027-03-20"}, key="pause"), 409, "idempotency-conflict")
    world.run_on(BEGIN)
    with world.at(moment("2027-03-01")):
        assert ask(api, me, "GET").json()["status"] == "paused"
        assert put(api, me, "starter")["charge"]["amount"] == "0.00"
        assert ask(api, me, "POST", "/pause", {"until": "2027-03-31"}).json()["pause"]["until"][:10] == "2027-03-31"
        problem(ask(api, me, "POST", "/resume"), 400, "idempotency-key-missing")
        for expected in ("0", "97.00"):
            refused = ask(api, me, "POST", "/resume", {"expected_amount": expected}, key=expected)
            assert problem(refused, 409, "quote-changed")["amount"] == "49.00"
        resumed = ask(api, me, "POST", "/resume", {"expected_amount": "49.00"}, key="now").json()
        assert ask(api, me, "POST", "/resume", key="now").json() == resumed
        assert (resumed["status"], resumed["plan"], resumed["payment"]["amount"]) == ("active", "starter", "49.00")
        assert (resumed["period_start"][:10], resumed["period_end"][:10]) == ("2027-03-01", "2027-04-01")
        ask(api, me, "POST", "/pause", {"until": "2027-04-02"})
        problem(ask(api, me, "POST", "/pause", {"until": "2027-04-02"}), 409, "not-pausable")
    me.assert_sound()


def test_a_pause_begins_and_ends_by_itself_and_the_period_after_it_is_charged_once(
    pausing: Callable[[], Subscriber], world: RenewalWorld
) -> None:
    me = pausing()
    for minutes in (5, 10):
        world.run_on(BEGIN, minutes)
    world.run_on("2027-03-10")
    assert (me.status(), me.amounts) == ("paused", [99.3])
    for minutes in (5, 10, 15):
        world.run_on(UNTIL, minutes)
        world.again()
    assert (me.status(), me.amounts) == ("active", [99.3, 99.3])
    world.run_on(NEXT)
    assert periods(me) == [("2027-01-31", BEGIN), (UNTIL, NEXT), (NEXT, "2027-05-15")]
    me.assert_sound()


def test_a_pause_that_ends_with_a_card_that_is_declined_is_owed(
    pausing: Callable[[], Subscriber], world: RenewalWorld
) -> None:
    me = pausing()
    begin(me, world)
    me.put_test_card(DECLINES)
    with world.at(moment("2027-03-05")):
        with pytest.raises(CardDeclined):
            me.resume()
        assert (me.status(), me.subscription.pending) == ("paused", None)
    world.run_on(UNTIL)
    assert me.status() == "past_due"
    with pytest.raises(Refusal, match="not paid"):
        me.pause("2027-04-01")
    me.put_test_card("pm_card_visa")
    with world.at(moment("2027-03-16")):
        world.settle()
    assert (me.status(), periods(me)[1:]) == ("active", [(UNTIL, NEXT)])
    me.assert_sound()


def test_canceling_ends_a_pause_at_once(pausing: Callable[[], Subscriber], world: RenewalWorld) -> None:
    me = pausing()
    begin(me, world)
    with world.at(moment("2027-03-02")):
        assert (me.cancel().status, me.subscription.due_at_ms) == ("canceled", None)
        me.put("agency")
    assert (me.status(), me.amounts) == ("active", [99.3, 97])


def test_a_resumption_that_waits_for_the_customer(pausing: Callable[[], Subscriber], world: RenewalWorld) -> None:
    me = pausing()
    begin(me, world)
    me.put_test_card("pm_card_authenticationRequired")
    with world.at(moment("2027-03-05")):
        waiting = me.resume("now")
        assert waiting.resolved
        assert (waiting.resolved.payment.state, waiting.subscription.status) == ("requires_action", "paused")
        for refused in (me.resume, lambda: me.pause("2027-04-01"), me.put):
            with pytest.raises(Refusal, match="has not ended"):
                refused()
        me.cancel()
        me.resume()
        pending = me.subscription.pending
        assert pending is not None
        assert not pending.cancel_at_period_end
    with world.at(moment("2027-03-06") + timedelta(hours=2)):
        world.fire("sweep_payments")
        world.run()
    assert (me.status(), me.amounts) == ("paused", [99.3])
    assert me.subscription.pending is None
    me.put_test_card("pm_card_visa")
    world.run_on(UNTIL)
    assert (me.status(), periods(me)[1:]) == ("active", [(UNTIL, NEXT)])


def test_several_requests_at_once_charge_one_period(pausing: Callable[[], Subscriber], world: RenewalWorld) -> None:
    me = pausing()
    begin(me, world)

    def attempt(number: int) -> ChargeResult | Refusal | None:
        try:
            return me.resume(f"now-{number % 3}")
        except Refusal as refusal:
            return refusal

    with world.at(moment("2027-03-05")), ThreadPoolExecutor(6) as threads:
        list(threads.map(attempt, range(6)))
        world.settle()
    world.run_on(UNTIL)
    assert (me.status(), periods(me)[1:]) == ("active", [("2027-03-05", "2027-04-05")])
    me.assert_sound()


def test_a_resumption_may_be_cut_off_anywhere_and_its_repeat_finishes_it(
    pausing: Callable[[], Subscriber], world: RenewalWorld
) -> None:
    def paused() -> Subscriber:
        me = pausing()
        begin(me, world)
        return me

    first, now = paused(), moment("2027-03-05")
    with world.at(now):
        found = list(cuts(lambda: first.resume("now"), world.emulator))
    assert len(found) >= 6
    for cut_off in found:
        me = paused()
        with world.at(now):
            cut_off(lambda me=me: me.resume("now"))  # type: ignore[misc]
        with world.at(now + timedelta(minutes=1)):
            assert me.resume("now").subscription.status == "active"
        assert (me.amounts, len(me.payments), me.subscription.pending) == ([99.3, 99.3], 2, None)
        me.assert_sound()


def test_the_end_of_a_pause_may_be_cut_off_anywhere(pausing: Callable[[], Subscriber], world: RenewalWorld) -> None:
    at = moment(UNTIL) + timedelta(minutes=5)

    def paused() -> Subscriber:
        me = pausing()
        begin(me, world)
        return me

    first = paused()
    with world.at(at):
        found = list(cuts(first.advance, world.emulator))
    everyone = [paused() for _ in found]
    with world.at(at):
        for me, cut_off in zip(everyone, found, strict=True):
            cut_off(me.advance)
    with world.at(at + timedelta(minutes=15)):
        world.fire("sweep_payments")
        world.run()
    for me in everyone:
        assert (me.status(), me.amounts) == ("active", [99.3, 99.3])
        me.assert_sound()
