"""A renewal tries the backup once when the default is declined; both together are one attempt."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from chalicelib.cards.choose_card import choose_card
from chalicelib.cards.remove_card import remove_card
from chalicelib.catalog.catalog import catalog
from chalicelib.subscriptions.cancel import cancel
from local.stripe_emulator.client import Emulator
from tests.subscriptions.conftest import NewSubscriber
from tests.subscriptions.world import RenewalWorld, Subscriber, moment
from tests.wire import cuts

DECLINES = "pm_card_chargeCustomerFail"
ASKS = "pm_card_authenticationRequired"
DUE = moment("2027-02-28") + timedelta(minutes=5)
NewDue = Callable[..., Subscriber]


@pytest.fixture
def new_due(new_subscriber: NewSubscriber, world: RenewalWorld) -> NewDue:
    """Return a function that makes a subscriber with two cards whose second period is about to be charged."""

    def make(default: str = DECLINES, backup: str = "pm_card_mastercard") -> Subscriber:
        subscriber = new_subscriber()
        with world.at(moment("2027-01-31")):
            subscriber.put("agency")
            world.settle()
        with world.at(moment("2027-02-10")):
            subscriber.save_card(default)
            subscriber.add_card(backup, "backup")
            world.settle()
        return subscriber

    return make


def outcome_of(subscriber: Subscriber) -> list[tuple[str, str]]:
    """Return how the payments after the first one ended, oldest first."""
    made = sorted(subscriber.payments, key=lambda each: each.created_at_ms)
    return [(each.card_last_four, str(each.state)) for each in made[1:]]


def test_the_backup_renews_and_the_invoice_names_it(new_due: NewDue, world: RenewalWorld) -> None:
    subscriber = new_due()
    world.run_on("2027-02-28")
    assert outcome_of(subscriber) == [("0341", "failed"), ("4444", "succeeded")]
    found = subscriber.subscription
    assert (found.status, found.attempt, found.failure, found.declined_default) == ("active", 0, None, None)
    assert subscriber.amounts == [97, 97]
    paid = subscriber.invoices[-1].paid
    assert paid
    assert (paid.brand, paid.last_four) == ("mastercard", "4444")
    with world.at(DUE + timedelta(minutes=30)):
        world.again()
        world.fire("sweep_payments")
        world.run()
    assert subscriber.amounts == [97, 97]
    subscriber.assert_sound()


def test_two_declined_cards_are_one_attempt_for_the_reason_of_the_default(new_due: NewDue, world: RenewalWorld) -> None:
    subscriber = new_due(backup=ASKS)
    world.run_on("2027-02-28")
    found = subscriber.subscription
    assert len(outcome_of(subscriber)) == 2
    assert (found.status, found.attempt, found.declined_default) == ("past_due", 1, None)
    assert found.failure
    assert found.failure.decline_code == "generic_decline"
    world.run_on("2027-03-04")
    assert (len(outcome_of(subscriber)), subscriber.subscription.attempt) == (3, 2)  # the backup's bank asks once
    subscriber.assert_sound()


def test_a_bank_that_wants_its_customer_is_not_passed_over(new_due: NewDue, world: RenewalWorld) -> None:
    subscriber = new_due(default=ASKS)
    world.run_on("2027-02-28")
    assert [last_four for last_four, _ in outcome_of(subscriber)] == ["3184"]
    assert subscriber.status() == "past_due"


def test_who_cancels_while_the_default_is_tried_is_not_charged_with_the_backup(
    new_due: NewDue, world: RenewalWorld
) -> None:
    subscriber = new_due()
    other = subscriber.load().others[0].payment_method_id
    choose_card(subscriber.load(), other, "none")
    world.run_on("2027-02-28")
    assert subscriber.status() == "past_due"
    with world.at(moment("2027-03-04")):
        choose_card(subscriber.load(), other, "backup")
        subscriber.advance()
        assert subscriber.subscription.pending
        cancel(subscriber.account_id, actor="kim", catalog=catalog())
        world.settle()
    assert {last_four for last_four, _ in outcome_of(subscriber)} == {"0341"}
    assert (subscriber.status(), subscriber.amounts) == ("canceled", [97])
    subscriber.assert_sound()


def declined_by_default(new_due: NewDue, world: RenewalWorld) -> Subscriber:
    """Return a subscriber whose default was declined, which nothing has learned of yet."""
    subscriber = new_due()
    with world.at(DUE):
        subscriber.advance()
        world.deliver_charges()
    assert outcome_of(subscriber) == [("0341", "failed")]
    return subscriber


def test_the_step_between_the_decline_and_the_try_may_be_cut_off_anywhere(
    new_due: NewDue, world: RenewalWorld, emulator: Emulator
) -> None:
    first = declined_by_default(new_due, world)
    made = 0
    with world.at(DUE):
        points = list(cuts(first.advance, emulator))
    for cut_off in points:
        subscriber = declined_by_default(new_due, world)
        with world.at(DUE):
            cut_off(subscriber.advance)
            world.settle()
        with world.at(DUE + timedelta(minutes=15)):
            world.fire("sweep_payments")
            world.run()
        assert sorted(outcome_of(subscriber)) == [("0341", "failed"), ("4444", "succeeded")]
        assert subscriber.amounts == [97, 97]
        subscriber.assert_sound()
        made += 1
    assert made >= 4


def test_a_backup_that_is_removed_before_its_turn_is_not_charged(new_due: NewDue, world: RenewalWorld) -> None:
    subscriber = declined_by_default(new_due, world)
    with world.at(DUE):
        remove_card(subscriber.load(), subscriber.load().others[0].payment_method_id)
        world.settle()
    assert outcome_of(subscriber) == [("0341", "failed")]
    found = subscriber.subscription
    assert (found.status, found.attempt, found.declined_default) == ("past_due", 1, None)
