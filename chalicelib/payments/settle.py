"""Settle a payment: credit the wallet and write the payment's row, as its PaymentIntent says. Safe to repeat."""

from typing import Any, Final

from chalicelib import metrics
from chalicelib.ledger.post import post_one
from chalicelib.log import log
from chalicelib.payments import table
from chalicelib.payments.intent import Intent
from chalicelib.payments.lifecycle import Outcome, advance, check_matches, outcome_of
from chalicelib.payments.payment import Payment, State

AUTHENTICATION_REQUIRED: Final = "authentication_required"


def settle(payment: Payment, intent: Intent) -> Payment:
    """Settle a payment by its PaymentIntent and return it as it then is.

    The credit comes first and the row second: cut off in between, the payment is still unresolved, and whoever settles
    it next finds the credit posted. Raises PaymentMismatch, LedgerBusy, PaymentBusy.
    """
    check_matches(payment, intent)
    outcome = outcome_of(intent)
    if outcome.state == "succeeded" and payment.state != "succeeded" and payment.fills_wallet:
        post_one(payment.posting())
    settled = record(payment, outcome)
    # Once more: another PaymentIntent may have taken the money for the same payment meanwhile.
    check_matches(settled, intent)
    return settled


def record(payment: Payment, outcome: Outcome) -> Payment:
    """Advance a payment by an outcome, write its row, and return it as it then is. Moves no money."""
    before: State = payment.state

    def advance_from(current: Payment) -> Payment:
        nonlocal before
        before = current.state  # as it was under this write: another may have come first, and was logged then
        return advance(current, outcome)

    recorded = table.change(payment, advance_from)
    if recorded.state != before:
        _tell(recorded, before)
    return recorded


def _tell(recorded: Payment, before: State) -> None:
    """Log the change of a payment's state, and count its end."""
    ids: dict[str, Any] = {"account_id": recorded.account_id, "payment_id": recorded.payment_id, "kind": recorded.kind}
    code = recorded.failure.code if recorded.failure else None
    log().info("a payment changed its state", **ids, before=before, state=recorded.state, code=code)
    if recorded.state == "succeeded":
        metrics.count("payments_succeeded", **ids)
        metrics.count("payments_failed", 0, **ids)
    elif recorded.state == "failed":
        metrics.count("payments_failed", reason=_failure_reason(recorded), code=code, **ids)


def _failure_reason(payment: Payment) -> str:
    """Return one of three reasons: the bank declined, it wants its customer, or Stripe refused before any bank."""
    failure = payment.failure
    if failure and AUTHENTICATION_REQUIRED in {failure.code, failure.decline_code}:
        return "authentication"
    return "declined" if payment.payment_intent_id else "refused"
