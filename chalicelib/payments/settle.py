"""Settle a payment: bring what Stripe says of it into the ledger and onto its row. Anyone may, at any time."""

from chalicelib.ledger.post import post_one
from chalicelib.log import log
from chalicelib.payments import table
from chalicelib.payments.intent import Intent, check_same, outcome_of
from chalicelib.payments.payment import Outcome, Payment, advance


def settle(payment: Payment, intent: Intent) -> Payment:
    """Settle a payment by its PaymentIntent and return it as it then is.

    The credit comes first and the row second: cut off in between, the payment is still unresolved, and whoever settles
    it next finds the credit posted. Raises PaymentMismatch, LedgerBusy, PaymentBusy.
    """
    check_same(payment, intent)
    outcome = outcome_of(intent)
    if outcome.state == "succeeded" and payment.state != "succeeded" and payment.fills_wallet:
        post_one(payment.posting())
    settled = record(payment, outcome)
    # Again, for another PaymentIntent may have taken the money for the same payment meanwhile.
    check_same(settled, intent)
    return settled


def record(payment: Payment, outcome: Outcome) -> Payment:
    """Write on a payment's row what became of it, and return it as it then is. Moves no money."""
    recorded = table.change(payment, lambda current: advance(current, outcome))
    if recorded.state != payment.state:
        log().info(
            "a payment moved on",
            account_id=recorded.account_id,
            payment_id=recorded.payment_id,
            before=payment.state,
            state=recorded.state,
            code=recorded.failure.code if recorded.failure else None,
        )
    return recorded
