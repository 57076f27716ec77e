"""Payments that have succeeded, on the module's stack; and a customer who pays at the emulator of Stripe."""

from collections.abc import Callable

import pytest

from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account
from chalicelib.payments import table as payments
from chalicelib.payments.payment import Payment
from local.resources import Deployment
from tests.invoices import documents


@pytest.fixture
def new_account(stack: Deployment) -> Callable[..., Account]:
    """Return a function that makes an account."""

    def make(**changes: object) -> Account:
        account = documents.account(**changes)
        assert accounts.create(account)
        return account

    return make


@pytest.fixture
def account(new_account: Callable[..., Account]) -> Account:
    return new_account()


@pytest.fixture
def new_payment(stack: Deployment) -> Callable[..., Payment]:
    """Return a function that writes a payment that has succeeded."""

    def make(account: Account, **changes: object) -> Payment:
        payment = documents.payment(account.account_id, currency=account.currency, **changes)
        payments.put_new(payment)
        return payment

    return make
