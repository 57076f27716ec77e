"""The shape of payments in answers."""

from collections.abc import Iterable
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from chalicelib.accounts.actor import ShownName
from chalicelib.accounts.view import Balance, view_balance
from chalicelib.accounts.viewer import Viewer
from chalicelib.base_url import public_base_url
from chalicelib.clock import iso
from chalicelib.ledger.wallet import Wallet
from chalicelib.money import format_amount
from chalicelib.payments.line import Line
from chalicelib.payments.payment import Failure, Payment, State
from chalicelib.payments.resolve import Resolution
from chalicelib.secrets import secrets

PAYMENT_URL: Final = "/v1/accounts/{account_id}/payments/{payment_id}"


class PaidWith(msgspec.Struct):
    """The card of a payment."""

    brand: str
    last_four: str


SignedAmount = Annotated[str, Meta(description="A decimal string; negative where something is given back.")]


class PaymentLineView(msgspec.Struct):
    """What is charged for one thing. `unit_amount` is the price of one for a whole period."""

    description: str
    quantity: int
    unit_amount: SignedAmount
    amount: SignedAmount
    period_start: str | None
    period_end: str | None


class PaymentView(msgspec.Struct):
    """A payment. `failure` tells why it failed or was canceled; `refresh` is where to check it while it may be paid.

    What became of a succeeded payment stands beside its state: how much of it is refunded, the status of its last
    dispute, and what the card's issuer warns of. `lines` and the period are a subscription's; `added_tax` is what was
    charged on top of the lines. At `closed_at_break` it was given up, because its Stripe account was disconnected
    before its outcome was known.
    """

    payment_id: str
    kind: str
    state: State
    amount: str
    currency: str
    created_at: str
    updated_at: str
    description: str
    actor: ShownName
    card: PaidWith
    payment_intent_id: str | None
    charge_id: str | None
    failure: Failure | None
    lines: list[PaymentLineView]
    added_tax: str
    period_start: str | None
    period_end: str | None
    refunded: str
    dispute_status: str | None
    fraud_warning: str | None
    closed_at_break: str | None
    refresh: Annotated[str, Meta(description="POST here to check again.")] | None


class Authentication(msgspec.Struct):
    """What the browser needs for `stripe.handleNextAction`: the customer's bank wants to see the customer."""

    client_secret: str
    publishable_key: str
    stripe_account: str | None


class TopUpView(msgspec.Struct):
    """A payment with the wallet as it now is, and what the browser has to do, if anything."""

    payment: PaymentView
    wallet: Balance
    authentication: Authentication | None


class PaymentList(msgspec.Struct):
    """Payments, newest first."""

    data: list[PaymentView]
    next_cursor: str | None


def view_payment(payment: Payment, viewer: Viewer) -> PaymentView:
    """Present a payment to somebody."""
    url = public_base_url().api_path(PAYMENT_URL, account_id=payment.account_id, payment_id=payment.payment_id)
    return PaymentView(
        payment_id=payment.payment_id,
        kind=payment.kind,
        state=payment.state,
        amount=format_amount(payment.amount_micros, payment.currency),
        currency=payment.currency,
        created_at=iso(payment.created_at_ms),
        updated_at=iso(payment.updated_at_ms),
        description=payment.description,
        actor=viewer.name_of(payment.actor, payment.created_at_ms),
        card=PaidWith(payment.card_brand, payment.card_last_four),
        payment_intent_id=payment.payment_intent_id,
        charge_id=payment.charge_id,
        failure=payment.failure,
        lines=view_lines(payment.lines, payment.currency),
        added_tax=format_amount(payment.added_tax_micros, payment.currency),
        period_start=_time(payment.period_start_ms),
        period_end=_time(payment.period_end_ms),
        refunded=format_amount(payment.refunded_micros, payment.currency),
        dispute_status=payment.dispute_status,
        fraud_warning=payment.fraud_warning,
        closed_at_break=_time(payment.closed_at_break_ms),
        refresh=f"{url}/refresh" if payment.may_be_paid or payment.closed_at_break_ms else None,
    )


def view_lines(lines: Iterable[Line], currency: str) -> list[PaymentLineView]:
    """Present lines."""
    return [
        PaymentLineView(
            description=line.description,
            quantity=line.quantity,
            unit_amount=format_amount(line.unit_amount_micros, currency),
            amount=format_amount(line.amount_micros, currency),
            period_start=_time(line.period_start_ms),
            period_end=_time(line.period_end_ms),
        )
        for line in lines
    ]


def _time(moment_ms: int | None) -> str | None:
    return None if moment_ms is None else iso(moment_ms)


def view_resolution(resolution: Resolution, wallet: Wallet, viewer: Viewer) -> TopUpView:
    """Present a payment that Stripe was just asked about."""
    return TopUpView(view_payment(resolution.payment, viewer), view_balance(wallet), view_authentication(resolution))


def view_authentication(resolution: Resolution) -> Authentication | None:
    """Present what the browser has to do; None if nothing."""
    if not resolution.client_secret:
        return None
    account = resolution.payment.stripe_account
    return Authentication(resolution.client_secret, secrets().stripe_publishable_key, account)
