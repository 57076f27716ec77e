"""Payers at one Stripe emulator for the run, emptied before each test; the settings point at it and at the stack."""

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account
from chalicelib.clock import now_ms
from local.resources import Deployment
from local.stripe_emulator.client import Emulator
from tests.environment import use
from tests.payments.payer import CLIENT_ID, STRIPE_KEYS, WEBHOOK_SECRET, Payer, end_what_was_left
from tests.payments.webhooks import CREATE

_numbers = count(1)


@pytest.fixture(scope="session")
def stripe_process(processes: None) -> Iterator[Emulator]:
    with Emulator(webhook_secret=WEBHOOK_SECRET) as running:
        yield running


@pytest.fixture(scope="module")
def payments_stack(stack: Deployment, stripe_process: Emulator) -> Iterator[Emulator]:
    environment = {
        "STRIPE_CONNECT_CLIENT_ID": CLIENT_ID,
        "STRIPE_CONNECT_ONBOARDING": "on",
        "STRIPE_API_BASE": stripe_process.url,
    }
    with use(environment, secrets=STRIPE_KEYS):
        yield stripe_process


@pytest.fixture
def emulator(payments_stack: Emulator) -> Emulator:
    payments_stack.reset()
    end_what_was_left()
    return payments_stack


@pytest.fixture
def new_payer(emulator: Emulator) -> Callable[..., Payer]:
    """Return a function that makes an account with a card on file; `card=None` leaves it without."""

    def make(card: str | None = "pm_card_visa", currency: str = "usd", email: str = "billing@acme.example") -> Payer:
        account = Account(
            account_id=f"payer-{next(_numbers)}",
            kind="workspace",
            workspace_id=None,
            name="Acme",
            email=email,
            currency=currency,
            locale="en",
            country=None,
            billing_details=None,
            created_at_ms=now_ms(),
        )
        assert accounts.create(account)
        payer = Payer(account.account_id, emulator)
        if card:
            payer.save_card(card)
        return payer

    return make


@pytest.fixture
def payer(new_payer: Callable[..., Payer]) -> Payer:
    return new_payer()


@pytest.fixture
def unanswered(payer: Payer, emulator: Emulator) -> Payer:
    """Make a payer whose charge was made, but whose answer never came: only a webhook knows of it."""
    emulator.fault("500_after_effect", method="POST", path=CREATE)
    payer.top_up()
    payer.assert_charged_but_not_credited()
    return payer


@pytest.fixture
def paid(payer: Payer) -> Payer:
    payer.top_up()
    return payer
