"""Answer a request for a page: find its session, call the view, and show a refusal as a page."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from chalice.app import Request, Response

from chalicelib.accounts import table as accounts
from chalicelib.catalog.catalog import catalog
from chalicelib.errors import Refusal
from chalicelib.http_input import check_path
from chalicelib.log import log
from chalicelib.portal import render
from chalicelib.portal.brand import brand_of, color_file, logo_file
from chalicelib.portal.cookie import session_cookie
from chalicelib.portal.navigation import public_base_url
from chalicelib.portal.pages import VIEWS
from chalicelib.portal.policy import Headers
from chalicelib.portal.request import PortalRequest, is_prefetch, see_other
from chalicelib.portal.session import PageNotFound, Session, new_ticket, new_token
from chalicelib.portal.sessions import find_link, open_link

FREE_FOR_VIEWERS: Final = frozenset({"sign_out"})
"""Forms that do not change the account."""


def answer(http_request: Request, respond: Callable[[Request], Response]) -> Response:
    """Answer a request; a refusal and an unexpected error are shown as pages, too."""
    try:
        check_path(http_request.uri_params or {})
        return respond(http_request)
    except Refusal as refusal:
        return render.refusal_page(http_request, None, refusal)
    except Exception:  # noqa: BLE001 - the outermost frame: logged, counted by the 5xx alarm, and answered
        # The route and not the path, which may have the secret of a link in it.
        names = http_request.uri_params or {}
        route = http_request.context.get("resourcePath")
        log().exception("unexpected error", page=route, account_id=names.get("account_id"))
        return render.error_page(http_request)


def show_page(http_request: Request, name: str, account_id: str, parameters: Mapping[str, str]) -> Response:
    """Call the view of a page with the request's session; a refusal is shown with the account's header and menu."""

    def respond(asked: Request) -> Response:
        request = PortalRequest(asked, account_id)
        try:
            if asked.method == "POST":
                request.accept_form(anyone=name in FREE_FOR_VIEWERS)
            return VIEWS[name](request, **parameters)
        except Refusal as refusal:
            return render.refusal_page(asked, request, refusal)

    return answer(http_request, respond)


def show_link(http_request: Request, link_token: str) -> Response:
    """Show the form that opens a link, and leave the link unopened; the page's script submits the form.

    A client that is not a browser finds the first page and a session's cookie in the headers: the first request with
    the cookie opens the link. Raises LinkUnusable.
    """
    link = find_link(link_token)
    base_url, account = public_base_url(), accounts.get(link.account_id)
    shown: dict[str, Any] = {"brand": brand_of(account, catalog()), "action": base_url.path("open", link_token)}
    page = render.plain_page(http_request, "open.html", preferred=(link.locale, account.locale), **shown)
    if not is_prefetch(http_request):
        page.headers |= _entry_headers(link, new_ticket(link_token))
    return page


def open_portal(link_token: str) -> Response:
    """Open a link, and give the browser the session's cookie. Raises LinkUnusable."""
    token = new_token()
    return enter(open_link(link_token, token), token)


def enter(session: Session, token: str) -> Response:
    """Redirect to a new session's first page, with its cookie."""
    headers = _entry_headers(session, token)
    return see_other(headers["Location"], Set_Cookie=headers["Set-Cookie"])


def _entry_headers(session: Session, token: str) -> dict[str, str]:
    """Return the headers that lead into the portal: the first page, and the cookie that opens it."""
    base_url, account_id = public_base_url(), session.account_id
    pages = session.page.split("/") if session.page else []
    return {
        "Location": base_url.path("accounts", account_id, *pages),
        "Set-Cookie": session_cookie(base_url, account_id, token),
    }


def show_no_session(http_request: Request) -> Response:
    """Explain how to open the portal to a person without a link."""
    return render.plain_page(http_request, "no_session.html", signed_out=False)


def show_signed_out(http_request: Request) -> Response:
    """Confirm that the session has ended."""
    return render.plain_page(http_request, "no_session.html", signed_out=True)


def show_file(folder: str, name: str) -> Response:
    """Answer with a file that pages load. Raises PageNotFound."""
    if folder == "static":
        text, kind, keep = render.static_file(name)
    elif folder == "brand":
        (text, kind), keep = color_file(name), render.FOR_EVER
    elif folder == "logo":
        text, kind, keep = logo_file(name), "image/svg+xml", render.FOR_EVER
    else:
        raise PageNotFound("there is no such page")
    headers: Headers = {
        "Content-Type": kind,
        "Cache-Control": keep,
        "X-Content-Type-Options": "nosniff",
        # An image may contain scripts, which run when it is opened directly.
        "Content-Security-Policy": "default-src 'none'; img-src data:; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return Response(text, headers, 200)
