"""Connecting accounts: the page where an owner approves (Stripe Connect, OAuth); `oauth_tokens` has what follows.

https://docs.stripe.com/connect/oauth-reference
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlencode

from markupsafe import escape
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from local.stripe_emulator import accounts, oauth_tokens
from local.stripe_emulator.engine import Engine
from local.stripe_emulator.errors import Json, OAuthError
from local.stripe_emulator.ids import new_id
from local.stripe_emulator.pages import page
from local.stripe_emulator.work import Work

CONTROLLED = "This account is connected to another platform. Please create a new account."


def respond(engine: Engine, request: Request) -> Response:
    """Answer a request below `/oauth/`."""
    if request.method == "POST" and request.path in oauth_tokens.CALLS:
        authorization = request.headers.get("Authorization")
        answer = oauth_tokens.answer(engine, request.path, request.form.to_dict(), authorization)
        return _json(answer.body, answer.status, answer.headers)
    if request.path != "/oauth/authorize" or request.method not in ("GET", "POST"):
        return Response("Not found\n", 404)
    try:
        return _show(engine, request) if request.method == "GET" else _decide(engine, request)
    except OAuthError as refused:
        return _json({"error": refused.error, "error_description": refused.description}, refused.status, {})


def _show(engine: Engine, request: Request) -> Response:
    wanted = _checked_authorization(engine, request.args.to_dict())
    with engine.unit() as work:
        options = "".join(_option(account) for account in work.all("account"))
    hidden = "".join(f'<input type="hidden" name="{escape(k)}" value="{escape(v)}">' for k, v in wanted.items())
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
    return page("Connect your Stripe account", body, form_targets=[wanted["redirect_uri"]])


def _decide(engine: Engine, request: Request) -> Response:
    form = request.form.to_dict()
    wanted = _checked_authorization(engine, form)
    answer = {"state": wanted["state"]} if wanted.get("state") else {}
    if form.get("decision") == "approve":
        with engine.unit() as work:
            account = _chosen(work, form)
            if account["_controlled_by"]:
                return _cannot_be_chosen(wanted)
            answer |= {"scope": wanted["scope"], "code": _new_code(work, account, wanted)}
    else:
        answer |= {"error": "access_denied", "error_description": "The user denied your request"}
    separator = "&" if "?" in wanted["redirect_uri"] else "?"
    return redirect(f"{wanted['redirect_uri']}{separator}{urlencode(answer)}", 303)


def _option(account: Json) -> str:
    label = f"{account['business_profile']['name'] or 'A business without a name'} ({account['id']})"
    if account["_controlled_by"]:
        return f"<option disabled>{escape(label)}: {CONTROLLED}</option>"
    return f'<option value="{escape(account["id"])}">{escape(label)}</option>'


def _chosen(work: Work, form: Json) -> Json:
    account = work.get("account", form["account"]) if form.get("account") else None
    return account or accounts.new(work, form.get("name") or "Example Agency")


def _cannot_be_chosen(wanted: Json) -> Response:
    """Answer as Stripe's own page: the owner stays there, and nobody is sent back."""
    again = f"/oauth/authorize?{urlencode(wanted | {'response_type': 'code'})}"
    body = (
        f'<h1>Connect your Stripe account</h1><p role="alert">{CONTROLLED}</p><p><a href="{escape(again)}">Back</a></p>'
    )
    response = page("Connect your Stripe account", body)
    response.status_code = 400
    return response


def _new_code(work: Work, account: Json, wanted: Json) -> str:
    code: Json = {"id": new_id("ac", 32), "object": oauth_tokens.CODE, "created": work.time, "used": False}
    code |= {"account": account["id"], "scope": wanted["scope"]}
    identifier: str = work.save(code)["id"]
    return identifier


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


def _json(body: Json, status: int, headers: Mapping[str, str]) -> Response:
    return Response(json.dumps(body) + "\n", status, headers=headers, content_type="application/json")
