"""The door to Stripe for its set-up: reads the account, and makes, changes and deletes webhook endpoints."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from chalicelib.settings import settings
from chalicelib.stripe_api.client import ask, ask_as_browser, ask_oauth
from chalicelib.stripe_api.errors import NotAtStripe, StripeRefused, StripeUnavailable
from chalicelib.stripe_api.stripe_account import PLATFORM
from ops.stripe_account.endpoints import SECRET, Endpoint, Wanted, hash_of, parse_endpoint
from ops.stripe_account.permissions import READABLE

NOBODY: Final = "acct_0000000000000000"
"""An account that does not exist: giving up access to it does nothing, and tells whether the client id is known."""


class Made(msgspec.Struct, frozen=True):
    """An endpoint that was just created, with the secret that only its creation tells."""

    endpoint: Endpoint
    secret: str


def read_account() -> dict[str, Any]:
    """Return the platform's own account. Raises StripeUnavailable, StripeRefused."""
    return ask("set_up", PLATFORM, lambda v1: v1.accounts.retrieve_current().to_dict())


def list_endpoints() -> list[Endpoint]:
    """Return all endpoints of the account, in the key's mode. Raises StripeUnavailable, StripeRefused."""
    found = ask(
        "set_up",
        PLATFORM,
        lambda v1: [each.to_dict() for each in v1.webhook_endpoints.list({"limit": 100}).auto_paging_iter()],
    )
    return [parse_endpoint(each) for each in found]


def find_endpoint(endpoint_id: str) -> Endpoint:
    """Return an endpoint as it is now. Raises StripeUnavailable, StripeRefused."""
    return parse_endpoint(ask("set_up", PLATFORM, lambda v1: v1.webhook_endpoints.retrieve(endpoint_id).to_dict()))


def create_endpoint(wanted: Wanted) -> Made:
    """Create an endpoint. Raises StripeUnavailable, StripeRefused."""
    params: Any = {
        "url": wanted.url,
        "enabled_events": list(wanted.events),
        "api_version": wanted.api_version,
        "connect": wanted.kind == "connect",
        "description": f"{settings().deployment}: {wanted.kind} events",
        "metadata": wanted.metadata,
    }
    found = ask("set_up", PLATFORM, lambda v1: v1.webhook_endpoints.create(params).to_dict())
    return Made(parse_endpoint(found), str(found["secret"]))


def note_stored_secret(endpoint_id: str, secret: str) -> None:
    """Note on an endpoint that its secret is stored. Raises StripeUnavailable, StripeRefused."""
    update_endpoint(endpoint_id, {"metadata": {SECRET: hash_of(secret)}})


def update_endpoint(endpoint_id: str, changes: Mapping[str, Any]) -> None:
    """Change an endpoint. Raises StripeUnavailable, StripeRefused."""
    params: Any = dict(changes)
    ask("set_up", PLATFORM, lambda v1: v1.webhook_endpoints.update(endpoint_id, params))


def delete_endpoint(endpoint_id: str) -> None:
    """Delete an endpoint, if it is still there. Raises StripeUnavailable, StripeRefused."""
    try:
        ask("set_up", PLATFORM, lambda v1: v1.webhook_endpoints.delete(endpoint_id))
    except StripeRefused as error:
        if error.code != "resource_missing":
            raise


def find_domain(name: str) -> bool:
    """Tell whether a domain is registered for wallets. Raises StripeUnavailable, StripeRefused."""
    found = ask("set_up", PLATFORM, lambda v1: v1.payment_method_domains.list({"domain_name": name}).data)
    return any(each.enabled for each in found)


def register_domain(name: str) -> None:
    """Register a domain for wallets, or switch it on. Raises StripeUnavailable, StripeRefused."""
    domain = ask("set_up", PLATFORM, lambda v1: v1.payment_method_domains.create({"domain_name": name}))
    if not domain.enabled:
        ask("set_up", PLATFORM, lambda v1: v1.payment_method_domains.update(domain.id, {"enabled": True}))


def portal_host() -> str:
    """Return the host of the portal's pages."""
    return urlsplit(settings().portal_base_url).hostname or ""


def client_id_problem() -> str | None:
    """Return why Stripe does not know the platform's client id, if it does not. Nothing is changed."""
    client_id = str(settings().stripe_connect_client_id)
    try:
        ask_oauth("set_up", lambda oauth: oauth.deauthorize({"client_id": client_id, "stripe_user_id": NOBODY}))
    except NotAtStripe:
        return None
    except (StripeUnavailable, StripeRefused) as error:
        return error.reason
    return None


def publishable_key_problem(publishable_key: str) -> str | None:
    """Return why a publishable key is not of the secret key's account, if it is not.

    A browser may read an intent of its own account, by the intent's client secret. None also if there is none to read.
    """
    try:
        intents = ask("set_up", PLATFORM, lambda v1: v1.setup_intents.list({"limit": 1}).data)
    except (StripeUnavailable, StripeRefused):
        return None  # `missing_permissions` tells of it
    if not intents:
        return None
    intent_id, secret = intents[0].id, str(intents[0].client_secret)
    try:
        ask_as_browser(
            "set_up", publishable_key, lambda v1: v1.setup_intents.retrieve(intent_id, {"client_secret": secret})
        )
    except (StripeUnavailable, StripeRefused) as error:
        return error.reason
    return None


def missing_permissions() -> list[str]:
    """Return Stripe's refusals of the reads that the product needs: what a restricted key may not do."""
    refusals = []
    for name in READABLE:
        try:
            ask("set_up", PLATFORM, partial(_read_one, name))
        except (StripeUnavailable, StripeRefused) as error:
            refusals.append(error.reason)
    return refusals


def _read_one(resource: str, v1: Any) -> None:
    getattr(v1, resource).list({"limit": 1})
