"""One API call, from request to answer: caller, route, rate limit, faults, idempotency, then the work itself."""

from __future__ import annotations

import time
from dataclasses import dataclass

from local.stripe_emulator import form, publishable, routes
from local.stripe_emulator.callers import Caller, masked
from local.stripe_emulator.engine import Engine
from local.stripe_emulator.errors import ApiError, Json, malformed, rate_limited, server_error, unsupported
from local.stripe_emulator.events import Cause, shown
from local.stripe_emulator.expand import expanded
from local.stripe_emulator.faults import Fault, Kind
from local.stripe_emulator.idempotency import Answer, Attempt, fingerprint
from local.stripe_emulator.ids import new_id
from local.stripe_emulator.lengths import check_lengths
from local.stripe_emulator.parameters import fields_of
from local.stripe_emulator.routes import Route
from local.stripe_emulator.validation import checked
from local.stripe_emulator.work import Work

NO_LONGER_SUPPORTED = (
    "The `payment_method_types` parameter is no longer supported on this API version. Use dynamic payment methods, "
    "`allowed_payment_method_types` or `excluded_payment_method_types` instead."
)
ALWAYS_HANDLED = ("expand", "client_secret", "key")


class ConnectionCut(Exception):
    """The connection is to be closed without an answer."""


@dataclass(frozen=True)
class Request:
    """The parts of an API call."""

    method: str
    path: str
    encoded: str
    authorization: str | None
    stripe_account: str | None
    idempotency_key: str | None


class Api:
    """Answers API calls."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def answer(self, request: Request) -> Answer:
        """Answer a call. Raises `ConnectionCut` if a fault cuts the connection."""
        request_id = new_id("req", 14)
        call: Json = {"id": request_id, "method": request.method, "path": request.path, "at": self._engine.clock.now()}
        call |= {"account": None, "idempotency_key": request.idempotency_key, "params": {}, "fault": None}
        call |= {"status": None, "replayed": False}
        self._engine.calls.add(call)
        try:
            answer = self._answer(request, request_id, call)
        except ApiError as refused:
            answer = Answer(refused.status, refused.body(), refused.headers)
        call["status"] = answer.status
        call["replayed"] = "Idempotent-Replayed" in answer.headers
        return Answer(answer.status, answer.body, {"Request-Id": request_id} | answer.headers)

    def _answer(self, request: Request, request_id: str, call: Json) -> Answer:
        params = form.decode(request.encoded)
        call["params"] = params
        caller = self._engine.callers.identify(request.authorization, request.stripe_account)
        call["account"] = caller.account
        route, ids = routes.find(request.method, request.path)
        self._engine.rate_limit.check(caller.account, f"{route.method} {route.path}")
        fault = self._engine.faults.for_call(request.method, request.path, caller.account)
        call["fault"] = fault.kind.value if fault else None
        strike_before(fault)
        run = _Run(self._engine, request, request_id, caller, route, ids, params, fault)
        answer = run.with_key() if request.method == "POST" and request.idempotency_key else run.once()
        if fault and fault.kind is Kind.CUT_AFTER_EFFECT:
            raise ConnectionCut
        return answer


def strike_before(fault: Fault | None) -> None:
    """Let a fault take effect that prevents the call. Raises ConnectionCut or ApiError."""
    if fault is None:
        return
    if fault.kind is Kind.CUT_BEFORE_EFFECT:
        raise ConnectionCut
    if fault.kind is Kind.STATUS:
        raise (
            rate_limited(fault.code or "rate_limit") if fault.status == 429 else server_error(fault.status, begun=False)
        )
    if fault.kind is Kind.ERROR:
        raise fault.error(begun=False)


@dataclass(frozen=True)
class _Run:
    """The execution of one call."""

    engine: Engine
    request: Request
    request_id: str
    caller: Caller
    route: Route
    ids: tuple[str, ...]
    params: Json
    fault: Fault | None

    def with_key(self) -> Answer:
        """Execute the call unless its idempotency key already has a saved answer."""
        key, path = self.request.idempotency_key or "", self.request.path
        print_of_call = fingerprint(self.request.method, path, self.params)
        attempt = Attempt(self.caller.account, key, path, print_of_call, self.request_id)
        with self.engine.keys.claim(attempt, self.engine.clock.now()) as remembered:
            return remembered if remembered is not None else self.once(attempt)

    def once(self, attempt: Attempt | None = None) -> Answer:
        """Execute the call and commit its changes, together with its answer if it has an idempotency key."""
        params = self._checked_params()
        self._be_slow(Kind.SLOW)
        with self.engine.unit(self.caller.account, self._cause()) as work:
            answer = self._execute(work, params)
            if attempt is not None:
                self.engine.keys.remember(work, attempt, answer)
        self._be_slow(Kind.SLOW_AFTER_EFFECT)
        return answer

    def _execute(self, work: Work, params: Json) -> Answer:
        if self.fault and self.fault.kind is Kind.SAVED_500:
            return _answer_of(server_error(begun=True))
        if self.fault and self.fault.kind is Kind.SAVED_ERROR:
            return _answer_of(self.fault.error(begun=True))
        try:
            answer = Answer(200, self._run_handler(work, params))
        except ApiError as refused:
            if not refused.keeps_changes:
                work.discard()
            if not refused.begun:
                raise
            answer = _answer_of(refused)
        if self.fault and self.fault.kind is Kind.AFTER_EFFECT_500:
            return _answer_of(server_error(begun=True))
        return answer

    def _run_handler(self, work: Work, params: Json) -> Json:
        paths = params.pop("expand", [])
        if self.caller.publishable:
            publishable.check_secret(work, self.route, self.ids, params)
        body = self.route.run(work, params, *self.ids)
        answer: Json = expanded(work, shown(body), paths)
        if self.fault and self.fault.kind is Kind.OTHER_MODE and "livemode" in answer:
            answer["livemode"] = not answer["livemode"]
        return publishable.view(answer) if self.caller.publishable else answer

    def _checked_params(self) -> Json:
        if "payment_method_types" in self.params and "_intents" in self.route.path:
            raise malformed(
                NO_LONGER_SUPPORTED, param="payment_method_types", code="payment_method_types_no_longer_supported"
            )
        fields = fields_of(self.route.params)
        if self.caller.publishable:
            fields = publishable.fields(self.route, fields)
        params = checked(self.params, fields)
        check_lengths(self.route.params, params)
        if self.route.handled != routes.ALL:
            for name in params:
                if name not in self.route.handled and name not in ALWAYS_HANDLED:
                    raise unsupported(name)
        return params

    def _cause(self) -> Cause:
        idempotency_key = self.request.idempotency_key if self.request.method == "POST" else None
        return Cause(self.request_id, idempotency_key, masked(self.caller.key))

    def _be_slow(self, kind: Kind) -> None:
        if self.fault and self.fault.kind is kind:
            time.sleep(self.fault.seconds)


def _answer_of(refused: ApiError) -> Answer:
    return Answer(refused.status, refused.body(), refused.headers)
