"""Events: what happened to an object, kept for `/v1/events` and sent to the webhooks.

https://docs.stripe.com/api/events/object
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import stripe

from local.stripe_emulator.errors import Json
from local.stripe_emulator.ids import new_id

if TYPE_CHECKING:
    from local.stripe_emulator.work import Work


def build(work: Work, type: str, body: Json, previous: Json | None) -> Json:
    """Return a new event with the current state of the object."""
    data: Json = {"object": shown(body)}
    if previous is not None:
        data["previous_attributes"] = copy.deepcopy(previous)
    event: Json = {
        "id": new_id("evt"),
        "object": "event",
        "api_version": stripe.api_version,
        "created": work.now,
        "data": data,
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": work.cause.request_id, "idempotency_key": work.cause.idempotency_key},
        "type": type,
    }
    if work.connected:
        event["account"] = work.account
    return event


def shown(body: Any) -> Any:
    """Return a copy of an object without the emulator's internal fields."""
    if isinstance(body, dict):
        return {name: shown(value) for name, value in body.items() if not name.startswith("_")}
    if isinstance(body, list):
        return [shown(item) for item in body]
    return body


def replaced(before: Json, after: Json) -> Json:
    """Return the values that an update replaced, as `data.previous_attributes` shows them."""
    return {name: value for name, value in shown(before).items() if after.get(name) != value}
