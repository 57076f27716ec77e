"""Owners of workspaces at the emulator of Stripe."""

from collections.abc import Callable

import pytest

from local.stripe_emulator.client import Emulator
from tests.connection.owner import Owner, new_account

NewOwner = Callable[[], Owner]


@pytest.fixture
def new_owner(emulator: Emulator) -> NewOwner:
    """Return a function that makes a workspace with its owner."""
    return lambda: Owner(new_account(), emulator)


@pytest.fixture
def owner(new_owner: NewOwner) -> Owner:
    return new_owner()
