"""Finds the objects that parameters name, and refuses those that may not be used."""

from __future__ import annotations

from local.stripe_emulator.errors import Json, invalid, no_such
from local.stripe_emulator.work import Work


def living_customer(work: Work, identifier: str, param: str | None = None) -> Json:
    """Return a customer that exists and is not deleted."""
    customer = work.need("customer", identifier, param)
    if customer["_deleted"]:
        raise no_such("customer", identifier, param=param)
    return customer


def card_of_customer(work: Work, identifier: str, customer: str, param: str | None) -> Json:
    """Return a payment method that is attached to the customer."""
    method = work.need("payment_method", identifier, param)
    if method["customer"] != customer:
        raise no_such("PaymentMethod", identifier, param=param)
    return method


def connected_account(work: Work, identifier: str, param: str) -> Json:
    """Return a connected account that the platform's payment names."""
    account = None if work.connected else work.get("account", identifier)
    if account is None or not account["_connected"]:
        raise invalid(f"No such destination: '{identifier}'", param=param, code="resource_missing")
    return account
