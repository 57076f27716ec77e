"""Account links: the way into Stripe's own pages, where an account's owner says who they are.

https://docs.stripe.com/api/account_links: a link opens them once and for five minutes. After that it leads to its
`refresh_url`, which is to make another one. Whoever leaves the pages comes to its `return_url`, finished or not.
"""

from __future__ import annotations

from local.stripe_emulator import accounts, metadata, restrictions
from local.stripe_emulator.errors import Json, invalid, malformed, missing_parameter
from local.stripe_emulator.ids import new_id
from local.stripe_emulator.work import Work

CREATE = ("account", "refresh_url", "return_url", "type")
KIND = "account_link"
SECONDS = 300
SAVED, SUBMITTED, APPROVED = "save", "submit", "approve"
"""What the owner does: leaves it for later; submits it, and Stripe still checks; submits it, and Stripe is content."""


def create(work: Work, params: Json) -> Json:
    """Create a link for an account that the platform has created."""
    account = accounts.connected(work, params["account"])
    if account["controller"]["type"] == "account":
        message = f"Account links cannot be made for {account['id']}, which is not controlled by your platform."
        raise invalid(message, param="account")
    if params["type"] != "account_onboarding":
        raise malformed('Invalid type: must be one of ["account_onboarding"]', param="type")
    for name in ("refresh_url", "return_url"):
        if name not in params:
            raise missing_parameter(name)
        metadata.check_url(params[name], name)
    secret = new_id("link", 16).removeprefix("link_")
    link: Json = {
        "id": secret,
        "object": KIND,
        "created": work.now,
        "expires_at": work.now + SECONDS,
        "url": f"{work.around.url}/setup/c/{account['id']}/{secret}",
        "_account": account["id"],
        "_refresh_url": params["refresh_url"],
        "_return_url": params["return_url"],
        "_visit": None,
        "_left": False,
    }
    work.save(link)
    return {name: value for name, value in link.items() if name != "id"}


def find(work: Work, account: str, secret: str) -> Json | None:
    """Return the link that a URL is of."""
    link = work.get(KIND, secret)
    return link if link is not None and link["_account"] == account else None


def visit(work: Work, link: Json) -> str | None:
    """Open a link: return the key of this visit, or None if the link has been opened before or is too old."""
    if link["_visit"] is not None or work.time >= link["expires_at"] or not _is_open(work, link):
        return None
    visit_key = new_id("visit")
    work.save(link | {"_visit": visit_key})
    return visit_key


def leave(work: Work, link: Json, visit_key: str, decision: str) -> bool:
    """End a visit as the owner decides; return False if there is no such visit, or no longer."""
    if link["_visit"] is None or link["_visit"] != visit_key or link["_left"] or not _is_open(work, link):
        return False
    work.save(link | {"_left": True})
    account = work.need("account", link["_account"])
    if decision == APPROVED:
        restrictions.enable(work, account)
    elif decision == SUBMITTED:
        restrictions.disable(work, account, "requirements.pending_verification", submitted=True)
    return True


def _is_open(work: Work, link: Json) -> bool:
    return bool(work.need("account", link["_account"])["_connected"])
