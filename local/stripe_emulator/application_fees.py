"""Application fees: what the platform keeps of a payment on a connected account, and what it gives back of it.

They are the platform's: https://docs.stripe.com/api/application_fees.
"""

from __future__ import annotations

from local.stripe_emulator import balance, metadata
from local.stripe_emulator.currencies import display
from local.stripe_emulator.errors import Json, invalid, malformed, no_such
from local.stripe_emulator.events import shown
from local.stripe_emulator.ids import new_id
from local.stripe_emulator.listing import listed
from local.stripe_emulator.work import Work

REFUND = ("amount", "metadata")
KIND = "application_fee"


def collect(work: Work, charge: Json) -> list[Json]:
    """Take the fee of a charge on a connected account for the platform; return its part in the charge's fees."""
    amount = charge["application_fee_amount"]
    if not work.connected or not amount:
        return []
    fee: Json = {
        "id": new_id("fee"),
        "object": KIND,
        "account": work.account,
        "amount": amount,
        "amount_refunded": 0,
        "application": work.around.application,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": work.now,
        "currency": charge["currency"],
        "fee_source": {"charge": charge["id"], "type": "charge"},
        "livemode": False,
        "originating_transaction": None,
        "refunded": False,
    }
    fee["refunds"] = {
        "object": "list",
        "data": [],
        "has_more": False,
        "url": f"/v1/application_fees/{fee['id']}/refunds",
    }
    fee["balance_transaction"] = balance.move(work.platform, KIND, fee, amount, fees=[], category="platform_earning")
    charge["application_fee"] = fee["id"]
    work.platform.save(fee)
    work.platform.emit("application_fee.created", fee)
    return [_part(fee, amount, work.around.application)]


def give_back_with_refund(work: Work, charge: Json, amount: int) -> list[Json]:
    """Give back the part of the fee that belongs to a refund; return it as the refund's (negative) fees."""
    if charge["application_fee"] is None:
        message = f"Attempting to refund_application_fee on {charge['id']}, but it has no application fee"
        raise invalid(message, param="refund_application_fee")
    fee = work.platform.need(KIND, charge["application_fee"])
    is_whole = amount == charge["amount"]
    share = fee["amount"] if is_whole else (2 * fee["amount"] * amount + charge["amount"]) // (2 * charge["amount"])
    share = min(share, fee["amount"] - fee["amount_refunded"])
    if not share:
        return []
    _give_back(work.platform, fee, share, {})
    return [_part(fee, -share, work.around.application)]


def refund(work: Work, params: Json, identifier: str) -> Json:
    """Give back a fee, or a part of it, without refunding the payment."""
    fee = work.need(KIND, identifier)
    left = fee["amount"] - fee["amount_refunded"]
    amount = params.get("amount", left)
    if fee["refunded"]:
        raise invalid(f"Application fee {identifier} has already been refunded.", code="fee_already_refunded")
    if amount < 1:
        raise malformed("Invalid positive integer", param="amount", code="parameter_invalid_integer")
    if amount > left:
        asked, rest = display(amount, fee["currency"]), display(left, fee["currency"])
        raise invalid(f"Refund amount ({asked}) is greater than unrefunded amount on fee ({rest})", param="amount")
    given = _give_back(work, fee, amount, params.get("metadata", {}))
    balance.move(work.beside(fee["account"]), "application_fee_refund", given, amount, fees=[], category="fee")
    return given


def retrieve(work: Work, _params: Json, identifier: str) -> Json:
    """Return an application fee."""
    return work.need(KIND, identifier)


def list_all(work: Work, params: Json) -> Json:
    """List application fees, optionally of one charge."""
    return listed(work, KIND, params, "/v1/application_fees", "charge")


def retrieve_refund(work: Work, _params: Json, identifier: str, refund_id: str) -> Json:
    """Return a refund of a fee."""
    found = work.need("fee_refund", refund_id)
    if found["fee"] != identifier:
        raise no_such("fee_refund", refund_id, param=None)
    return found


def list_refunds(work: Work, params: Json, identifier: str) -> Json:
    """List the refunds of a fee."""
    fee = work.need(KIND, identifier)
    return listed(work, "fee_refund", params | {"fee": identifier}, fee["refunds"]["url"], "fee")


def _give_back(work: Work, fee: Json, amount: int, labels: Json) -> Json:
    given: Json = {
        "id": new_id("fr"),
        "object": "fee_refund",
        "amount": amount,
        "created": work.now,
        "currency": fee["currency"],
        "fee": fee["id"],
        "metadata": metadata.merged({}, labels),
    }
    given["balance_transaction"] = balance.move(
        work, "application_fee_refund", given, -amount, fees=[], category="platform_earning_refund"
    )
    fee["amount_refunded"] += amount
    fee["refunded"] = fee["amount_refunded"] == fee["amount"]
    fee["refunds"]["data"].insert(0, shown(given))
    work.save(given)
    work.save(fee)
    work.emit("application_fee.refunded", fee)
    return given


def _part(fee: Json, amount: int, application: str) -> Json:
    part = balance.fee(amount, fee["currency"], "Platform application fee", KIND)
    return part | {"application": application}
