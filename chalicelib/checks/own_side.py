"""What we have: the row of a payment, refund or dispute, and what the ledger has for it."""

from chalicelib.checks.compare import Key, LedgerEntry, Row, StripeRecord
from chalicelib.ledger.find_posted import find_posted
from chalicelib.ledger.posting import Posting
from chalicelib.payments.payment import Payment
from chalicelib.reversals.dispute import Dispute
from chalicelib.reversals.refund import Refund

Own = Payment | Refund | Dispute


def own_key(own: Own) -> Key:
    """Return by what the sides are compared: our id of a payment, Stripe's of a refund or dispute."""
    if isinstance(own, Payment):
        return "payment", own.payment_id
    if isinstance(own, Refund):
        return "refund", own.stripe_refund_id or own.refund_id
    return "dispute", own.dispute_id


def row_of(own: Own) -> Row | None:
    """Return what our row says; None for a payment that has not succeeded, and a refund that Stripe does not have."""
    if isinstance(own, Payment):
        if own.state != "succeeded":
            return None
        fact = _fact(own, own.created_at_ms, own.amount_micros)
        return Row(fact, own.amount_micros if own.fills_wallet else 0, own.stripe_account)
    if isinstance(own, Refund):
        if not own.stripe_refund_id or not own.refunded_at_ms:
            return None
        moved_micros = own.amount_micros if own.accepted_by_stripe else 0
        return Row(_fact(own, own.refunded_at_ms, moved_micros), _wallet_micros(own), own.stripe_account)
    return Row(_fact(own, own.opened_at_ms, own.withdrawn_micros), _wallet_micros(own), own.stripe_account)


def _fact(own: Own, at_ms: int, moved_micros: int) -> StripeRecord:
    return StripeRecord(own.account_id, own.payment_id, at_ms, moved_micros, own.currency)


def _wallet_micros(own: Own) -> int:
    return sum(posting.legs[0].signed_micros for posting in _postings(own))


def _postings(own: Own) -> list[Posting]:
    """Return what the ledger should have for it."""
    if isinstance(own, Payment):
        return [own.posting()] if own.state == "succeeded" and own.fills_wallet else []
    return own.postings()


def ledger_entry_of(own: Own) -> LedgerEntry | None:
    """Return what the ledger has of what it should have for a payment, refund or dispute; None if nothing.

    What it has and should not is found by the verification of wallets (see `row_check`).
    """
    posted = [found for posting in _postings(own) if (found := find_posted(posting)) is not None]
    if not posted:
        return None
    at_ms = min(each.identity.occurred_at_ms for each in posted)
    return LedgerEntry(
        own.account_id, own.payment_id, at_ms, sum(each.leg.signed_micros for each in posted), own.currency
    )
