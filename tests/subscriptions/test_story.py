"""Three years of a subscription that began on 31 January, each charge against figures that were worked out by hand."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from chalicelib import clock
from tests.subscriptions.world import UNIT, RenewalWorld, Subscriber, moment

RENEWALS = """
2027-02-28 2027-03-31 2027-04-30 2027-05-31 2027-06-30 2027-07-31 2027-08-31 2027-09-30 2027-10-31 2027-11-30 2027-12-31
2028-01-31 2028-02-29 2028-03-31 2028-04-30 2028-05-31 2028-06-30 2028-07-31 2028-08-31 2028-09-30 2028-10-31 2028-11-30
2028-12-31 2029-01-31 2029-02-28 2029-03-31 2029-04-30 2029-05-31 2029-06-30 2029-07-31 2029-08-31 2029-09-30 2029-10-31
2029-11-30 2029-12-31 2030-01-31
""".split()

CHARGES = [
    ("2027-01-31", 99.30),  # Agency 97.00, 2 numbers at 1.15
    ("2027-02-10", 12.85),  # voice features for 18 of 28 days: 12.857143, of which 0.007143 is carried
    ("2027-02-28", 119.30),  # 97.00 + 2.30 + 20.00
    ("2027-03-20", 0.82),  # 2 more numbers for 11 of 31 days: 0.816129 + 0.007143 = 0.823272, 0.003272 is carried
    ("2027-03-31", 121.60),  # 97.00 + 4 x 1.15 + 20.00
    ("2027-04-30", 98.15),  # 97.00 + 1.15: three numbers and the voice features were given up on 10 April
    *(("2027-05-31", 98.15), ("2027-06-30", 98.15), ("2027-07-31", 98.15)),
    ("2027-09-05", 98.15),  # due on 31 August; declined then and on 3 September; another card on the 5th
    *(("2027-09-30", 98.15), ("2027-10-31", 98.15), ("2027-11-30", 98.15), ("2027-12-31", 98.15)),
    *(("2028-01-31", 98.15), ("2028-02-29", 98.15)),
    ("2028-03-31", 50.15),  # Starter 49.00 + 1.15
    ("2028-04-20", 16.00),  # Agency for 10 of 30 days, 32.333333, less what is left of Starter, 16.333333
    *(("2028-04-30", 98.15), ("2028-05-31", 98.15), ("2028-06-30", 98.15)),  # canceled on 10 July, resumed on the 12th
    *(("2028-07-31", 98.15), ("2028-08-31", 98.15), ("2028-09-30", 98.15), ("2028-10-31", 98.15)),
    *(("2028-11-30", 98.15), ("2028-12-31", 98.15), ("2029-01-31", 98.15), ("2029-02-28", 98.15)),
    *(("2029-03-31", 98.15), ("2029-04-30", 98.15), ("2029-05-31", 98.15), ("2029-06-30", 98.15)),
    *(("2029-07-31", 98.15), ("2029-08-31", 98.15), ("2029-09-30", 98.15), ("2029-10-31", 98.15)),
    *(("2029-11-30", 98.15), ("2029-12-31", 98.15)),  # canceled on 10 January 2030
]


@dataclass
class Story:
    """A life, day by day."""

    subscriber: Subscriber
    world: RenewalWorld
    today: str = "2027-01-01"

    def until(self, day: str) -> None:
        """Let all renewals come that are due before a day."""
        for each in RENEWALS:
            if self.today < each < day:
                self.world.run_on(each)
        self.today = day

    def on(self, day: str, deed: Callable[[], object]) -> None:
        """Live until a day, and do something on it, a little later than the hour at which all began."""
        self.until(day)
        with self.world.at(moment(day) + timedelta(minutes=10)):
            deed()
            self.world.settle()


@pytest.fixture
def story(subscriber: Subscriber, world: RenewalWorld) -> Story:
    return Story(subscriber, world)


def test_three_years_with_changes_a_decline_and_a_cancellation(story: Story) -> None:
    me = story.subscriber
    with story.world.at(moment("2027-01-31")):
        me.put("agency", phone_number=2)
    story.on("2027-02-10", lambda: me.put("agency", phone_number=2, voice_features=1))
    assert me.subscription.carried_micros == 7_143
    story.on("2027-03-15", lambda: me.put("agency", phone_number=1, voice_features=1))
    story.on("2027-03-20", lambda: me.put("agency", phone_number=4, voice_features=1))
    story.on("2027-04-10", lambda: me.put("agency", phone_number=1))
    story.on("2027-08-20", lambda: me.put_test_card("pm_card_chargeCustomerFail"))
    story.world.run_on("2027-08-31")
    assert (me.status(), me.subscription.attempt) == ("past_due", 1)
    story.world.run_on("2027-09-02")
    story.world.run_on("2027-09-03", minutes=10)
    assert (me.status(), me.subscription.attempt) == ("past_due", 2)
    story.today = "2027-09-05"
    story.on("2027-09-05", me.save_card)
    assert (me.status(), me.subscription.attempt) == ("active", 0)
    story.on("2028-03-10", lambda: me.put("starter", phone_number=1))
    assert me.subscription.terms.contents.plan == "agency"
    story.on("2028-04-20", lambda: me.put("agency", phone_number=1))
    story.on("2028-07-10", me.cancel)
    story.on("2028-07-12", me.resume)
    story.on("2030-01-10", me.cancel)
    assert me.status() == "active"
    story.until("2030-12-31")
    assert me.status() == "canceled"
    assert clock.iso(me.subscription.ended_at_ms or 0)[:10] == "2030-01-31"

    charged = sorted((charge["created"], charge["amount"] / 100) for charge in me.charges)
    assert [(clock.iso(1000 * at)[:10], amount) for at, amount in charged] == CHARGES
    assert [(clock.iso(each.issued_at_ms)[:10], each.total_micros / UNIT) for each in me.invoices] == CHARGES
    me.assert_sound()
    # 36 periods and 3 changes, each period once, end to end.
    periods = sorted({each.period_start_ms or 0 for each in me.paid})
    assert [clock.iso(each)[:10] for each in periods] == ["2027-01-31", *RENEWALS[:-1]]
    assert len(me.paid) == 36 + 3
    # All lines ever but those about carrying, less what the card paid, is what was still carried at the end.
    bought = [each for payment in me.paid for each in payment.lines if not each.description.startswith("Carried")]
    assert sum(each.amount_micros for each in bought) - sum(each.amount_micros for each in me.paid) == 3_272
