"""The shape of refunds and disputes in answers."""

import msgspec

from chalicelib.accounts.actor import ShownName
from chalicelib.accounts.view import Balance
from chalicelib.accounts.viewer import Viewer
from chalicelib.clock import iso
from chalicelib.money import format_amount
from chalicelib.payments.payment import Failure
from chalicelib.payments.view import PaymentView, view_payment
from chalicelib.reversals.dispute import Dispute
from chalicelib.reversals.refund import Refund, State
from chalicelib.reversals.reversal import Reversals


class RefundView(msgspec.Struct):
    """A refund. While it is `created`, Stripe's answer is not known; Stripe is asked again automatically.

    At `closed_at_break` it was given up, because its Stripe account was disconnected.
    """

    refund_id: str
    payment_id: str
    state: State
    amount: str
    currency: str
    created_at: str
    updated_at: str
    reason: str
    actor: ShownName
    stripe_refund_id: str | None
    failure: Failure | None
    closed_at_break: str | None


class DisputeView(msgspec.Struct):
    """A dispute. `status` is Stripe's; `debited` is what it has debited from the wallet and not credited again.

    At `closed_at_break` it was given up, because its Stripe account was disconnected.
    """

    dispute_id: str
    status: str
    amount: str
    debited: str
    currency: str
    reason: str
    opened_at: str
    updated_at: str
    evidence_due_by: str | None
    closed_at_break: str | None


class PaymentDetail(PaymentView):
    """A payment with all of its refunds and disputes, each kind oldest first."""

    refunds: list[RefundView]
    disputes: list[DisputeView]


class RefundedView(msgspec.Struct):
    """A refund with its payment and the wallet as they now are."""

    refund: RefundView
    payment: PaymentView
    wallet: Balance


def view_detail(reversals: Reversals, viewer: Viewer) -> PaymentDetail:
    """Present a payment with its refunds and disputes to somebody."""
    shown = msgspec.structs.asdict(view_payment(reversals.payment, viewer))
    return PaymentDetail(
        **shown,
        refunds=[view_refund(each, viewer) for each in reversals.refunds],
        disputes=[view_dispute(each) for each in reversals.disputes],
    )


def view_refund(refund: Refund, viewer: Viewer) -> RefundView:
    """Present a refund to somebody."""
    return RefundView(
        refund_id=refund.refund_id,
        payment_id=refund.payment_id,
        state=refund.state,
        amount=format_amount(refund.amount_micros, refund.currency),
        currency=refund.currency,
        created_at=iso(refund.created_at_ms),
        updated_at=iso(refund.updated_at_ms),
        reason=refund.reason,
        actor=viewer.name_of(refund.actor, refund.created_at_ms, done_for_it=True),
        stripe_refund_id=refund.stripe_refund_id,
        failure=refund.failure,
        closed_at_break=_time(refund.closed_at_break_ms),
    )


def view_dispute(dispute: Dispute) -> DisputeView:
    """Present a dispute."""
    return DisputeView(
        dispute_id=dispute.dispute_id,
        status=dispute.status,
        amount=format_amount(dispute.amount_micros, dispute.currency),
        debited=format_amount(dispute.debited_micros, dispute.currency),
        currency=dispute.currency,
        reason=dispute.reason,
        opened_at=iso(dispute.opened_at_ms),
        updated_at=iso(dispute.updated_at_ms),
        evidence_due_by=_time(dispute.due_by_ms),
        closed_at_break=_time(dispute.closed_at_break_ms),
    )


def _time(moment_ms: int | None) -> str | None:
    return iso(moment_ms) if moment_ms else None
