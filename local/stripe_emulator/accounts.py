"""Stripe accounts: the platform's own, and the ones that are connected to it (https://docs.stripe.com/connect)."""

from __future__ import annotations

import copy

from local.stripe_emulator import metadata
from local.stripe_emulator.errors import ApiError, Json, invalid, malformed, no_access
from local.stripe_emulator.events import replaced
from local.stripe_emulator.ids import new_id, stable_text
from local.stripe_emulator.listing import page
from local.stripe_emulator.work import Work

CREATE = ("business_profile", "business_type", "capabilities", "controller", "country", "email", "metadata")
UPDATE = ("business_profile", "email", "metadata")
OWNERS_OWN = ("business_profile", "email")
COUNTRIES = frozenset(
    "AE AT AU BE BG BR CA CH CY CZ DE DK EE ES FI FR GB GI GR HK HR HU IE IN IT JP LI LT LU LV MT MX MY NL NO NZ PL PT "
    "RO SE SG SI SK TH US".split()
)
"""Where businesses can have an account (https://stripe.com/global)."""
NO_PROFILE: Json = dict.fromkeys(
    (
        "annual_revenue", "estimated_worker_count", "mcc", "minority_owned_business_designation", "name",
        "product_description", "support_address", "support_email", "support_phone", "support_url", "url",
    )
)  # fmt: skip
NOT_A_PLATFORM = (
    "You can only create new accounts if you've signed up for Connect, which you can do at "
    "https://dashboard.stripe.com/connect."
)


def retrieve_own(work: Work, _params: Json) -> Json:
    """Return the account that the call acts on."""
    if work.connected:
        return work.platform.need("account", work.account)
    return _body(work.account, "Platform", "platform@example.com", 0) | {
        "charges_enabled": work.account not in work.around.restricted
    }


def retrieve(work: Work, params: Json, identifier: str) -> Json:
    """Return the caller's own account, or to the platform an account that is connected."""
    return retrieve_own(work, params) if identifier == work.account else connected(work, identifier)


def connected(work: Work, identifier: str) -> Json:
    """Return an account that is connected to the caller. Raises Stripe's 403 for any other: it may not even exist."""
    account = None if work.connected else work.get("account", identifier)
    if account is None or not account["_connected"]:
        raise no_access(work.cause.key, identifier)
    return account


def list_all(work: Work, params: Json) -> Json:
    """List the accounts that are connected to the caller: to a connected account, none."""
    found = [] if work.connected else [*work.all("account", lambda account: bool(account["_connected"]))]
    return page(found, params, "/v1/accounts", "account")


def create(work: Work, params: Json) -> Json:
    """Create an account that the platform controls. Its owner has still to say who they are: it cannot charge yet."""
    if work.connected:
        raise ApiError(400, NOT_A_PLATFORM)
    controller = _controller(params.get("controller", {}))
    metadata.check_email(params.get("email"), "email")
    identifier = new_id("acct", 16)
    account = _body(identifier, None, params.get("email"), work.now) | _private() | _not_onboarded(params)
    account |= {"controller": controller, "country": _country(params.get("country", "US")), "type": "none"}
    account |= {"business_type": params.get("business_type"), "_connected": True}
    _apply(account, params)
    return work.save(account)


def update(work: Work, params: Json, identifier: str) -> Json:
    """Change what the platform may change: metadata, and of an account that it controls, what it has told of it."""
    account = connected(work, identifier)
    if account["controller"]["type"] == "account":
        for name in OWNERS_OWN:
            if name in params:
                raise _not_permitted(name, identifier)
    before = copy.deepcopy(account)
    metadata.check_email(params.get("email"), "email")
    _apply(account, params)
    return changed(work, account, before)


def delete(work: Work, _params: Json, identifier: str) -> Json:
    """Delete an account that the platform has created; in test mode, that is always possible."""
    account = connected(work, identifier)
    if account["controller"]["type"] == "account":
        raise _not_permitted("delete", identifier)
    account |= {"_connected": False, "_secret_key": None, "_publishable_key": None}
    work.platform.save(account)
    return {"id": identifier, "object": "account", "deleted": True}


def changed(work: Work, account: Json, before: Json) -> Json:
    """Save an account and report what has changed of it, if anything has."""
    previous = replaced(before, account)
    work.platform.save(account)
    if previous:
        work.beside(account["id"]).emit("account.updated", account, previous)
    return account


def new(work: Work, name: str, identifier: str | None = None, controlled_by: str | None = None) -> Json:
    """Return a new account of an owner who came to Stripe by themselves, or through another platform."""
    identifier = identifier or new_id("acct", 16)
    email = f"owner+{stable_text(identifier, 6).lower()}@example.com"
    account = _body(identifier, name, email, work.now) | _private() | {"_controlled_by": controlled_by}
    return work.platform.save(account)


def is_connected(work: Work) -> bool:
    """Tell whether the platform may hear of the account that the work is for: its own always."""
    if not work.connected:
        return True
    account = work.platform.get("account", work.account)
    return account is not None and bool(account["_connected"])


def connect(work: Work, account: Json) -> Json:
    """Connect an account and give it new keys."""
    account["_connected"] = True
    account["_secret_key"] = new_id("sk_test", 32)
    account["_publishable_key"] = new_id("pk_test", 32)
    work.platform.save(account)
    work.beside(account["id"]).emit("account.application.authorized", _application(work))
    return account


def disconnect(work: Work, account: Json) -> None:
    """Revoke the platform's access. The account's objects are kept, and accessible again when it is reconnected."""
    work.beside(account["id"]).emit("account.application.deauthorized", _application(work))
    account["_revoked_keys"] += [key for key in (account["_secret_key"], account["_publishable_key"]) if key]
    account |= {"_connected": False, "_secret_key": None, "_publishable_key": None}
    work.platform.save(account)


def _application(work: Work) -> Json:
    return {"id": work.around.application, "object": "application", "name": "Platform"}


def _apply(account: Json, params: Json) -> None:
    if "email" in params:
        account["email"] = params["email"]
    account["business_profile"] |= {name: value or None for name, value in params.get("business_profile", {}).items()}
    account["metadata"] = metadata.merged(account["metadata"], params.get("metadata", {}))


def _country(code: str) -> str:
    if code.upper() not in COUNTRIES:
        raise invalid(f"{code} is not currently supported by Stripe", param="country", code="country_unsupported")
    return code.upper()


def _controller(asked: Json) -> Json:
    payer, losses = asked.get("fees", {}).get("payer", "account"), asked.get("losses", {}).get("payments", "stripe")
    if losses == "application" and payer != "application":
        message = "Setting `controller.losses.payments=application` requires `controller.fees.payer=application`."
        raise malformed(message, param="controller[fees][payer]")
    return {
        "fees": {"payer": payer},
        "is_controller": True,
        "losses": {"payments": losses},
        "requirement_collection": asked.get("requirement_collection", "stripe"),
        "stripe_dashboard": {"type": asked.get("stripe_dashboard", {}).get("type", "full")},
        "type": "application",
    }


def _not_onboarded(params: Json) -> Json:
    asked = [name for name, wanted in params.get("capabilities", {}).items() if wanted.get("requested")]
    due = ["business_profile.url", "business_type", "external_account", "tos_acceptance.date", "tos_acceptance.ip"]
    requirements = {"currently_due": due, "disabled_reason": "requirements.past_due", "past_due": due}
    return {
        "capabilities": dict.fromkeys(asked or ("card_payments", "transfers"), "inactive"),
        "charges_enabled": False,
        "details_submitted": False,
        "payouts_enabled": False,
        "requirements": _no_requirements() | copy.deepcopy(requirements),
    }


def _not_permitted(name: str, identifier: str) -> ApiError:
    message = (
        f"This application does not have the required permissions for the parameter '{name}' on account '{identifier}'."
    )
    return ApiError(403, message)


def _private() -> Json:
    hidden: Json = {"_connected": False, "_revoked_keys": [], "_secret_key": None, "_publishable_key": None}
    return hidden | {"_controlled_by": None, "_empty": False}


def _no_requirements() -> Json:
    lists: Json = {
        name: [] for name in ("currently_due", "errors", "eventually_due", "past_due", "pending_verification")
    }
    return lists | {"alternatives": [], "current_deadline": None, "disabled_reason": None}


def _settings(name: str | None) -> Json:
    scripts = ("", "_kana", "_kanji")
    prefixes = dict.fromkeys(f"statement_descriptor_prefix{script}" for script in scripts)
    descriptors = dict.fromkeys(f"statement_descriptor{script}" for script in scripts)
    descriptors["statement_descriptor"] = None if name is None else name.upper()[:22]
    return {
        "branding": dict.fromkeys(("icon", "logo", "primary_color", "secondary_color")),
        "card_payments": {"decline_on": {"avs_failure": False, "cvc_failure": False}} | prefixes,
        "dashboard": {"display_name": name, "timezone": "Etc/UTC"},
        "payments": descriptors | {name: prefixes[name] for name in list(prefixes)[1:]},
        "payouts": {
            "debit_negative_balances": True,
            "schedule": {"delay_days": 2, "interval": "daily"},
            "statement_descriptor": None,
        },
    }


def _body(identifier: str, name: str | None, email: str | None, created: int) -> Json:
    return {
        "id": identifier,
        "object": "account",
        "business_profile": NO_PROFILE | {"name": name, "support_email": email},
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
        "requirements": _no_requirements(),
        "settings": _settings(name),
        "type": "standard",
    }
