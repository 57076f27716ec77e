"""Invite a client's billing contact: a mail in the workspace's name, with a link into the client's portal."""

from typing import Final

from chalicelib import clock
from chalicelib.accounts.account import Account, check_is_client, check_not_archived
from chalicelib.accounts.permission import Permission
from chalicelib.backoff import attempts
from chalicelib.base_url import public_base_url
from chalicelib.log import log
from chalicelib.notices.mailbox import MailNotSent
from chalicelib.notices.send_invitation import address_of, send_invitation
from chalicelib.notices.sender import find_sender
from chalicelib.portal import invitation_table as table
from chalicelib.portal.invitation import (
    MOST_AN_HOUR,
    Invitation,
    InvitationsBusy,
    InvitationUnconfirmed,
    next_invitation,
)
from chalicelib.portal.session import new_token

ATTEMPTS: Final = 8


def invite(allowed: Permission) -> Invitation:
    """Send a client's billing contact an invitation; the older ones are void from then on.

    It is written before its mail is sent, so a link that arrives works, also when the answer of SES is lost. Raises
    NotAClient, AccountArchived, MailsOff, AddressUnusable, TooManyInvitations, InvitationsBusy, InvitationUnconfirmed.
    """
    account = allowed.account
    check_is_client(account)
    check_not_archived(account)
    sender, secret = find_sender(account.workspace_id), new_token()
    made = _put_next(account, secret=secret, sent_to=address_of(account), actor=allowed.actor)
    base_url = public_base_url()
    link = base_url.url(base_url.path("invitations", account.account_id, str(made.number), secret))
    notice_id = f"{account.account_id}/invitation/{made.number}"
    try:
        send_invitation(account, sender, to=made.sent_to, link=link, until_ms=made.expires_at_ms, notice_id=notice_id)
    except MailNotSent as error:
        log().exception("an invitation may not have been sent", account_id=account.account_id, number=made.number)
        raise InvitationUnconfirmed from error
    log().info("invitation sent", account_id=account.account_id, number=made.number)
    return table.note_sent(made, clock.now_ms())


def _put_next(client: Account, *, secret: str, sent_to: str, actor: str) -> Invitation:
    for _ in attempts(ATTEMPTS):
        newest = table.newest(client.account_id, limit=MOST_AN_HOUR)
        made = next_invitation(newest, client, secret=secret, sent_to=sent_to, actor=actor, now_ms=clock.now_ms())
        if table.put_new(made):
            return made
    raise InvitationsBusy(account_id=client.account_id)
