"""Which client a page of a workspace is about: one of its own, and for anybody else none."""

from chalicelib.accounts.account import Account
from chalicelib.accounts.permission import Permission, check_own_client
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
    return check_own_client(request.allowed, client_id)


def viewer_of(request: PortalRequest, client: Account) -> Viewer:
    """Return whom a client's transactions are shown to: the person of its workspace."""
    return Viewer(Permission(request.session.caller, client))
