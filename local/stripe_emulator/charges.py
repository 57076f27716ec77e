"""Charges: attempts to take money from a card, and the money they move (https://docs.stripe.com/api/charges)."""

from __future__ import annotations

from local.stripe_emulator import application_fees, balance
from local.stripe_emulator.card_errors import advice_of
from local.stripe_emulator.errors import Json
from local.stripe_emulator.events import shown
from local.stripe_emulator.ids import new_id, stable_text
from local.stripe_emulator.listing import listed
from local.stripe_emulator.test_cards import FRAUDULENT, Decline, Sequel
from local.stripe_emulator.work import Work

FROM_INTENT = (
    "amount", "currency", "customer", "description", "on_behalf_of", "receipt_email", "shipping",
    "statement_descriptor_suffix", "transfer_data", "transfer_group", "application_fee_amount", "application",
)  # fmt: skip
NO_ADVICE: Json = {"advice_code": None, "network_advice_code": None, "network_decline_code": None}
APPROVED: Json = NO_ADVICE | {
    "network_status": "approved_by_network",
    "reason": None,
    "risk_level": "normal",
    "risk_score": 20,
    "seller_message": "Payment complete.",
    "type": "authorized",
}


def attempt(work: Work, intent: Json, method: Json, *, authenticated: bool) -> Json:
    """Start a charge for a payment intent; `succeed`, `fail` or `hold` completes it."""
    charge: Json = {name: intent.get(name) for name in FROM_INTENT}
    charge |= {
        "id": new_id("ch"),
        "object": "charge",
        "amount_captured": 0,
        "amount_refunded": 0,
        "application_fee": None,
        "authorization_code": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "STRIPE EMULATOR",
        "captured": False,
        "created": work.now,
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "paid": False,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": _details(charge, method, authenticated=authenticated),
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "_number": method["_number"],
    }
    return charge


def succeed(work: Work, charge: Json) -> None:
    """Take the money: the charge is paid and the balance increases."""
    settle(work, charge)
    work.save(charge)
    work.emit("charge.succeeded", charge)


def settle(work: Work, charge: Json) -> None:
    """Mark a charge as paid and record the movement."""
    charge |= {
        "amount_captured": charge["amount"],
        "captured": True,
        "outcome": dict(APPROVED),
        "paid": True,
        "receipt_url": f"https://pay.stripe.com/receipts/{stable_text(charge['id'], 20)}",
        "status": "succeeded",
    }
    fees = [balance.card_fee(charge["amount"], charge["currency"]), *application_fees.collect(work, charge)]
    charge["balance_transaction"] = balance.move(work, "charge", charge, charge["amount"], fees=fees)


def fail(work: Work, charge: Json, decline: Decline) -> None:
    """Record that the card was declined: no money moves."""
    charge |= {
        "failure_code": decline.code,
        "failure_message": decline.message,
        "outcome": _refused(decline),
        "status": "failed",
    }
    work.save(charge)
    work.emit("charge.failed", charge)


def hold(work: Work, charge: Json) -> None:
    """Leave a charge pending: the bank reports the outcome later."""
    charge |= {"outcome": dict(APPROVED), "status": "pending", "captured": True}
    work.save(charge)
    work.emit("charge.pending", charge)


def schedule_sequel(work: Work, charge: Json, sequel: Sequel) -> None:
    """Schedule the dispute, inquiry or fraud warning that follows a charge of certain test cards."""
    if sequel in (Sequel.FRAUDULENT_DISPUTE, Sequel.NOT_RECEIVED_DISPUTE):
        work.later("open_dispute", charge=charge["id"], reason=sequel.value)
    elif sequel is Sequel.INQUIRY:
        work.later("open_inquiry", charge=charge["id"])
    elif sequel is Sequel.EARLY_FRAUD_WARNING:
        work.later("warn_of_fraud", charge=charge["id"])


def warn_of_fraud(work: Work, charge: Json) -> Json:
    """Report an early fraud warning of the card's issuer."""
    warning: Json = {
        "id": new_id("issfr"),
        "object": "radar.early_fraud_warning",
        "actionable": not charge["refunded"] and not charge["disputed"],
        "charge": charge["id"],
        "created": work.now,
        "fraud_type": "made_with_stolen_card",
        "livemode": False,
        "payment_intent": charge["payment_intent"],
    }
    work.save(warning)
    work.emit("radar.early_fraud_warning.created", warning)
    return warning


def retrieve(work: Work, _params: Json, identifier: str) -> Json:
    """Return a charge."""
    return work.need("charge", identifier)


def list_all(work: Work, params: Json) -> Json:
    """List charges, optionally of one customer or payment intent."""
    return listed(work, "charge", params, "/v1/charges", "customer", "payment_intent", "transfer_group")


def latest_of(work: Work, intent: Json) -> Json:
    """Return the latest charge of an intent."""
    return work.need("charge", intent["latest_charge"], "payment_intent")


def _details(charge: Json, method: Json, *, authenticated: bool) -> Json:
    card = shown({name: value for name, value in method["card"].items() if name not in UNCHARGED})
    card |= {
        "amount_authorized": charge["amount"],
        "authorization_code": stable_text(method["id"], 6),
        "extended_authorization": {"status": "disabled"},
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": method["card"]["brand"],
        "network_token": {"used": False},
        "transaction_link_id": None,
        "network_transaction_id": stable_text(method["id"] + charge["currency"], 15),
        "overcapture": {"maximum_amount_capturable": charge["amount"], "status": "unavailable"},
        "three_d_secure": AUTHENTICATED if authenticated else None,
    }
    return {"card": card, "type": "card"}


UNCHARGED = ("display_brand", "generated_from", "networks", "three_d_secure_usage")
AUTHENTICATED: Json = {
    "authentication_flow": "challenge",
    "electronic_commerce_indicator": "05",
    "exemption_indicator": None,
    "result": "authenticated",
    "result_reason": None,
    "transaction_id": None,
    "version": "2.2.0",
}


def _refused(decline: Decline) -> Json:
    if decline is FRAUDULENT:
        return NO_ADVICE | {
            "network_status": "not_sent_to_network",
            "reason": "highest_risk_level",
            "risk_level": "highest",
            "risk_score": 92,
            "seller_message": "Stripe blocked this payment as too risky.",
            "type": "blocked",
        }
    return NO_ADVICE | {
        "advice_code": advice_of(decline),
        "network_status": "declined_by_network",
        "reason": decline.decline_code,
        "risk_level": "normal",
        "risk_score": 20,
        "seller_message": "The bank did not return any further details with this decline.",
        "type": "issuer_declined",
    }
