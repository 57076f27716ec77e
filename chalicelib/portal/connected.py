"""The pages that Stripe leads back to: what became of the connection of a workspace's Stripe account."""

from typing import Any, Final

from chalice.app import Request, Response

from chalicelib.connection.connection import State
from chalicelib.connection.finish_connection import finish_connection, finish_onboarding
from chalicelib.connection.start_connection import renew_link
from chalicelib.http_input import check_texts
from chalicelib.i18n.texts import mark
from chalicelib.portal import render
from chalicelib.portal.request import see_other, words_of

HEADINGS: Final[dict[State, str]] = {
    "active": mark("Your Stripe account is connected"),
    "onboarding": mark("Stripe needs more from you"),
    "restricted": mark("Your Stripe account is connected, but takes no payments yet"),
}
TEXTS: Final[dict[State, str]] = {
    "active": mark("Your clients can pay now, and the money goes to your account. You can close this window."),
    "onboarding": mark("Your clients can pay when Stripe has everything. Go back to Billing and go on from there."),
    "restricted": mark("Open Stripe's dashboard to see what is missing. Then test the connection in Billing."),
}
ENDED_HEADING: Final = mark("Your Stripe account is not connected")
ENDED_TEXT: Final = mark("It was disconnected meanwhile. Go back to Billing and begin again.")


def show_callback(http_request: Request) -> Response:
    """Finish a connection by OAuth, and say what happened."""
    query = check_texts(http_request.query_params or {})
    sent = {"code": query.get("code", ""), "error": query.get("error", "")}
    return _page(http_request, finish_connection(query.get("state", ""), **sent).state)


def show_return(http_request: Request) -> Response:
    """Say how the account stands when the person comes back from an onboarding."""
    query = check_texts(http_request.query_params or {})
    return _page(http_request, finish_onboarding(query.get("state", "")).state)


def follow_refresh(http_request: Request) -> Response:
    """Lead back into an onboarding whose link had expired."""
    query = check_texts(http_request.query_params or {})
    return see_other(renew_link(query.get("state", "")).url)


def _page(http_request: Request, state: State) -> Response:
    words = words_of(http_request)
    heading, text = HEADINGS.get(state, ENDED_HEADING), TEXTS.get(state, ENDED_TEXT)
    shown: dict[str, Any] = {"heading": words.say(heading), "text": words.say(text), "kind": f"connection-{state}"}
    return render.plain_page(http_request, "refused.html", **shown)
