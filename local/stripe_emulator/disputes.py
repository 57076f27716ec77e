"""Disputes: the bank takes the money back until it decides (https://docs.stripe.com/api/disputes)."""

from __future__ import annotations

import copy

from local.stripe_emulator import balance, metadata, refunds
from local.stripe_emulator.errors import Json, invalid
from local.stripe_emulator.events import replaced, shown
from local.stripe_emulator.ids import new_id
from local.stripe_emulator.listing import listed
from local.stripe_emulator.work import Work

UPDATE = ("evidence", "metadata", "submit")
DISPUTE_FEE = 1500
DAYS_TO_RESPOND = 7
REASON_CODES = {"fraudulent": "10.4", "product_not_received": "13.1"}
EVIDENCE = (
    "access_activity_log", "billing_address", "cancellation_policy", "cancellation_policy_disclosure",
    "cancellation_rebuttal", "customer_communication", "customer_email_address", "customer_name",
    "customer_purchase_ip", "customer_signature", "duplicate_charge_documentation", "duplicate_charge_explanation",
    "duplicate_charge_id", "product_description", "receipt", "refund_policy", "refund_policy_disclosure",
    "refund_refusal_explanation", "service_date", "service_documentation", "shipping_address", "shipping_carrier",
    "shipping_date", "shipping_documentation", "shipping_tracking_number", "uncategorized_file", "uncategorized_text",
)  # fmt: skip


def open_on(
    work: Work, charge: Json, *, reason: str = "fraudulent", amount: int | None = None, inquiry: bool = False
) -> Json:
    """Open a dispute about a charge. Unless it is only an inquiry, the money is taken at once, with a fee."""
    if charge["status"] != "succeeded" or charge["disputed"]:
        raise invalid(f"Charge {charge['id']} cannot be disputed.", param="charge")
    for refund in refunds.unfunded(work, charge["id"]) if not inquiry else ():
        refunds.fail(work, refund, "charge_for_pending_refund_disputed")
    dispute = _blank(work, charge, reason, amount or charge["amount"] - charge["amount_refunded"])
    dispute["status"] = "warning_needs_response" if inquiry else "needs_response"
    dispute["is_charge_refundable"] = inquiry
    charge["disputed"] = True
    work.save(charge)
    work.save(dispute)
    work.emit("charge.dispute.created", dispute)
    if not inquiry:
        charge["_charged_back"] = True
        _move(work, dispute, -dispute["amount"], DISPUTE_FEE)
        work.emit("charge.dispute.funds_withdrawn", dispute)
    return dispute


def decide(work: Work, dispute: Json, *, won: bool) -> Json:
    """Close a dispute as the bank decides: if it is won, the withdrawn money is returned."""
    if dispute["status"] in ("won", "lost", "warning_closed"):
        raise invalid(f"This dispute is already closed: {dispute['status']}.", code="dispute_already_closed")
    withdrawn = not dispute["status"].startswith("warning_")
    before = copy.deepcopy(dispute)
    dispute["status"] = ("won" if won else "lost") if withdrawn else "warning_closed"
    work.save(dispute)
    if won and withdrawn:
        charge = work.need("charge", dispute["charge"])
        charge["_charged_back"] = False
        work.save(charge)
        _move(work, dispute, dispute["amount"], -DISPUTE_FEE)
        work.emit("charge.dispute.funds_reinstated", dispute)
    work.emit("charge.dispute.closed", dispute, replaced(before, dispute))
    return dispute


def retrieve(work: Work, _params: Json, identifier: str) -> Json:
    """Return a dispute."""
    return work.need("dispute", identifier)


def list_all(work: Work, params: Json) -> Json:
    """List disputes, optionally of one charge or payment intent."""
    return listed(work, "dispute", params, "/v1/disputes", "charge", "payment_intent")


def close(work: Work, _params: Json, identifier: str) -> Json:
    """Accept a dispute: it is lost."""
    return decide(work, work.need("dispute", identifier), won=False)


def update(work: Work, params: Json, identifier: str) -> Json:
    """Add evidence. As in Stripe's test mode, `winning_evidence` and `losing_evidence` decide the dispute."""
    dispute = work.need("dispute", identifier)
    if not dispute["status"].endswith("needs_response"):
        raise invalid("This dispute is no longer waiting for evidence.", param="evidence")
    before = copy.deepcopy(dispute)
    evidence = params.get("evidence", {})
    dispute["evidence"] |= {name: value or None for name, value in evidence.items()}
    dispute["metadata"] = metadata.merged(dispute["metadata"], params.get("metadata", {}))
    if params.get("submit", True) and evidence:
        _submit(work, dispute, evidence)
    work.save(dispute)
    work.emit("charge.dispute.updated", dispute, replaced(before, dispute))
    return dispute


def _submit(work: Work, dispute: Json, evidence: Json) -> None:
    dispute["status"] = dispute["status"].replace("needs_response", "under_review")
    dispute["evidence_details"] |= {"has_evidence": True, "submission_count": 1, "submission_method": "manual"}
    text = evidence.get("uncategorized_text")
    if text in ("winning_evidence", "losing_evidence"):
        outcome = "won" if text == "winning_evidence" else "lost"
        work.later("close_dispute", dispute=dispute["id"], outcome=outcome)


def _move(work: Work, dispute: Json, amount: int, fee_amount: int) -> None:
    fees = [balance.fee(fee_amount, dispute["currency"], "Dispute fee", "stripe_fee")]
    category = "dispute" if amount < 0 else "dispute_reversal"
    movement = balance.move(work, "adjustment", dispute, amount, fees=fees, category=category)
    dispute["balance_transactions"].append(shown(work.need("balance_transaction", movement)))
    work.save(dispute)


def _blank(work: Work, charge: Json, reason: str, amount: int) -> Json:
    code = REASON_CODES.get(reason, "10.4")
    brand = charge["payment_method_details"]["card"]["brand"]
    card = {"brand": brand, "case_type": "chargeback", "network": brand, "network_reason_code": code}
    return {
        "id": new_id("du"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": work.now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": dict.fromkeys(EVIDENCE) | {"enhanced_evidence": {}},
        "evidence_details": {
            "due_by": work.now + DAYS_TO_RESPOND * balance.SECONDS_A_DAY,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "network_reason_code": code,
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {"card": card, "type": "card"},
        "reason": reason,
    }
