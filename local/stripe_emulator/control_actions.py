"""Actions of cardholders, banks and users of the dashboard, for the control API. Their events name no request."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from local.stripe_emulator import (
    accounts,
    challenges,
    charges,
    confirmation,
    customers,
    disputes,
    payment_methods,
    refunds,
    restrictions,
)
from local.stripe_emulator.errors import Json, invalid
from local.stripe_emulator.events import replaced
from local.stripe_emulator.work import Work


def connect_account(work: Work, params: Json) -> Json:
    """Create an account and connect it, without OAuth's pages; return its id and keys.

    One that is `controlled_by` another platform is created, but cannot be connected.
    """
    account = work.get("account", params["id"]) if "id" in params else None
    if account is None:
        name, other = params.get("name", "Example Agency"), params.get("controlled_by")
        account = accounts.new(work, name, params.get("id"), controlled_by=other)
    if not account["_connected"] and not account["_controlled_by"]:
        accounts.connect(work, account)
    return {"id": account["id"], "secret_key": account["_secret_key"], "publishable_key": account["_publishable_key"]}


def authenticate(work: Work, identifier: str, params: Json) -> Json:
    """Complete (`succeed`) or fail (`fail`) the 3-D Secure challenge, as the cardholder."""
    return challenges.finish(work, identifier, succeeded=_choice(params, "outcome", "succeed", "fail") == "succeed")


def settle(work: Work, identifier: str, params: Json) -> Json:
    """Settle a payment that is processing, as the bank."""
    intent = work.need("payment_intent", identifier)
    if intent["status"] != "processing":
        raise invalid(f"{identifier} is not processing; its status is {intent['status']}.")
    confirmation.settle(work, intent, succeeded=_choice(params, "outcome", "succeed", "fail") == "succeed")
    return intent


def dispute(work: Work, identifier: str, params: Json) -> Json:
    """Dispute a charge, given by its own id or its payment intent's, as the cardholder."""
    charge = _charge(work, identifier)
    reason, amount = params.get("reason", "fraudulent"), params.get("amount")
    return disputes.open_on(work, charge, reason=reason, amount=amount, inquiry=bool(params.get("inquiry")))


def win(work: Work, identifier: str, _params: Json) -> Json:
    """Decide a dispute for the merchant, as the bank."""
    return disputes.decide(work, work.need("dispute", identifier), won=True)


def lose(work: Work, identifier: str, _params: Json) -> Json:
    """Decide a dispute against the merchant, as the bank."""
    return disputes.decide(work, work.need("dispute", identifier), won=False)


def warn(work: Work, identifier: str, _params: Json) -> Json:
    """Warn of fraud, as the card's issuer."""
    return charges.warn_of_fraud(work, _charge(work, identifier))


def refund(work: Work, identifier: str, params: Json) -> Json:
    """Refund a charge in the dashboard."""
    wanted = {name: params[name] for name in ("amount", "reason", "metadata") if name in params}
    return refunds.create(work, wanted | {"charge": _charge(work, identifier)["id"]})


def fail_refund(work: Work, identifier: str, params: Json) -> Json:
    """Fail a refund, as the bank."""
    return refunds.fail(work, work.need("refund", identifier), params.get("reason", "unknown"))


def finish_refund(work: Work, identifier: str, _params: Json) -> Json:
    """Accept a pending refund, as the bank."""
    return refunds.finish(work, work.need("refund", identifier))


def detach(work: Work, identifier: str, _params: Json) -> Json:
    """Remove a card in the dashboard."""
    return payment_methods.detach(work, {}, identifier)


def renew(work: Work, identifier: str, params: Json) -> Json:
    """Give a card a new expiry, as its issuer; Stripe updates the card automatically."""
    method = work.need("payment_method", identifier)
    before = copy.deepcopy(method)
    method["card"] |= {name: params[name] for name in ("exp_month", "exp_year") if name in params}
    work.save(method)
    work.emit("payment_method.automatically_updated", method, replaced(before, method))
    return method


def delete_customer(work: Work, identifier: str, _params: Json) -> Json:
    """Delete a customer in the dashboard."""
    return customers.delete(work, {}, identifier)


def cut_off(work: Work, identifier: str, _params: Json) -> Json:
    """Revoke the platform's access in the dashboard, as the account's owner."""
    account = work.need("account", identifier)
    if account["_connected"]:
        accounts.disconnect(work, account)
    return account


def restrict(work: Work, identifier: str, params: Json) -> Json:
    """Disable an account for one of Stripe's reasons, as Stripe."""
    reason = params.get("disabled_reason", "requirements.past_due")
    return restrictions.disable(work, work.need("account", identifier), reason)


def unrestrict(work: Work, identifier: str, _params: Json) -> Json:
    """Let an account charge, as Stripe."""
    return restrictions.enable(work, work.need("account", identifier))


def empty(work: Work, identifier: str, _params: Json) -> Json:
    """Leave an account without the money for its refunds: they wait."""
    return work.save(work.need("account", identifier) | {"_empty": True})


def fill(work: Work, identifier: str, _params: Json) -> Json:
    """Give an account the money that its refunds wait for."""
    account = work.save(work.need("account", identifier) | {"_empty": False})
    theirs = work.beside(identifier)
    for waiting in refunds.unfunded(theirs):
        refunds.finish(theirs, waiting)
    return account


ACTIONS: dict[tuple[str, str], Callable[[Work, str, Json], Any]] = {
    ("payment_intents", "authenticate"): authenticate,
    ("setup_intents", "authenticate"): authenticate,
    ("payment_intents", "settle"): settle,
    ("payment_intents", "dispute"): dispute,
    ("payment_intents", "refund"): refund,
    ("payment_intents", "fraud_warning"): warn,
    ("charges", "dispute"): dispute,
    ("charges", "refund"): refund,
    ("charges", "fraud_warning"): warn,
    ("disputes", "win"): win,
    ("disputes", "lose"): lose,
    ("refunds", "fail"): fail_refund,
    ("refunds", "succeed"): finish_refund,
    ("payment_methods", "detach"): detach,
    ("payment_methods", "renew"): renew,
    ("customers", "delete"): delete_customer,
    ("accounts", "disconnect"): cut_off,
    ("accounts", "restrict"): restrict,
    ("accounts", "unrestrict"): unrestrict,
    ("accounts", "empty"): empty,
    ("accounts", "fill"): fill,
}


def _charge(work: Work, identifier: str) -> Json:
    if identifier.startswith("pi_"):
        intent = work.need("payment_intent", identifier)
        if intent["latest_charge"] is None:
            raise invalid(f"{identifier} has no charge.")
        return charges.latest_of(work, intent)
    return work.need("charge", identifier)


def _choice(params: Json, name: str, *choices: str) -> str:
    value = params.get(name, choices[0])
    if value not in choices:
        raise invalid(f"{name} must be one of: {', '.join(choices)}", param=name)
    return str(value)
