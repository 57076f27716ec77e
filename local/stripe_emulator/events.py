"""Events: what happened to an object, kept for `/v1/events` and sent to the webhooks.

https://docs.stripe.com/api/events/object
"""

import copy
from dataclasses import dataclass
from typing import Any

import stripe

from local.stripe_emulator.errors import Json
from local.stripe_emulator.ids import new_id


@dataclass(frozen=True)
class Cause:
    """The API request that caused a change; empty for changes that are automatic or made in the dashboard.

    `key` is the API key, masked, for the messages that name it.
    """

    request_id: str | None = None
    idempotency_key: str | None = None
    key: str = ""


def new_event(type: str, body: Json, previous: Json | None, *, created: int, cause: Cause, account: str | None) -> Json:
    """Return an event with the current state of the object; `account` is there for a connected account."""
    data: Json = {"object": shown(body)}
    if previous is not None:
        data["previous_attributes"] = copy.deepcopy(previous)
    event: Json = {
        "id": new_id("evt"),
        "object": "event",
        "api_version": stripe.api_version,
        "created": created,
        "data": data,
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": cause.request_id, "idempotency_key": cause.idempotency_key},
        "type": type,
    }
    if account:
        event["account"] = account
    return event


def shown(body: Any) -> Any:
    """Return a copy of an object without the emulator's internal fields."""
    if isinstance(body, dict):
        return {name: shown(value) for name, value in body.items() if not name.startswith("_")}
    if isinstance(body, list):
        return [shown(item) for item in body]
    return body


def replaced(before: Json, after: Json) -> Json:
    """Return the values that an update replaced, as `data.previous_attributes` shows them: of an object, its parts."""
    old, new = shown(before), shown(after)
    changed = {name: value for name, value in old.items() if new.get(name) != value}
    parts = {name: replaced(old[name], new[name]) for name in changed if _are_objects(old[name], new.get(name))}
    return changed | parts | {name: None for name in new if name not in old}


def in_other_mode(event: Json) -> Json:
    """Return an event as the other mode's account would have sent it."""
    livemode = not event["livemode"]
    body = event["data"]["object"]
    if "livemode" in body:
        body = body | {"livemode": livemode}
    return event | {"livemode": livemode, "data": event["data"] | {"object": body}}


def _are_objects(*values: Any) -> bool:
    return all(isinstance(value, dict) for value in values)
