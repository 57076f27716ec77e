"""A workspace with clients that have cards. Payments and their emulator of Stripe are as in tests/payments."""

from collections.abc import Callable

import pytest

from chalicelib.accounts.create_or_change import AccountRequest, create_or_change
from chalicelib.catalog.catalog import catalog
from chalicelib.text import Email, Line
from chalicelib.token import Caller
from local.resources import Deployment
from local.stripe_emulator.client import Emulator
from tests.build import unique
from tests.clients.client import Client
from tests.payments.moments import EARLIER, at
from tests.payments.payer import Payer
from tests.subscriptions.world import RenewalWorld

NewClient = Callable[[], Client]


@pytest.fixture
def world(stack: Deployment, emulator: Emulator) -> RenewalWorld:
    return RenewalWorld(stack, emulator)


@pytest.fixture
def agency(stack: Deployment, emulator: Emulator) -> str:
    """Return a workspace that has connected its Stripe account."""
    agency = _make(unique("agency"), kind="workspace", name=Line("North Agency"))
    Payer(agency, emulator).connect_stripe()
    return agency


@pytest.fixture
def new_client(agency: str, emulator: Emulator) -> NewClient:
    """Return a function that makes a client of the workspace, with a card on file."""

    def make() -> Client:
        with at(emulator, EARLIER):
            made = Client(_make(unique("salon"), kind="client", name=Line("Salon"), workspace_id=agency), emulator)
            made.save_card()
        return made

    return make


@pytest.fixture
def client(new_client: NewClient) -> Client:
    return new_client()


def _make(account_id: str, **fields: object) -> str:
    request = AccountRequest(**fields, email=Email("kim@acme.example"), currency="usd")  # type: ignore[arg-type]
    create_or_change(Caller("operator"), account_id, request, catalog())
    return account_id
