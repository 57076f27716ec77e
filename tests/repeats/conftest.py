"""Accounts with a card and a subscription, as in tests/subscriptions."""

from tests.subscriptions.conftest import new_subscriber, subscriber, world

__all__ = ["new_subscriber", "subscriber", "world"]
