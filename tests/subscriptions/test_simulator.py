"""Seeded years in which everything happens in any order: changes, cards, cancellations, pauses, late runs, cuts.

Whatever has happened: each payment was charged once, no period was charged twice, and none was skipped.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

import pytest

from chalicelib.catalog.catalog import catalog
from chalicelib.clock import to_ms
from chalicelib.errors import Refusal
from tests.depth import examples
from tests.subscriptions.world import RenewalWorld, Subscriber, moment
from tests.wire import Cut, Wire

SEEDS = range(examples(5))
STEPS = 35
CARDS = ("pm_card_visa", "pm_card_visa", "pm_card_mastercard", "pm_card_chargeCustomerFail")
PLANS = ("starter", "agency", "agency", "agency", "agency_yearly")


@dataclass
class Simulation:
    """A customer, the world, and what happens next."""

    me: Subscriber
    world: RenewalWorld
    random: Random
    now: datetime
    was_unpaid: bool = False
    was_pausing: bool = False

    def step(self) -> None:
        """Let some time pass and something happen, cut off at one of its calls every now and then."""
        self.now += timedelta(days=self.random.choice((0, 1, 3, 9, 20)), minutes=self.random.randint(1, 600))
        deeds = (self.change, self.change, self.run, self.run, self.run, self.card, self.end, self.pause, self.pay)
        deed = self.random.choice(deeds)
        with self.world.at(self.now):
            if self.random.random() < 0.4:
                with suppress(Cut), Wire((self.random.randint(1, 12), self.random.choice(("before", "after")))):
                    deed()
            else:
                deed()
            if self.random.random() < 0.2:
                self.world.fire("sweep_payments")
            if self.random.random() < 0.6:
                self.world.settle()
        self.was_unpaid |= self.me.status() == "unpaid"
        self.was_pausing |= self.me.subscription.pause is not None

    def change(self) -> None:
        add_ons = {name: self.random.randint(0, 9) for name in ("phone_number", "voice_features")}
        plan, key = self.random.choice(PLANS), f"key-{self.random.getrandbits(64):x}"
        self.perhaps(lambda: self.me.put(plan, key, **add_ons))

    def run(self) -> None:
        self.world.run()

    def card(self) -> None:
        self.me.put_test_card(self.random.choice(CARDS))

    def end(self) -> None:
        self.perhaps(self.me.cancel if self.random.random() < 0.3 else self.me.resume)

    def pause(self) -> None:
        until = (self.now + timedelta(days=self.random.randint(1, 60))).date().isoformat()
        self.perhaps(lambda: self.me.pause(until))

    def pay(self) -> None:
        self.perhaps(self.me.pay)

    def perhaps(self, deed: Callable[[], object]) -> None:
        with suppress(Refusal):
            deed()

    def come_to_rest(self) -> None:
        """Let all that is under way end."""
        for hours in (1, 25, 2):
            self.now += timedelta(hours=hours)
            with self.world.at(self.now):
                self.world.settle()
                self.world.fire("sweep_payments")
                self.world.run()


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_happens_each_period_is_charged_once_and_none_is_skipped(
    subscriber: Subscriber, world: RenewalWorld, seed: int
) -> None:
    simulation = Simulation(subscriber, world, Random(seed), moment("2027-01-31"))
    with world.at(simulation.now):
        subscriber.put()
    for _ in range(STEPS):
        simulation.step()
    simulation.come_to_rest()
    found = subscriber.subscription
    subscriber.assert_sound()
    assert found.pending is None
    assert 0 <= found.carried_micros < catalog().limits("usd").charge_minimum_micros
    if found.status == "active":
        assert found.terms.period_start_ms <= to_ms(simulation.now) < found.terms.period_end_ms
    # A change is for a period that is being paid for already, or begins a new one.
    periods = [each for each in subscriber.paid if each.period_start_ms == each.lines[0].period_start_ms]
    starts = [each.period_start_ms for each in periods]
    assert len(starts) == len(set(starts)), "a period was charged twice"
    in_order = sorted(periods, key=lambda each: each.period_start_ms or 0)
    for before, after in pairwise(in_order):
        if after.actor == "renewal" and not simulation.was_unpaid:
            gap_ms = (after.period_start_ms or 0) - (before.period_end_ms or 0)
            assert gap_ms >= 0, "two periods overlap"
            assert gap_ms == 0 or simulation.was_pausing, "a period was skipped"
