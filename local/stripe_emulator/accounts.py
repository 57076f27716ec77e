"""Stripe accounts: the platform's own, and the ones that are connected to it (https://docs.stripe.com/connect)."""

from __future__ import annotations

from local.stripe_emulator.errors import Json, no_such
from local.stripe_emulator.ids import new_id, stable_text
from local.stripe_emulator.listing import page
from local.stripe_emulator.work import Work


def retrieve_own(work: Work, params: Json) -> Json:
    """Return the account that the call acts on."""
    return retrieve(work, params, work.account)


def retrieve(work: Work, _params: Json, identifier: str) -> Json:
    """Return the platform's account, or a connected account if the platform or that account itself asks."""
    may_charge = {"charges_enabled": identifier not in work.around.restricted}
    if identifier == work.around.platform and not work.connected:
        return _body(identifier, "Platform", "platform@example.com", 0) | may_charge
    account = work.platform.get("account", identifier)
    if account is None or not account["_connected"] or (work.connected and work.account != identifier):
        raise no_such("account", identifier, param=None)
    return account | may_charge


def list_all(work: Work, params: Json) -> Json:
    """List the connected accounts."""
    connected = [*work.platform.all("account", lambda account: bool(account["_connected"]))]
    return page(connected, params, "/v1/accounts", "account")


def create(work: Work, name: str, identifier: str | None = None) -> Json:
    """Create an account that is not connected yet."""
    identifier = identifier or new_id("acct", 16)
    account = _body(identifier, name, f"owner+{stable_text(identifier, 6).lower()}@example.com", work.now)
    account |= {"_connected": False, "_revoked_keys": [], "_secret_key": None, "_publishable_key": None}
    return work.platform.save(account)


def connect(work: Work, account: Json) -> Json:
    """Connect an account and give it new keys."""
    account["_connected"] = True
    account["_secret_key"] = new_id("sk_test", 32)
    account["_publishable_key"] = new_id("pk_test", 32)
    work.platform.save(account)
    application = {"id": work.around.application, "object": "application", "name": "Platform"}
    work.beside(account["id"]).emit("account.application.authorized", application)
    return account


def disconnect(work: Work, account: Json) -> None:
    """Revoke the platform's access. The account's objects are kept, and accessible again when it is reconnected."""
    application = {"id": work.around.application, "object": "application", "name": "Platform"}
    work.beside(account["id"]).emit("account.application.deauthorized", application)
    account["_revoked_keys"] += [account["_secret_key"], account["_publishable_key"]]
    account |= {"_connected": False, "_secret_key": None, "_publishable_key": None}
    work.platform.save(account)


def _body(identifier: str, name: str, email: str, created: int) -> Json:
    requirements: Json = {"currently_due": [], "disabled_reason": None, "errors": [], "eventually_due": []}
    return {
        "id": identifier,
        "object": "account",
        "business_profile": {"name": name, "url": None, "support_email": email},
        "business_type": "company",
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "controller": {"type": "account"},
        "country": "US",
        "created": created,
        "default_currency": "usd",
        "details_submitted": True,
        "email": email,
        "metadata": {},
        "payouts_enabled": True,
        "requirements": requirements | {"past_due": [], "pending_verification": []},
        "settings": {"dashboard": {"display_name": name, "timezone": "Etc/UTC"}},
        "type": "standard",
    }
