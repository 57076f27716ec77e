"""Sign in: make a link, open it, and find the session of a request.

A link is opened by a form, not when it is fetched: browsers, mail filters and chats fetch links in advance.
"""

from typing import Literal

import msgspec

from chalicelib import clock
from chalicelib.accounts.permission import Permission
from chalicelib.portal import table
from chalicelib.portal.session import (
    LINK_MS,
    LinkUnusable,
    Session,
    SessionEnded,
    extended,
    id_of,
    link_of_ticket,
    new_token,
    session_of_link,
)
from chalicelib.text import AccountId, Line, Locale, Text, WebAddress
from chalicelib.token import Caller


class PagePath(Text):
    """A path below an account's home."""

    __slots__ = ()
    pattern = "[A-Za-z0-9][A-Za-z0-9_.-]{0,99}(/[A-Za-z0-9][A-Za-z0-9_.-]{0,99}){0,3}"
    example = "invoices"
    must = f"must be the path of a page, such as {example} or payments/pay_1"


class PortalSessionRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The account and the person. `subject` names the person in the history; an owner's is put after the owner's name.

    `locale` overrides what the browser asks for. `return_url` is where the page's link back leads; `{page}` in it is
    filled with the page on which the session has ended, or with nothing. A `viewer` sees all and changes nothing.
    `page` is what the link opens instead of the overview: a path below the account's home, such as `plan` or
    `payments/{payment_id}`.
    """

    account_id: AccountId
    return_url: WebAddress | None = None
    role: Literal["owner", "viewer"] = "owner"
    subject: Line | None = None
    locale: Locale | None = None
    page: PagePath | None = None


def create_link(allowed: Permission, request: PortalSessionRequest) -> tuple[str, int]:
    """Make a link for an account; return its secret and when it expires."""
    token, now_ms = new_token(), clock.now_ms()
    link = Session(
        session_id=id_of("link", token),
        account_id=allowed.account.account_id,
        role=request.role,
        subject=subject_of(allowed.caller, request.subject),
        guest_of=_guest_of(allowed),
        return_url=request.return_url,
        locale=request.locale,
        page=request.page,
        created_at_ms=now_ms,
        expires_at_ms=now_ms + LINK_MS,
    )
    table.put(link)
    return token, link.expires_at_ms


def _guest_of(allowed: Permission) -> str | None:
    """Return the workspace that makes a link into its client's pages. The operator makes links for an account's own."""
    caller = allowed.caller
    is_own = caller.is_of_the_platform or caller.account_id == allowed.account.account_id
    return None if is_own else caller.account_id


def subject_of(caller: Caller, named: str | None) -> str | None:
    """Return the name of the person of a new link: only the operator can choose any name."""
    if caller.role == "operator":
        return named
    if named is None or named == caller.subject:
        return caller.subject
    return f"{caller.subject or caller.account_id}/{named}"


def find_link(link_token: str) -> Session:
    """Find a link that can be opened, without opening it. Raises LinkUnusable."""
    return _check_usable(table.find(id_of("link", link_token)))


def open_link(link_token: str, token: str) -> Session:
    """Open a link, once, and return the session, whose secret is `token`. Raises LinkUnusable."""
    now_ms, link_id = clock.now_ms(), id_of("link", link_token)
    link = _check_usable(table.take(link_id, now_ms) or table.find(link_id))
    session = session_of_link(link, token, now_ms)
    table.put(session)
    return session


def _check_usable(link: Session | None) -> Session:
    if link is None or link.opened_at_ms or clock.now_ms() >= link.expires_at_ms:
        raise LinkUnusable("it was opened before, or it is older than five minutes", link)
    return link


def check_session(found: Session | None, token: str, account_id: str, *, may_open: bool) -> Session:
    """Check that the session of a secret is for this account and no other, and extend it. Raises SessionEnded.

    If there is none, but the secret is a ticket that is used for the first time, its link is opened, if it `may_open`.
    """
    session = found or (_open_ticket(token) if may_open else None)
    now_ms = clock.now_ms()
    if session is None or not session.is_open_for(account_id, now_ms):
        ended = session if session and session.account_id == account_id else None
        raise SessionEnded("there is no session for this account in this browser", ended)
    longer = extended(session, now_ms)
    if longer:
        table.extend(longer)
    return longer or session


def _open_ticket(token: str) -> Session | None:
    link_token = link_of_ticket(token)
    if link_token is None:
        return None
    try:
        return open_link(link_token, token)
    except LinkUnusable:
        return None


def end_session(session: Session, token: str, *, page: str | None = None) -> None:
    """End a session, which was left on a page. Its way back is kept under a name that only its secret leads to."""
    now_ms, ended_id = clock.now_ms(), id_of("ended", token)
    table.put(msgspec.structs.replace(session, session_id=ended_id, expires_at_ms=now_ms, subject=None, page=page))
    table.delete(session.session_id)


def find_ended(token: str) -> Session | None:
    """Find what is kept of a session that was ended."""
    return table.find(id_of("ended", token))


def has_session(session_id: str | None, account_id: str) -> bool:
    """Tell whether a browser's session of an account, by its id, has not ended."""
    session = table.find(session_id) if session_id else None
    return session is not None and session.is_open_for(account_id, clock.now_ms())
