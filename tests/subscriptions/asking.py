"""Asking about subscriptions over HTTP, at a time that was moved."""

from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from chalicelib import clock
from tests.api import Api
from tests.subscriptions.world import RenewalWorld, Subscriber

Json = dict[str, Any]


def token(api: Api, role: str, account_id: str) -> str:
    """Return a token that is good at the moved time, too."""
    seconds = int((clock.now() - datetime.now(UTC)).total_seconds()) + 3600
    return api.token(role, account_id, expires_in=seconds)  # type: ignore[arg-type]


def ask(
    api: Api, me: Subscriber, method: str, path: str = "", body: Any = None, *, key: str = "", role: str = "owner"
) -> requests.Response:
    headers = {"Idempotency_Key": key} if key else {}
    url = f"/v1/accounts/{me.account_id}/subscription{path}"
    return api.call(method, url, body, token=token(api, role, me.account_id), **headers)


def put(api: Api, me: Subscriber, plan: str = "agency", *, key: str = "", path: str = "", **add_ons: int) -> Json:
    """Change it and return the answer, which must be a good one."""
    return put_all(api, me, plan, add_ons, key=key, path=path)


def put_all(api: Api, me: Subscriber, plan: str, add_ons: dict[str, int], *, key: str = "", path: str = "") -> Json:
    answer = ask(api, me, "PUT", path, {"plan": plan, "add_ons": add_ons}, key=key)
    assert answer.status_code == 200, answer.text
    body: Json = answer.json()
    return body


def overview(api: Api, me: Subscriber) -> Json:
    answer = api.get(f"/v1/accounts/{me.account_id}/billing", token=token(api, "viewer", me.account_id))
    body: Json = answer.json()
    return body


def later(world: RenewalWorld, days: float) -> Any:
    return world.at(clock.now() + timedelta(days=days))
