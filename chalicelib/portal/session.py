"""A session of the portal and the link that opens it: values and rules. Pure.

The table holds only hashes: a reader of the table cannot open a link or take over a session.
"""

import hmac
import re
import secrets
from hashlib import sha256
from operator import xor
from typing import Final, Literal

import msgspec

from chalicelib.accounts.account import Account
from chalicelib.errors import Refusal
from chalicelib.token import Caller

LINK_MS: Final = 5 * 60 * 1000
"""How long a link can be opened."""

IDLE_MS: Final = 60 * 60 * 1000
LONGEST_MS: Final = 12 * 60 * 60 * 1000
"""How long a session lasts without a request, and in total."""

EXTEND_EVERY_MS: Final = 5 * 60 * 1000
"""How often a session in use is extended at most: not with every page, because each time is a write."""

TOKEN_BYTES: Final = 32
FORM_TOKEN_BYTES: Final = 32
_FORM_TOKEN: Final = re.compile(rf"[0-9a-f]{{{4 * FORM_TOKEN_BYTES}}}")

SessionRole = Literal["owner", "viewer"]

Form = Literal["balance", "plan", "credit", "mail"]
"""Kinds of forms that must have an effect once: Add Balance, the subscription, a client's credit, a sent document."""


class LinkUnusable(Refusal):
    """A link that was opened before, has expired, or never existed."""

    status = 410
    type = "portal-link-unusable"
    title = "This link cannot be opened any more"

    def __init__(self, detail: str, link: "Session | None" = None) -> None:
        super().__init__(detail)
        self.link = link


class SessionEnded(Refusal):
    """No session, or one that has ended: `ended`, if this browser still has its secret."""

    status = 401
    type = "portal-session-ended"
    title = "Your session has ended"

    def __init__(self, detail: str, ended: "Session | None" = None) -> None:
        super().__init__(detail)
        self.ended = ended


class FormNotSent(SessionEnded):
    """The session had ended when a form was sent: nothing of the form was read."""

    type = "portal-form-not-sent"


class ClientMoved(SessionEnded):
    """The session was opened by the workspace that the client was moved away from."""

    type = "portal-client-moved"


class FormOutdated(Refusal):
    """A form that was not made for this session, or that another site has sent."""

    status = 403
    type = "portal-form-outdated"
    title = "This form is out of date"


class PageNotFound(Refusal):
    """No such page."""

    status = 404
    type = "page-not-found"
    title = "There is no such page"


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A link or a session: for which account, in which role, and until when.

    `subject` names the person, `page` is what a link opens instead of the overview. The attempts number the forms that
    must have an effect once, of each kind by itself: a number increases when its form has had its effect, so two tabs
    with one form are one attempt, whatever else happens meanwhile. `guest_of` is the workspace whose person looks at
    its client's pages: the session ends when the client is another's. A link keeps when it was opened.
    """

    session_id: str
    account_id: str
    role: SessionRole
    subject: str | None
    return_url: str | None
    locale: str | None
    created_at_ms: int
    expires_at_ms: int
    page: str | None = None
    attempt: int = 1
    plan_attempt: int | None = None
    credit_attempt: int | None = None
    mail_attempt: int | None = None
    guest_of: str | None = None
    opened_at_ms: int | None = None

    @property
    def caller(self) -> Caller:
        """Return the caller that the session acts as, for the rules of `accounts.allow`."""
        return Caller(self.role, self.account_id, self.subject or self.guest_of, is_guest=self.guest_of is not None)

    def is_valid_for(self, account: Account) -> bool:
        """Tell whether it is still for its account, which is as it is now."""
        return self.guest_of in {None, account.workspace_id}

    def is_open_for(self, account_id: str, now_ms: int) -> bool:
        """Tell whether it is a session of this account that has not ended."""
        return self.account_id == account_id and now_ms < self.expires_at_ms

    def way_back(self, page: str = "") -> str | None:
        """Return where the link back leads: `{page}` in it is filled with the page to come back to."""
        return self.return_url and self.return_url.replace("{page}", page)

    def attempt_of(self, form: Form) -> int:
        """Return the number of the next form of a kind."""
        numbers: dict[Form, int | None] = {
            "balance": self.attempt,
            "plan": self.plan_attempt,
            "credit": self.credit_attempt,
            "mail": self.mail_attempt,
        }
        return numbers[form] or 1

    @property
    def attempt_prefix(self) -> str:
        """Return what the idempotency keys of the session's forms begin with."""
        return f"portal-{self.session_id[-24:]}"


def new_token() -> str:
    """Make the secret of a link or a session."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def new_ticket(link_token: str) -> str:
    """Make the secret of the session that a link will open, for a client that does not submit the form."""
    return f"{link_token}.{new_token()}"


def link_of_ticket(token: str) -> str | None:
    """Return the secret of the link that a ticket opens; None for a token that is not a ticket."""
    return token.rpartition(".")[0] or None


def id_of(kind: Literal["link", "session", "invitation", "ended"], token: str) -> str:
    """Return the id under which a secret is kept: its hash."""
    return f"{kind}#{sha256(token.encode()).hexdigest()}"


def form_token(token: str) -> str:
    """Return the token for the forms of one answer: a pad, and the session's own form token hidden with it.

    Answers are compressed. Many that hold the same secret beside a text of an attacker's choice would tell the secret
    by their sizes (BREACH), so this one is another in each answer.
    """
    pad = secrets.token_bytes(FORM_TOKEN_BYTES)
    return (pad + _xor(pad, _own_form_token(token))).hex()


def is_form_token(sent: str, token: str) -> bool:
    """Tell whether a form was sent with a token of this session's forms."""
    if not _FORM_TOKEN.fullmatch(sent):
        return False
    pad, hidden = (bytes.fromhex(sent[start : start + 2 * FORM_TOKEN_BYTES]) for start in (0, 2 * FORM_TOKEN_BYTES))
    return hmac.compare_digest(_xor(pad, hidden), _own_form_token(token))


def _own_form_token(token: str) -> bytes:
    """Return what the session's secret makes, and no other site can know."""
    return hmac.digest(token.encode(), b"form", "sha256")


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(map(xor, one, other))


def session_of_link(link: Session, token: str, now_ms: int) -> Session:
    """Return the session that a link opens."""
    return msgspec.structs.replace(
        link, session_id=id_of("session", token), created_at_ms=now_ms, expires_at_ms=now_ms + IDLE_MS
    )


def extended(session: Session, now_ms: int) -> Session | None:
    """Return the session as its use extends it; None if the extension is too short to be written."""
    until_ms = min(now_ms + IDLE_MS, session.created_at_ms + LONGEST_MS)
    if until_ms - session.expires_at_ms < EXTEND_EVERY_MS:
        return None
    return msgspec.structs.replace(session, expires_at_ms=until_ms)
