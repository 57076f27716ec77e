"""The portal over HTTP: the API's route that makes a link, and the pages behind it.

The pages are only named here and imported on use: jinja2 and babel are loaded by the first page that is requested.
"""

from collections.abc import Callable
from typing import Final

import msgspec
from chalice.app import Request, Response

from chalicelib.accounts.permission import REFUSALS, Right, allow
from chalicelib.base_url import public_base_url
from chalicelib.clock import iso
from chalicelib.portal.sessions import PortalSessionRequest, create_link
from chalicelib.web import Call, Routes

routes = Routes(__name__, "Portal", "Links into the pages on which customers see and settle their billing.")

FOLDERS: Final = ("static", "brand", "logo")
HOME: Final = "/portal/accounts/{account_id}"

PAGES: Final = (
    ("GET", "", "overview"),
    ("GET", "/help", "help"),
    ("GET", "/add-balance", "add_balance"),
    ("POST", "/add-balance", "add_balance_send"),
    ("GET", "/payments/{payment_id}", "payment"),
    ("GET", "/payments/{payment_id}/state", "payment_state"),
    ("POST", "/payments/{payment_id}/check", "payment_check"),
    ("POST", "/payments/{payment_id}/authentication", "payment_authentication"),
    ("GET", "/payments/{payment_id}/invoice", "payment_document"),
    ("GET", "/card", "card"),
    ("POST", "/card", "card_keep"),
    ("POST", "/card/setup", "card_setup"),
    ("POST", "/card/remove", "card_remove"),
    ("POST", "/card/role", "card_role"),
    ("GET", "/auto-pay", "auto_pay"),
    ("POST", "/auto-pay", "auto_pay_send"),
    ("GET", "/budgets", "budgets"),
    ("POST", "/budgets", "budgets_send"),
    ("POST", "/budgets/remove", "budgets_remove"),
    ("GET", "/usage", "usage"),
    ("GET", "/usage/csv", "usage_csv"),
    ("GET", "/history", "history"),
    ("GET", "/history/csv", "history_csv"),
    ("GET", "/history/search", "search"),
    ("GET", "/transactions/{transaction_id}", "transaction"),
    ("GET", "/transactions/{transaction_id}/other", "transaction_other"),
    ("GET", "/transactions/{transaction_id}/invoice", "transaction_document"),
    ("GET", "/invoices", "documents"),
    ("GET", "/invoices/{number}", "document"),
    ("GET", "/invoices/{number}/send", "document_mail"),
    ("POST", "/invoices/{number}/send", "document_mail_send"),
    ("POST", "/bundles", "bundle_make"),
    ("GET", "/bundles/{year}", "bundle"),
    ("GET", "/bundles/{year}/file", "bundle_file"),
    ("GET", "/statements", "statement"),
    ("GET", "/statements/{month}", "statement_file"),
    ("GET", "/details", "details"),
    ("POST", "/details", "details_send"),
    ("GET", "/alerts", "alerts"),
    ("POST", "/alerts", "alerts_send"),
    ("GET", "/activity", "activity"),
    ("GET", "/activity/csv", "activity_csv"),
    ("GET", "/plan", "plan"),
    ("GET", "/plan/preview", "plan_preview"),
    ("POST", "/plan", "plan_send"),
    ("POST", "/plan/cancel", "plan_cancel"),
    ("POST", "/plan/pause", "plan_pause"),
    ("POST", "/plan/resume", "plan_resume"),
    ("POST", "/plan/pay", "plan_pay"),
    ("GET", "/recurring", "recurring"),
    ("POST", "/recurring/end", "recurring_end"),
    ("GET", "/clients", "clients"),
    ("GET", "/new-client", "new_client"),
    ("POST", "/new-client", "new_client_send"),
    ("GET", "/clients/{client_id}", "client"),
    ("GET", "/clients/{client_id}/standing", "client_standing"),
    ("POST", "/clients/{client_id}/standing", "client_standing_send"),
    ("GET", "/clients/{client_id}/credit", "client_credit"),
    ("POST", "/clients/{client_id}/credit", "client_credit_send"),
    ("GET", "/clients/{client_id}/prices", "client_prices"),
    ("POST", "/clients/{client_id}/prices", "client_prices_send"),
    ("POST", "/clients/{client_id}/invite", "client_invite"),
    ("GET", "/clients/{client_id}/move", "client_move"),
    ("POST", "/clients/{client_id}/move", "client_move_send"),
    ("POST", "/clients/{client_id}/move/withdraw", "client_move_withdraw"),
    ("GET", "/incoming-moves", "incoming_moves"),
    ("GET", "/incoming-moves/{incoming_id}", "incoming_move"),
    ("POST", "/incoming-moves/{incoming_id}", "incoming_move_send"),
    ("GET", "/connection", "connection"),
    ("POST", "/connection/start", "connection_start"),
    ("POST", "/connection/test", "connection_check"),
    ("GET", "/connection/break", "connection_break"),
    ("POST", "/connection/break", "connection_break_send"),
    ("GET", "/client-prices", "default_prices"),
    ("POST", "/client-prices", "default_prices_send"),
    ("POST", "/sign-out", "sign_out"),
)
"""Method, path below an account's home, and the name of the view in `pages.VIEWS`."""


WITH_PAGE: Final = frozenset(path for method, path, _ in PAGES if method == "GET")
GET: Final = ("GET", "HEAD")


def page_with(path: str) -> str:
    """Return the path of the page at a path, or of the page that has the form that is sent there."""
    while path not in WITH_PAGE:
        path = path.rpartition("/")[0]
    return path


class PortalSessionView(msgspec.Struct):
    """A link into the portal. It works once, until `expires_at`: send the browser there, and do not store it."""

    url: str
    expires_at: str


@routes.operation(
    "POST",
    "/v1/portal-sessions",
    summary="Make a link into the portal, which opens once and within minutes",
    description=(
        "Ask for it when your customer opens Billing, and send the browser to `url` at once: it opens once, and "
        "for five minutes. What the person may do there is `role`'s; `return_url` is where the page's link back "
        "leads."
    ),
    status=201,
    takes=PortalSessionRequest,
    example={"account_id": "acme", "return_url": "https://app.example.com/settings/billing"},
    gives=PortalSessionView,
    refuses=REFUSALS,
)
def create_portal_session(call: Call[PortalSessionRequest, None]) -> PortalSessionView:
    allowed = allow(call, call.body.account_id, Right.ACT)
    token, expires_at_ms = create_link(allowed, call.body)
    base_url = public_base_url()
    return PortalSessionView(base_url.url(base_url.path("open", token)), iso(expires_at_ms))


def _answer(respond: Callable[[Request], Response]) -> Response:
    """Answer with a page, also in case of an error."""
    # Loads jinja2 and babel: only the API's function should pay for them, and only when a page is requested.
    from chalicelib.portal.answer import answer  # noqa: PLC0415

    return answer(routes.current_request, respond)


def _page(method: str, path: str, name: str) -> None:
    """Route a page of an account to its view."""

    def show(account_id: str, **parameters: str) -> Response:
        from chalicelib.portal.answer import show_page  # noqa: PLC0415 - as above

        return show_page(routes.current_request, name, account_id, parameters)

    methods = GET if method == "GET" else (method,)
    routes.route(HOME + path, methods=methods, content_types=[], name=f"portal_{name}")(show)


def _page_with_form(path: str, name: str) -> None:
    """Route the address of a form, which a browser keeps after a refusal, to the page that has the form."""

    def lead(account_id: str, **_parameters: str) -> Response:
        from chalicelib.portal.answer import show_page_with  # noqa: PLC0415 - as above

        return _answer(lambda request: show_page_with(request, account_id))

    routes.route(HOME + path, methods=GET, content_types=[], name=f"portal_{name}_page")(lead)


for each in PAGES:
    _page(*each)
    if each[1] not in WITH_PAGE:
        _page_with_form(*each[1:])


@routes.route("/portal/open/{token}", methods=GET, content_types=[], name="portal_link")
def portal_link(token: str) -> Response:
    from chalicelib.portal.answer import show_link  # noqa: PLC0415 - as above

    return _answer(lambda request: show_link(request, token))


@routes.route("/portal/open/{token}", methods=["POST"], content_types=[], name="portal_open")
def portal_open(token: str) -> Response:
    from chalicelib.portal.answer import open_portal  # noqa: PLC0415 - as above

    return _answer(lambda request: open_portal(request, token))


@routes.route("/portal", methods=GET, content_types=[], name="portal_no_session")
def portal_no_session() -> Response:
    from chalicelib.portal.answer import show_no_session  # noqa: PLC0415 - as above

    return _answer(show_no_session)


@routes.route("/portal/display", methods=["POST"], content_types=[], name="portal_display")
def portal_display() -> Response:
    from chalicelib.portal.change_display import change_display  # noqa: PLC0415 - as above

    return _answer(change_display)


@routes.route("/portal/display", methods=GET, content_types=[], name="portal_display_page")
def portal_display_page() -> Response:
    from chalicelib.portal.answer import show_no_session  # noqa: PLC0415 - as above

    return _answer(show_no_session)


@routes.route("/portal/signed-out", methods=GET, content_types=[], name="portal_signed_out")
def portal_signed_out() -> Response:
    from chalicelib.portal.answer import show_signed_out  # noqa: PLC0415 - as above

    return _answer(show_signed_out)


def _file(folder: str) -> None:
    """Route a folder of files. Its name is fixed: beside `{proxy+}`, API Gateway allows no other name in braces."""

    def show(name: str) -> Response:
        from chalicelib.portal.answer import show_file  # noqa: PLC0415 - as above

        return _answer(lambda _request: show_file(folder, name))

    routes.route(f"/portal/{folder}/{{name}}", methods=GET, content_types=[], name=f"portal_{folder}")(show)


for folder in FOLDERS:
    _file(folder)


@routes.route("/portal/{proxy+}", methods=[*GET, "POST"], content_types=[], name="portal_unknown")
def portal_unknown() -> Response:
    from chalicelib.portal.answer import show_unknown  # noqa: PLC0415 - as above

    return _answer(show_unknown)


@routes.route("/stripe/callback", methods=["GET"], content_types=[], name="stripe_callback")
def stripe_callback() -> Response:
    from chalicelib.portal.connected import show_callback  # noqa: PLC0415 - as above

    return _answer(show_callback)


@routes.route("/stripe/connect", methods=["GET"], content_types=[], name="stripe_connect")
def stripe_connect() -> Response:
    from chalicelib.portal.connected import show_start  # noqa: PLC0415 - as above

    return _answer(show_start)


@routes.route("/stripe/connect", methods=["POST"], content_types=[], name="stripe_connect_send")
def stripe_connect_send() -> Response:
    from chalicelib.portal.connected import send_start  # noqa: PLC0415 - as above

    return _answer(send_start)


@routes.route("/stripe/return", methods=["GET"], content_types=[], name="stripe_return")
def stripe_return() -> Response:
    from chalicelib.portal.connected import show_return  # noqa: PLC0415 - as above

    return _answer(show_return)


@routes.route("/stripe/refresh", methods=["GET"], content_types=[], name="stripe_refresh")
def stripe_refresh() -> Response:
    from chalicelib.portal.connected import follow_refresh  # noqa: PLC0415 - as above

    return _answer(follow_refresh)
