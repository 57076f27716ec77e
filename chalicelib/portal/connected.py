"""The pages around Stripe: where an address of the API leads there, and what became of a connection.

They belong to no session. A browser that is led to Stripe gets a cookie, and only that browser finishes a connection.
"""

from typing import Any, Final

from chalice.app import Request, Response

from chalicelib.accounts.viewer import name_for
from chalicelib.base_url import public_base_url
from chalicelib.connection.browser import browser_of, new_secret
from chalicelib.connection.connection import State, Way
from chalicelib.connection.finish_connection import finish_connection, finish_onboarding
from chalicelib.connection.start_connection import find_start, open_start, renew_link
from chalicelib.connection.state import LASTS_MS, read_start
from chalicelib.http_input import check_texts
from chalicelib.i18n.texts import mark
from chalicelib.portal import render
from chalicelib.portal.actor_name import actor_name
from chalicelib.portal.cookie import connecting_cookie, connecting_secrets
from chalicelib.portal.request import check_is_own_form, see_other, words_of
from chalicelib.token import Caller

HEADINGS: Final[dict[State, str]] = {
    "active": mark("Your Stripe account is connected"),
    "onboarding": mark("Stripe needs more from you"),
    "restricted": mark("Your Stripe account is connected, but can't take payments yet"),
}
TEXTS: Final[dict[State, str]] = {
    "active": mark("Your clients can pay now, and the money goes to your account. You can close this window."),
    "onboarding": mark("Your clients can pay once Stripe has everything it needs. Go back to Billing to continue."),
    "restricted": mark("Open your Stripe dashboard to see what's missing. Then test the connection in Billing."),
}
ENDED_HEADING: Final = mark("Your Stripe account isn't connected")
ENDED_TEXT: Final = mark("It was disconnected in the meantime. Go back to Billing and start again.")


def show_start(http_request: Request) -> Response:
    """Say whose workspace an account would be connected to and who began, and ask to go on. Raises StateInvalid.

    Nothing is used up: mail filters and chats open addresses in advance.
    """
    state_text = _query(http_request).get("state", "")
    start, workspace = find_start(state_text)
    name = name_for(Caller("owner", workspace.account_id), start.actor)
    who = actor_name(words_of(http_request), name, subject=None, account_id=workspace.account_id)
    return render.plain_page(http_request, "connect.html", who=who, workspace=workspace, state=state_text, link=None)


def send_start(http_request: Request) -> Response:
    """Use up the address, give the browser its cookie, and show the link to Stripe. Raises FormOutdated, StateInvalid.

    Stripe is opened by a link: a form's answer may not lead to another site, by our Content-Security-Policy.
    """
    check_is_own_form(http_request, public_base_url())
    start_text, secret = _query(http_request).get("state", ""), new_secret()
    link = open_start(start_text, browser_of(secret))
    page = render.plain_page(http_request, "connect.html", link=link.url)
    page.headers["Set-Cookie"] = cookie_of(secret, read_start(start_text).way)
    return page


def cookie_of(secret: str, way: Way) -> str:
    """Return the Set-Cookie header of a browser that is sent to Stripe: it lasts as long as its state."""
    return connecting_cookie(public_base_url(), secret, LASTS_MS[way] // 1000)


def show_callback(http_request: Request) -> Response:
    """Finish a connection by OAuth, and say what happened."""
    query = _query(http_request)
    sent = {"code": query.get("code", ""), "error": query.get("error", "")}
    return _page(http_request, finish_connection(query.get("state", ""), _secrets(http_request), **sent).state)


def show_return(http_request: Request) -> Response:
    """Say how the account stands when the person comes back from an onboarding."""
    state_text = _query(http_request).get("state", "")
    return _page(http_request, finish_onboarding(state_text, _secrets(http_request)).state)


def follow_refresh(http_request: Request) -> Response:
    """Lead back into an onboarding whose link had expired."""
    return see_other(renew_link(_query(http_request).get("state", ""), _secrets(http_request)).url)


def _query(http_request: Request) -> dict[str, str]:
    return check_texts(http_request.query_params or {})


def _secrets(http_request: Request) -> list[str]:
    return connecting_secrets(public_base_url(), http_request)


def _page(http_request: Request, state: State) -> Response:
    words = words_of(http_request)
    heading, text = HEADINGS.get(state, ENDED_HEADING), TEXTS.get(state, ENDED_TEXT)
    shown: dict[str, Any] = {"heading": words.say(heading), "text": words.say(text), "kind": f"connection-{state}"}
    return render.plain_page(http_request, "refused.html", **shown)
