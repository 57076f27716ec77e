"""`expand[]`: replaces ids in an answer by the whole objects (https://docs.stripe.com/api/expanding_objects)."""

from __future__ import annotations

from typing import Any

from local.stripe_emulator.errors import Json, invalid
from local.stripe_emulator.events import shown
from local.stripe_emulator.ids import kind_of
from local.stripe_emulator.work import Work

DEEPEST = 4
EXPANDABLE = {
    "application_fee": {"account", "balance_transaction", "charge"},
    "balance_transaction": {"source"},
    "charge": {
        "application_fee", "balance_transaction", "customer", "failure_balance_transaction", "payment_intent",
        "refunds",
    },
    "customer": {"default_source"},
    "dispute": {"charge", "payment_intent"},
    "payment_intent": {"customer", "latest_charge", "on_behalf_of", "payment_method"},
    "payment_method": {"customer"},
    "fee_refund": {"balance_transaction", "fee"},
    "radar.early_fraud_warning": {"charge", "payment_intent"},
    "refund": {"balance_transaction", "charge", "failure_balance_transaction", "payment_intent", "payment_method"},
    "setup_attempt": {"customer", "payment_method", "setup_intent"},
    "setup_intent": {"customer", "latest_attempt", "on_behalf_of", "payment_method"},
}  # fmt: skip


def expanded(work: Work, answer: Json, paths: list[str]) -> Json:
    """Return the answer with each path replaced by the object it names; refuse a path that cannot be expanded."""
    for path in paths:
        steps = path.split(".")
        if len(steps) > DEEPEST:
            raise invalid(f"You cannot expand more than {DEEPEST} levels of a property: {path}", param="expand")
        _expand(work, answer, steps, path)
    return answer


def _expand(work: Work, body: Any, steps: list[str], path: str) -> None:
    if not steps or not isinstance(body, dict):
        return
    step, rest = steps[0], steps[1:]
    if step == "data" and body.get("object") == "list":
        for item in body["data"]:
            _expand(work, item, rest, path)
        return
    if step not in EXPANDABLE.get(str(body.get("object")), ()):
        raise invalid(f"This property cannot be expanded ({path}).", param="expand")
    if step == "refunds":
        body["refunds"] = _refunds(work, body["id"])
    elif isinstance(body.get(step), str):
        body[step] = _whole(_owner(work, body, step), body[step])
    _expand(work, body[step], rest, path)


def _owner(work: Work, body: Json, step: str) -> Work:
    """Return the work for the account that holds the object: a fee is the platform's, its charge is not."""
    if step in ("account", "application_fee", "on_behalf_of"):
        return work.platform
    return work.beside(body["account"]) if (body["object"], step) == ("application_fee", "charge") else work


def _whole(work: Work, identifier: str) -> Any:
    kind = kind_of(identifier)
    found = work.get(kind, identifier) if kind else None
    return identifier if found is None else shown(found)


def _refunds(work: Work, charge: str) -> Json:
    refunds = [shown(refund) for refund in work.all("refund", lambda refund: refund["charge"] == charge)]
    return {"object": "list", "url": f"/v1/charges/{charge}/refunds", "has_more": False, "data": refunds}
