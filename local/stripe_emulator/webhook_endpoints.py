"""Webhook endpoints that are made through the API (https://docs.stripe.com/api/webhook_endpoints).

Each has a secret of its own, which only the answer to its creation tells, and gets only the events that it names. Its
API version stays as it was created. Endpoints with `connect` get the events of connected accounts, and no others.
Unlike Stripe's, they may be on this machine.
"""

from __future__ import annotations

from collections.abc import Iterator

import stripe

from local.stripe_emulator import metadata
from local.stripe_emulator.errors import Json, invalid, no_such, unsupported
from local.stripe_emulator.ids import new_id
from local.stripe_emulator.listing import listed
from local.stripe_emulator.work import NOUNS, Work

KIND = "webhook_endpoint"
MOST = 16
"""How many endpoints an account may have in one mode (https://docs.stripe.com/webhooks)."""
EVERY = "*"


def create(work: Work, params: Json) -> Json:
    """Create an endpoint; the answer is the only one with its secret."""
    if work.connected:
        raise unsupported("Stripe-Account", "It knows endpoints of the platform only.")
    _check_url(params["url"])
    if sum(1 for _ in work.all(KIND, _is_there)) >= MOST:
        raise invalid(f"You have reached the maximum of {MOST} test webhook endpoints.")
    endpoint: Json = {
        "id": new_id("we"),
        "object": KIND,
        "api_version": params.get("api_version"),
        "application": work.around.application if params.get("connect") else None,
        "created": work.now,
        "description": params.get("description") or None,
        "enabled_events": _events(params["enabled_events"]),
        "livemode": False,
        "metadata": metadata.merged({}, params.get("metadata") or {}),
        "status": "enabled",
        "url": params["url"],
        "_connect": bool(params.get("connect")),
        "_deleted": False,
        "_secret": new_id("whsec", 32),
    }
    work.save(endpoint)
    return endpoint | {"secret": endpoint["_secret"]}


def retrieve(work: Work, _params: Json, identifier: str) -> Json:
    """Return an endpoint, without its secret."""
    return _need(work, identifier)


def list_all(work: Work, params: Json) -> Json:
    """List the endpoints that were not deleted."""
    return listed(work, KIND, params | {"_deleted": False}, "/v1/webhook_endpoints", "_deleted")


def update(work: Work, params: Json, identifier: str) -> Json:
    """Change an endpoint: everything but its API version and whose events it gets."""
    endpoint = _need(work, identifier)
    if "url" in params:
        _check_url(params["url"])
        endpoint["url"] = params["url"]
    if "enabled_events" in params:
        endpoint["enabled_events"] = _events(params["enabled_events"])
    if "disabled" in params:
        endpoint["status"] = "disabled" if params["disabled"] else "enabled"
    if "description" in params:
        endpoint["description"] = params["description"] or None
    endpoint["metadata"] = metadata.merged(endpoint["metadata"], params.get("metadata") or {})
    return work.save(endpoint)


def delete(work: Work, _params: Json, identifier: str) -> Json:
    """Delete an endpoint: nothing is sent to it any more."""
    work.save(_need(work, identifier) | {"_deleted": True})
    return {"id": identifier, "object": KIND, "deleted": True}


def of_event(work: Work, event: Json) -> Iterator[Json]:
    """Yield the endpoints that an event of this work's account goes to."""
    for endpoint in work.platform.all(KIND, _is_there):
        is_wanted = EVERY in endpoint["enabled_events"] or event["type"] in endpoint["enabled_events"]
        if is_wanted and endpoint["status"] == "enabled" and endpoint["_connect"] == work.connected:
            yield endpoint


def version_of(endpoint: Json) -> str:
    """Return the API version of an endpoint's events: its own, or the account's."""
    return str(endpoint["api_version"] or stripe.api_version)


def _need(work: Work, identifier: str) -> Json:
    endpoint = work.get(KIND, identifier)
    if endpoint is None or endpoint["_deleted"]:
        raise no_such(NOUNS[KIND], identifier, param=None)
    return endpoint


def _is_there(endpoint: Json) -> bool:
    return not endpoint["_deleted"]


def _check_url(url: str) -> None:
    if not url.startswith(("http://", "https://")):
        raise invalid(
            "Invalid URL: An explicit scheme (such as https) must be provided.", param="url", code="url_invalid"
        )
    metadata.check_url(url, "url")


def _events(types: list[str]) -> list[str]:
    if not types:
        raise invalid("You must specify at least one event type in `enabled_events`.", param="enabled_events")
    return list(dict.fromkeys(types))
