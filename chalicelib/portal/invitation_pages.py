"""The pages that an invitation's link leads to, in the workspace's brand.

A button opens the invitation, and no script presses it: scanners that follow the links of mails run scripts, too, and
would use it up.
"""

from collections.abc import Callable

from chalice.app import Request, Response

from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account
from chalicelib.catalog.catalog import catalog
from chalicelib.notices.choice import billing_contact
from chalicelib.portal import render
from chalicelib.portal.answer import answer, enter, go_on
from chalicelib.portal.brand import brand_of
from chalicelib.portal.invitation import Invitation, InvitationUnusable
from chalicelib.portal.open_invitation import check_invitation, find_invitation, open_invitation
from chalicelib.portal.session import new_token

Respond = Callable[[Request, Invitation, Account], Response]


def show(http_request: Request, account_id: str, number: str, secret: str) -> Response:
    """Show the button that opens an invitation, and leave the invitation unopened."""

    def respond(asked: Request, invitation: Invitation, client: Account) -> Response:
        check_invitation(invitation, client)
        return render.plain_page(
            asked,
            "invitation.html",
            preferred=(None, client.locale),
            brand=brand_of(client, catalog()),
            client=client,
        )

    return _answer(http_request, (account_id, number, secret), respond)


def send(http_request: Request, account_id: str, number: str, secret: str) -> Response:
    """Open an invitation, and give the browser the cookie of its session."""

    def respond(_asked: Request, invitation: Invitation, client: Account) -> Response:
        token = new_token()
        return enter(open_invitation(invitation, client, token), token)

    return _answer(http_request, (account_id, number, secret), respond)


def _answer(http_request: Request, link: tuple[str, str, str], respond: Respond) -> Response:
    """Answer with what `respond` returns for the link's invitation; if it is unusable, say why and whom to ask."""

    def respond_or_explain(asked: Request) -> Response:
        invitation = find_invitation(*link)
        client = accounts.get(invitation.account_id)
        try:
            return respond(asked, invitation, client)
        except InvitationUnusable as refusal:
            return go_on(asked, client.account_id) or _refused(asked, client, refusal)

    return answer(http_request, respond_or_explain)


def _refused(http_request: Request, client: Account, refusal: InvitationUnusable) -> Response:
    workspace = accounts.get(client.workspace_id or "")
    refusal.about |= {"workspace": workspace.name, "contact": billing_contact(workspace)}
    brand = brand_of(client, catalog())
    return render.refusal_page(http_request, None, refusal, preferred=(None, client.locale), brand=brand)
