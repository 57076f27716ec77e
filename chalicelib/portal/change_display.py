"""Keep a person's language and theme, and lead back to the page that they were on."""

from urllib.parse import urlsplit

from chalice.app import Request, Response

from chalicelib.base_url import BaseUrl, public_base_url
from chalicelib.portal.cookie import display_cookies
from chalicelib.portal.display import read_display
from chalicelib.portal.request import check_is_own_form, read_form, see_other


def change_display(http_request: Request) -> Response:
    """Handle the form in the foot of every page. It changes nothing but cookies. Raises FormOutdated."""
    base_url = public_base_url()
    check_is_own_form(http_request, base_url)
    form = read_form(http_request)
    display = read_display(form.get("language"), form.get("theme"))
    return see_other(page_before(http_request, base_url), Set_Cookie=display_cookies(base_url, display))


def page_before(http_request: Request, base_url: BaseUrl) -> str:
    """Return the address of the portal's page that a form was sent from, without its origin."""
    came_from = http_request.headers.get("referer", "")
    parts = urlsplit(came_from) if came_from.startswith(f"{base_url.origin}{base_url.path()}/") else None
    if parts is None or parts.path == base_url.path("display"):
        return base_url.path()
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
