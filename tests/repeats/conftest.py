"""Accounts with a card and a subscription, as in tests/subscriptions."""

from tests.payments.conftest import _payments_stack, emulator, new_payer, stripe_process
from tests.subscriptions.conftest import new_subscriber, subscriber, world

__all__ = ["_payments_stack", "emulator", "new_payer", "new_subscriber", "stripe_process", "subscriber", "world"]
