"""Adjust a wallet by hand, with a reason: the operator's credit or debit, or a workspace's credit of its client."""

from typing import Final

import msgspec

from chalicelib import idempotency
from chalicelib.accounts.account import Account, CurrencyMismatch
from chalicelib.claim import Claim
from chalicelib.errors import Refusal
from chalicelib.idempotency import Key
from chalicelib.ledger.post import post_one
from chalicelib.ledger.posting import Direction, Posting, one_leg
from chalicelib.money import Currency, Decimal, parse_micros
from chalicelib.text import Line

OPERATION: Final = "adjustment"
PREFIX: Final = "adj_"
SOURCE: Final = "/adjustments"


class AdjustmentRequest(msgspec.Struct, forbid_unknown_fields=True):
    """An adjustment to make. The amount is above zero; `type` gives its direction."""

    type: Direction
    amount: Decimal
    reason: Line
    currency: Currency | None = None


class EmptyAdjustment(Refusal):
    """An adjustment of zero."""

    status = 422
    type = "adjustment-empty"
    title = "The amount must be above zero"

    def __init__(self) -> None:
        super().__init__("an adjustment moves more than zero", field="amount")


def adjust(account: Account, request: AdjustmentRequest, *, key: Key, actor: str) -> Claim:
    """Post a credit or debit once per key. A debit may leave the balance below zero.

    Raises CurrencyMismatch, EmptyAdjustment, IdempotencyConflict, LedgerBusy.
    """
    if request.currency not in {None, account.currency}:
        raise CurrencyMismatch(str(request.currency), account.currency)
    amount_micros = parse_micros(request.amount)
    if amount_micros == 0:
        raise EmptyAdjustment
    content = {
        "type": request.type,
        "amount_micros": amount_micros,
        "currency": account.currency,
        "reason": request.reason,
    }
    claim = idempotency.claim(account.account_id, key, operation=OPERATION, content=content, prefix=PREFIX)
    post_one(_posting(account, claim, request, amount_micros, actor))
    return claim


def _posting(account: Account, claim: Claim, request: AdjustmentRequest, amount_micros: int, actor: str) -> Posting:
    return one_leg(
        account.account_id,
        occurred_at_ms=claim.created_at_ms,
        source=SOURCE,
        event_id=claim.resource_id,
        type=request.type,
        kind="adjustment",
        amount_micros=amount_micros,
        description=request.reason,
        actor=actor,
    )
