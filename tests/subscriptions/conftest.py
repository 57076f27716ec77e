"""Accounts with a subscription, and the world around them. Payments and their Stripe are as in tests/payments."""

from collections.abc import Callable

import pytest

from local.resources import Deployment
from local.stripe_emulator.client import Emulator
from tests.auto_pay.world import Saver
from tests.payments.moments import EARLIER, at
from tests.payments.payer import Payer
from tests.subscriptions.world import RenewalWorld, Subscriber

NewSubscriber = Callable[..., Subscriber]


@pytest.fixture
def new_subscriber(new_payer: Callable[..., Payer], emulator: Emulator) -> NewSubscriber:
    """Return a function that makes an account with a card on file; `card=None` leaves it without."""

    def make(card: str | None = "pm_card_visa", currency: str = "usd") -> Subscriber:
        with at(emulator, EARLIER):
            payer = new_payer(card, currency)
        return Subscriber(payer.account_id, payer.emulator)

    return make


@pytest.fixture
def subscriber(new_subscriber: NewSubscriber) -> Subscriber:
    return new_subscriber()


@pytest.fixture
def world(stack: Deployment, emulator: Emulator) -> RenewalWorld:
    return RenewalWorld(stack, emulator)


@pytest.fixture
def saver(subscriber: Subscriber, world: RenewalWorld) -> Saver:
    """Return an account whose auto-pay has refilled the wallet: 50."""
    saver = Saver(subscriber.account_id, subscriber.emulator)
    saver.switch_on()
    world.settle()
    assert saver.balance == 50
    return saver
