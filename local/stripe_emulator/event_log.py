"""`/v1/events`: what happened in an account (https://docs.stripe.com/api/events)."""

from __future__ import annotations

from fnmatch import fnmatchcase

from local.stripe_emulator.errors import Json, unsupported
from local.stripe_emulator.listing import in_range, page
from local.stripe_emulator.work import Work

PENDING = ("pending", "held")


def retrieve(work: Work, _params: Json, identifier: str) -> Json:
    """Return an event."""
    return _with_pending(work, work.need("event", identifier))


def list_all(work: Work, params: Json) -> Json:
    """List events by type (with `*` as a wildcard), types and time."""
    if "delivery_success" in params:
        raise unsupported("delivery_success")
    types = params.get("types") or [params.get("type", "*")]

    def matches(event: Json) -> bool:
        wanted = any(fnmatchcase(event["type"], pattern) for pattern in types)
        return wanted and in_range(event["created"], params.get("created"))

    listed = page([*work.all("event", matches)], params, "/v1/events", "event")
    return listed | {"data": [_with_pending(work, event) for event in listed["data"]]}


def _with_pending(work: Work, event: Json) -> Json:
    """Return an event with the number of endpoints that have not taken it yet, but are still asked to."""
    waiting = work.all("_delivery", lambda each: each["event"] == event["id"] and each["state"] in PENDING)
    return event | {"pending_webhooks": sum(1 for _ in waiting)}
