"""Refund a payment to its card, in full or in part. Only operators may do this."""

from typing import Any, Final

import msgspec

from chalicelib import clock, idempotency
from chalicelib.accounts.account import Account, CurrencyMismatch
from chalicelib.backoff import attempts
from chalicelib.catalog.catalog import catalog
from chalicelib.connection.refusals import StripeAccountDisconnected
from chalicelib.connection.table import is_disconnected
from chalicelib.errors import Refusal
from chalicelib.idempotency import Key
from chalicelib.ledger.table import read_wallet
from chalicelib.money import Currency, Decimal, format_amount, parse_micros, to_card_amount
from chalicelib.payments import table as payments
from chalicelib.payments.payment import Payment
from chalicelib.payments.table import ATTEMPTS, PaymentBusy
from chalicelib.reversals import table
from chalicelib.reversals.refund import PREFIX, Refund
from chalicelib.reversals.resolve import resolve_refund, send
from chalicelib.reversals.reversal import Reversals, refundable_micros, with_new_refund
from chalicelib.reversals.settle import settle
from chalicelib.text import Line

OPERATION: Final = "refund"


class RefundRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a request for a refund. Without an amount, everything that can be refunded is."""

    reason: Line
    amount: Decimal | None = None
    currency: Currency | None = None


class PaymentNotRefundable(Refusal):
    """The payment has taken no money, or not yet."""

    status = 409
    type = "payment-not-refundable"
    title = "The payment cannot be refunded"

    def __init__(self, payment: Payment) -> None:
        super().__init__(
            f"the payment is {payment.state!r}; only one that succeeded can be refunded",
            payment_id=payment.payment_id,
            state=payment.state,
        )


class PaymentDisputed(Refusal):
    """The bank has the money, or is about to take it."""

    status = 409
    type = "payment-disputed"
    title = "The payment is disputed"

    def __init__(self, dispute_id: str, status: str) -> None:
        super().__init__(
            f"the payment is disputed ({status}); a refund would give the money back twice",
            dispute_id=dispute_id,
            dispute_status=status,
        )


class NothingToRefund(Refusal):
    """Nothing of the payment is left: it is refunded or spent."""

    status = 409
    type = "nothing-to-refund"
    title = "Nothing is left to refund"

    def __init__(self, payment: Payment, unrefunded_micros: int) -> None:
        spent = unrefunded_micros > 0
        super().__init__(
            "what the wallet still holds is not enough to refund any of it"
            if spent
            else "the payment is refunded already",
            payment_id=payment.payment_id,
            because="spent" if spent else "refunded",
        )


class RefundTooLarge(Refusal):
    """The amount is more than can be refunded; `maximum` is what can."""

    status = 422
    type = "refund-too-large"
    title = "The refund is larger than what is unspent"

    def __init__(self, amount_micros: int, maximum_micros: int, currency: str) -> None:
        maximum = format_amount(maximum_micros, currency)
        super().__init__(
            f"{format_amount(amount_micros, currency)} {currency} is more than the {maximum} {currency} that are "
            "unspent and not refunded",
            field="amount",
            maximum=maximum,
            currency=currency,
        )


class RefundFailed(Refusal):
    """The refund of this key failed, or the bank returned it. `code` is Stripe's."""

    status = 409
    type = "refund-failed"
    title = "The refund failed"

    def __init__(self, refund: Refund) -> None:
        code = refund.failure.code if refund.failure else refund.state
        message = refund.failure.message if refund.failure else ""
        super().__init__(
            message or "the money did not reach the card and is in the wallet again; take a new key for another refund",
            refund_id=refund.refund_id,
            payment_id=refund.payment_id,
            code=code,
        )


def refund(account: Account, payment_id: str, request: RefundRequest, *, key: Key, actor: str) -> Refund:
    """Refund a payment; with a key that was used before, resume that refund.

    Returns a refund that Stripe has, or one whose outcome is not known yet. Raises PaymentNotFound, CurrencyMismatch,
    NotChargeable, StripeAccountDisconnected, PaymentNotRefundable, PaymentDisputed, NothingToRefund, RefundTooLarge,
    IdempotencyConflict, RefundFailed, PaymentBusy, LedgerBusy.
    """
    if request.currency not in {None, account.currency}:
        raise CurrencyMismatch(str(request.currency), account.currency)
    amount_micros = None if request.amount is None else parse_micros(request.amount)
    if amount_micros is not None:
        to_card_amount(amount_micros, account.currency)
    order = _Order(payments.get(account.account_id, payment_id), amount_micros, request.reason, key, actor)
    made = _find_refund(order)
    if made is None:
        try:
            return _refuse_failed(_begin_refund(order))
        except Refusal:
            # Another request with the same key may have come first, and be the cause of the refusal.
            made = _find_refund(order)
            if made is None:
                raise
    return _refuse_failed(made if made.is_settled else resolve_refund(order.payment, made))


class _Order(msgspec.Struct, frozen=True):
    """A refund as it was requested. Without an amount, everything that can be refunded is."""

    payment: Payment
    amount_micros: int | None
    reason: str
    key: Key
    actor: str

    @property
    def content(self) -> dict[str, Any]:
        """Return what a repeat must have in common with the first request."""
        return {"payment_id": self.payment.payment_id, "amount_micros": self.amount_micros, "reason": self.reason}


def _find_refund(order: _Order) -> Refund | None:
    """Return the refund of the key, if it was begun. Raises IdempotencyConflict."""
    payment = order.payment
    claim = idempotency.find(payment.account_id, order.key, operation=OPERATION, content=order.content)
    return table.read(payment).refund(claim.resource_id) if claim else None


def _begin_refund(order: _Order) -> Refund:
    """Claim the key, write the refund and ask Stripe for it. A refusal before the claim leaves the key free."""
    if is_disconnected(order.payment.stripe_account):
        raise StripeAccountDisconnected(order.payment.stripe_account)
    check_refund(table.read(order.payment), order.amount_micros)
    account_id = order.payment.account_id
    claim = idempotency.claim(account_id, order.key, operation=OPERATION, content=order.content, prefix=PREFIX)
    payment, made, is_new = _write_refund(order, claim.resource_id)
    return send(payment, made) if is_new else resolve_refund(payment, made)


def check_refund(reversals: Reversals, amount_micros: int | None) -> int:
    """Return the amount to refund: what was asked for, or all that can be.

    Raises PaymentNotRefundable, PaymentDisputed, NothingToRefund, RefundTooLarge.
    """
    payment = reversals.payment
    if payment.state != "succeeded":
        raise PaymentNotRefundable(payment)
    for each in reversals.disputes:
        if each.blocks_refunds:
            raise PaymentDisputed(each.dispute_id, each.status)
    maximum_micros = _maximum_micros(reversals)
    if maximum_micros == 0:
        raise NothingToRefund(payment, reversals.unrefunded_micros)
    if amount_micros is not None and amount_micros > maximum_micros:
        raise RefundTooLarge(amount_micros, maximum_micros, payment.currency)
    return amount_micros or maximum_micros


def _maximum_micros(reversals: Reversals) -> int:
    """Return how much can be refunded. Raises PaymentBusy, LedgerBusy."""
    account_id = reversals.payment.account_id
    if not reversals.payment.fills_wallet:
        return refundable_micros(reversals, 0, 0)
    for _ in attempts(ATTEMPTS):
        pending = _read_pending_debits(account_id)
        balance_micros = read_wallet(account_id).balance_micros
        # If they are the same before and after, none was debited in between and so counted twice or not at all.
        if _read_pending_debits(account_id) == pending:
            return refundable_micros(reversals, balance_micros, sum(pending.values()))
    raise PaymentBusy(f"refunds of {account_id} went on {ATTEMPTS} times; try again")


def _read_pending_debits(account_id: str) -> dict[str, int]:
    """Return the amounts, by refund, that refunds of an account will debit from the wallet once Stripe has them.

    Refunds that Stripe already has are debited first, if they were not yet.
    """
    refunds, _ = table.of_account(account_id)
    pending = [each for each in refunds if each.debit_pending]
    for each in pending:
        if each.accepted_by_stripe:
            settle(payments.get(account_id, each.payment_id), lambda unchanged: unchanged)
    return {each.refund_id: each.amount_micros for each in pending if not each.accepted_by_stripe}


def _write_refund(order: _Order, refund_id: str) -> tuple[Payment, Refund, bool]:
    """Write the refund unless it exists; return its payment, the refund, and whether it was written now.

    No two refunds of an account are decided on the same balance.
    """
    account_id, payment_id = order.payment.account_id, order.payment.payment_id
    for _ in attempts(ATTEMPTS):
        begun = table.begun(account_id)
        reversals = table.read(payments.get(account_id, payment_id))
        known = reversals.refund(refund_id)
        if known:
            return reversals.payment, known, False
        made = _new_refund(order, reversals.payment, refund_id, check_refund(reversals, order.amount_micros))
        written = table.write(reversals, with_new_refund(reversals, made), begun=begun)
        if written:
            return written.payment, written.refund(refund_id) or made, True
    raise PaymentBusy(f"refunds of {account_id} were begun by others {ATTEMPTS} times; try again")


def _new_refund(order: _Order, payment: Payment, refund_id: str, amount_micros: int) -> Refund:
    # The refund begins now: the claim may be much older, from a request that was cut off.
    now_ms = clock.now_ms()
    return Refund(
        account_id=payment.account_id,
        payment_id=payment.payment_id,
        refund_id=refund_id,
        amount_micros=amount_micros,
        currency=payment.currency,
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
        reason=order.reason,
        actor=order.actor,
        moves_wallet=payment.fills_wallet,
        returns_fee=True if payment.application_fee_micros and catalog().connect.is_refunded else None,
        stripe_account=payment.stripe_account,
    )


def _refuse_failed(made: Refund) -> Refund:
    """Return a refund, or refuse if it failed or was returned. Raises RefundFailed."""
    if not made.counts_against_payment:
        raise RefundFailed(made)
    return made
