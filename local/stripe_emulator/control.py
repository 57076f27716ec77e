"""The control API under `/_control/`: what a test, or a person with curl, can make the emulator do.

It does what happens outside the API: actions of the cardholder, the bank and the dashboard, and network failures.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from local.stripe_emulator import control_actions as actions
from local.stripe_emulator.engine import Engine
from local.stripe_emulator.errors import ApiError, Json, invalid
from local.stripe_emulator.events import shown
from local.stripe_emulator.faults import Fault, Kind
from local.stripe_emulator.idempotency import Answer
from local.stripe_emulator.ids import kind_of
from local.stripe_emulator.webhooks import KIND as DELIVERY

FAULT_FIELDS = {
    "method": str, "path": str, "event": str, "account": str, "nth": int, "times": int, "seconds": float, "status": int,
    "code": str, "type": str, "message": str, "param": str, "decline_code": str, "copies": int,
}  # fmt: skip
Call = Callable[..., Any]


class Control:
    """Answers control calls."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        own = f"(?:platform|{engine.settings.platform})"
        self._calls: tuple[tuple[str, re.Pattern[str], Call], ...] = tuple(
            (method, re.compile("/_control/" + path.replace("{id}", "([^/]+)")), call)
            for method, path, call in (
                ("GET", "health", lambda _: {"ok": True}),
                ("POST", "reset", self._reset),
                ("GET", "faults", lambda _: {"data": engine.faults.all()}),
                ("POST", "faults", self._add_fault),
                ("DELETE", "faults", self._clear_faults),
                ("DELETE", "faults/{id}", self._clear_faults),
                ("GET", "calls", lambda _: {"data": engine.calls.all()}),
                ("DELETE", "calls", self._clear_calls),
                ("GET", "webhooks", lambda _: {"data": engine.webhooks.log()}),
                ("POST", "webhooks/release", lambda _: {"released": engine.webhooks.release()}),
                ("POST", "webhooks/{id}/send", self._send_webhook),
                ("GET", "clock", lambda _: self._clock()),
                ("POST", "clock", self._set_clock),
                ("GET", "objects/{id}", self._objects),
                ("POST", "accounts", self._connect_account),
                ("POST", f"accounts/{own}/restrict", lambda _: self._restrict_platform(restricted=True)),
                ("POST", f"accounts/{own}/unrestrict", lambda _: self._restrict_platform(restricted=False)),
                ("POST", "keys/{id}/expire", lambda _, key: self._expire(key, expired=True)),
                ("POST", "keys/{id}/restore", lambda _, key: self._expire(key, expired=False)),
                ("POST", "([a-z_]+)/{id}/([a-z_]+)", self._act),
            )
        )

    def answer(self, method: str, path: str, query: Mapping[str, str], body: bytes) -> Answer:
        """Answer one control call; errors have the format of the API's errors."""
        try:
            params = dict(query) | (json.loads(body) if body else {})
            for wanted, pattern, call in self._calls:
                match = pattern.fullmatch(path)
                if match and wanted == method:
                    return Answer(200, shown_or(call(params, *match.groups())))
            raise ApiError(404, f"No such control call: {method} {path}")
        except ApiError as refused:
            return Answer(refused.status, refused.body())
        except (ValueError, TypeError) as mistake:
            return Answer(400, invalid(f"Not understood: {mistake}").body())

    def _reset(self, _: Json) -> Json:
        self._engine.reset()
        return {"ok": True}

    def _add_fault(self, params: Json) -> Json:
        kinds = ", ".join(Kind)
        if params.get("kind") not in list(Kind):
            raise invalid(f"Unknown kind of fault: {params.get('kind')}. There are: {kinds}.", param="kind")
        unknown = set(params) - set(FAULT_FIELDS) - {"kind"}
        if unknown:
            raise invalid(f"Unknown fields of a fault: {', '.join(sorted(unknown))}")
        fault = Fault(Kind(params["kind"]), **{n: FAULT_FIELDS[n](v) for n, v in params.items() if n != "kind"})
        self._engine.faults.add(fault)
        return fault.shown()

    def _clear_faults(self, _: Json, identifier: str | None = None) -> Json:
        self._engine.faults.clear(identifier)
        return {"ok": True}

    def _clear_calls(self, _: Json) -> Json:
        self._engine.calls.clear()
        return {"ok": True}

    def _send_webhook(self, _: Json, event: str) -> Json:
        account = self._account_of("event", event)
        return {"sent": self._engine.webhooks.send_now(account, event)}

    def _clock(self) -> Json:
        clock = self._engine.clock
        return {"now": clock.now(), "offset_seconds": clock.offset_seconds, "webhook_timestamps": clock.sign_webhooks}

    def _set_clock(self, params: Json) -> Json:
        self._engine.clock.offset_seconds = float(params.get("offset_seconds", 0))
        self._engine.clock.sign_webhooks = bool(params.get("webhook_timestamps", False))
        return self._clock()

    def _objects(self, params: Json, kind: str) -> Json:
        with self._engine.store.lock:
            found = [{"account": account} | shown(body) for account, body in self._engine.store.everywhere(kind)]
        wanted = params.get("account")
        return {"data": [body for body in found if wanted in (None, body["account"])]}

    def _connect_account(self, params: Json) -> Json:
        with self._engine.unit() as work:
            return actions.connect_account(work, params)

    def _restrict_platform(self, *, restricted: bool) -> Json:
        """Forbid or allow the platform's own account to charge."""
        identifier = self._engine.settings.platform
        change = self._engine.restricted.add if restricted else self._engine.restricted.discard
        change(identifier)
        return {"account": identifier, "charges_enabled": not restricted}

    def _expire(self, key: str, *, expired: bool) -> Json:
        change = self._engine.callers.expired.add if expired else self._engine.callers.expired.discard
        change(key)
        return {"key": key, "expired": expired}

    def _act(self, params: Json, plural: str, identifier: str, action: str) -> Any:
        call = actions.ACTIONS.get((plural, action))
        if call is None:
            known = ", ".join(f"{noun}/…/{verb}" for noun, verb in actions.ACTIONS)
            raise ApiError(404, f"No such control call: {plural}/{identifier}/{action}. There are: {known}.")
        kind = kind_of(identifier)
        if kind is None:
            raise invalid(f"Not an id: {identifier}")
        with self._engine.unit(self._account_of(kind, identifier)) as work:
            return shown(call(work, identifier, params))

    def _account_of(self, kind: str, identifier: str) -> str:
        with self._engine.store.lock:
            for account, body in self._engine.store.everywhere(kind):
                if body["id"] == identifier:
                    return account
        raise ApiError(404, f"No such {kind}: '{identifier}'")


def shown_or(body: Any) -> Json:
    """Return the body of an answer; lists and webhook deliveries are wrapped in `data`."""
    if isinstance(body, dict) and body.get("object") != DELIVERY:
        return body
    return {"data": body}
