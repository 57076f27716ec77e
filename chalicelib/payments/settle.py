"""Settle a payment: credit the wallet and write the payment's row, as its PaymentIntent says. Safe to repeat."""

from chalicelib.ledger.post import post_one
from chalicelib.log import log
from chalicelib.payments import table
from chalicelib.payments.intent import Intent
from chalicelib.payments.lifecycle import Outcome, advance, check_matches, outcome_of
from chalicelib.payments.payment import Payment


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
    recorded = table.change(payment, lambda current: advance(current, outcome))
    if recorded.state != payment.state:
        log().info(
            "a payment changed its state",
            account_id=recorded.account_id,
            payment_id=recorded.payment_id,
            before=payment.state,
            state=recorded.state,
            code=recorded.failure.code if recorded.failure else None,
        )
    return recorded
