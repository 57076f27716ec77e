"""One request for a page, by a person with a session: the account, what was sent, and where to go next."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final, Literal
from urllib.parse import parse_qsl

from chalice.app import Request, Response

from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account
from chalicelib.accounts.permission import Forbidden, Permission, Right, may
from chalicelib.accounts.viewer import Viewer
from chalicelib.base_url import BaseUrl, public_base_url
from chalicelib.cards.payer import Payer
from chalicelib.cards.table import find_payer_to_show, payer_keys
from chalicelib.catalog.catalog import Catalog, catalog
from chalicelib.catalog.currency_limits import CurrencyLimits
from chalicelib.connection.table import pays_on_keys, pays_on_to_show
from chalicelib.http_input import InvalidRequest, check_length, check_texts
from chalicelib.idempotency import Key
from chalicelib.portal import table
from chalicelib.portal.brand import Brand, brand_in, brand_keys
from chalicelib.portal.cookie import display_of, session_token
from chalicelib.portal.session import (
    ClientMoved,
    Form,
    FormNotSent,
    FormOutdated,
    Session,
    SessionEnded,
    form_token,
    id_of,
    is_form_token,
)
from chalicelib.portal.sessions import check_session
from chalicelib.portal.words import Words, accepted_locales
from chalicelib.tables import NO_KEYS, Keys, Rows, read_rows

FORM_TOKEN: Final = "form_token"  # noqa: S105 - the name of a field
MOST_FIELDS: Final = 1_000
"""A form of prices has three for each meter."""


class PortalRequest:
    """A page's request. `form` and `query` hold the last value of each name, without blanks around it."""

    def __init__(self, http_request: Request, account_id: str, also: Keys = NO_KEYS) -> None:
        """Find the session, the account and the words. Raises SessionEnded, AccountNotFound, InvalidRequest.

        The session and all rows that have the account's id are read in one call, with those that the page needs
        `also`. None of them is looked at before the session is known to be this account's.
        """
        self.http = http_request
        self.base_url: BaseUrl = public_base_url()
        self.token = session_token(http_request) or ""
        self.rows, self.session = self._read_rows(account_id, also)
        self.account: Account = accounts.get_in(self.rows, account_id)
        if not self.session.is_valid_for(self.account):
            raise ClientMoved("the client is another workspace's by now", self.session)
        self.catalog: Catalog = catalog()
        of_workspace = read_rows(pays_on_keys(self.account), brand_keys(self.account))
        self.brand: Brand = brand_in(of_workspace, self.account, self.catalog)
        pays_on = pays_on_to_show(of_workspace, self.account)
        self.payer: Payer = find_payer_to_show(self.rows, self.account, pays_on, self.brand.name)
        self.words: Words = words_of(http_request, self.session.locale, self.account.locale)
        self.query: Mapping[str, str] = _stripped(check_texts(http_request.query_params or {}))
        self.form: Mapping[str, str] = {}

    def _read_rows(self, account_id: str, also: Keys) -> tuple[Rows, Session]:
        """Read the rows and check the session. Raises SessionEnded, which is FormNotSent for a form."""
        try:
            if not self.token:
                raise SessionEnded("there is no session in this browser")
            session_id = id_of("session", self.token)
            rows = read_rows(table.session_keys(session_id), payer_keys(account_id), also)
            found, may_open = table.find_in(rows, session_id), not is_prefetch(self.http)
            return rows, check_session(found, self.token, account_id, may_open=may_open)
        except SessionEnded as refusal:
            if self.http.method == "POST":
                raise FormNotSent(refusal.detail, refusal.ended) from None
            raise

    def accept_form(self, *, anyone: bool = False) -> None:
        """Accept a form that was sent to change something.

        The form must contain the token that only this session's pages know, and come from a page of this origin. Raises
        FormOutdated, BodyTooLarge, InvalidRequest, and Forbidden for a viewer unless `anyone` may send it.
        """
        check_is_own_form(self.http, self.base_url)
        if not anyone:
            self.check_may_act()
        self.form = _stripped(read_form(self.http))
        if not is_form_token(self.form.get(FORM_TOKEN, ""), self.token):
            raise FormOutdated("the form belongs to another session")

    @property
    def may_act(self) -> bool:
        """Tell whether the session may change anything."""
        return may(self.session.caller, Right.ACT)

    def check_may_act(self) -> None:
        """Check that the session may change anything, for a page that is only a form. Raises Forbidden."""
        if not self.may_act:
            raise Forbidden("the role 'viewer' may not do this")

    @property
    def may_pay(self) -> bool:
        """Tell whether the session may pay and save a card.

        An archived account pays nothing, and a client only while its workspace takes payments.
        """
        return self.may_act and self.payer.unconnected is None and self.account.standing != "archived"

    def may(self, right: Literal["pay", "act", "see"]) -> bool:
        """Tell whether the session may do what a link or a button is for."""
        return {"pay": self.may_pay, "act": self.may_act, "see": True}[right]

    @property
    def allowed(self) -> Permission:
        """Return the caller and the account, as the API's routes have them."""
        return Permission(self.session.caller, self.account)

    @cached_property
    def viewer(self) -> Viewer:
        """Return whom the page is shown to."""
        return Viewer(self.allowed)

    def actor_on(self, account: Account) -> str:
        """Return the person's name for what they do to an account: this one or one of its clients."""
        return self.session.caller.actor_on(account.account_id)

    @cached_property
    def form_token(self) -> str:
        """Return the token that this answer's forms contain."""
        return form_token(self.token)

    @property
    def currency(self) -> str:
        """Return the account's currency."""
        return self.account.currency

    @property
    def limits(self) -> CurrencyLimits:
        """Return the catalog's limits of the account."""
        return self.catalog.limits(self.account.currency, self.account.kind)

    def path(self, *parts: str, **query: str | None) -> str:
        """Return the path of a page of this account; `from_` is written `from`."""
        return self.base_url.path("accounts", self.account.account_id, *parts, **query)

    def go(self, *parts: str, **query: str | None) -> Response:
        """Redirect the browser to a page of this account, with a GET: a reload does not send a form again."""
        return see_other(self.path(*parts, **query))

    def attempt_key(self, attempt: int, what: str = "") -> Key:
        """Return the idempotency key of a form that pays."""
        return Key(f"{self.session.attempt_prefix}{what}-{attempt}", "customer")

    def finish_attempt(self, form: Form, attempt: int) -> None:
        """Record that an attempt has ended: the next form of its kind begins another attempt."""
        table.finish_attempt(self.session.session_id, form, attempt)


def check_is_own_form(http_request: Request, base_url: BaseUrl) -> None:
    """Check that a form was not sent by another site's page. Raises FormOutdated."""
    origin = http_request.headers.get("origin")
    site = http_request.headers.get("sec-fetch-site", "same-origin")
    if (origin is not None and origin != base_url.origin) or site not in {"same-origin", "none"}:
        raise FormOutdated("the form was sent from another site")


def is_prefetch(request: Request) -> bool:
    """Tell whether a page is fetched that a person may never open: in advance by a browser, or its headers alone."""
    return request.method == "HEAD" or "sec-purpose" in request.headers or "purpose" in request.headers


def see_other(location: str, **headers: str | list[str]) -> Response:
    """Redirect to another page, such as to the result of a form (RFC 9110, section 15.4.4)."""
    sent = {"Location": location, "Cache-Control": "no-store", "Referrer-Policy": "same-origin"}
    named: dict[str, Any] = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response("", {**sent, "Content-Type": "text/plain; charset=utf-8", **named}, 303)


def words_of(http_request: Request, *preferred: str | None) -> Words:
    """Return the words for a request: what the person chose, the session's locale, the browser's, the account's."""
    first, *rest = preferred or (None,)
    browser = accepted_locales(http_request.headers.get("accept-language", ""))
    return Words(*display_of(http_request).locales(first, *browser, *rest))


def read_form(http_request: Request) -> dict[str, str]:
    """Read a form as browsers send it. Raises BodyTooLarge, InvalidRequest."""
    body = bytes(http_request.raw_body)  # type: ignore[arg-type]
    try:
        return dict(parse_qsl(check_length(body).decode(errors="replace"), max_num_fields=MOST_FIELDS))
    except ValueError:
        raise InvalidRequest(f"the form has more than {MOST_FIELDS} fields") from None


def _stripped(fields: Mapping[str, str]) -> dict[str, str]:
    return {name: value.strip() for name, value in fields.items() if value.strip()}
