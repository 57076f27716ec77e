"""Sign out."""

from chalice.app import Response

from chalicelib.portal import table
from chalicelib.portal.cookie import session_cookie
from chalicelib.portal.request import PortalRequest, see_other


def send(request: PortalRequest) -> Response:
    """End the session, here and in the browser. A viewer may do this, too."""
    table.delete(request.session.session_id)
    gone = session_cookie(request.base_url, request.account.account_id, "")
    return see_other(request.base_url.path("signed-out"), Set_Cookie=gone)
