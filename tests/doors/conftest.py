"""One emulator of Stripe for a module; settings point at it and at the module's stack, on which somebody has it all."""

from collections.abc import Iterator

import pytest

from local.resources import Deployment
from local.stripe_emulator.client import Emulator
from tests.doors.world import Tenant, new_tenant
from tests.environment import use
from tests.payments.payer import STRIPE_KEYS, WEBHOOK_SECRET


@pytest.fixture(scope="module")
def tenant(stack: Deployment) -> Iterator[Tenant]:
    with (
        Emulator(webhook_secret=WEBHOOK_SECRET) as emulator,
        use({"STRIPE_API_BASE": emulator.url}, secrets=STRIPE_KEYS),
    ):
        yield new_tenant(emulator)
