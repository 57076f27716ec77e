"""Stripe's pages for the owner of a new account, behind an account link."""

from __future__ import annotations

import re

from markupsafe import escape
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from local.stripe_emulator import account_links
from local.stripe_emulator.engine import Engine
from local.stripe_emulator.errors import Json
from local.stripe_emulator.pages import page

PATH = re.compile(r"/setup/c/(acct_[A-Za-z0-9]+)/([A-Za-z0-9]+)")
CHOICES = (
    (account_links.APPROVED, "Submit"),
    (account_links.SUBMITTED, "Submit, and let Stripe check it first"),
    (account_links.SAVED, "Save for later"),
)


def respond(engine: Engine, request: Request) -> Response:
    """Answer the owner's browser."""
    match = PATH.fullmatch(request.path)
    if match is None or request.method not in ("GET", "POST"):
        return Response("Not found\n", 404)
    with engine.unit() as work:
        link = account_links.find(work, *match.groups())
        if link is None:
            return Response("Not found\n", 404)
        if request.method == "GET":
            visit = account_links.visit(work, link)
            return _form(link, visit) if visit else redirect(link["_refresh_url"], 303)
        left = account_links.leave(work, link, request.form.get("visit", ""), request.form.get("decision", ""))
        return redirect(link["_return_url" if left else "_refresh_url"], 303)


def _form(link: Json, visit: str) -> Response:
    buttons = " ".join(f'<button name="decision" value="{value}">{label}</button>' for value, label in CHOICES)
    body = (
        "<h1>Tell Stripe about your business</h1>"
        f"<p>Platform has opened the Stripe account {escape(link['_account'])} for you. Stripe would ask here for your "
        "business, its owners and its bank account.</p>"
        f'<form method="post"><input type="hidden" name="visit" value="{escape(visit)}"><p>{buttons}</p></form>'
    )
    targets = (link["_return_url"], link["_refresh_url"])
    return page("Tell Stripe about your business", body, form_targets=targets)
