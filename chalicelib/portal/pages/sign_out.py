"""Sign out."""

from urllib.parse import urlsplit

from chalice.app import Response

from chalicelib.portal.cookie import ended_cookies, session_cookie
from chalicelib.portal.request import PortalRequest, see_other
from chalicelib.portal.sessions import PagePath, end_session


def send(request: PortalRequest) -> Response:
    """End the session, here and in the browser. A viewer may do this, too."""
    end_session(request.session, request.token, page=_page_left(request))
    base_url, account_id = request.base_url, request.account.account_id
    cookies = [session_cookie(base_url, account_id, ""), *ended_cookies(base_url, account_id, request.token)]
    return see_other(base_url.path("signed-out"), Set_Cookie=cookies)


def _page_left(request: PortalRequest) -> str | None:
    """Return the page with the button that was pressed, below the account's home, if the browser tells it."""
    left = urlsplit(request.http.headers.get("referer", ""))
    page = left.path.removeprefix(request.path() + "/")
    return page if f"{left.scheme}://{left.netloc}" == request.base_url.origin and PagePath.fits(page) else None
