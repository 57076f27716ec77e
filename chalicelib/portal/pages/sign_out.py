"""Sign out."""

from chalice.app import Response

from chalicelib.portal.cookie import ended_cookie, session_cookie
from chalicelib.portal.request import PortalRequest, see_other
from chalicelib.portal.sessions import end_session


def send(request: PortalRequest) -> Response:
    """End the session, here and in the browser. A viewer may do this, too."""
    end_session(request.session, request.token)
    gone = session_cookie(request.base_url, request.account.account_id, "")
    return see_other(
        request.base_url.path("signed-out"), Set_Cookie=[gone, ended_cookie(request.base_url, request.token)]
    )
