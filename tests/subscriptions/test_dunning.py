"""A renewal that is not paid: tried again on the catalog's days, then unpaid, then closed; and healed at once."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.access.access import Access
from chalicelib.access.find_access import find_access
from chalicelib.auto_pay.new_card import ANOTHER
from chalicelib.catalog.catalog import Catalog, catalog
from chalicelib.history.adjust import AdjustmentRequest, adjust
from chalicelib.idempotency import Key
from chalicelib.payments.new_payment import CardMissing
from chalicelib.payments.payment import Failure
from chalicelib.payments.refusals import CardDeclined
from chalicelib.subscriptions.check_change import SubscriptionPastDue
from chalicelib.subscriptions.dunning import access_end_ms, renewal_failed
from chalicelib.subscriptions.new_card import OwedCharge, charge_of_owed
from chalicelib.subscriptions.pay_past_due import NothingOwed
from chalicelib.subscriptions.subscription import SubscriptionPending
from chalicelib.text import Line
from local.stripe_emulator.client import Emulator
from tests.subscriptions.build import DAY_MS, END_MS, pending, subscription
from tests.subscriptions.conftest import NewSubscriber
from tests.subscriptions.world import RenewalWorld, Subscriber, moment

DECLINES = "pm_card_chargeCustomerFail"
ASKS = "pm_card_authenticationRequired"
NewOwing = Callable[..., Subscriber]


@pytest.fixture
def new_owing(new_subscriber: NewSubscriber, world: RenewalWorld) -> NewOwing:
    """Return a function that makes a subscriber whose card is declined on 28 February, with something in the wallet."""

    def make(card: str = DECLINES) -> Subscriber:
        subscriber = new_subscriber()
        adjust(
            subscriber.account(),
            AdjustmentRequest("credit", "5", Line("welcome")),
            key=Key("welcome", "operator"),
            actor="tester",
        )
        with world.at(moment("2027-01-31")):
            subscriber.put("agency")
        with world.at(moment("2027-02-10")):
            if card == "none":
                subscriber.remove_card()
            else:
                subscriber.save_card(card)
            world.settle()
        world.run_on("2027-02-28")
        return subscriber

    return make


def access_of(subscriber: Subscriber) -> Access:
    return find_access(subscriber.account(), catalog()).access


def attempts(subscriber: Subscriber) -> list[str]:
    """Return the days of all charges of the card that were tried, in vain or not, after the first."""
    tried = [each for each in subscriber.emulator.charges(status="") if each["customer"] == subscriber.customer_id]
    return sorted(clock.iso(1000 * each["created"])[:10] for each in tried)[1:]


def run_every_day(world: RenewalWorld, first: str, days: int) -> None:
    for day in range(days):
        with world.at(moment(first) + timedelta(days=day, minutes=10)):
            world.run()


def test_a_declined_renewal_is_tried_on_the_catalogs_days_then_unpaid_and_closed_after_the_grace(
    new_owing: NewOwing, world: RenewalWorld
) -> None:
    me = new_owing()
    assert me.status() == "past_due"
    run_every_day(world, "2027-03-01", 6)
    assert attempts(me) == ["2027-02-28", "2027-03-03", "2027-03-05"]
    assert me.status() == "past_due"
    with world.at(moment("2027-03-06")):
        expected_ms = access_end_ms(me.subscription, catalog().dunning, clock.now_ms())
    run_every_day(world, "2027-03-07", 20)
    # What was said during the retries is what then is, by the minutes that the run took to come.
    assert expected_ms is not None
    assert 0 <= (me.subscription.access_until_ms or 0) - expected_ms < 15 * 60 * 1000
    assert attempts(me) == ["2027-02-28", "2027-03-03", "2027-03-05", "2027-03-07"]
    assert me.status() == "unpaid"
    assert me.subscription.due_at_ms is None
    with world.at(moment("2027-03-10")):
        assert access_of(me).allowed
    with world.at(moment("2027-03-10") + timedelta(minutes=15)):
        assert access_of(me) == Access(allowed=False, reason="subscription_unpaid", available_micros=5_000_000)
    assert me.amounts == [97]


def test_paying_by_hand_heals_at_once_and_opens_access(new_owing: NewOwing, world: RenewalWorld) -> None:
    me = new_owing()
    run_every_day(world, "2027-03-01", 14)
    assert me.status() == "unpaid"
    with world.at(moment("2027-03-15")):
        assert not access_of(me).allowed
        me.put_test_card("pm_card_visa")
        paid = me.pay()
        assert paid.subscription.status == "active"
        assert access_of(me).allowed
    assert me.amounts == [97, 97]
    # It goes on from the anchor: the period that was owed is the one that is paid for.
    assert clock.iso(me.subscription.terms.period_end_ms)[:10] == "2027-03-31"
    world.run_on("2027-03-31")
    assert me.amounts == [97, 97, 97]
    me.assert_sound()


def test_another_card_heals_at_once(new_owing: NewOwing, world: RenewalWorld) -> None:
    me = new_owing()
    with world.at(moment("2027-03-02")):
        said = charge_of_owed(me.subscription, ANOTHER.payment_method_id, catalog(), clock.now_ms(), None)
        assert said == OwedCharge(97_000_000, certain=True)
        me.save_card("pm_card_visa")
        world.settle()
        world.again()
    assert (me.status(), me.subscription.past_due_since_ms) == ("active", None)
    assert me.amounts == [97, 97]


def test_another_bad_card_is_tried_once_and_changes_no_day(new_owing: NewOwing, world: RenewalWorld) -> None:
    me = new_owing()
    with world.at(moment("2027-03-02")):
        me.save_card(DECLINES)
        world.settle()
        world.again()
    assert me.subscription.attempt == 2
    run_every_day(world, "2027-03-03", 10)
    assert attempts(me) == ["2027-02-28", "2027-03-02", "2027-03-03", "2027-03-05", "2027-03-07"]
    assert me.status() == "unpaid"


def test_without_a_card_nothing_is_charged_and_the_first_card_heals(new_owing: NewOwing, world: RenewalWorld) -> None:
    me = new_owing("none")
    assert me.subscription.failure == Failure("card_missing", None, "There is no card on file.")
    assert (me.status(), len(me.payments)) == ("past_due", 1)
    with world.at(moment("2027-03-01")):
        with pytest.raises(CardMissing):
            me.pay()
        me.save_card()
        world.settle()
    assert (me.status(), me.amounts) == ("active", [97, 97])


def test_a_bank_that_wants_to_see_the_customer_is_not_asked_again_and_verifying_heals(
    new_owing: NewOwing, world: RenewalWorld, emulator: Emulator
) -> None:
    me = new_owing(ASKS)
    assert me.subscription.failure
    assert me.subscription.failure.code == "authentication_required"
    run_every_day(world, "2027-03-01", 4)
    assert len(me.payments) == 2
    with world.at(moment("2027-03-05") + timedelta(hours=1)):
        resolved = me.pay("the-key").resolved
        assert resolved is not None
        assert resolved.payment.state == "requires_action"
        assert resolved.client_secret
        assert me.status() == "past_due"
        with pytest.raises(SubscriptionPending):
            me.pay("another-key")
        emulator.authenticate(str(resolved.payment.payment_intent_id))
        assert me.pay("the-key").subscription.status == "active"
    assert me.amounts == [97, 97]
    me.assert_sound()


def test_verifying_is_noticed_by_the_webhook_alone(
    new_owing: NewOwing, world: RenewalWorld, emulator: Emulator
) -> None:
    me = new_owing(ASKS)
    with world.at(moment("2027-03-01")):
        resolved = me.pay().resolved
        assert resolved is not None
        emulator.authenticate(str(resolved.payment.payment_intent_id))
        me.deliver()
        world.settle()
    assert (me.status(), me.amounts) == ("active", [97, 97])


def test_nobody_verifies_and_it_ends_unpaid_on_the_last_day(new_owing: NewOwing, world: RenewalWorld) -> None:
    me = new_owing(ASKS)
    run_every_day(world, "2027-03-01", 8)
    assert (me.status(), len(me.payments)) == ("unpaid", 2)


def test_an_attempt_by_hand_that_is_declined_leaves_the_days_as_they_are(
    new_owing: NewOwing, world: RenewalWorld
) -> None:
    me = new_owing()
    before = me.subscription
    with world.at(moment("2027-03-01")), pytest.raises(CardDeclined):
        me.pay()
    assert (me.subscription.due_at_ms, me.subscription.attempt) == (before.due_at_ms, before.attempt)


def test_months_that_passed_while_it_was_closed_are_not_charged(new_owing: NewOwing, world: RenewalWorld) -> None:
    me = new_owing()
    run_every_day(world, "2027-03-01", 9)
    with world.at(moment("2027-07-10")):
        me.save_card("pm_card_visa")
        world.settle()
        world.run()
    # The period that was owed, and the one that it is now.
    assert [clock.iso(each.period_start_ms or 0)[:10] for each in me.paid] == [
        *("2027-01-31", "2027-02-28", "2027-06-30"),
    ]
    assert clock.iso(me.subscription.terms.period_end_ms)[:10] == "2027-07-31"


def test_what_is_owed_can_be_neither_changed_nor_paid_twice(new_owing: NewOwing, world: RenewalWorld) -> None:
    me = new_owing()
    with world.at(moment("2027-03-01")):
        with pytest.raises(SubscriptionPastDue):
            me.put("starter")
        with pytest.raises(SubscriptionPastDue):
            me.preview("starter")
        me.put_test_card("pm_card_visa")
        me.pay()
        with pytest.raises(NothingOwed):
            me.pay()
    assert me.amounts == [97, 97]


def test_one_that_is_owed_ends_at_once_when_it_is_canceled_and_stays_closed(
    new_owing: NewOwing, world: RenewalWorld
) -> None:
    me = new_owing()
    run_every_day(world, "2027-03-01", 12)
    with world.at(moment("2027-03-20")):
        assert me.cancel().status == "canceled"
        world.run()
        assert not access_of(me).allowed
        me.put_test_card("pm_card_visa")
        assert me.put("starter").subscription.status == "active"
        assert access_of(me).allowed
    assert me.amounts == [97, 49]


def with_dunning(**changes: object) -> Catalog:
    return replace(catalog(), dunning=replace(catalog().dunning, **changes))


def test_the_catalog_may_end_it_instead() -> None:
    owing = subscription(pending=pending(subscription(), purpose="renewal", automatic=True))
    dunning = with_dunning(ends_as="canceled", retry_after_days=(1,), grace_days=2).dunning
    failed = renewal_failed(owing, Failure("card_declined"), dunning, END_MS, automatic=True)
    assert (failed.status, failed.due_at_ms) == ("past_due", END_MS + DAY_MS)
    over = renewal_failed(failed, Failure("card_declined"), dunning, END_MS + DAY_MS, automatic=True)
    assert (over.status, over.due_at_ms, over.access_until_ms) == ("canceled", None, END_MS + 3 * DAY_MS)
