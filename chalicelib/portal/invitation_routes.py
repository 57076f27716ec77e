"""Invitations over HTTP: the API's routes for a workspace, and the pages that a link leads to."""

import re
from typing import Annotated, Final

import msgspec
from chalice.app import Response
from msgspec import Meta

from chalicelib import clock
from chalicelib.accounts.account import Account, AccountArchived, NotAClient
from chalicelib.accounts.actor import ShownName
from chalicelib.accounts.permission import REFUSALS, Right, allow_workspace
from chalicelib.accounts.viewer import Viewer
from chalicelib.clock import iso
from chalicelib.cursor import InvalidCursor
from chalicelib.notices.refusals import AddressUnusable, MailsOff
from chalicelib.portal import invitation_table as table
from chalicelib.portal.invitation import (
    Invitation,
    InvitationsBusy,
    InvitationUnconfirmed,
    State,
    TooManyInvitations,
    state_of,
)
from chalicelib.web import Call, Routes

routes = Routes(__name__, "Invitations", "Mails that let a client's billing contact into the client's portal.")

PATH: Final = "/v1/accounts/{account_id}/invitations"
LINK: Final = "/portal/invitations/{account_id}/{number}/{secret}"
_CURSOR: Final = re.compile(r"[1-9][0-9]{0,8}")


class InvitationsQuery(msgspec.Struct, forbid_unknown_fields=True):
    """How many invitations, and where to go on."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 25
    cursor: Annotated[str, Meta(max_length=20)] | None = None


class InvitationView(msgspec.Struct):
    """An invitation, without its link, which only its mail has.

    `unconfirmed`: SES has not confirmed its mail, which may have been sent all the same. Of all that were not opened,
    only the newest can be: the others are `replaced`. It is `void` if the billing contact or the workspace has changed.
    """

    number: int
    state: State
    sent_to: str
    invited_by: ShownName
    created_at: str
    sent_at: str | None
    expires_at: str
    opened_at: str | None


class InvitationList(msgspec.Struct):
    """A client's invitations, newest first."""

    data: list[InvitationView]
    next_cursor: str | None


@routes.operation(
    "POST",
    PATH,
    summary="Invite a client's billing contact by mail, with a link into the client's portal",
    description=(
        "The mail goes to the client's billing contact, in the client's language and the workspace's name. Its link "
        "opens once, for seven days. Asking again sends a new link and makes the older ones void."
    ),
    status=201,
    gives=InvitationView,
    refuses=(
        *REFUSALS,
        NotAClient,
        AccountArchived,
        MailsOff,
        AddressUnusable,
        TooManyInvitations,
        InvitationsBusy,
        InvitationUnconfirmed,
    ),
)
def post_invitation(call: Call[None, None], account_id: str) -> InvitationView:
    # Loads babel, which only mails and pages need.
    from chalicelib.portal.invite import invite  # noqa: PLC0415

    allowed = allow_workspace(call, account_id, Right.ACT)
    made = invite(allowed)
    return view_invitation(made, allowed.account, made.number, Viewer(allowed))


@routes.operation(
    "GET",
    PATH,
    summary="List a client's invitations, newest first: sent to whom and when, and when they were opened",
    description="For the client's workspace and the operator, not for the client.",
    query=InvitationsQuery,
    gives=InvitationList,
    refuses=(*REFUSALS, InvalidCursor),
)
def list_invitations(call: Call[None, InvitationsQuery], account_id: str) -> InvitationList:
    allowed = allow_workspace(call, account_id, Right.READ)
    viewer = Viewer(allowed)
    before, limit = _number_of(call.query.cursor), call.query.limit
    found = table.newest(account_id, limit=limit + 1, before=before)
    newest_number = before or (found[0].number if found else 0)
    shown = [view_invitation(each, allowed.account, newest_number, viewer) for each in found[:limit]]
    return InvitationList(shown, str(shown[-1].number) if len(found) > limit else None)


def view_invitation(invitation: Invitation, client: Account, newest_number: int, viewer: Viewer) -> InvitationView:
    """Present an invitation to somebody."""
    sent_at_ms, opened_at_ms = invitation.sent_at_ms, invitation.opened_at_ms
    return InvitationView(
        number=invitation.number,
        state=state_of(invitation, client, newest_number, clock.now_ms()),
        sent_to=invitation.sent_to,
        invited_by=viewer.name_of(invitation.actor, invitation.created_at_ms, done_for_it=True),
        created_at=iso(invitation.created_at_ms),
        sent_at=iso(sent_at_ms) if sent_at_ms else None,
        expires_at=iso(invitation.expires_at_ms),
        opened_at=iso(opened_at_ms) if opened_at_ms else None,
    )


def _number_of(cursor: str | None) -> int | None:
    if cursor and not _CURSOR.fullmatch(cursor):
        raise InvalidCursor
    return int(cursor) if cursor else None


@routes.route(LINK, methods=["GET"], content_types=[], name="portal_invitation")
def portal_invitation(account_id: str, number: str, secret: str) -> Response:
    from chalicelib.portal.invitation_pages import show  # noqa: PLC0415 - as above

    return show(routes.current_request, account_id, number, secret)


@routes.route(LINK, methods=["POST"], content_types=[], name="portal_invitation_open")
def portal_invitation_open(account_id: str, number: str, secret: str) -> Response:
    from chalicelib.portal.invitation_pages import send  # noqa: PLC0415 - as above

    return send(routes.current_request, account_id, number, secret)
