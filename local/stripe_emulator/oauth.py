"""Connecting accounts: the page where an owner approves, and the exchange of its code (Stripe Connect, OAuth).

https://docs.stripe.com/connect/oauth-reference
"""

from __future__ import annotations

import json
from urllib.parse import urlencode

from markupsafe import escape
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from local.stripe_emulator import accounts
from local.stripe_emulator.callers import Caller
from local.stripe_emulator.engine import Engine
from local.stripe_emulator.errors import ApiError, Json
from local.stripe_emulator.ids import new_id
from local.stripe_emulator.pages import page
from local.stripe_emulator.work import Work

CODE = "_authorization_code"
CODE_SECONDS = 300


class OAuthError(Exception):
    """A refusal in OAuth's format: `{"error": ..., "error_description": ...}`."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status


def respond(engine: Engine, request: Request) -> Response:
    """Answer a request below `/oauth/`."""
    calls = {
        ("GET", "/oauth/authorize"): _show,
        ("POST", "/oauth/authorize"): _decide,
        ("POST", "/oauth/token"): _token,
        ("POST", "/oauth/deauthorize"): _deauthorize,
    }
    call = calls.get((request.method, request.path))
    if call is None:
        return Response("Not found\n", 404)
    try:
        return call(engine, request)
    except OAuthError as refused:
        return _json({"error": refused.error, "error_description": refused.description}, refused.status)


def _show(engine: Engine, request: Request) -> Response:
    wanted = _checked_authorization(engine, request.args.to_dict())
    with engine.unit() as work:
        known = [*work.all("account")]
    hidden = "".join(f'<input type="hidden" name="{escape(k)}" value="{escape(v)}">' for k, v in wanted.items())
    options = "".join(
        f'<option value="{escape(account["id"])}">{escape(account["business_profile"]["name"])} '
        f"({escape(account['id'])})</option>"
        for account in known
    )
    body = (
        "<h1>Connect your Stripe account</h1>"
        "<p>Platform would like to take payments and read data on your account's behalf.</p>"
        f'<form method="post" action="/oauth/authorize">{hidden}'
        '<p><label for="account">Account</label> <select id="account" name="account">'
        f'<option value="">A new account</option>{options}</select></p>'
        '<p><label for="name">Name of a new account</label> '
        '<input id="name" name="name" value="Example Agency" maxlength="100"></p>'
        '<p><button name="decision" value="approve">Approve</button> '
        '<button name="decision" value="deny">Deny</button></p></form>'
    )
    return page("Connect your Stripe account", body, form_target=wanted["redirect_uri"])


def _decide(engine: Engine, request: Request) -> Response:
    form = request.form.to_dict()
    wanted = _checked_authorization(engine, form)
    answer = {"state": wanted["state"]} if wanted.get("state") else {}
    if form.get("decision") == "approve":
        with engine.unit() as work:
            answer |= {"scope": wanted["scope"], "code": _new_code(work, form, wanted)}
    else:
        answer |= {"error": "access_denied", "error_description": "The user denied your request"}
    separator = "&" if "?" in wanted["redirect_uri"] else "?"
    return redirect(f"{wanted['redirect_uri']}{separator}{urlencode(answer)}", 303)


def _new_code(work: Work, form: Json, wanted: Json) -> str:
    account = work.get("account", form["account"]) if form.get("account") else None
    if account is None:
        account = accounts.create(work, form.get("name") or "Example Agency")
    code: Json = {"id": new_id("ac", 32), "object": CODE, "created": work.time, "used": False}
    code |= {"account": account["id"], "scope": wanted["scope"]}
    identifier: str = work.save(code)["id"]
    return identifier


def _token(engine: Engine, request: Request) -> Response:
    form = request.form.to_dict()
    _platform_caller(engine, request, form.get("client_secret"))
    if form.get("grant_type") == "refresh_token":
        return _refresh(engine, form)
    if form.get("grant_type") != "authorization_code":
        raise OAuthError("unsupported_grant_type", "Grant type must be authorization_code or refresh_token.")
    with engine.unit() as work:
        refusal, account = _exchange(work, form.get("code", ""))
    if refusal is not None:
        raise refusal
    return _json(_tokens(account))


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


def _refresh(engine: Engine, form: Json) -> Response:
    with engine.unit() as work:
        found = [*work.all("account", lambda account: account["id"] in form.get("refresh_token", "-"))]
    if not found or not found[0]["_connected"]:
        raise OAuthError("invalid_grant", "Refresh token does not exist")
    return _json(_tokens(found[0]))


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


def _deauthorize(engine: Engine, request: Request) -> Response:
    form = request.form.to_dict()
    _platform_caller(engine, request, form.get("client_secret"))
    if form.get("client_id") != engine.settings.client_id:
        raise OAuthError("invalid_client", f"No such application: '{form.get('client_id', '')}'", 401)
    identifier = form.get("stripe_user_id", "")
    with engine.unit() as work:
        account = work.get("account", identifier)
        connected = account is not None and account["_connected"]
        if account is not None and connected:
            accounts.disconnect(work, account)
    if not connected:
        message = f"This application is not connected to stripe account {identifier}, or that account does not exist."
        raise OAuthError("invalid_client", message, 401)
    return _json({"stripe_user_id": identifier})


def _platform_caller(engine: Engine, request: Request, client_secret: str | None) -> Caller:
    authorization = f"Bearer {client_secret}" if client_secret else request.headers.get("Authorization")
    try:
        caller = engine.callers.identify(authorization, None)
    except ApiError as refused:
        raise OAuthError("invalid_client", refused.message, 401) from refused
    if caller.publishable or not caller.is_platform:
        raise OAuthError("invalid_client", "Only the platform's secret key can be used.", 401)
    return caller


def _checked_authorization(engine: Engine, params: Json) -> Json:
    if params.get("client_id") != engine.settings.client_id:
        raise OAuthError("invalid_client", f"No such application: '{params.get('client_id', '')}'", 401)
    if params.get("response_type", "code") != "code":
        raise OAuthError("unsupported_response_type", "Only `code` is supported.")
    allowed = engine.settings.redirect_uris
    target = params.get("redirect_uri") or (allowed[0] if allowed else "")
    if not target.startswith(("http://", "https://")) or (allowed and target not in allowed):
        message = f"Invalid redirect URI '{target}'. Ensure this uri exactly matches one of the uris in your settings."
        raise OAuthError("invalid_redirect_uri", message)
    scope = params.get("scope", "read_only")
    if scope not in ("read_only", "read_write"):
        raise OAuthError("invalid_scope", f"Invalid scope: {scope}")
    wanted = {"client_id": params["client_id"], "redirect_uri": target, "scope": scope}
    return wanted | {"state": params.get("state", "")}


def _json(body: Json, status: int = 200) -> Response:
    headers = {"Request-Id": new_id("req", 14)}
    return Response(json.dumps(body) + "\n", status, headers=headers, content_type="application/json")
