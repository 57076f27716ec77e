"""Builders with keyword defaults: a test says only what it is about."""

from typing import Any

from msgspec.structs import replace

from chalicelib.accounts.account import Account
from chalicelib.catalog.catalog import catalog
from chalicelib.clock import parse_iso
from chalicelib.subscriptions.period import first_period
from chalicelib.subscriptions.price import prices_of
from chalicelib.subscriptions.subscription import Contents, PendingPayment, Subscription

START_MS = parse_iso("2027-01-31T10:00:00.000Z")
END_MS = parse_iso("2027-02-28T10:00:00.000Z")
DAY_MS = 24 * 3600 * 1000


def subscription(plan: str = "agency", add_ons: dict[str, int] | None = None, **changes: Any) -> Subscription:
    """Return a subscription in its first period, from 31 January to 28 February."""
    contents, currency = Contents(plan, add_ons or {}), changes.get("currency", "usd")
    months = 12 if plan.endswith("_yearly") else 1
    made = Subscription(
        account_id="acme",
        currency=currency,
        status="active",
        terms=first_period(contents, prices_of(contents, currency, catalog()), START_MS, months),
        actor="tester",
        updated_at_ms=START_MS,
        started_at_ms=START_MS,
        charged_card="pm_1",
        version=1,
    )
    made = replace(made, due_at_ms=made.terms.period_end_ms)
    return replace(made, **changes)


def pending(of: Subscription, **changes: Any) -> PendingPayment:
    """Return an awaited payment that would bring what there is."""
    made = PendingPayment(payment_id="pay_1", purpose="change", terms=of.terms, carried_micros=of.carried_micros)
    return replace(made, **changes)


def account(currency: str = "usd") -> Account:
    return Account(
        account_id="acme",
        kind="workspace",
        workspace_id=None,
        name="Acme",
        email="billing@acme.example",
        currency=currency,
        locale="en",
        country="US",
        billing_details=None,
        created_at_ms=START_MS,
    )
