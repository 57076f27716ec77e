"""An invitation of a client's billing contact: values and rules. Pure.

The table holds only the hash of the link's secret. Of a client's invitations only the newest can be opened, while the
client's billing contact and its workspace are those that it was made for.
"""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from chalicelib.accounts.account import Account
from chalicelib.clock import iso
from chalicelib.errors import Busy, Refusal
from chalicelib.notices.choice import billing_contact
from chalicelib.portal.session import IDLE_MS, Session, id_of
from chalicelib.text import WrongText, ascii_email

HOUR_MS: Final = 60 * 60 * 1000
VALID_MS: Final = 7 * 24 * HOUR_MS
"""How long an invitation can be opened."""

MOST_AN_HOUR: Final = 3
"""How many mails a client's contact gets in an hour, so that nobody is flooded in a workspace's name."""

State = Literal["unconfirmed", "sent", "opened", "replaced", "expired", "void"]


class TooManyInvitations(Refusal):
    """As many mails as may be sent to a client in an hour were sent."""

    status = 429
    type = "too-many-invitations"
    title = "Too many invitations within an hour"

    def __init__(self, again_at_ms: int, now_ms: int) -> None:
        super().__init__(
            f"a client gets {MOST_AN_HOUR} invitations an hour at most; ask again at {iso(again_at_ms)}",
            retry_at=iso(again_at_ms),
        )
        self._seconds = -((now_ms - again_at_ms) // 1000)

    @property
    def headers(self) -> dict[str, str]:
        """Say when to ask again."""
        return {"Retry-After": str(self._seconds)}


class InvitationsBusy(Busy):
    """Too many invitations of one client are being made at once."""

    type = "invitations-busy"
    title = "The client is being invited by others"


class InvitationUnconfirmed(Refusal):
    """The mail was refused, or its answer was lost: it may have been sent, and then its link works."""

    status = 503
    type = "invitation-unconfirmed"
    title = "It is not known whether the mail was sent"

    def __init__(self) -> None:
        super().__init__("the mail may not have been sent; ask again: that sends a new link, and voids this one")


class InvitationUnknown(Refusal):
    """There is no such invitation, or its secret is not this one."""

    status = 410
    type = "invitation-unknown"
    title = "There is no such invitation"


class InvitationUnusable(Refusal):
    """An invitation that cannot be opened any more. Subclasses say why."""

    status = 410


class InvitationOpened(InvitationUnusable):
    """It was opened before."""

    type = "invitation-opened"
    title = "This invitation was used"


class InvitationReplaced(InvitationUnusable):
    """A newer one was sent."""

    type = "invitation-replaced"
    title = "There is a newer invitation"


class InvitationExpired(InvitationUnusable):
    """It was not opened in time."""

    type = "invitation-expired"
    title = "This invitation has expired"


class InvitationVoid(InvitationUnusable):
    """It was sent to an address that is no longer the client's, or by a workspace that it has left."""

    type = "invitation-void"
    title = "This invitation is no longer valid"


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """A client's invitation, the `number`th: to which address, by whom, and what became of it.

    `workspace_id` is the client's workspace at that time; `sent_at_ms` is when SES confirmed the mail.
    """

    account_id: str
    workspace_id: str | None
    number: int
    secret_hash: str
    sent_to: str
    actor: str
    created_at_ms: int
    expires_at_ms: int
    sent_at_ms: int | None = None
    opened_at_ms: int | None = None


def next_invitation(
    newest: Sequence[Invitation], client: Account, *, secret: str, sent_to: str, actor: str, now_ms: int
) -> Invitation:
    """Return a client's next invitation; `newest` are its `MOST_AN_HOUR` newest, newest first.

    Raises TooManyInvitations.
    """
    if len(newest) >= MOST_AN_HOUR:
        again_at_ms = newest[MOST_AN_HOUR - 1].created_at_ms + HOUR_MS
        if now_ms < again_at_ms:
            raise TooManyInvitations(again_at_ms, now_ms)
    return Invitation(
        account_id=client.account_id,
        workspace_id=client.workspace_id,
        number=newest[0].number + 1 if newest else 1,
        secret_hash=id_of("invitation", secret),
        sent_to=sent_to,
        actor=actor,
        created_at_ms=now_ms,
        expires_at_ms=now_ms + VALID_MS,
    )


def state_of(invitation: Invitation, client: Account, newest_number: int, now_ms: int) -> State:
    """Return what has become of an invitation of a client, which is as it is now."""
    if invitation.opened_at_ms is not None:
        return "opened"
    if invitation.number < newest_number:
        return "replaced"
    if invitation.workspace_id != client.workspace_id or invitation.sent_to != _address_of(client):
        return "void"
    if now_ms >= invitation.expires_at_ms:
        return "expired"
    return "unconfirmed" if invitation.sent_at_ms is None else "sent"


def _address_of(client: Account) -> str | None:
    """Return the address of a client's billing contact as mails are sent to it; None if none can be."""
    try:
        return ascii_email(billing_contact(client))
    except WrongText:
        return None


def check_usable(invitation: Invitation, client: Account, newest_number: int, now_ms: int) -> None:
    """Check that an invitation can be opened. Raises InvitationUnusable."""
    match state_of(invitation, client, newest_number, now_ms):
        case "opened":
            raise InvitationOpened("it was opened before", at=iso(invitation.opened_at_ms or 0))
        case "replaced":
            raise InvitationReplaced("a newer one was sent")
        case "void":
            raise InvitationVoid("the client's billing contact or its workspace has changed since")
        case "expired":
            raise InvitationExpired("it was not opened in time", at=iso(invitation.expires_at_ms))


def session_of_invitation(invitation: Invitation, token: str, now_ms: int) -> Session:
    """Return the session that an invitation opens: as the client's owner, named by the address that it went to."""
    return Session(
        session_id=id_of("session", token),
        account_id=invitation.account_id,
        role="owner",
        subject=invitation.sent_to,
        return_url=None,
        locale=None,
        created_at_ms=now_ms,
        expires_at_ms=now_ms + IDLE_MS,
    )
