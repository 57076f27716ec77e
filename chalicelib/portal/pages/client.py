"""One client: what it has and brings, whether it may use the product, and what moved its wallet last."""

from decimal import Decimal
from typing import Final

import msgspec
from chalice.app import Response

from chalicelib import clock
from chalicelib.access.find_access import find_access
from chalicelib.access.view import WORKSPACES_SIDE
from chalicelib.accounts.account import Account
from chalicelib.accounts.permission import Permission
from chalicelib.auto_pay.decision import REASONS
from chalicelib.clients.list_clients import load_client
from chalicelib.clients.view import name_of_changer
from chalicelib.history.view import TransactionView, view
from chalicelib.i18n.texts import mark
from chalicelib.ledger import statement
from chalicelib.payments import table as payments
from chalicelib.payments.view import view_payment
from chalicelib.portal import invitation_table as invitations
from chalicelib.portal import render
from chalicelib.portal.find_client import find_client, viewer_of
from chalicelib.portal.invitation import State, state_of
from chalicelib.portal.invite import invite
from chalicelib.portal.move_note import move_note
from chalicelib.portal.pages.clients import attention
from chalicelib.portal.request import PortalRequest

TRANSACTIONS: Final = 10
PAYMENTS: Final = 5
DONE: Final = {
    "created": mark("Client created. Next, set its prices."),
    "credited": mark("The credit is in the client's wallet. No card was charged."),
    "active": mark("The client is active."),
    "suspended": mark("The client is suspended."),
    "archived": mark("The client is archived."),
    "invited": mark("Invitation sent. The link works once within a week, and replaces earlier links."),
}


INVITED: Final[dict[State, str]] = {
    "unconfirmed": mark("Invited on %(day)s. The email may not have been sent."),
    "sent": mark("Invited on %(day)s. The link hasn't been opened yet."),
    "opened": mark("Invited on %(day)s. The link was opened."),
    "expired": mark("Invited on %(day)s. The link expired without being opened."),
    "void": mark("Invited on %(day)s. The contact's address has changed since, so the link no longer works."),
}
"""What has become of the newest invitation."""


class Pair(msgspec.Struct, frozen=True):
    """A transaction of a client; if its event was charged to the workspace, too, what that paid and keeps of it."""

    client: TransactionView
    workspace: TransactionView | None

    @property
    def kept(self) -> str | None:
        """Return what the workspace keeps, which may be negative."""
        if self.workspace is None:
            return None
        return str(Decimal(self.client.amount) - Decimal(self.workspace.amount))


def show(request: PortalRequest, client_id: str) -> Response:
    """Show a client. Raises AccountNotFound, InvalidCursor."""
    account = find_client(request, client_id)
    client = load_client(account, clock.now_ms())
    viewer = viewer_of(request, account)
    reason = REASONS.get(client.auto_pay.reason)  # type: ignore[call-overload]
    done = DONE.get(request.query.get("done", ""))
    pairs, older_pairs = _pairs(request, account, request.query.get("transactions"))
    paid = payments.newest(client_id, limit=PAYMENTS, cursor=request.query.get("payments"))
    return render.page(
        request,
        "client.html",
        here="clients",
        client=client,
        attention=attention(request, client),
        access=_access(request, account),
        invited=_invited(request, account),
        move=move_note(request, account),
        standing_by=name_of_changer(account, viewer),
        auto_pay_reason=request.words.say(reason) if reason else None,
        pairs=pairs,
        older_pairs=older_pairs,
        payments=[view_payment(each, viewer) for each in paid.payments],
        older_payments=paid.next_cursor,
        today=clock.day_of(clock.now_ms()),
        confirmation=request.words.say(done) if done else None,
    )


def send_invitation(request: PortalRequest, client_id: str) -> Response:
    """Invite the client's billing contact by mail. Raises AccountNotFound, and what `invite` raises."""
    client = find_client(request, client_id)
    invite(Permission(request.session.caller, client))
    return request.go("clients", client_id, done="invited")


def _invited(request: PortalRequest, client: Account) -> str | None:
    """Say what has become of the newest invitation that the workspace has sent."""
    newest = next(iter(invitations.newest(client.account_id, limit=1)), None)
    if newest is None or newest.workspace_id != client.workspace_id:
        return None
    text = INVITED[state_of(newest, client, newest.number, clock.now_ms())]
    return request.words.say(text, day=request.words.day(clock.day_of(newest.created_at_ms)))


def _access(request: PortalRequest, account: Account) -> tuple[bool, str]:
    """Tell whether a client may use the product, and why not."""
    answer = find_access(account, request.catalog)
    if answer.access.reason is None:
        return True, ""
    text = WORKSPACES_SIDE[answer.access.reason]
    return False, request.words.say(text, account=account.name, workspace=request.account.name)


def _pairs(request: PortalRequest, account: Account, cursor: str | None) -> tuple[list[Pair], str | None]:
    """Return transactions of a client, newest first, each with the one of the same event in the workspace's wallet.

    Also the cursor of the next ones.
    """
    viewer = viewer_of(request, account)
    found = statement.read_history(account.account_id, limit=TRANSACTIONS, cursor=cursor)
    rows = [view(each, viewer) for each in found.transactions]
    ids = [each.sibling.transaction_id for each in rows if each.sibling]
    read = statement.read_transactions(request.account.account_id, ids)
    costs = {each.id: view(each, request.viewer) for each in read}
    pairs = [Pair(each, costs.get(each.sibling.transaction_id) if each.sibling else None) for each in rows]
    return pairs, found.next_cursor
