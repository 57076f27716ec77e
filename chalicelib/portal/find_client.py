"""Which client a page of a workspace is about: one of its own, and for anybody else none."""

from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account, AccountNotFound
from chalicelib.accounts.permission import Permission
from chalicelib.accounts.viewer import Viewer
from chalicelib.portal.request import PortalRequest
from chalicelib.portal.session import PageNotFound


def check_has_clients(request: PortalRequest) -> None:
    """Check that the account is a workspace: a client has no such pages. Raises PageNotFound."""
    if request.account.kind != "workspace":
        raise PageNotFound("only a workspace has clients")


def find_client(request: PortalRequest, client_id: str) -> Account:
    """Return a client of the account. Raises PageNotFound, and AccountNotFound for what is no client of it."""
    check_has_clients(request)
    account = accounts.get(client_id)
    if account.workspace_id != request.account.account_id:
        raise AccountNotFound(client_id)
    return account


def viewer_of(request: PortalRequest, client: Account) -> Viewer:
    """Return whom a client's transactions are shown to: the person of its workspace."""
    return Viewer(Permission(request.session.caller, client))
