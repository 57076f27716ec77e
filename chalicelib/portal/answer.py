"""Answer a request for a page: find its session, call the view, and show a refusal as a page."""

import gc
from collections.abc import Callable, Mapping
from typing import Any, Final

from chalice.app import Request, Response

from chalicelib.accounts import table as accounts
from chalicelib.base_url import public_base_url
from chalicelib.catalog.catalog import catalog
from chalicelib.errors import Refusal
from chalicelib.http_input import check_path
from chalicelib.log import log
from chalicelib.portal import render
from chalicelib.portal.brand import brand_of, color_file, logo_file
from chalicelib.portal.cookie import ended_token, here_cookie, session_cookie, session_here
from chalicelib.portal.extra_slash import lead_to_page
from chalicelib.portal.pages import ROWS, VIEWS
from chalicelib.portal.policy import Headers
from chalicelib.portal.request import PortalRequest, is_prefetch, see_other
from chalicelib.portal.routes import HOME, page_with
from chalicelib.portal.session import LinkUnusable, PageNotFound, Session, SessionEnded, new_ticket, new_token
from chalicelib.portal.sessions import PagePath, find_ended, find_link, has_session, open_link
from chalicelib.request_context import request_context
from chalicelib.tables import NO_KEYS

FREE_FOR_VIEWERS: Final = frozenset({"sign_out"})
"""Forms that do not change the account."""


def answer(http_request: Request, respond: Callable[[Request], Response]) -> Response:
    """Answer a request; a refusal and an unexpected error are shown as pages, too."""
    with request_context(http_request, http_request.uri_params or {}):
        return _answer(http_request, respond)


def _answer(http_request: Request, respond: Callable[[Request], Response]) -> Response:
    try:
        check_path(http_request.uri_params or {})
        return respond(http_request)
    except SessionEnded as refusal:
        return _ended(http_request, refusal)
    except Refusal as refusal:
        return render.refusal_page(http_request, None, refusal)
    except Exception:  # noqa: BLE001 - the outermost frame: logged, counted by the 5xx alarm, and answered
        # The route and not the path, which may have the secret of a link in it.
        log().exception("unexpected error", page=http_request.context.get("resourcePath"))
        return render.error_page(http_request)


def show_page(http_request: Request, name: str, account_id: str, parameters: Mapping[str, str]) -> Response:
    """Call the view of a page with the request's session; a refusal is shown with the account's header and menu."""

    def respond(asked: Request) -> Response:
        request = PortalRequest(asked, account_id, ROWS[name](account_id) if name in ROWS else NO_KEYS)
        try:
            if asked.method == "POST":
                request.accept_form(anyone=name in FREE_FOR_VIEWERS)
            return VIEWS[name](request, **parameters)
        except Refusal as refusal:
            return render.refusal_page(asked, request, refusal)

    return answer(http_request, respond)


def _ended(http_request: Request, refusal: SessionEnded) -> Response:
    """Say that there is no session, and where a link to this page can be had again, if this browser knew one."""
    signed_out = None if refusal.ended else _signed_out(http_request)
    ended = refusal.ended or signed_out
    back = ended.way_back(page_shown(http_request)) if ended else None
    if signed_out and http_request.method != "POST":
        return render.plain_page(http_request, "no_session.html", status=refusal.status, signed_out=True, back=back)
    return render.refusal_page(http_request, None, refusal, back=back)


def _signed_out(http_request: Request) -> Session | None:
    """Return what is kept of the session of this address's account that was ended in this browser."""
    token = ended_token(http_request)
    ended = find_ended(token) if token else None
    return ended if ended and ended.account_id == (http_request.uri_params or {}).get("account_id") else None


def page_shown(http_request: Request) -> str:
    """Return the page of a request, below the account's home; of a form, the page that has it."""
    path = page_with(str(http_request.context.get("resourcePath", "")).removeprefix(HOME))
    page = path.format(**http_request.uri_params or {}).removeprefix("/")
    return page if PagePath.fits(page) else ""


def show_page_with(http_request: Request, account_id: str) -> Response:
    """Lead from the address of a form, which a browser keeps after a refusal, to the page that has the form."""
    pages = page_shown(http_request).split("/") if page_shown(http_request) else []
    return see_other(public_base_url().path("accounts", account_id, *pages))


def show_unknown(http_request: Request) -> Response:
    """Answer for an address without a page; below an account's home with the account's menu."""
    page = lead_to_page(http_request)
    if page is not None:
        return page
    folder, _, rest = (http_request.uri_params or {})["proxy"].partition("/")
    request = _request_of(http_request, rest.partition("/")[0]) if folder == "accounts" else None
    return render.refusal_page(http_request, request, PageNotFound("there is no such page"))


def _request_of(http_request: Request, account_id: str) -> PortalRequest | None:
    try:
        check_path({"account_id": account_id})
        return PortalRequest(http_request, account_id)
    except Refusal:
        return None


def show_link(http_request: Request, link_token: str) -> Response:
    """Show the form that opens a link, and leave the link unopened; the page's script submits the form.

    A client that is not a browser finds the first page and a session's cookie in the headers: the first request with
    the cookie opens the link. Raises LinkUnusable.
    """
    try:
        link = find_link(link_token)
    except LinkUnusable as refusal:
        return _go_on(http_request, refusal)
    base_url, account = public_base_url(), accounts.get(link.account_id)
    shown: dict[str, Any] = {"brand": brand_of(account, catalog()), "action": base_url.path("open", link_token)}
    page = render.plain_page(http_request, "open.html", preferred=(link.locale, account.locale), **shown)
    if not is_prefetch(http_request):
        page.headers |= _entry_headers(link, new_ticket(link_token))
    return page


def open_portal(http_request: Request, link_token: str) -> Response:
    """Open a link, and give the browser the session's cookie. Raises LinkUnusable."""
    token = new_token()
    try:
        return enter(open_link(link_token, token), token)
    except LinkUnusable as refusal:
        return _go_on(http_request, refusal)


def _go_on(http_request: Request, refusal: LinkUnusable) -> Response:
    """Lead to the page of a link that cannot be opened any more, if this browser has a session. Raises LinkUnusable."""
    link = refusal.link
    went_on = go_on(http_request, link.account_id, link.page) if link else None
    if went_on is None:
        raise refusal
    return went_on


def go_on(http_request: Request, account_id: str, page: str | None = None) -> Response | None:
    """Lead to a page of an account, with a note that the link was not opened; None if this browser has no session."""
    if not has_session(session_here(http_request, account_id), account_id):
        return None
    pages = page.split("/") if page else []
    return see_other(public_base_url().path("accounts", account_id, *pages, link="unusable"))


def enter(session: Session, token: str) -> Response:
    """Redirect to a new session's first page, with its cookies."""
    headers = _entry_headers(session, token)
    here = here_cookie(public_base_url(), session)
    return see_other(headers["Location"], Set_Cookie=[headers["Set-Cookie"], here])


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
    return render.plain_page(http_request, "no_session.html", signed_out=False, back=None)


def show_signed_out(http_request: Request) -> Response:
    """Confirm that the session has ended."""
    token = ended_token(http_request)
    ended = find_ended(token) if token else None
    back = ended.way_back(ended.page or "") if ended else None
    return render.plain_page(http_request, "no_session.html", signed_out=True, back=back)


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


# The first page imports this and so all pages, jinja2 and babel, which stay: see `chalicelib.api`.
gc.freeze()
