"""Refunds, full and partial, never more than was charged (https://docs.stripe.com/api/refunds)."""

from __future__ import annotations

import copy

from local.stripe_emulator import application_fees, balance, metadata
from local.stripe_emulator.currencies import display
from local.stripe_emulator.errors import Json, invalid, malformed
from local.stripe_emulator.events import replaced
from local.stripe_emulator.ids import new_id
from local.stripe_emulator.listing import listed
from local.stripe_emulator.test_cards import BY_NUMBER, Sequel
from local.stripe_emulator.work import Work

CREATE = ("amount", "charge", "metadata", "payment_intent", "reason", "refund_application_fee")
UNFUNDED = "insufficient_funds"
UPDATE = ("metadata",)


def create(work: Work, params: Json) -> Json:
    """Refund a charge, given by its own id or its payment intent's; without an amount, refund all that is left."""
    charge = _charge(work, params)
    amount = _amount(charge, params)
    refund = _blank(work, charge, amount, params)
    sequel = BY_NUMBER[charge["_number"]].sequel
    refund |= _beginning(work, sequel)
    fees = application_fees.give_back_with_refund(work, charge, amount) if params.get("refund_application_fee") else []
    refund["balance_transaction"] = balance.move(work, "refund", refund, -amount, fees=fees)
    work.save(refund)
    before = copy.deepcopy(charge)
    _count(work, charge, amount)
    work.emit("refund.created", refund)
    work.emit("charge.refunded", charge, replaced(before, charge))
    if refund.get("pending_reason") == "processing":
        work.later("finish_refund", refund=refund["id"])
    if sequel is Sequel.REFUND_FAILS:
        work.later("fail_refund", refund=refund["id"])
    return refund


def retrieve(work: Work, _params: Json, identifier: str) -> Json:
    """Return a refund."""
    return work.need("refund", identifier)


def update(work: Work, params: Json, identifier: str) -> Json:
    """Change a refund's metadata."""
    refund = work.need("refund", identifier)
    before = copy.deepcopy(refund)
    refund["metadata"] = metadata.merged(refund["metadata"], params.get("metadata", {}))
    return _updated(work, refund, before)


def list_all(work: Work, params: Json) -> Json:
    """List refunds, optionally of one charge or payment intent."""
    return listed(work, "refund", params, "/v1/refunds", "charge", "payment_intent")


def list_of_charge(work: Work, params: Json, charge: str) -> Json:
    """List a charge's refunds under the charge's own path."""
    work.need("charge", charge)
    return listed(work, "refund", params | {"charge": charge}, f"/v1/charges/{charge}/refunds", "charge")


def finish(work: Work, refund: Json) -> Json:
    """Let a pending refund succeed."""
    before = copy.deepcopy(refund)
    refund["status"] = "succeeded"
    refund.pop("pending_reason", None)
    return _updated(work, refund, before)


def fail(work: Work, refund: Json, reason: str = "unknown") -> Json:
    """Fail a refund: the bank returned the money, and the charge no longer counts it as refunded."""
    if refund["status"] == "failed":
        return refund
    before = copy.deepcopy(refund)
    refund |= {"status": "failed", "failure_reason": reason}
    refund.pop("pending_reason", None)
    refund["failure_balance_transaction"] = balance.move(work, "refund_failure", refund, refund["amount"], fees=[])
    _count(work, work.need("charge", refund["charge"]), -refund["amount"])
    _updated(work, refund, before)
    work.emit("refund.failed", refund)
    return refund


def unfunded(work: Work, charge: str | None = None) -> list[Json]:
    """Return the refunds, of one charge or of all, that wait until the account has the money for them."""

    def waits(refund: Json) -> bool:
        return refund.get("pending_reason") == UNFUNDED and charge in (None, refund["charge"])

    return [work.need("refund", refund["id"]) for refund in [*work.all("refund", waits)][::-1]]


def _beginning(work: Work, sequel: Sequel) -> Json:
    """Return the first state of a refund. https://docs.stripe.com/refunds: without the money it waits for it."""
    account = work.platform.get("account", work.account)
    if account is not None and account["_empty"]:
        return {"status": "pending", "pending_reason": UNFUNDED}
    if sequel is Sequel.REFUND_PENDING:
        return {"status": "pending", "pending_reason": "processing"}
    return {"status": "succeeded"}


def _updated(work: Work, refund: Json, before: Json) -> Json:
    work.save(refund)
    work.emit("refund.updated", refund, replaced(before, refund))
    work.emit("charge.refund.updated", refund, replaced(before, refund))
    return refund


def _charge(work: Work, params: Json) -> Json:
    if "charge" in params and "payment_intent" in params:
        raise malformed("You may only specify one of these parameters: charge, payment_intent.", param="charge")
    if "charge" in params:
        return _refundable(work.need("charge", params["charge"], "charge"))
    if "payment_intent" not in params:
        message = "One of the following params should be provided for this request: payment_intent or charge."
        raise malformed(message, code="parameter_missing")
    intent = work.need("payment_intent", params["payment_intent"], "payment_intent")
    if intent["status"] not in ("succeeded", "processing"):
        message = f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
        raise invalid(message, param="payment_intent")
    return _refundable(work.need("charge", intent["latest_charge"], "charge"))


def _refundable(charge: Json) -> Json:
    if charge["status"] != "succeeded":
        raise invalid(f"Charge {charge['id']} cannot be refunded because it has not succeeded.", param="charge")
    if charge["disputed"] and charge.get("_charged_back"):
        message = f"Charge {charge['id']} has been charged back; cannot issue a refund."
        raise invalid(message, code="charge_disputed")
    if charge["refunded"]:
        message = f"Charge {charge['id']} has already been refunded."
        raise invalid(message, code="charge_already_refunded")
    return charge


def _amount(charge: Json, params: Json) -> int:
    left: int = charge["amount"] - charge["amount_refunded"]
    amount: int = params.get("amount", left)
    if amount < 1:
        message = "Invalid positive integer"
        raise malformed(message, param="amount", code="parameter_invalid_integer")
    if amount > left:
        asked, rest = display(amount, charge["currency"]), display(left, charge["currency"])
        message = f"Refund amount ({asked}) is greater than unrefunded amount on charge ({rest})"
        raise invalid(message, param="amount")
    return amount


def _count(work: Work, charge: Json, amount: int) -> None:
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    work.save(charge)


def _blank(work: Work, charge: Json, amount: int, params: Json) -> Json:
    return {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": work.now,
        "currency": charge["currency"],
        "customer": charge["customer"],
        "customer_account": None,
        "destination_details": {"card": {"type": "refund"}, "type": "card"},
        "metadata": metadata.merged({}, params.get("metadata", {})),
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": params.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "transfer_reversal": None,
    }
