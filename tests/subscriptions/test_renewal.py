"""Starting and renewing, with everything around: streams, queues, the schedule and Stripe."""

from chalicelib import clock
from tests.subscriptions.world import RenewalWorld, Subscriber, moment


def test_a_first_period_is_charged_at_once_and_each_next_one_when_it_begins(
    subscriber: Subscriber, world: RenewalWorld
) -> None:
    with world.at(moment("2027-01-31")):
        started = subscriber.put("agency", phone_number=2)
        assert started.subscription.status == "active"
        world.settle()
    assert subscriber.amounts == [99.30]
    world.run_on("2027-02-27")
    assert subscriber.amounts == [99.30]
    world.run_on("2027-02-28")
    assert subscriber.amounts == [99.30, 99.30]
    world.run_on("2027-03-31")
    world.run_on("2027-03-31")
    assert subscriber.amounts == [99.30] * 3
    assert clock.iso(subscriber.subscription.terms.period_end_ms)[:10] == "2027-04-30"
    subscriber.assert_sound()
