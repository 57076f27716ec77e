"""The platform's own calls of OAuth: codes exchanged for keys, and access given up. Faults strike them, too.

https://docs.stripe.com/connect/oauth-reference
"""

from __future__ import annotations

import time

from local.stripe_emulator import accounts
from local.stripe_emulator.api import ConnectionCut, strike_before
from local.stripe_emulator.engine import Engine
from local.stripe_emulator.errors import ApiError, Json, OAuthError, server_error, unsupported
from local.stripe_emulator.faults import Fault, Kind
from local.stripe_emulator.idempotency import Answer
from local.stripe_emulator.ids import new_id
from local.stripe_emulator.work import Work

CODE = "_authorization_code"
CODE_SECONDS = 300


def answer(engine: Engine, path: str, form: Json, authorization: str | None) -> Answer:
    """Answer a call, and log it. Raises ConnectionCut if a fault cuts the connection."""
    platform = engine.settings.platform
    call: Json = {"id": new_id("req", 14), "method": "POST", "path": path, "at": engine.clock.now(), "status": None}
    call |= {"account": platform, "idempotency_key": None, "params": form, "fault": None, "replayed": False}
    engine.calls.add(call)
    fault = engine.faults.for_call("POST", path, platform)
    call["fault"] = fault.kind.value if fault else None
    try:
        found = Answer(200, _act(engine, path, form, authorization, fault))
    except OAuthError as refused:
        found = Answer(refused.status, {"error": refused.error, "error_description": refused.description})
    except ApiError as refused:
        found = Answer(refused.status, refused.body(), refused.headers)
    call["status"] = found.status
    return Answer(found.status, found.body, {"Request-Id": call["id"]} | found.headers)


def _act(engine: Engine, path: str, form: Json, authorization: str | None, fault: Fault | None) -> Json:
    strike_before(fault)
    if fault and fault.kind in (Kind.SAVED_500, Kind.SAVED_ERROR):
        raise unsupported(fault.kind, "OAuth has no idempotency keys.")
    kind, seconds = (fault.kind, fault.seconds) if fault else (None, 0.0)
    time.sleep(seconds if kind is Kind.SLOW else 0)
    _check_caller(engine, f"Bearer {form['client_secret']}" if form.get("client_secret") else authorization)
    body = CALLS[path](engine, form)
    time.sleep(seconds if kind is Kind.SLOW_AFTER_EFFECT else 0)
    if kind is Kind.CUT_AFTER_EFFECT:
        raise ConnectionCut
    if kind is Kind.AFTER_EFFECT_500:
        raise server_error(begun=True)
    if kind is Kind.OTHER_MODE and "livemode" in body:
        body["livemode"] = not body["livemode"]
    return body


def token(engine: Engine, form: Json) -> Json:
    """Exchange a code, or a refresh token, for the account's keys."""
    grant_type = _given(form, "grant_type")
    if grant_type == "refresh_token":
        return _refresh(engine, _given(form, "refresh_token"))
    if grant_type != "authorization_code":
        raise OAuthError("unsupported_grant_type", "Grant type must be authorization_code or refresh_token.")
    with engine.unit() as work:
        refusal, account = _exchange(work, _given(form, "code"))
    if refusal is not None:
        raise refusal
    return _tokens(account)


def deauthorize(engine: Engine, form: Json) -> Json:
    """Give up the access to an account."""
    if form.get("client_id") != engine.settings.client_id:
        raise OAuthError("invalid_client", f"No such application: '{form.get('client_id', '')}'", 401)
    identifier = _given(form, "stripe_user_id")
    with engine.unit() as work:
        account = work.get("account", identifier)
        if account is None or not account["_connected"]:
            message = (
                f"This application is not connected to stripe account {identifier}, or that account does not exist."
            )
            raise OAuthError("invalid_client", message, 401)
        accounts.disconnect(work, account)
    return {"stripe_user_id": identifier}


def _given(form: Json, name: str) -> str:
    value: str = form.get(name, "")
    if not value:
        raise OAuthError("invalid_request", f"No {name.replace('_', ' ')} was provided.")
    return value


def _exchange(work: Work, identifier: str) -> tuple[OAuthError | None, Json]:
    """Exchange a code for access. Using a code twice revokes the access that it gave: it may have been stolen."""
    code = work.get(CODE, identifier)
    if code is None or work.time - code["created"] > CODE_SECONDS:
        return OAuthError("invalid_grant", f"Authorization code does not exist: {identifier}"), {}
    account = work.need("account", code["account"])
    if code["used"]:
        if account["_connected"]:
            accounts.disconnect(work, account)
        message = "This authorization code has already been used. All tokens issued with this code have been revoked."
        return OAuthError("invalid_grant", message), {}
    work.save(code | {"used": True})
    return None, accounts.connect(work, account)


def _refresh(engine: Engine, refresh_token: str) -> Json:
    with engine.unit() as work:
        account = work.get("account", refresh_token.removeprefix("rt_"))
    if account is None or not account["_secret_key"]:
        raise OAuthError("invalid_grant", f"Refresh token does not exist: {refresh_token}")
    return _tokens(account)


def _tokens(account: Json) -> Json:
    return {
        "access_token": account["_secret_key"],
        "livemode": False,
        "refresh_token": f"rt_{account['id']}",
        "scope": "read_write",
        "stripe_publishable_key": account["_publishable_key"],
        "stripe_user_id": account["id"],
        "token_type": "bearer",
    }


def _check_caller(engine: Engine, authorization: str | None) -> None:
    try:
        caller = engine.callers.identify(authorization, None)
    except ApiError as refused:
        raise OAuthError("invalid_client", refused.message, 401) from refused
    if caller.publishable or not caller.is_platform:
        raise OAuthError("invalid_client", "Only the platform's secret key can be used.", 401)


CALLS = {"/oauth/token": token, "/oauth/deauthorize": deauthorize}
