"""What is lost on the way, and those whose subscription suffers from it."""

from datetime import timedelta

from tests.subscriptions.conftest import NewSubscriber
from tests.subscriptions.world import RenewalWorld, Subscriber, moment

DECLINES = "pm_card_chargeCustomerFail"
DAY = timedelta(days=1)


def lose(world: RenewalWorld) -> None:
    """Lose all that the streams tell."""
    for name in world.iterators:
        world.take(name)


def unpaid(new_subscriber: NewSubscriber, world: RenewalWorld) -> Subscriber:
    """Return a subscriber whose renewal was given up on 7 March."""
    subscriber = new_subscriber()
    with world.at(moment("2027-01-31")):
        subscriber.put("agency")
    with world.at(moment("2027-02-10")):
        subscriber.save_card(DECLINES)
        world.settle()
    for minutes, day in enumerate(("2027-02-28", "2027-03-03", "2027-03-05", "2027-03-07")):
        world.run_on(day, minutes=5 + minutes)
    assert subscriber.status() == "unpaid"
    return subscriber
