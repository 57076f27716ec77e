"""Weeks in a customer's life: a card that starts to decline, is replaced, needs 3-D Secure, is disputed and wins."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from chalicelib.ledger.verify import verify
from tests.auto_pay.conftest import NewSaver
from tests.auto_pay.world import Saver, World
from tests.reversals.refunder import tell

START = datetime(2027, 3, 10, 9, tzinfo=UTC)
APRIL = datetime(2027, 4, 1, tzinfo=UTC)
BAD_CARD = "pm_card_chargeCustomerFail"
THREE_D_SECURE = "pm_card_authenticationRequired"


class Life:
    """The days of one account, one after the other."""

    def __init__(self, saver: Saver, world: World) -> None:
        self.saver = saver
        self.world = world
        self.now = START
        self.random = Random(20270310)

    def days(self, count: int) -> None:
        """Live through some days: usage in the morning, at noon and in the evening, and the schedules after each."""
        for _ in range(count):
            for hours in (0, 4, 9):
                with self.world.at(self.now + timedelta(hours=hours)):
                    self.saver.use(self.random.randint(100, 900) / 100)
                    self.world.settle()
                    self.world.five_minutes()
            self.now += timedelta(days=1)

    def save_card(self, card: str) -> None:
        self.saver.save_card(card)
        self.world.settle()

    def spend_down_to(self, balance: float) -> None:
        self.saver.spend_down_to(balance)
        self.world.settle()


@pytest.fixture
def life(new_saver: NewSaver, world: World) -> Life:
    saver = new_saver()
    with world.at(START - timedelta(hours=1)):
        saver.switch_on(threshold="20", amount="50", monthly_limit="400")
        world.settle()
    return Life(saver, world)


def test_six_weeks_with_auto_pay(life: Life) -> None:
    ten_days_in_which_nobody_has_to_think_of_it(life)
    the_card_starts_to_decline(life)
    another_card_goes_on_at_once(life)
    the_monthly_limit_ends_it_until_the_month_turns(life)
    the_bank_wants_to_see_the_customer_once(life)
    a_payment_is_disputed_and_the_dispute_is_won(life)
    every_credit_is_a_charge_and_all_of_it_can_be_told_again(life)


def ten_days_in_which_nobody_has_to_think_of_it(life: Life) -> None:
    for _ in range(10):
        life.days(1)
        assert life.saver.balance >= 20
    assert {each.state for each in life.saver.refills} == {"succeeded"}
    assert len(life.saver.refills) >= 3


def the_card_starts_to_decline(life: Life) -> None:
    healthy = len(life.saver.attempts)
    with life.world.at(life.now):
        life.save_card(BAD_CARD)
    life.days(7)
    assert [each.state for each in life.saver.refills[healthy:]] == ["failed"] * 3
    assert len(life.saver.attempts) == healthy + 3
    with life.world.at(life.now):
        assert life.saver.view.reason == "suspended_declines"
        assert life.saver.balance < 0


def another_card_goes_on_at_once(life: Life) -> None:
    with life.world.at(life.now):
        life.save_card("pm_card_mastercard")
        assert life.saver.refills[-1].state == "succeeded"
        assert life.saver.refills[-1].amount_micros > 50_000_000
        assert life.saver.refills[-1].amount_micros % 50_000_000 == 0
        assert 20 <= life.saver.balance < 70
        assert life.saver.view.reason == "above_threshold"


def the_monthly_limit_ends_it_until_the_month_turns(life: Life) -> None:
    while life.now < APRIL:
        life.days(1)
    march = sum(charge["amount"] for charge in life.saver.charges)
    with life.world.at(APRIL - timedelta(hours=1)):
        life.spend_down_to(-900)
        life.world.settle()
        march = sum(charge["amount"] for charge in life.saver.charges)
        assert march == 400_00
        assert life.saver.view.reason == "monthly_limit_reached"
        assert life.saver.view.charged_this_month == "400.00"
        life.saver.switch_on(threshold="20", amount="50", monthly_limit="2000")
        life.world.settle()
        assert life.saver.balance >= 20
        life.saver.switch_on(threshold="20", amount="50", monthly_limit="400")
        life.spend_down_to(-100)
        assert life.saver.view.reason == "monthly_limit_reached"
    with life.world.at(APRIL + timedelta(minutes=1)):
        life.world.five_minutes()
        assert life.saver.balance == 50
        assert life.saver.view.charged_this_month == "150.00"


def the_bank_wants_to_see_the_customer_once(life: Life) -> None:
    with life.world.at(APRIL + timedelta(days=1)):
        life.save_card(THREE_D_SECURE)
        life.spend_down_to(1)
        assert life.saver.view.reason == "suspended_authentication"
        attempts = len(life.saver.attempts)
    with life.world.at(APRIL + timedelta(days=2)):
        life.world.five_minutes()
        assert len(life.saver.attempts) == attempts
        # The customer verifies with Add Balance.
        resolved = life.saver.top_up("50")
        assert resolved.payment.state == "requires_action"
        life.saver.emulator.authenticate(str(resolved.payment.payment_intent_id))
        life.saver.deliver("payment_intent.succeeded")
        life.world.settle()
        assert (life.saver.balance, life.saver.view.status) == (51, "on")


def a_payment_is_disputed_and_the_dispute_is_won(life: Life) -> None:
    saver, disputed = life.saver, life.saver.payments[0]
    attempts = len(saver.attempts)
    with life.world.at(APRIL + timedelta(days=3)):
        dispute = saver.emulator.open_dispute(str(disputed.payment_intent_id))
        tell(saver, "charge.dispute")
        life.world.settle()
        assert (saver.balance, saver.view.status, saver.view.reason) == (1, "suspended", "suspended_dispute")
    with life.world.at(APRIL + timedelta(days=20)):
        life.world.five_minutes()
        assert len(saver.attempts) == attempts
        saver.emulator.close_dispute(dispute["id"], "win")
        tell(saver, "charge.dispute")
        life.world.settle()
        assert (saver.balance, saver.view.status, saver.view.reason) == (51, "on", "above_threshold")
        assert len(saver.attempts) == attempts


def every_credit_is_a_charge_and_all_of_it_can_be_told_again(life: Life) -> None:
    before = [charge["id"] for charge in life.saver.charges]
    with life.world.at(APRIL + timedelta(days=20, hours=1)):
        life.world.again()
    assert [charge["id"] for charge in life.saver.charges] == before
    paid = [each.leg for each in life.saver.credits if each.content.kind != "dispute_reversal"]
    credited = sorted(each.amount_micros // 10_000 for each in paid)
    assert credited == sorted(charge["amount"] for charge in life.saver.charges)
    assert verify(life.saver.account_id).difference is None
