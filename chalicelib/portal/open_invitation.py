"""Open a client's invitation: find it by its link, and begin the session of the client's owner."""

import hmac
import re
from typing import Final

from chalicelib import clock
from chalicelib.accounts.account import Account
from chalicelib.portal import invitation_table as table
from chalicelib.portal.invitation import (
    Invitation,
    InvitationOpened,
    InvitationUnknown,
    check_usable,
    session_of_invitation,
)
from chalicelib.portal.session import Session, id_of

_NUMBER: Final = re.compile(r"[1-9][0-9]{0,8}")


def find_invitation(account_id: str, number: str, secret: str) -> Invitation:
    """Find the invitation of a link, which may be one that cannot be opened any more. Raises InvitationUnknown."""
    found = table.find(account_id, int(number)) if _NUMBER.fullmatch(number) else None
    if found is None or not hmac.compare_digest(found.secret_hash, id_of("invitation", secret)):
        raise InvitationUnknown("the link is not complete")
    return found


def check_invitation(invitation: Invitation, client: Account) -> None:
    """Check that an invitation is its client's newest and can be opened. Raises InvitationUnusable."""
    newest_number = table.newest(invitation.account_id, limit=1)[0].number
    check_usable(invitation, client, newest_number, clock.now_ms())


def open_invitation(invitation: Invitation, client: Account, token: str) -> Session:
    """Open an invitation, once, and return the session, whose secret is `token`. Raises InvitationUnusable."""
    check_invitation(invitation, client)
    session = session_of_invitation(invitation, token, clock.now_ms())
    if not table.open_once(invitation, session):
        raise InvitationOpened("it was opened before")
    return session
