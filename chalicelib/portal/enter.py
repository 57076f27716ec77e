"""Come in: make a link, open it, and find the session of a request."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib import clock
from chalicelib.accounts.account import AccountId, ShortText
from chalicelib.accounts.allow import Allowed
from chalicelib.portal import table
from chalicelib.portal.session import (
    LINK_MS,
    LinkUnusable,
    Session,
    SessionEnded,
    extended,
    id_of,
    new_token,
    opened,
)

WebAddress = Annotated[
    str,
    Meta(pattern=r"^https?://[^\s\"'<>\\]+$", max_length=2000, examples=["https://app.example.com/settings/billing"]),
]
PagePath = Annotated[
    str,
    Meta(pattern="^[A-Za-z0-9][A-Za-z0-9_.-]*(/[A-Za-z0-9][A-Za-z0-9_.-]*)*$", max_length=200, examples=["invoices"]),
]
Locale = Annotated[str, Meta(pattern="^[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*$", examples=["en-US"])]


class PortalSessionRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Whom to let in. `subject` names the person, for the history; `locale` overrides what the browser asks for.

    `return_url` is where the page's way back leads; a `viewer` sees all and changes nothing. `page` is what the link
    opens instead of the overview: a path below the account's home, such as `plan` or `payments/{payment_id}`.
    """

    account_id: AccountId
    return_url: WebAddress | None = None
    role: Literal["owner", "viewer"] = "owner"
    subject: ShortText | None = None
    locale: Locale | None = None
    page: PagePath | None = None


def create_link(allowed: Allowed, request: PortalSessionRequest) -> tuple[str, int]:
    """Make a link for an account; return its secret and until when it opens."""
    token, now_ms = new_token(), clock.now_ms()
    link = Session(
        session_id=id_of("link", token),
        account_id=allowed.account.account_id,
        role=request.role,
        subject=request.subject or (allowed.caller.subject if allowed.caller.role == "owner" else None),
        return_url=request.return_url,
        locale=request.locale,
        page=request.page,
        created_at_ms=now_ms,
        expires_at_ms=now_ms + LINK_MS,
    )
    table.put(link)
    return token, link.expires_at_ms


def open_link(link_token: str) -> tuple[Session, str]:
    """Open a link, once; return the session and its secret. Raises LinkUnusable."""
    link, now_ms = table.take(id_of("link", link_token)), clock.now_ms()
    if link is None or now_ms >= link.expires_at_ms:
        raise LinkUnusable("it was opened before, or it is older than five minutes")
    token = new_token()
    session = opened(link, token, now_ms)
    table.put(session)
    return session, token


def find_session(token: str | None, account_id: str) -> Session:
    """Find the session of a secret, for this account and no other, and extend it. Raises SessionEnded."""
    session = table.find(id_of("session", token)) if token else None
    now_ms = clock.now_ms()
    if session is None or session.account_id != account_id or now_ms >= session.expires_at_ms:
        raise SessionEnded("there is no session for this account in this browser")
    longer = extended(session, now_ms)
    if longer:
        table.extend(longer)
    return longer or session
