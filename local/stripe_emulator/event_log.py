"""`/v1/events`: what happened in an account (https://docs.stripe.com/api/events)."""

from __future__ import annotations

from fnmatch import fnmatchcase

from local.stripe_emulator.errors import Json, unsupported
from local.stripe_emulator.listing import in_range, page
from local.stripe_emulator.work import Work


def retrieve(work: Work, _params: Json, identifier: str) -> Json:
    """Return an event."""
    return work.need("event", identifier)


def list_all(work: Work, params: Json) -> Json:
    """List events by type (with `*` as a wildcard), types and time."""
    if "delivery_success" in params:
        raise unsupported("delivery_success")
    types = params.get("types") or [params.get("type", "*")]

    def matches(event: Json) -> bool:
        wanted = any(fnmatchcase(event["type"], pattern) for pattern in types)
        return wanted and in_range(event["created"], params.get("created"))

    return page([*work.all("event", matches)], params, "/v1/events", "event")
