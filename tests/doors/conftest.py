"""One emulator of Stripe for a module; settings point at it and at the module's stack, on which somebody has it all."""

from collections.abc import Iterator

import pytest

from local.resources import Deployment
from local.stripe_emulator.client import PUBLISHABLE_KEY, SECRET_KEY, Emulator
from tests.doors.world import Tenant, new_tenant
from tests.environment import use
from tests.payments.payer import CONNECT_WEBHOOK_SECRET, WEBHOOK_SECRET


@pytest.fixture(scope="module")
def tenant(stack: Deployment) -> Iterator[Tenant]:
    with Emulator(webhook_secret=WEBHOOK_SECRET) as emulator:
        environment = {
            "STRIPE_SECRET_KEY": SECRET_KEY,
            "STRIPE_PUBLISHABLE_KEY": PUBLISHABLE_KEY,
            "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "STRIPE_CONNECT_WEBHOOK_SECRET": CONNECT_WEBHOOK_SECRET,
            "STRIPE_API_BASE": emulator.url,
        }
        with use(environment):
            yield new_tenant(emulator)
