"""Adjustments by hand over HTTP."""

import msgspec

from chalicelib.accounts.account import CurrencyMismatch
from chalicelib.accounts.permission import REFUSALS, Right, allow_above, check_right
from chalicelib.accounts.view import Balance, view_balance
from chalicelib.api_tags import PAYMENTS
from chalicelib.clock import iso
from chalicelib.history.adjust import AdjustmentRequest, EmptyAdjustment, adjust
from chalicelib.http_input import MissingIdempotencyKey
from chalicelib.idempotency import IdempotencyConflict
from chalicelib.ledger.post import LedgerBusy
from chalicelib.ledger.table import read_wallet
from chalicelib.money import InvalidDecimal, format_amount, parse_micros
from chalicelib.web import Call, Routes

routes = Routes(__name__, *PAYMENTS)


class AdjustmentView(msgspec.Struct):
    """An adjustment that was posted, and the wallet's current balance."""

    adjustment_id: str
    type: str
    amount: str
    currency: str
    reason: str
    created_at: str
    wallet: Balance


@routes.operation(
    "POST",
    "/v1/accounts/{account_id}/adjustments",
    summary="Credit or debit a wallet by hand, with a reason",
    description=(
        "The operator's own correction, such as a welcome credit, or a workspace's credit of its client: no card is "
        "charged. Only the operator debits, also below zero. The reason is shown to the customer; a client sees its "
        "workspace as the one who did it."
    ),
    status=201,
    takes=AdjustmentRequest,
    example={"type": "credit", "amount": "10.00", "reason": "Welcome credit"},
    gives=AdjustmentView,
    refuses=(
        *REFUSALS,
        MissingIdempotencyKey,
        IdempotencyConflict,
        InvalidDecimal,
        CurrencyMismatch,
        EmptyAdjustment,
        LedgerBusy,
    ),
    idempotent=True,
)
def post_adjustment(call: Call[AdjustmentRequest, None], account_id: str) -> AdjustmentView:
    permission = allow_above(call, account_id)
    body, currency = call.body, permission.account.currency
    if body.type == "debit":
        check_right(permission.caller, Right.OPERATE)
    claim = adjust(permission.account, body, key=call.idempotency_key, actor=permission.actor)
    return AdjustmentView(
        adjustment_id=claim.resource_id,
        type=body.type,
        amount=format_amount(parse_micros(body.amount), currency),
        currency=currency,
        reason=body.reason,
        created_at=iso(claim.created_at_ms),
        wallet=view_balance(read_wallet(account_id)),
    )
