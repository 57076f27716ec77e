"""Accounts with auto-pay, and the world around them. Payments and their emulator of Stripe are as in tests/payments."""

from collections.abc import Callable

import pytest

from local.resources import Deployment
from local.stripe_emulator.client import Emulator
from tests.auto_pay.world import Saver, World
from tests.payments.payer import Payer

NewSaver = Callable[..., Saver]


@pytest.fixture
def new_saver(new_payer: Callable[..., Payer]) -> NewSaver:
    """Return a function that makes an account with a card on file; `card=None` leaves it without."""

    def make(card: str | None = "pm_card_visa", currency: str = "usd") -> Saver:
        payer = new_payer(card, currency)
        return Saver(payer.account_id, payer.emulator)

    return make


@pytest.fixture
def world(stack: Deployment, emulator: Emulator) -> World:
    return World(stack, emulator)


@pytest.fixture
def saver(new_saver: NewSaver, world: World) -> Saver:
    """Return an account with auto-pay that has just been refilled for the first time: 50 in the wallet."""
    made = new_saver()
    made.switch_on()
    world.settle()
    assert made.balance == 50
    return made
