"""Refund a payment to its card, whole or in part: the operator's."""

from typing import Any, Final

import msgspec

from chalicelib import clock, idempotency
from chalicelib.accounts.account import Account, CurrencyMismatch
from chalicelib.conflicts import attempts
from chalicelib.errors import Refusal
from chalicelib.idempotency import Key
from chalicelib.ledger.table import read_wallet
from chalicelib.money import Currency, Decimal, format_amount, parse_micros, to_card_amount
from chalicelib.payments import table as payments
from chalicelib.payments.payment import Payment
from chalicelib.payments.table import WRITERS, PaymentBusy
from chalicelib.reversals import table as reversal_table
from chalicelib.reversals.refund import PREFIX, Refund
from chalicelib.reversals.resolve import resolve_refund, send
from chalicelib.reversals.reversal import Reversals, refundable_micros, with_new_refund
from chalicelib.reversals.settle import settle
from chalicelib.text import Line

OPERATION: Final = "refund"


class RefundRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What a refund takes. Without an amount it is all that can be refunded."""

    reason: Line
    amount: Decimal | None = None
    currency: Currency | None = None


class PaymentNotRefundable(Refusal):
    """A payment that took no money, or not yet."""

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
    """Nothing of the payment is left: it is refunded, or spent."""

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
    """More than can be refunded; `maximum` can."""

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
    """The refund that the key stands for came to nothing, or came back. `code` is Stripe's."""

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
    """Refund a payment; with a key that was used before, go on with that refund.

    Returns a refund that Stripe has, or one whose outcome is not known yet. Raises PaymentNotFound, CurrencyMismatch,
    NotChargeable, PaymentNotRefundable, PaymentDisputed, NothingToRefund, RefundTooLarge, IdempotencyConflict,
    RefundFailed, PaymentBusy, LedgerBusy.
    """
    if request.currency not in {None, account.currency}:
        raise CurrencyMismatch(str(request.currency), account.currency)
    amount_micros = None if request.amount is None else parse_micros(request.amount)
    if amount_micros is not None:
        to_card_amount(amount_micros, account.currency)
    wanted = _Wanted(payments.get(account.account_id, payment_id), amount_micros, request.reason, key, actor)
    known = _known(wanted)
    if known is None:
        try:
            return _answered(_begun(wanted))
        except Refusal:
            # Another request with the same key may have come first, and be the very thing that is in the way.
            known = _known(wanted)
            if known is None:
                raise
    return _answered(known if known.is_settled else resolve_refund(wanted.payment, known))


class _Wanted(msgspec.Struct, frozen=True):
    """What is asked for. Without an amount it is all that can be refunded."""

    payment: Payment
    amount_micros: int | None
    reason: str
    key: Key
    actor: str

    @property
    def content(self) -> dict[str, Any]:
        """Return what a repeat must agree in."""
        return {"payment_id": self.payment.payment_id, "amount_micros": self.amount_micros, "reason": self.reason}


def _known(wanted: _Wanted) -> Refund | None:
    """Return the refund that the key stands for, if it was begun. Raises IdempotencyConflict."""
    payment = wanted.payment
    claim = idempotency.find(payment.account_id, wanted.key, operation=OPERATION, content=wanted.content)
    return reversal_table.read(payment).refund(claim.resource_id) if claim else None


def _begun(wanted: _Wanted) -> Refund:
    """Claim the key, write the refund and ask Stripe for it. A refusal leaves a key free that had no claim."""
    check_refund(reversal_table.read(wanted.payment), wanted.amount_micros)
    account_id = wanted.payment.account_id
    claim = idempotency.claim(account_id, wanted.key, operation=OPERATION, content=wanted.content, prefix=PREFIX)
    payment, refund, is_new = _written(wanted, claim.resource_id)
    return send(payment, refund) if is_new else resolve_refund(payment, refund)


def check_refund(seen: Reversals, amount_micros: int | None) -> int:
    """Return the amount to refund: what is wanted, or all that can be.

    Raises PaymentNotRefundable, PaymentDisputed, NothingToRefund, RefundTooLarge.
    """
    payment = seen.payment
    if payment.state != "succeeded":
        raise PaymentNotRefundable(payment)
    for each in seen.disputes:
        if each.blocks_refunds:
            raise PaymentDisputed(each.dispute_id, each.status)
    maximum_micros = _maximum_micros(seen)
    if maximum_micros == 0:
        raise NothingToRefund(payment, seen.unrefunded_micros)
    if amount_micros is not None and amount_micros > maximum_micros:
        raise RefundTooLarge(amount_micros, maximum_micros, payment.currency)
    return amount_micros or maximum_micros


def _maximum_micros(seen: Reversals) -> int:
    """Return how much can be refunded. Raises PaymentBusy, LedgerBusy."""
    account_id = seen.payment.account_id
    if not seen.payment.fills_wallet:
        return refundable_micros(seen, 0, 0)
    for _ in attempts(WRITERS):
        promised = _promised(account_id)
        balance_micros = read_wallet(account_id).balance_micros
        # The same before and after: none of them was debited meanwhile, and is counted twice or not at all.
        if _promised(account_id) == promised:
            return refundable_micros(seen, balance_micros, sum(promised.values()))
    raise PaymentBusy(f"refunds of {account_id} went on {WRITERS} times; try again")


def _promised(account_id: str) -> dict[str, int]:
    """Return the amounts that other refunds will take from the wallet, once Stripe has them.

    Those that Stripe has are debited first, if whoever heard of them has not come to that yet.
    """
    refunds, _ = reversal_table.of_account(account_id)
    promised = [each for each in refunds if each.is_promised]
    for each in promised:
        if each.is_out:
            settle(payments.get(account_id, each.payment_id), lambda unchanged: unchanged)
    return {each.refund_id: each.amount_micros for each in promised if not each.is_out}


def _written(wanted: _Wanted, refund_id: str) -> tuple[Payment, Refund, bool]:
    """Write the refund, unless it is there; no two refunds of an account are decided on the same balance."""
    account_id, payment_id = wanted.payment.account_id, wanted.payment.payment_id
    for _ in attempts(WRITERS):
        begun = reversal_table.begun(account_id)
        seen = reversal_table.read(payments.get(account_id, payment_id))
        known = seen.refund(refund_id)
        if known:
            return seen.payment, known, False
        made = _new(seen.payment, refund_id, check_refund(seen, wanted.amount_micros), wanted)
        written = reversal_table.write(seen, with_new_refund(seen, made), begun=begun)
        if written:
            return written.payment, written.refund(refund_id) or made, True
    raise PaymentBusy(f"refunds of {account_id} were begun by others {WRITERS} times; try again")


def _new(payment: Payment, refund_id: str, amount_micros: int, wanted: _Wanted) -> Refund:
    # The refund begins now: its claim may have been left behind long ago, by a request that was cut off.
    now_ms = clock.now_ms()
    return Refund(
        account_id=payment.account_id,
        payment_id=payment.payment_id,
        refund_id=refund_id,
        amount_micros=amount_micros,
        currency=payment.currency,
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
        reason=wanted.reason,
        actor=wanted.actor,
        moves_wallet=payment.fills_wallet,
        stripe_account=payment.stripe_account,
    )


def _answered(refund: Refund) -> Refund:
    """Answer with the refund, or refuse with what it came to. Raises RefundFailed."""
    if not refund.holds:
        raise RefundFailed(refund)
    return refund
