"""What the browser requests: Stripe.js, the frames of its elements, and the 3-D Secure challenge."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlencode

from markupsafe import escape
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from local.stripe_emulator import challenges, element_frames
from local.stripe_emulator.currencies import display
from local.stripe_emulator.engine import Engine
from local.stripe_emulator.errors import ApiError, Json
from local.stripe_emulator.pages import page

FILES = Path(__file__).parent / "stripe_js"
TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
PARTS = ("messages.js", "elements.js", "payment_element.js", "stripe.js")
"""Stripe serves one script: these files joined, in a scope of their own."""
FRAMES = {"/_stripe/card": element_frames.card_frame, "/_stripe/payment": element_frames.payment_frame}

# Stripe serves each named version below its own path, such as https://js.stripe.com/basil/stripe.js.
STRIPE_JS = re.compile(r"/(v3/?|js/?|stripe\.js|[a-z]+/stripe\.js)")
CHALLENGE = re.compile(r"/_stripe/challenge/((?:pi|seti)_[A-Za-z0-9]+)")


def respond(engine: Engine, request: Request) -> Response:
    """Answer a browser."""
    challenge = CHALLENGE.fullmatch(request.path)
    if challenge and request.method in ("GET", "POST"):
        return _challenge(engine, request, challenge[1])
    if request.method != "GET":
        return Response("Method not allowed\n", 405)
    if STRIPE_JS.fullmatch(request.path):
        return _stripe_js()
    if request.path in FRAMES:
        return FRAMES[request.path]()
    if request.path.startswith("/stripe_js/"):
        return _file(request.path.removeprefix("/stripe_js/"))
    return Response("Not found\n", 404)


def _stripe_js() -> Response:
    script = "\n".join((FILES / name).read_text() for name in PARTS)
    return _script_or_style(f'(() => {{\n"use strict";\n{script}}})();\n', ".js")


def _file(name: str) -> Response:
    known = {path.name: path for path in FILES.iterdir() if path.suffix in TYPES}
    if name not in known:
        return Response("Not found\n", 404)
    return _script_or_style(known[name].read_text(), known[name].suffix)


def _script_or_style(text: str, suffix: str) -> Response:
    headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return Response(text, headers=headers, content_type=TYPES[suffix])


def _challenge(engine: Engine, request: Request, identifier: str) -> Response:
    try:
        with engine.unit() as work:
            account, intent = challenges.find(work, engine.store, identifier)
        if request.args.get("secret") != intent["client_secret"]:
            return Response("Forbidden\n", 403)
        if request.method == "POST":
            return _finish(engine, account, intent, succeeded=request.form.get("outcome") == "complete")
    except ApiError as refused:
        return Response(refused.message + "\n", refused.status)
    if intent["status"] != "requires_action":
        return _done()
    return _ask(intent)


def _ask(intent: Json) -> Response:
    amount = f"<p>Amount: {escape(display(intent['amount'], intent['currency']))}</p>" if "amount" in intent else ""
    body = (
        "<h1>3-D Secure test challenge</h1><p>Your bank asks you to confirm this.</p>"
        f'{amount}<form method="post">'
        '<button name="outcome" value="complete" autofocus>Complete authentication</button> '
        '<button name="outcome" value="fail">Fail authentication</button></form>'
    )
    return page("3-D Secure test challenge", body, form_targets=[intent["_return_url"] or ""], framed=True)


def _finish(engine: Engine, account: str, intent: Json, *, succeeded: bool) -> Response:
    in_page = intent["status"] == "requires_action" and intent["_challenge"]["in_page"]
    with engine.unit(account) as work:
        intent = challenges.finish(work, intent["id"], succeeded=succeeded)
    # A challenge inside the page is a frame: the page continues by itself, and the frame must not load it again.
    if in_page or not intent["_return_url"]:
        return _done()
    return redirect(_way_back(intent), 303)


def _way_back(intent: Json) -> str:
    kind = intent["object"]
    ended_well = intent["status"] in ("succeeded", "processing")
    query = {kind: intent["id"], f"{kind}_client_secret": intent["client_secret"]}
    query["redirect_status"] = "succeeded" if ended_well else "failed"
    separator = "&" if "?" in intent["_return_url"] else "?"
    return f"{intent['_return_url']}{separator}{urlencode(query)}"


def _done() -> Response:
    body = '<p role="status">The authentication has ended. You can go back to the page that you came from.</p>'
    return page("3-D Secure test challenge", body, scripts=("challenge_done.js",), framed=True)
